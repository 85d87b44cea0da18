# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: the case that runs in the box and in the VM. The payload
# "state" makes every kind of state that it knows, each in a process of its own, and says
# after each checkpoint which of them are not what they were. What CRIU is known to lose
# is listed here, in the words in which the payload tells it, so that the day on which
# it does not lose it any more is seen; doc/limits.md has the same for people.

# On a disk: the images are too large for the /run of a VM.
# shellcheck disable=SC2034 # what counter.sh goes by
IMG=/var/tmp/image
STATE=/var/lib/lxc/c1/rootfs/state

# What a process finds even when the container only runs on: CRIU has interrupted it, and
# some calls the kernel does not start again then (as signal(7) says of stop signals).
declare -A interrupted=()
for call in nanosleep poll poll-timeout epoll_wait futex-timeout recv-timeout sigwaitinfo semop; do
	# shellcheck disable=SC2034 # verify_states has it by its name
	interrupted[blocked-in-$call]='returned -1 (Interrupted system call)'
done

# What a restored process goes on with all the same.
# shellcheck disable=SC2034 # as above
declare -A resumed=([blocked-in-poll]=ok)

# What is not as it was after a restore: a pattern for the words.
# shellcheck disable=SC2034 # as above
declare -A lost=(
	# network
	[udp-unread]='"one" does not come; "two" does not come'
	[udp-corked]='what comes is "two" instead of "onetwo"'
	[tcp-not-accepted]='nobody is waiting to be accepted'
	[unix-accepted-name]='the name is ""; the name is ""'
	[user-of-socket]='the uid is 0 instead of 33; the gid is 0 instead of 6'
	# IPC
	[sysv-semaphore-undo]='the value is 1 after the end of who had taken 2 of 3'
	# files
	[tmpfile]='it cannot get a name: No such file or directory'
	[inotify-unread]='what comes is "" instead of "3:0x100:new 3:0x200:new "'
	[eventfd]='the semaphore is 3 instead of 1; the semaphore is 0 instead of 1;*'
	[epoll-edge-reported]='what is reported is 22 instead of 18'
	[file-owner-signal]='si_fd is * instead of 500'
	[eventfd-large]='the counter is 7 instead of 21474836487'
	[inotify-flags]='the mask is 256 instead of 2214592768'
	[directory-notify]='no signal comes'
	[pty-packet-mode]='TIOCEXCL is 0 instead of 1'
	# what the kernel keeps for a process; not every machine has all of it
	[memory-sealed]='@(ok|it is not sealed)'
	[memory-policy]='@(ok|the policy is 0 instead of 3)'
	[landlock]='@(ok|it can open files)'
	[speculation]='@(ok|it is * instead of *)'
	[session-keyring-own]='the key is not there'
	[start-time]='it is * instead of *'
	[cpu-time]='it goes back'
	[subreaper-beside-leader]='its parent is 1 instead of *'
	[subreaper-session]="an orphan's parent is 1 instead of *; waiting for it is -1 instead of *"
)
# shellcheck disable=SC2034 # as above
case $(criu --version) in
*' 4.1'*) lost[madvise]='MADV_WIPEONFORK has not*' ;;
esac

# shellcheck disable=SC2034 # as above
! grep -qw ospke /proc/cpuinfo || lost[protection-keys]='the key of the mapping is 0 instead of 1'

# Before Linux 6.15 nobody else can see it.
# shellcheck disable=SC2034 # as above
grep -qs ksm_merge_any /proc/self/ksm_stat || lost[memory-merge]='it is 0 instead of 1'

# What is refused before anything is touched, and what is said of it.
declare -A foreseen=(
	[posix-mqueue]='message queue'
	[posix-mqueue-closed]='with message queues in it'
	[pipe-packets]='has a pipe in packet mode open'
	[unix-not-accepted-data]='that no process has accepted yet'
	[unix-credentials-in-flight]="with its sender's credentials"
	[first-thread-ended]='has a first thread that exited'
)

# What only CRIU and the dump see, and what they say.
declare -A refused=(
	[left-session]='has not adopted it: CRIU could not restore that'
)

# ask_state WORDS...: what the payload answers
ask_state()
{
	echo "$*" >"$STATE/question"
	timeout 250 cat "$STATE/answer" || die "the payload does not answer to: $*"
}

start_state()
{
	[ -e /sys/class/net/lxcbr0 ] || { make_bridge && start_dhcp; }
	make_container c1 <<<"lxc.pty.max = 100"
	install -m 755 "$(payload state)" /var/lib/lxc/c1/rootfs/bin/state
	mkdir -m 1777 "$STATE"
	mkfifo "$STATE/question" "$STATE/answer"
	echo '::once:/bin/state /state' >>/var/lib/lxc/c1/rootfs/etc/inittab
	start_container c1
}

# set_states KIND...
set_states()
{
	local said

	said=$(ask_state "set $*" | grep -v ': ok$' || :)
	check_equal '' "$said" 'what cannot be set'
}

# verify_states TABLE...: of what was set all is as it was but what is in these tables.
verify_states()
{
	local line kind said wanted table wrong=0

	ask_state verify >/tmp/said
	while read -r line; do
		kind=${line%%: *} said=${line#*: } wanted=ok
		for table in "$@"; do
			local -n expected=$table

			wanted=${expected[$kind]:-$wanted}
		done
		# shellcheck disable=SC2053 # a pattern
		[[ $said == $wanted ]] && continue
		printf '%s: %s\n    and not: %s\n' "$kind" "$said" "$wanted"
		wrong=$((wrong + 1))
	done </tmp/said
	check_equal 0 "$wrong" 'how many are not as expected'
}

# test_states KIND...: all kinds but these. PART, 0 or 1: only every second of them, for
# where all would take longer than a case may.
test_states()
{
	local kind kinds=() i=0
	local -A not=()

	for kind in "$@" "${!refused[@]}" "${!foreseen[@]}"; do
		not[$kind]=1
	done

	step 'everything is there'
	start_state
	for kind in $(ask_state list); do
		[ -z "${not[$kind]:-}" ] || continue
		i=$((i + 1))
		if [ -z "${PART:-}" ] || [ $((i % 2)) = "$PART" ]; then
			kinds+=("$kind")
		fi
	done
	# in parts, because a line into a FIFO is 4096 bytes at most
	for ((i = 0; i < ${#kinds[@]}; i += 60)); do
		set_states "${kinds[@]:i:60}"
	done
	verify_states
	printf '%d kinds\n' "$(wc -l </tmp/said)"

	step 'checkpoint, and it runs on'
	check lxc-checkpoint -n c1 -D /var/tmp/first
	verify_states interrupted

	for _ in 1 2; do
		step 'checkpoint and stop, restore'
		check dump -n c1 -s --replace
		check restore -n c1
		verify_states interrupted resumed lost
	done
	ask_state end
}

# In the container of start_state.
test_refused_states()
{
	local kind

	step 'what is refused, and runs on'
	for kind in "${!foreseen[@]}"; do
		set_states "$kind"
		fails 3 "${foreseen[$kind]}" lxc-checkpoint -n c1 --check
		fails 3 "${foreseen[$kind]}" lxc-checkpoint -n c1 -D /var/tmp/refused -s
		verify_states
		ask_state end
	done
	for kind in "${!refused[@]}"; do
		set_states "$kind"
		fails 1 "${refused[$kind]}" lxc-checkpoint -n c1 -D /var/tmp/refused -s
		verify_states
		ask_state end
	done
}
