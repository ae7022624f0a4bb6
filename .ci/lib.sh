# shellcheck shell=bash
# Shell functions shared by .ci/run, .ci/slow and the suites in .ci/suites.d.
# To be sourced from the root of the project.

# Two variables come from the script that runs the steps: $scratch, a folder for
# temporary files, and $KITH_TALLY, the file that the closing line is added up from.

# say writes a message that is not the output of a tool.
say() { printf '%s\n' "$*" >&2; }

# summarize reads `go test -json` and prints a line per package, what failed,
# what was skipped and why, and how many tests ran. With the word "counted" the
# tests enter the closing line: for tests that no other step has counted.
# shellcheck disable=SC2120 # suites pass "counted"
summarize() {
	local tally=""
	if [ "${1:-}" = counted ]; then tally="${KITH_TALLY:-}"; fi
	go run ./internal/testsummary -tally "$tally"
}

# need makes sure that a program is there, and installs the Debian package that
# has it where it is not:   need PROGRAM PACKAGE [FOLDERS-OFF-THE-PATH...]
# Where nothing can be installed it says what is missing, and fails.
need() {
	local program=$1 package=$2
	shift 2
	if have "$program" "$@"; then return 0; fi
	say "$program is missing: installing $package"
	install_package "$package" || {
		say "Install $package (it has $program), then run this again."
		return 1
	}
}

# have reports whether a program is on the PATH or in one of the folders.
have() {
	local program=$1 folder
	shift
	if command -v "$program" >/dev/null; then return 0; fi
	for folder in "$@"; do
		if [ -x "$folder/$program" ]; then return 0; fi
	done
	return 1
}

# shellcheck disable=SC2154 # scratch: see the top
install_package() {
	local root=()
	command -v apt-get >/dev/null || return 1
	if [ "$(id -u)" != 0 ]; then root=(sudo -n); fi
	if [ ! -e "$scratch/apt-updated" ]; then
		"${root[@]}" apt-get -q update >"$scratch/apt.log" 2>&1 || {
			cat "$scratch/apt.log" >&2
			return 1
		}
		touch "$scratch/apt-updated"
	fi
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@" \
		>"$scratch/apt.log" 2>&1 </dev/null || {
		cat "$scratch/apt.log" >&2
		return 1
	}
}

# packages_with lists the packages (./a ./b) with a test file that has the text.
packages_with() {
	grep -rlE --include='*_test.go' --exclude-dir=.git --exclude-dir=tools "$1" . | xargs -r -n1 dirname | sort -u
}

# fuzz runs every fuzz target on so many inputs (300000), one target after the
# other. The part of the corpus that is committed has been run as plain tests
# before. Inputs are counted, not seconds: when the time of a target ends, Go before
# 1.27 may call a good one failed, "context deadline exceeded" (go.dev/issue/75804).
fuzz() {
	local inputs=$1 folder target n=0
	while IFS=: read -r folder target; do
		say "$folder $target, $inputs inputs"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${inputs}x" "$folder" </dev/null
		n=$((n + 1))
	done < <(fuzz_targets)
	echo "$n fuzz targets, $inputs inputs each"
}

fuzz_targets() {
	grep -rE --include='*_test.go' --exclude-dir=.git --exclude-dir=tools '^func Fuzz[A-Za-z0-9_]*\(' . |
		sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*|\1:\2|' | sort -u
}

# properties runs the property tests (named TestProp...) with so many cases each.
# Only packages that import rapid know its flag.
properties() {
	local cases=$1 folders
	mapfile -t folders < <(packages_with '"pgregory.net/rapid"')
	if [ ${#folders[@]} = 0 ]; then
		echo "no property tests"
		return
	fi
	go test -json -count=1 -timeout 60m -run '^TestProp' "${folders[@]}" -rapid.checks="$cases" | summarize
}
