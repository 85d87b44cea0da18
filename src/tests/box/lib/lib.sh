# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For the cases in the folder above: `. "${0%/*}/lib/lib.sh"`. A case is over at its
# first failure and says which line that was; whatever it leaves behind goes
# with its box. It sets a state, waits for events, and verifies the state.
set -eEuo pipefail
trap 'printf "FAILED at %s:%s: %s\n" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# What the runner has open would get into containers, by lxc-attach, and be in the way there.
close_inherited()
{
	local fd

	for fd in "/proc/$$/fd/"*; do
		fd=${fd##*/}
		# the last one is bash's own, for the script
		[ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
	done
}
close_inherited

never=/tmp/never
mkfifo "$never" 2>/dev/null || :

die()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

step()
{
	printf -- '--- %s\n' "$*"
}

# check COMMAND...: it has to succeed. For conditions: a plain [ … ] would not say what it was.
check()
{
	"$@" || die "not so: $*"
}

# check_not COMMAND...: it has to fail.
check_not()
{
	! "$@" || die "unexpectedly so: $*"
}

# check_equal WANTED FOUND [WHAT]
check_equal()
{
	[ "$1" = "$2" ] || die "${3:-value}: wanted \"$1\", found \"$2\""
}

# wait_for SECONDS COMMAND...: until it succeeds, looking first every 20 ms, then every
# 0.2 s: what is waited for needs the processors too. The only place that polls; for
# what comes as an event (lxc-wait, a FIFO) wait for that.
wait_for()
{
	local seconds=$1 deadline pause=20 text

	shift
	deadline=$((${EPOCHREALTIME/[^0-9]/} + seconds * 1000000))
	until "$@"; do
		[ "${EPOCHREALTIME/[^0-9]/}" -lt "$deadline" ] || die "not within $seconds s: $*"
		# of what never says anything: no process for it, as sleep would be
		printf -v text '0.%03d' "$pause"
		read -rt "$text" <>"$never" || :
		pause=$((pause < 150 ? pause + pause / 3 : 200))
	done
}

# The bridge that LXC's stock configuration puts containers on: 10.0.3.1/24. With a
# MAC of its own it does not take that of whatever is plugged in first, and change.
make_bridge()
{
	ip link add lxcbr0 address 00:16:3e:00:00:01 type bridge
	ip address add 10.0.3.1/24 dev lxcbr0
	ip link set lxcbr0 up
}

# make_container NAME [<LINES]: `lxc-create -t busybox`, and LINES at the end of its config.
# CREATE_CONFIG: a file of config that it begins with, for what its rootfs depends on.
make_container()
{
	PATH=${BASH_SOURCE[0]%/*}/quick:$PATH lxc-create -n "$1" ${CREATE_CONFIG:+-f "$CREATE_CONFIG"} \
		-t busybox >"/tmp/lxc-create.$1.log" 2>&1 ||
		{ cat "/tmp/lxc-create.$1.log" && die "lxc-create $1"; }
	[ -t 0 ] || cat >>"/var/lib/lxc/$1/config"
}

# Detached, and running when this returns.
start_container()
{
	lxc-start -n "$1" -l debug -o "/tmp/lxc-start.$1.log" ||
		{ tail -n 40 "/tmp/lxc-start.$1.log" && die "lxc-start $1"; }
	lxc-wait -n "$1" -s RUNNING -t 60 || die "$1 does not get to RUNNING"
}

# in_container NAME COMMAND...
in_container()
{
	local name=$1

	shift
	lxc-attach -n "$name" --clear-env -- "$@"
}

# reseal DIR: a manifest that was edited gets a checksum that fits, as from somebody who means it.
reseal()
{
	python3 - "$1/manifest.json" <<-'END'
		import ctypes, sys
		class Sum(ctypes.Structure):
		    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
		xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
		xxh3.restype, xxh3.argtypes = Sum, [ctypes.c_char_p, ctypes.c_size_t]
		text = open(sys.argv[1], "rb").read()
		body = text[:text.rindex(b'  "checksum"')]
		found = xxh3(body, len(body))
		with open(sys.argv[1], "wb") as f:
		    f.write(body + b'  "checksum": "%016x%016x"\n}\n' % (found.high, found.low))
	END
}

# as_schema N DIR: the manifest as an earlier version would have written it, with what the fixture
# of that schema has. Without its files; where N has a checksum, reseal it.
as_schema()
{
	python3 - "$2/manifest.json" "$(realpath "${BASH_SOURCE[0]%/*}/../..")/fixtures/manifest/schema-$1.json" "$1" <<-'END'
		import json, sys
		def keep(x, like):
		    if isinstance(x, dict):
		        return {k: keep(v, like[k]) for k, v in x.items() if k in like} if like else x
		    if isinstance(x, list) and like:
		        return [keep(v, like[0]) for v in x]
		    return x
		m = keep(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))
		m["schema"] = int(sys.argv[3])
		open(sys.argv[1], "w").write(json.dumps(m, indent=2) + "\n")
	END
}

# payload NAME [GCC OPTION]...: builds src/tests/payload/NAME.c, with all in the
# folder NAME if there is one, statically, so that it runs in any container; prints
# the program's path. In a VM, which has no compiler, they were there before
# (scripts/vm), built without an option.
payload()
{
	local name=$1 tests parts=()

	shift
	tests=$(realpath "${BASH_SOURCE[0]%/*}/../..")
	[ ! -d "$tests/payload/$name" ] || parts=("$tests/payload/$name"/*.c)
	mkdir -p /tmp/payload
	if command -v gcc >/dev/null; then
		gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -static -pthread \
			-o "/tmp/payload/$name" "$tests/payload/$name.c" "${parts[@]}" "$@" -lm
	else
		[ -x "/tmp/payload/$name" ] || die "there is no compiler, and no /tmp/payload/$name"
	fi
	printf '/tmp/payload/%s\n' "$name"
}
