# shellcheck shell=bash
# kill -9 of the real program at 200 random moments of an import (I6). The seed
# is printed; KITH_SEED repeats a run, KITH_KILLS sets how many.
go test -json -count=1 -tags slow -timeout 10m -run TestKill9 ./run | summarize counted
