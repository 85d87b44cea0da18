# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After counter.sh, blocker.sh and state.sh: what people have in and around their containers, a kind a
# row of doc/kinds.md. The files in lib/kinds have the rows, by subject. Each kind is set up and --check
# is asked. If --check accepts the kind, the container is saved with -s and restored, twice, and its
# state has to be the same. If --check refuses the kind, so does -s, and the container runs on.
#
# A row is told as "kind SECTION | TITLE | RESULT", and RESULT is one of:
#
#   works                    two rounds, and the state is the same
#   works, warned: CHECK     the same, and --check has a warning
#   refused: CHECK...        by --check and by -s
#   lost, warned: CHECK      it is restored without the kind, as --check says
#   **lost**                 it is restored without the kind, and nothing says so
#   **not saved**            --check accepts the kind, -s fails, and the container runs on
#   **not restored**         -s completes, and -r fails
#   not here                 this machine cannot set the kind up
#   **cannot be tried**      the test is at fault; doc/kinds.md never says this

# kind TITLE FUNCTION [ARGUMENT]...: a row. FUNCTION is called with one more argument behind those:
#   config   prints lines for the container's configuration, before the container is started
#   set      sets the kind up in the container that runs
#   state    prints the state
#   unset    takes the kind away, in a container that runs on
# What a function does not know, it ignores. not_here says that the machine lacks something.
kind()
{
	ROWS+=("$SECTION | $1")
	HOW+=("$(printf '%q ' "${@:2}")")
	ALONE+=('')
}

# alone TITLE FUNCTION [ARGUMENT]...: a row that needs a container of its own
alone()
{
	kind "$@"
	ALONE[-1]=1
}

section()
{
	SECTION=$1
}

ROWS=() HOW=() ALONE=() SECTION=''
NOT_HERE=42

not_here()
{
	return "$NOT_HERE"
}

# call ROW VERB: into /tmp/kind.said
call()
{
	eval "${HOW[$1]} $2" >/tmp/kind.said 2>&1
}

state_of()
{
	eval "${HOW[$1]} state" 2>&1
}

# --- the container ---

# new_container [ROW]: with what the row's configuration needs
new_container()
{
	local status=0

	rm -rf /var/lib/lxc/c1/checkpoint "$IMG"
	make_container c1 <<<"lxc.pty.max = 100"
	with_blocker c1
	[ -x /tmp/payload/state ] || payload state >/dev/null
	install -m 755 /tmp/payload/state "$ROOTFS/bin/state"
	mkdir -m 1777 "$STATE"
	mkfifo "$STATE/question" "$STATE/answer"
	echo '::once:/bin/state /state' >>"$ROOTFS/etc/inittab"
	SET_STATES=()
	[ $# -gt 0 ] || { start_container c1 && return; }
	eval "${HOW[$1]} config" >/tmp/kind.config 2>/tmp/kind.said || status=$?
	[ "$status" = 0 ] || return "$status"
	cat /tmp/kind.config >>/var/lib/lxc/c1/config
	start_container c1
}

end_container()
{
	lxc-stop -k -n c1 2>/dev/null || :
	lxc-wait -n c1 -s STOPPED -t 60 || die 'c1 does not stop'
	clean_host
	lxc-destroy -n c1 >/dev/null 2>&1 || rm -rf /var/lib/lxc/c1
}

# What kinds have made on the host. A kind adds the command to CLEAN.
clean_host()
{
	local i

	for ((i = ${#CLEAN[@]} - 1; i >= 0; i--)); do
		eval "${CLEAN[i]}" >/dev/null 2>&1 || :
	done
	CLEAN=()
}
CLEAN=()

# loop_device FILE: sets LOOP to a loop device of it, which goes with the kind. A process of the box holds
# it, so it goes with the box too, however that ends.
loop_device()
{
	local holder

	LOOP=$(losetup -f --show "$1") || return
	# shellcheck disable=SC2217 # which is to hold it
	sleep infinity <"$LOOP" >/dev/null 2>&1 &
	holder=$!
	wait_for 60 holds "$holder" "$LOOP"
	# detached with the last that has it open
	losetup -d "$LOOP"
	CLEAN+=("kill $holder")
}

holds()
{
	[ "$(readlink "/proc/$1/fd/0")" = "$2" ]
}

# --- what --check says ---

# check_says FILE: "blocks CHECK WHO" and "warns CHECK WHO" for each finding
check_says()
{
	local status=0

	lxc-checkpoint -n c1 -D "$IMG" --check -s --json >/tmp/kind.json 2>/tmp/kind.said || status=$?
	case $status in 0 | 3) ;; *) die "--check fails with $status: $(cat /tmp/kind.said)" ;; esac
	python3 - >"$1" <<-'END'
		import json
		for f in json.load(open("/tmp/kind.json"))["findings"]:
		    print("blocks" if f["blocks"] else "warns", f["check"], f["reason"])
	END
	sort -o "$1" "$1"
}

# new_checks WORD: the checks that found something that they had not found before the kind was set up
new_checks()
{
	comm -13 /tmp/kind.before /tmp/kind.after | awk -v word="$1" '$1 == word { print $2 }' |
		sort -u | paste -sd ' '
}

# --- trying ---

# Rows are tried in shells of their own, in which one that goes wrong ends. /tmp/kind.results has what they
# found, a line "ROW RESULT" each, and the last one counts.
declare -A RESULT WARNED BEFORE

# tell ROW RESULT
tell()
{
	RESULT[$1]=$2
	printf '%s %s\n' "$1" "$2" >>/tmp/kind.results
	printf '    %s | %s\n' "${ROWS[$1]}" "$2"
}

read_results()
{
	local row result

	while read -r row result; do
		RESULT[$row]=$result
	done </tmp/kind.results
}

# set_now [ROW]: what is tried now; none while all that were accepted are
set_now()
{
	NOW=${1:-}
	echo "$NOW" >/tmp/kind.now
}

# apart FUNCTION ROW...: in a shell of its own. Fails with 1 if something went wrong with the row in
# /tmp/kind.now, and with what FUNCTION exits with.
apart()
{
	local status=0

	set_now
	# no condition, in which a failure would not end it
	(
		trap end_apart EXIT
		"$@"
	) &
	wait $! || status=$?
	read_results
	return "$status"
}

end_apart()
{
	local status=$?

	trap - EXIT
	[ "$status" != 1 ] || { echo "${ROWS[${NOW:-0}]:-}:" && sed "s/^/    /" /tmp/kind.said; } >&2
	(end_container) || clean_host
	exit "$status"
}

# set_kind ROW: sets it up and asks --check; fails if there is nothing to save. /tmp/kind.before has what
# --check found without it, and then what it finds with it.
set_kind()
{
	local row=$1 blocks status=0

	set_now "$row"
	call "$row" 'set' || status=$?
	if [ "$status" = "$NOT_HERE" ]; then
		tell "$row" 'not here'
		return 1
	fi
	[ "$status" = 0 ] || die "${ROWS[row]} cannot be set up: $(cat /tmp/kind.said)"
	[[ ${HOW[row]} == keeps* ]] || BEFORE[$row]=$(state_of "$row") ||
		die "${ROWS[row]} has no state: ${BEFORE[$row]}"
	check_says /tmp/kind.after
	WARNED[$row]=$(new_checks warns)
	blocks=$(new_checks blocks)
	if [ -n "$blocks" ]; then
		is_refused "$row"
		tell "$row" "refused: $blocks"
		return 1
	fi
	mv /tmp/kind.after /tmp/kind.before
}

# By -s too, and the container is as it was.
is_refused()
{
	local status=0

	lxc-checkpoint -n c1 -D "$IMG" -s >/tmp/kind.said 2>&1 || status=$?
	check_equal 3 "$status" "${ROWS[$1]} is refused by --check; exit status of -s"
	[[ ${HOW[$1]} == keeps* ]] ||
		check_equal "${BEFORE[$1]}" "$(state_of "$1")" "${ROWS[$1]} after a refusal"
}

# save_and_restore ROW...: the container with these kinds in it, twice; exits if that does not go
save_and_restore()
{
	local row

	[ $# -gt 0 ] || return 0
	for row; do
		# those that were set up since may show in it
		[[ ${HOW[row]} == keeps* ]] || BEFORE[$row]=$(state_of "$row") || :
		tell "$row" "works${WARNED[$row]:+, warned: ${WARNED[$row]}}"
	done
	for _ in 1 2; do
		rm -rf "$IMG"
		save || not_done "$NOT_SAVED"
		lxc-checkpoint -n c1 -D "$IMG" -r >/tmp/kind.said 2>&1 || not_done "$NOT_RESTORED"
		[ ${#SET_STATES[@]} -eq 0 ] || ask_state verify >/tmp/kind.verified
		for row; do
			look_again "$row"
		done
	done
}

# On a very busy machine lxc-checkpoint returns before the container has stopped, and says so.
save()
{
	lxc-checkpoint -n c1 -D "$IMG" -s >/tmp/kind.said 2>&1 && return
	grep -q 'is complete, but its monitor' /tmp/kind.said && lxc-wait -n c1 -s STOPPED -t 300
}

# look_again ROW: whether its state is the same
look_again()
{
	local row=$1 found

	[[ ${RESULT[$row]} == works* ]] || return 0
	found=$(state_of "$row") || :
	[ "$found" != "${BEFORE[$row]:-}" ] || return 0
	diff <(echo "${BEFORE[$row]:-}") <(echo "$found") | sed "s/^/$row: /" || :
	if [ -n "${WARNED[$row]}" ]; then
		tell "$row" "lost, warned: ${WARNED[$row]}"
	else
		tell "$row" '**lost**'
	fi
}

NOT_SAVED=43 NOT_RESTORED=44

not_done()
{
	local status=$1

	sed 's/^/    /' /tmp/kind.said
	[ ! -e "$IMG/dump.log" ] || grep -h 'Error' "$IMG"/*.log | tail -n 5 | sed 's/^/    /' || :
	exit "$status"
}

# failure STATUS: of apart, as a result
failure()
{
	case $1 in
	"$NOT_SAVED") echo '**not saved**' ;;
	"$NOT_RESTORED") echo '**not restored**' ;;
	*) echo "$WRONG" ;;
	esac
}
WRONG='**cannot be tried**'

alone_in_container()
{
	local row=$1 status=0

	set_now "$row"
	new_container "$row" || status=$?
	if [ "$status" = "$NOT_HERE" ]; then
		tell "$row" 'not here'
		return
	fi
	[ "$status" = 0 ] || die "${ROWS[row]}: $(cat /tmp/kind.said)"
	# what its configuration has is there already
	: >/tmp/kind.before
	! set_kind "$row" || save_and_restore "$row"
}

# try_alone ROW: in a container of its own
try_alone()
{
	local status=0

	apart alone_in_container "$1" || status=$?
	[ "$status" = 0 ] || tell "$1" "$(failure "$status")"
}

together_in_container()
{
	local row accepted=()

	new_container
	check_says /tmp/kind.before
	for row; do
		if set_kind "$row"; then
			accepted+=("$row")
			continue
		fi
		[ "${RESULT[$row]}" != 'not here' ] || continue
		call "$row" 'unset' || die "${ROWS[row]} does not go: $(cat /tmp/kind.said)"
		check_says /tmp/kind.after
		check_equal '' "$(new_checks blocks)" "${ROWS[row]} is gone; what --check finds"
	done
	set_now
	save_and_restore "${accepted[@]}"
}

# try_together ROW...: in one container, each beside those that were accepted before it
try_together()
{
	local status=0 row now accepted=() half

	[ $# -gt 0 ] || return 0
	apart together_in_container "$@" || status=$?
	[ "$status" != 0 ] || return 0
	read -r now </tmp/kind.now || :
	for row; do
		if [ "$row" = "${now:-none}" ]; then
			tell "$row" "$WRONG"
		elif [ -n "$now" ] || [[ ${RESULT[$row]:-} == works* ]] || [[ ${RESULT[$row]:-} == *lost* ]]; then
			accepted+=("$row")
		fi
	done
	# which of them it is
	if [ -n "$now" ]; then
		try_together "${accepted[@]}"
	elif [ ${#accepted[@]} -le 1 ]; then
		tell "${accepted[0]:-$1}" "$(failure "$status")"
	else
		half=$((${#accepted[@]} / 2))
		try_together "${accepted[@]:0:half}"
		try_together "${accepted[@]:half}"
	fi
}

# try_kinds [FILTER]: all rows with FILTER in them
try_kinds()
{
	local row together=()

	: >/tmp/kind.results
	: >/tmp/kind.said
	[ -e /sys/class/net/lxcbr0 ] || { make_bridge && start_dhcp; }
	for row in "${!ROWS[@]}"; do
		[[ ${ROWS[row]} == *"${1:-}"* ]] || continue
		if [ -z "${ALONE[row]}" ]; then
			together+=("$row")
		else
			try_alone "$row"
		fi
	done
	try_together "${together[@]}"
	for row in "${!ROWS[@]}"; do
		[ -z "${RESULT[$row]:-}" ] || printf 'kind %s | %s\n' "${ROWS[row]}" "${RESULT[$row]}"
	done
}

# --- kinds that are states of payload/blocker.c and payload/state.c ---

# mode MODE: processes of payload/blocker.c; what can be seen of them from outside has to stay
mode()
{
	case $2 in
	set)
		MODE_MOUNTS=$(mounts_inside)
		(block c1 "$1") || return
		read -r "PID_OF[$1]" <"$ROOTFS/ready"
		;;
	state) look_at_family "$(host_pid c1 "${PID_OF[$1]}")" ;;
	unset)
		BLOCKED=${PID_OF[$1]}
		local children mount

		children=$(pgrep -P "$(host_pid c1 "$BLOCKED")" || :)
		# shellcheck disable=SC2086 # words; not all end with their parent
		[ -z "$children" ] || kill -KILL $children
		unblock c1
		# the init of a namespace takes its time to die
		wait_for 60 are_gone "$children"
		comm -13 <(echo "$MODE_MOUNTS") <(mounts_inside) | sort -r | while read -r mount; do
			in_container c1 umount -l "$(printf '%b' "$mount")" </dev/null
		done
		;;
	esac
}
declare -A PID_OF

are_gone()
{
	local pid

	for pid in $1; do
		[ ! -d "/proc/$pid" ] || return 1
	done
}

mounts_inside()
{
	awk '{ print $5 }' "/proc/$(init_pid c1)/mountinfo" | sort
}

# look_at_family PID: it and its descendants, with what they have open and which namespaces are their own
look_at_family()
{
	local pid=$1 name child

	awk '/^(NSpid|NSpgid|NSsid|State|Threads|NoNewPrivs|Seccomp):/ { print $1, $NF }' "/proc/$pid/status"
	# but for the files of launch, and terminals that have several names
	find "/proc/$pid/fd" -mindepth 1 ! -lname '/said*' ! -lname '/ready*' -printf '%f %l\n' 2>/dev/null |
		sed 's/\[[0-9]*\]$//; s,/dev/tty[0-9]*$,terminal,; s,/dev/pts/[0-9]*$,terminal,' | sort
	for name in cgroup ipc mnt net pid user uts; do
		[ "$(readlink "/proc/$pid/ns/$name")" = "$(readlink "/proc/$(init_pid c1)/ns/$name")" ] ||
			echo "own $name"
	done
	awk '{ print $5, $6 }' "/proc/$pid/mountinfo" | sort
	for child in $(pgrep -P "$pid" | sort -n); do
		look_at_family "$child"
	done
}

# keeps KIND...: kinds of payload/state.c, which says itself whether they are as they were
keeps()
{
	local kinds=("${@:1:$#-1}")

	case ${*: -1} in
	set)
		set_states "${kinds[@]}"
		SET_STATES+=("${kinds[@]}")
		;;
	state)
		printf '%s\n' "${kinds[@]}" | awk -F ': ' 'NR == FNR { wanted[$1]; next }
			$1 in wanted && $2 != "ok" { print }' - /tmp/kind.verified
		;;
	unset)
		ask_state end
		SET_STATES=("${SET_STATES[@]:0:${#SET_STATES[@]}-${#kinds[@]}}")
		[ ${#SET_STATES[@]} -eq 0 ] || set_states "${SET_STATES[@]}"
		;;
	esac
}
SET_STATES=()

# maybe_mode MODE: one that not every kernel has
maybe_mode()
{
	if [ "$2" = 'set' ]; then
		mode "$@" && return
		# it says what it lacks
		[ -s "$ROOTFS/said" ] || return
		not_here
	else
		mode "$@"
	fi
}

# other_users KIND...: CRIU saves processes of other users only with CAP_SYS_RESOURCE, which a box has not
other_users()
{
	if [ "${*: -1}" = 'set' ]; then
		has_resource || not_here || return
	fi
	keeps "$@"
}

has_resource()
{
	capsh --has-b=cap_sys_resource 2>/dev/null
}

in_net()
{
	nsenter -t "$(init_pid c1)" -n -- "$@"
}

ROOTFS=/var/lib/lxc/c1/rootfs

# --- doc/kinds.md ---

# column_of SUITE: in the table
column_of()
{
	case $1 in
	bookworm) echo 3 ;;
	trixie) echo 4 ;;
	*) echo 5 ;;
	esac
}

# documented SUITE: "kind SECTION | TITLE | RESULT" for each row of doc/kinds.md
documented()
{
	awk -F ' *[|] *' -v column="$(column_of "$1")" '
		/^## / { section = substr($0, 4) }
		/^[|]/ && section && $2 != "kind" && $2 !~ /^-/ {
			print "kind " section " | " $2 " | " $column
		}' "$DOCUMENT"
}
DOCUMENT=$(realpath "${BASH_SOURCE[0]%/*}/../../../..")/doc/kinds.md

# verify_kinds SUITE: what try_kinds has told on its standard input is what doc/kinds.md says. What a
# box's kernel cannot set up has been tried in the VM; another kernel may know more than that which
# the table was made on.
verify_kinds()
{
	local line

	documented "$1" >/tmp/kind.documented
	grep '^kind ' >/tmp/kind.found
	[ -s /tmp/kind.found ] || die 'no kind was tried'
	while read -r line; do
		[[ $line != *'| not here' ]] || continue
		[[ $line == *'**'* ]] || ! grep -qxF "${line% | *} | not here" /tmp/kind.documented || continue
		grep -qxF "$line" /tmp/kind.documented ||
			die "doc/kinds.md does not say: $line (scripts/kinds writes it anew)"
	done </tmp/kind.found
}
