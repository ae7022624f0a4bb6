# shellcheck shell=bash
# The pages in a real Chromium: what people do from the set-up link to an undo,
# by keyboard alone and without JavaScript too; axe finds nothing on any page.
need chromium chromium
go test -json -count=1 -tags e2e -timeout 10m ./e2e | summarize counted
