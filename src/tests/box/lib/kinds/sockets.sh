# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: the sockets of processes.

# shellcheck disable=SC2016 # titles are Markdown
rows_sockets()
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
	kind 'Unix: `SO_PEERCRED` of one who listens as another user' keeps unix-listening-user unix-listening-child
	kind 'Unix: `SO_PEERCRED` of a server that is not root' other_users user-of-listener
	kind 'Unix: descriptors on their way' keeps fds-in-flight
	alone 'Unix: credentials on their way' keeps unix-credentials-in-flight
	alone 'Unix: connected to a socket of the host' unix_outside accepts
	alone 'Unix: connected to a socket of the host that has not accepted it' unix_outside waits
	kind 'Unix: a path that was opened (`O_PATH`)' mode path-of-socket
	kind 'Unix: a socket file in a tmpfs that no process has any more' stale_socket
}
rows_sockets

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
		(wait_for 60 test -S /run/kind.socket) || return
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
