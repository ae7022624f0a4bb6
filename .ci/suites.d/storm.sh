# shellcheck shell=bash
# The whole engine with the connectors of CRMs and mailing lists, over HTTP, against
# sandboxes with a bad network between (I1-I3, I6, I7). KITH_STORMS sets how many worlds
# of each system are played, KITH_FROM the first; a failure names its seed.
KITH_STORMS="${KITH_STORMS:-150}" go test -json -count=1 -timeout 20m -run TestStorms ./simulate/storm | summarize
