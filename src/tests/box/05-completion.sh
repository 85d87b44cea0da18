#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The completion for bash offers what is possible at each place.
. "${0%/*}/lib/lib.sh"

# What an interactive bash has: no errexit, no nounset, no trap.
interactive()
{
	local trap status=0

	trap=$(trap -p ERR)
	trap - ERR
	set +eu
	"$@" || status=$?
	set -eu
	eval "$trap"
	return $status
}

# As ~/.bashrc does it.
load_completion()
{
	# shellcheck source=/dev/null
	. /usr/share/bash-completion/bash_completion
	# shellcheck source=/dev/null
	. /usr/local/share/bash-completion/completions/lxc-checkpoint
}

# Presses Tab for the first time on a line of another command of LXC's.
load_another()
{
	complete -p "$1" >/dev/null 2>&1 && return
	if declare -F _comp_load >/dev/null; then
		_comp_load "$1"
	else
		_completion_loader "$1"
	fi
}

# complete_words WORD...: what is offered for the last of these words, sorted, in one line.
complete_words()
{
	COMP_WORDS=(lxc-checkpoint "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	interactive _lxccheckpoint lxc-checkpoint "${COMP_WORDS[COMP_CWORD]}" \
		"${COMP_WORDS[COMP_CWORD - 1]}" || :
	printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd ' '
}

# offers WANTED WORD...
offers()
{
	local wanted=$1

	shift
	check_equal "$wanted" "$(complete_words "$@")" "lxc-checkpoint $*"
}

# offers_option YES/NO OPTION WORD...: OPTION is (not) among what is offered for the options.
offers_option()
{
	local wanted=$1 option=$2 found=no

	shift 2
	case " $(complete_words "$@" --) " in
	*" $option "*) found=yes ;;
	esac
	check_equal "$wanted" "$found" "$option after lxc-checkpoint $*"
}

step 'it takes the place of what LXC has for its own command, and keeps it'
interactive load_completion
check [ "$(complete -p lxc-checkpoint)" = 'complete -F _lxccheckpoint lxc-checkpoint' ]
interactive load_another lxc-stop || :
check [ "$(complete -p lxc-checkpoint)" = 'complete -F _lxccheckpoint lxc-checkpoint' ]
check [ "$(complete -p lxc-stop)" = 'complete -F _lxc_stop lxc-stop' ]

step 'every option of --help is offered, and no other'
listed=$(lxc-checkpoint --help | sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p')
check [ "$(wc -w <<<"$listed")" -ge 17 ]
check_equal "$(printf '%s\n' "$listed" | LC_ALL=C sort | paste -sd ' ')" "$(complete_words --)"

step 'options that exclude each other are not offered together'
offers_option no --stop -r
offers_option no --replace -n web --restore
offers_option no --stop -vr
offers_option no --restore -s
offers_option no --daemon -n web -s
offers_option yes --replace -s
offers_option no --drop-outside -r
offers_option yes --check --drop-outside
offers_option yes --foreground -r
offers_option no --foreground -r -d
offers_option yes --check -r
offers_option yes --force -r
offers_option yes --force --check -r
offers_option no --force -s
offers_option no --stop --force cpu
offers_option yes --check --replace
offers_option no --check -A /bin/true
offers_option yes --replace --check
offers_option no --action-script --check
offers_option yes --restore --check
offers_option no --replace --restore --check
offers_option no --foreground --json
offers_option yes --timeout -s
offers_option no --timeout -r
offers_option no --restore --timeout 20
offers_option no --check --timeout = 20
offers_option yes --json --check
offers_option yes --stop --check
offers_option yes --check -s
offers_option yes --no-verify -r -d
offers_option no --no-verify -s
offers_option no --info -r
offers_option no --stop --verify
offers_option no --action-script --info
offers_option yes --json --verify
offers_option yes --verify -n web
offers --foreground --fore

step 'containers: running ones to checkpoint, stopped ones to restore'
make_bridge
make_container web-up </dev/null
make_container web-down </dev/null
make_container other </dev/null
start_container web-up
offers web-up -n ''
offers web-up ''
offers web-up --name = ''
offers web-up --name = we
offers web-up -s -n w
offers 'other web-down' -r -n ''
offers web-down -r we
offers web-down -F -n we
offers '' -n web-up ''
offers '' -n nothing-like-it

step 'of the directory that -P names'
lxc-create -P /tmp/lxc -n elsewhere -t busybox >/dev/null 2>&1
offers elsewhere -P /tmp/lxc -r -n ''
offers elsewhere --lxcpath = /tmp/lxc -r -n e

step 'directories, files, priorities'
mkdir -p /tmp/places/dir
touch /tmp/places/file
offers /tmp/places/dir -n web-up -D /tmp/places/
offers /tmp/places/dir -P /tmp/places/
offers '/tmp/places/dir /tmp/places/file' -A /tmp/places/
offers /tmp/places/file --logfile = /tmp/places/f
offers 'DEBUG' -l D
offers 'config cpu criu' --force = c
offers 'rootfs' -r --force r
