# Kith. `make` lists what one can do here.

# The steps of `make check` are those of .ci/run: there is one place that knows
# how each is done.
KITH_CASES ?= 10000
KITH_INPUTS ?= 300000
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help test check format lint generate race property fuzz bench slow ci build release demo sbom vuln clean

help: ## list what one can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## run the tests; one whose peer is missing skips and says why
	go test ./...

check: ## everything a reviewer will ask for: format, vet, lint, tests, race
	.ci/run format vet lint test race

format: ## put every Go file into gofmt's form
	gofmt -w .

lint: ## guard the architecture and look for bugs (.golangci.yaml)
	.ci/run lint

generate: ## make generated files again
	go generate ./...

race: ## run the tests under the race detector
	.ci/run race

property: ## run the property tests with KITH_CASES cases each (10000)
	KITH_CASES=$(KITH_CASES) .ci/run property

fuzz: ## run every fuzz target on KITH_INPUTS inputs each (300000)
	KITH_INPUTS=$(KITH_INPUTS) .ci/run fuzz

bench: ## measure against the peers named in docs/benchmarks.md
	go run ./bench

slow: ## run what takes hours; adds dated rows to docs/slow.md
	.ci/slow

ci: ## all that CI runs; installs the peers it needs on Debian
	.ci/run

build: ## build the static binary bin/kith
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/kith

release: ## build dist/: every system, manual, completions, SBOM, checksums
	deploy/release.sh $(VERSION)

demo: ## show the main job on 500 invented people, then open it in a browser
	go run ./cmd/kith demo

sbom: ## list every module in the binary, in bin/kith.cdx.json
	go build -C tools -o ../bin/ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	bin/cyclonedx-gomod app -json -licenses -main cmd/kith -output bin/kith.cdx.json .

vuln: ## look for known vulnerabilities; VULNDB=folder for a copy of the database
	go build -C tools -o ../bin/ golang.org/x/vuln/cmd/govulncheck
	bin/govulncheck $(if $(VULNDB),-db file://$(abspath $(VULNDB))) ./...

clean: ## remove what was built
	rm -rf bin dist
