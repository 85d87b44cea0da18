# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh: commands on terminals of their own, with somebody in front of them.

declare -A TERMINAL_REQUESTS TERMINAL_ANSWERS TERMINAL_PID

# terminal_open NAME COMMAND...: sets up a terminal that is called NAME here.
terminal_open()
{
	local name=$1 here requests answers

	shift
	here=$(dirname "${BASH_SOURCE[0]}")
	rm -f "/tmp/terminal.$name".{requests,answers}
	mkfifo "/tmp/terminal.$name".{requests,answers}
	python3 "$here/terminal.py" "$@" \
		<"/tmp/terminal.$name.requests" >"/tmp/terminal.$name.answers" &
	TERMINAL_PID[$name]=$!
	exec {requests}>"/tmp/terminal.$name.requests" {answers}<"/tmp/terminal.$name.answers"
	TERMINAL_REQUESTS[$name]=$requests
	TERMINAL_ANSWERS[$name]=$answers
}

# terminal NAME REQUEST...: see terminal.py. Sets ANSWER; a "no" is a failure.
terminal()
{
	local name=$1 request

	shift
	request=$*
	printf '%s\n' "$request" >&"${TERMINAL_REQUESTS[$name]}"
	read -r -t 120 -u "${TERMINAL_ANSWERS[$name]}" ANSWER ||
		die "terminal $name, $request: no answer"
	case $ANSWER in
	ok) ANSWER='' ;;
	'ok '*) ANSWER=${ANSWER#ok } ;;
	*) die "terminal $name, $request: ${ANSWER#no }" ;;
	esac
}

# terminal_close NAME: without a word to the command, which has ended or will.
terminal_close()
{
	local requests=${TERMINAL_REQUESTS[$1]} answers=${TERMINAL_ANSWERS[$1]}

	# its end of file may be long in coming: others have inherited the FIFO
	echo end >&"$requests"
	exec {requests}>&- {answers}<&-
	wait "${TERMINAL_PID[$1]}" || die "terminal $1: terminal.py failed"
}

# terminal_ends NAME STATUS: the command has ended with it, or does so soon
terminal_ends()
{
	terminal "$1" wait 30
	check_equal "$2" "$ANSWER" "exit status of $1"
	terminal_close "$1"
}
