# shellcheck shell=bash
# Functions that the scripts of this folder share; to be sourced by bash.
# They keep to bash 3.2, which is what macOS has.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A clone that belongs to another user (a container's usual case) makes git
# refuse to answer, and go build fail where it would stamp the revision.
if ! git rev-parse HEAD >/dev/null 2>&1; then
	export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
fi

# run_as_root COMMAND...: runs it as root, or fails at once where a password
# would be asked.
run_as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# openblas_links: whether a program of one line links with OpenBLAS and runs.
# On macOS it first points cgo at Homebrew's copy, which is not on the linker's
# path.
openblas_links() {
	[ "$(go env CGO_ENABLED)" = 1 ] || return 1
	local prefix folder linked=1
	if command -v brew >/dev/null && prefix=$(brew --prefix openblas 2>/dev/null) && [ -d "$prefix/lib" ]; then
		export CGO_LDFLAGS="-L$prefix/lib ${CGO_LDFLAGS:-}"
	fi
	folder=$(mktemp -d)
	echo 'char *openblas_get_config(void); int main(void) { return openblas_get_config() == 0; }' >"$folder/probe.c"
	# shellcheck disable=SC2046,SC2086 # the compiler and its flags are words
	$(go env CC) -o "$folder/probe" "$folder/probe.c" ${CGO_LDFLAGS:-} -lopenblas >"$folder/log" 2>&1 &&
		"$folder/probe" && linked=0
	rm -rf "$folder"
	return $linked
}

# host_tiers prints the kernel tiers that this machine has, by what the
# operating system says and not by the code under test.
host_tiers() {
	local flags=""
	case "$(uname -m)" in
	arm64 | aarch64)
		echo "reference neon"
		return
		;;
	esac
	if [ -r /proc/cpuinfo ]; then
		flags=" $(sed -n '/^flags/{s/.*: //p;q;}' /proc/cpuinfo) "
	elif command -v sysctl >/dev/null; then
		flags=" $(sysctl -n machdep.cpu.features machdep.cpu.leaf7_features 2>/dev/null | tr '[:upper:]\n' '[:lower:] ') "
	fi
	local tiers=reference
	if has_words "$flags" avx2 fma; then
		tiers="$tiers avx2"
		if has_words "$flags" avx512f avx512bw avx512dq avx512vl; then
			tiers="$tiers avx512"
		fi
	fi
	echo "$tiers"
}

# has_words TEXT WORD...: whether all the words stand in the text.
has_words() {
	local text=" $1 " word
	shift
	for word; do
		case "$text" in
		*" $word "*) ;;
		*) return 1 ;;
		esac
	done
}

# emulator GOARCH prints the qemu that runs linux programs of that architecture.
emulator() {
	local machine=x86_64 name
	[ "$1" = arm64 ] && machine=aarch64
	for name in "qemu-$machine" "qemu-$machine-static"; do
		if command -v "$name"; then
			return
		fi
	done
	return 1
}

# bits are words, one of which is in the name of every test of the flows that
# compares bits; Float32 is in that of the one which holds float32 to float64 for
# every family. What else the flows' tests show, the mathematics of float64 and
# training, is the same wherever the bits are.
# shellcheck disable=SC2034 # used by scripts/test and scripts/cross
bits="Bit|Frozen|Old|Golden|Workers|Alone|Steps|Incremental|Cached|Float32"

# hash_files FILE... prints a SHA-256 and the name for each file; without
# files, for standard input.
hash_files() {
	if command -v sha256sum >/dev/null; then
		sha256sum "$@"
	else
		shasum -a 256 "$@"
	fi
}

# rows COUNT SEED prints a CSV of seven columns: a time stamp (float32 cannot
# hold it), dependent and skewed ones, one that is mostly zero, one of large
# scale and a small whole number. The generator is exact in awk's float64, so every machine writes
# the same file.
rows() {
	LC_ALL=C awk -v count="$1" -v state="$2" '
		function uniform() { state = (state * 16807) % 2147483647; return state / 2147483647 }
		function bell() { return uniform() + uniform() + uniform() + uniform() - 2 }
		BEGIN {
			print "time,a,b,square,rare,large,group"
			for (i = 0; i < count; i++) {
				a = bell(); b = bell() + a / 2
				rare = uniform() < 0.9 ? 0 : uniform()
				printf "%.3f,%.6f,%.6f,%.6f,%.6f,%.2f,%d\n", 1700000000 + 86400 * uniform(), a, b,
					a * a - b, rare, 100000 * bell(), 3 * uniform()
			}
		}'
}

sections=()
failures=0

# section NAME COMMAND...: prints a heading, runs the command and notes how it
# ended; the script goes on after a failure, so that one run shows them all.
section() {
	local name=$1 status started=$SECONDS result=ok
	shift
	printf '\n==> %s\n' "$name"
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	if [ $status != 0 ]; then
		result=FAILED
		failures=$((failures + 1))
	fi
	sections+=("$(printf '%-6s %5d s  %s' "$result" $((SECONDS - started)) "$name")")
	printf '<== %s: %s\n' "$name" "$result"
}

# absent WHAT: notes something that this machine lacks, so that nothing is left
# out in silence.
absent() {
	sections+=("$(printf '%-6s %5s    %s' absent - "$1")")
	printf '\n==> absent: %s\n' "$1"
}

# summary prints how every section ended and fails if one failed.
summary() {
	printf '\n==> summary\n'
	printf '%s\n' "${sections[@]}"
	[ $failures = 0 ]
}
