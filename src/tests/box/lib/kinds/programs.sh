# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: what processes have: memory, files, sockets, timers, and what the kernel keeps for them.

# shellcheck disable=SC2016 # titles are Markdown
rows_programs()
{
	section 'Sockets'
	kind 'TCP: connections, also half closed, with unread and unsent data' \
		keeps tcp tcp6 tcp-full tcp6-full tcp-half-closed tcp-peer-closed tcp-reset
	kind 'TCP: a connection that is not accepted yet' keeps tcp-not-accepted
	kind 'TCP: options' keeps socket-options
	kind 'TCP: options of a listening socket' keeps socket-options-listening
	kind 'TCP: options of a connection' keeps socket-options-connected
	kind 'other options (`TCP_CONGESTION`, `SO_TIMESTAMP`, ...)' keeps socket-options-other
	kind 'UDP' keeps udp udp6
	kind 'UDP: unread datagrams' keeps udp-unread
	kind 'UDP: corked datagrams' keeps udp-corked
	kind 'multicast groups' keeps multicast
	kind 'multipath TCP' mode mptcp
	kind 'multipath TCP, connected' mode mptcp-connection
	kind 'raw sockets' keeps raw
	kind 'packet sockets' keeps packet
	kind 'packet sockets with a ring (tcpdump)' mode packet-ring
	kind 'netlink' keeps netlink
	kind 'netlink, in groups beyond 32' mode netlink-groups
	kind 'vsock' maybe_mode vsock
	kind 'XDP' maybe_mode xdp
	kind 'Unix: connections, datagrams, names' keeps unix-stream unix-dgram unix-seqpacket unix-path unix-abstract \
		unix-path-unlinked unix-dgram-path unix-dgram-abstract unix-shut-down unix-peer-closed unix-options
	kind 'Unix: a connection that is not accepted yet' keeps unix-not-accepted
	alone 'Unix: the same, with data' keeps unix-not-accepted-data
	kind 'Unix: names of an accepted connection' keeps unix-accepted-name
	kind 'Unix: `SO_PEERCRED`' keeps unix-peer-credentials
	kind 'Unix: `SO_PEERCRED` of another user' other_users user-of-socket
	kind 'Unix: descriptors on their way' keeps fds-in-flight
	alone 'Unix: credentials on their way' keeps unix-credentials-in-flight
	alone 'Unix: connected to a socket of the host' unix_outside accepts
	alone 'Unix: connected to a socket of the host that has not accepted it' unix_outside waits
	kind 'Unix: a path that was opened (`O_PATH`)' mode path-of-socket
	kind 'Unix: a socket file in a tmpfs that no process has any more' stale_socket

	section 'Files'
	kind 'open, appended to, shared, replaced, deleted' keeps file-offsets file-offset-shared file-append file-path \
		directory file-deleted file-replaced file-deleted-linked file-deleted-sparse cwd-deleted
	kind 'without a name (`O_TMPFILE`)' keeps tmpfile
	kind 'locks: flock, POSIX, OFD, leases' keeps flock flock-shared posix-locks ofd-locks lease
	kind 'pipes and FIFOs' keeps pipe pipe-full pipe-no-writer pipe-no-reader fifo fifo-deleted
	kind 'pipes in packet mode (`O_DIRECT`)' keeps pipe-packets
	kind 'of `/proc`' keeps proc-files
	kind 'of `/proc`: a folder' mode proc-folder
	kind 'of `/proc`: a thread' mode proc-of-thread
	kind 'devices: null, zero, random' keeps devices
	kind 'devices: kmsg' mode kmsg-device
	kind 'devices: tun' mode tun-device
	kind 'devices: FUSE' mode fuse-device
	kind 'devices: block devices' mode block-device
	kind 'devices: loop-control' mode loop-control
	kind 'epoll, nested and moved' keeps epoll epoll-oneshot-reported epoll-nested epoll-moved
	kind 'epoll: edge-triggered events' keeps epoll-edge-reported
	kind 'eventfd' mode event-files
	kind 'eventfd as a semaphore' keeps eventfd
	kind 'inotify' keeps inotify
	kind 'inotify: unread events' keeps inotify-unread
	kind 'inotify on `/proc`' mode watch-proc
	kind 'inotify on `/sys`' mode watch-sys
	kind 'inotify on a cgroup' mode watch-cgroup
	kind 'fanotify on files' keeps fanotify
	kind 'fanotify on a filesystem' mode fan-filesystem
	kind 'signalfd, timerfd' keeps signalfd timerfds timerfd-ticks-unread
	kind 'timerfd of an alarm clock' mode alarm-timer
	kind '`F_SETSIG`' keeps file-owner-signal
	kind 'asynchronous I/O' mode asynchronous-io
	kind 'io_uring' maybe_mode io-uring
	kind 'BPF programs' mode bpf-prog
	kind 'BPF maps' mode bpf-map
	kind 'pidfds' keeps pidfd pidfd-dead
	kind 'a pidfd of a thread' maybe_mode pidfd-of-thread
	kind 'memfd' keeps memfd
	kind 'secret memory (`memfd_secret`)' maybe_mode secret-memory
	kind 'perf events' mode perf-event
	kind 'userfaultfd' mode userfault
	kind 'a mount that was opened (`fsopen`)' mode mount-fd
	kind 'a seccomp listener' mode seccomp-notify
	kind 'a Landlock ruleset' maybe_mode landlock

	section 'IPC'
	kind 'shared memory, semaphores (POSIX)' keeps posix-shm posix-shm-unlinked posix-semaphore shared-anonymous
	kind 'shared memory, semaphores (System V)' keeps sysv-shm sysv-shm-removed sysv-shm-detached sysv-semaphores
	kind '`SEM_UNDO`' keeps sysv-semaphore-undo
	kind 'message queues (System V)' keeps sysv-messages
	kind 'message queues (POSIX)' keeps posix-mqueue

	section 'Memory'
	kind 'mappings, protections, locks' keeps map-private map-shared map-deleted map-opened protections mlock \
		stack-and-heap memory-sparse copy-on-write thp-disabled
	kind '`madvise()`' keeps madvise
	kind '`mlockall()` for the future' keeps mlockall-future
	kind '`PR_SET_MDWE`' keeps memory-deny-write-execute
	kind '`PR_SET_MEMORY_MERGE`' keeps memory-merge

	section 'Processes'
	kind 'groups, sessions, orphans, zombies' keeps groups-and-sessions group-without-leader orphan subreaper zombies
	kind 'a session that has lost its leader, under a subreaper' keeps subreaper-session
	kind 'stopped processes' keeps stopped stopped-not-waited-for
	kind 'a debugger at work' mode traced
	kind 'threads, mutexes' keeps threads registers mutexes mutex-priority-inheriting mutex-robust rseq child-tid
	kind 'a first thread that has exited' mode dead-leader
	kind 'a thread with a working directory of its own' mode thread-folder
	kind 'a thread with descriptors of its own' mode thread-files
	kind 'a child that shares memory (`CLONE_VM`)' mode shares-memory
	kind 'a child that shares its working directory (`CLONE_FS`)' mode shares-folder
	kind 'a child that shares descriptors (`CLONE_FILES`)' mode shares-files
	kind 'signals' keeps signals-pending signals-pending-threads signal-actions sigaltstack signal-handler-running
	kind 'timers' keeps itimers posix-timers posix-timer-to-thread posix-timer-expired clocks
	kind 'capabilities, limits, names, scores' keeps capabilities capabilities-of-thread limits names-and-scores
	kind '`no_new_privs`' mode no-new-privileges
	kind 'other users' other_users user
	kind 'seccomp' keeps seccomp seccomp-stacked seccomp-one-thread seccomp-inherited seccomp-strict
	kind 'Syscall User Dispatch (Wine)' mode dispatch
	kind 'scheduling, affinity, priorities' keeps affinity scheduling-classes scheduling-realtime timer-slack
	kind '`SCHED_DEADLINE`' mode deadline-in-thread
	kind 'personality' keeps personality
	kind '`PR_SET_IO_FLUSHER`' other_users io-flusher
	kind 'a chroot' keeps chroot
	kind 'start time' keeps start-time
	kind 'used CPU time' keeps cpu-time
	alone 'a cgroup that the container has frozen' mode frozen-child
}
rows_programs

# maybe_mode MODE: one that not every kernel has
maybe_mode()
{
	if [ "$2" = 'set' ]; then
		mode "$@" || not_here
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

# unix_outside accepts|waits: what the host's socket does with a connection
unix_outside()
{
	case $2 in
	config)
		python3 - "$1" <<-'END' &
			import signal, socket, sys
			s = socket.socket(socket.AF_UNIX)
			s.bind("/run/kind.socket")
			s.listen()
			if sys.argv[1] == "accepts":
			    c = s.accept()
			signal.pause()
		END
		CLEAN+=("kill $!" 'rm -f /run/kind.socket')
		(wait_for 10 test -S /run/kind.socket) || return
		echo 'lxc.mount.entry = /run/kind.socket outside.socket none bind,create=file 0 0'
		;;
	*) mode unix-outside "$2" ;;
	esac
}

stale_socket()
{
	case $1 in
	set)
		in_container c1 sh -c 'mkdir -p /stale && mount -t tmpfs stale /stale' &&
			python3 -c 'import os, stat, sys; os.mknod(sys.argv[1], stat.S_IFSOCK | 0o600)' \
				"/proc/$(init_pid c1)/root/stale/socket"
		;;
	state) in_container c1 ls -l /stale | sed 1d ;;
	esac
}
