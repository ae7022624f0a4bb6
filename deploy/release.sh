#!/usr/bin/env bash
# Builds the files of a release into dist/: a static program for each system with the
# manual, completions and licences, its list of modules (CycloneDX), and checksums.
#   deploy/release.sh v1.2.3
# The same source gives the same bytes: dates are that of the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:?usage: deploy/release.sh VERSION}
systems=${SYSTEMS:-"linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64"}
date=$(git log -1 --format=%cI 2>/dev/null || echo 1980-01-01T00:00:00Z)

rm -rf dist
mkdir -p dist/common
build() { CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$1" ./cmd/kith; }

# What all systems share comes from the program of this one.
build dist/kith
dist/kith man dist/common/man
mkdir -p dist/common/completions
for shell in bash zsh fish powershell; do dist/kith completion "$shell" >"dist/common/completions/kith.$shell"; done
cp LICENSE NOTICE README.md CHANGELOG.md dist/common/
cp -r deploy dist/common/deploy
rm -f dist/kith dist/common/deploy/{kith.env,postgres-password,.gitignore,*_test.go}

for system in $systems; do
	export GOOS=${system%/*} GOARCH=${system#*/}
	name=kith_${version}_${GOOS}_${GOARCH}
	mkdir "dist/$name"
	cp -r dist/common/. "dist/$name/"
	program=kith
	if [ "$GOOS" = windows ]; then program=kith.exe; fi
	build "dist/$name/$program"
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="$date" -C dist -cf - "$name" | gzip -n >"dist/$name.tar.gz"
	rm -r "dist/$name"
	echo "dist/$name.tar.gz"
done
unset GOOS GOARCH
rm -r dist/common

if [ -z "${SKIP_SBOM:-}" ]; then
	go build -C tools -o ../bin/ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	bin/cyclonedx-gomod app -json -licenses -main cmd/kith -output "dist/kith_$version.cdx.json" .
	echo "dist/kith_$version.cdx.json"
fi
(cd dist && sha256sum ./* >checksums.txt)
echo dist/checksums.txt
