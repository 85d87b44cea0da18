# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: mounts that the container has made, namespaces within it, and logins.

# shellcheck disable=SC2016 # titles are Markdown
rows_namespaces()
{
	section 'Mounts made in the container'
	kind 'tmpfs' mount_tmpfs
	kind 'a bind mount' mount_bind
	kind 'a block device' mount_block disk
	kind 'a block device that has another name on the host' mount_block other
	kind 'overlay' mode overlay-mount
	kind 'FUSE' mode fuse-mount
	kind 'ramfs, with a file' mode_with /ram/file ramfs
	kind 'hugetlbfs' mode hugepage-mount
	kind 'hugetlbfs, with a file' mode_with /mnt/file hugepage-file
	kind 'mqueue, empty' mode mqueue-empty
	kind 'tracefs' mode mount-on-tracefs
	kind 'a single file of a cgroup' mode cgroup-file-mount
	kind 'a namespace (`ip netns`)' mode namespace-mount
	kind 'a file that another mount covers' mode covered-file
	kind 'a second devpts' mode other-devpts
	alone 'a mount with an ID map' maybe_mode namespace-mnt-idmapped
	alone 'two folders that share propagation' mode shared-folders

	section 'Namespaces in the container'
	kind 'network' mode namespace-net
	alone 'mount, private' mode namespace-mnt-private
	alone 'mount, slave' mode namespace-mnt-slave
	alone 'mount, shared' mode namespace-mnt-shared
	alone 'mount, with mounts of its own' mode namespace-mnt-own
	alone 'mount, as systemd makes it for a service' mode namespace-mnt-service
	alone 'mount, as systemd makes them for several services' mode namespace-mnt-services
	alone 'mount, with a single file of a cgroup' mode namespace-mnt-cgroup-file
	kind 'UTS' mode namespace-uts
	kind 'IPC' mode namespace-ipc
	kind 'PID' mode namespace-pid
	kind 'user' mode namespace-user
	kind 'cgroup' mode namespace-cgroup
	kind 'time' mode namespace-time
	kind 'all that a container of its own has, with an overlay (Docker, Podman, LXC)' mode namespace-container
	kind 'of a thread only' mode thread-network
	kind 'an open namespace of its own' mode own-namespace-fd
	kind 'an open namespace that no process is in' mode namespace-fd

	section 'Logins and terminals'
	kind 'getty' mode tty-getty
	kind 'a shell with job control on `lxc-console`' mode tty-shell
	kind 'a shell with job control on a pty of the container (ssh, tmux, screen)' mode pty-shell
	kind 'a shell with a job in the foreground' mode pty-job
	kind 'ptys' keeps pty pty-unread pty-controlling pty-master-only
	kind '`TIOCEXCL`, packet mode' keeps pty-packet-mode
	kind 'a pty without its master' mode pty-without-master
	kind 'a process of `lxc-attach` that is still connected' attached_waiting
	kind "left by \`lxc-attach\`: a process with the host's \`/dev/null\`" attached_null
	kind 'left by `lxc-attach`: a process with a pipe to the host' attached_pipe
	kind 'left by `lxc-attach`: a process with a file of the host' attached_file
}
rows_namespaces

# mode_with FILE MODE: and the file is there
mode_with()
{
	mode "$2" "$3" && { [ "$3" != state ] || in_container c1 ls "$1"; }
}

mount_tmpfs()
{
	case $1 in
	set) in_container c1 sh -c 'mkdir -p /t && mount -t tmpfs kind /t && echo kind >/t/file && mknod /t/null c 1 3' ;;
	state) in_container c1 sh -c 'cat /t/file; ls -l /t/null' ;;
	esac
}

mount_bind()
{
	case $1 in
	set) in_container c1 sh -c 'mkdir -p /one /two && mount -o bind /one /two && echo kind >/two/file' ;;
	state) in_container c1 sh -c 'cat /two/file; grep -c " /two " /proc/mounts' ;;
	esac
}

# mount_block NAME: disk: by the host's name
mount_block()
{
	local name=/dev/disk

	case $2 in
	set)
		truncate -s 16M "/tmp/kind.$1" && mkfs.ext4 -q "/tmp/kind.$1" || return
		loop_device "/tmp/kind.$1" || return
		CLEAN+=("rm -f /tmp/kind.$1")
		[ "$1" = other ] || name=$LOOP
		# a container may not make devices by default
		lxc-cgroup -n c1 devices.allow a >/dev/null 2>&1 || :
		in_container c1 sh -c "mkdir -p /$1 && mknod $name b 7 ${LOOP#/dev/loop} &&
			mount -t ext4 $name /$1 && echo kind >/$1/file" || not_here
		;;
	state) in_container c1 sh -c "cat /$1/file; mount | grep -c ' /$1 type ext4'" ;;
	unset) in_container c1 umount "/$1" ;;
	esac
}

# --- what lxc-attach has started ---

# attached SECONDS REDIRECTION: a process that it has left behind; what it is told by is how long it sleeps
attached()
{
	case $3 in
	set)
		eval "lxc-attach -n c1 --clear-env -- /bin/sh -c '/bin/sleep $1 & exit' $2" &&
			(wait_for 60 sleeps "$1")
		;;
	state) sleeps "$1" && find "/proc/$(sleeps "$1")/fd" -mindepth 1 -printf '%f %l\n' | sed 's/\[[0-9]*\]$//' | sort ;;
	unset) kill -KILL "$(sleeps "$1")" ;;
	esac
}

sleeps()
{
	pgrep -xf "/bin/sleep $1"
}

attached_null()
{
	attached 10001 '</dev/null >/dev/null 2>&1' "$1"
}

attached_pipe()
{
	# shellcheck disable=SC2034 # attached() has it by its name
	[ "$1" != 'set' ] || { mkfifo /tmp/kind.pipe && exec {KIND_PIPE}<>/tmp/kind.pipe; }
	attached 10002 '</dev/null >&$KIND_PIPE 2>&1' "$1"
}

attached_file()
{
	attached 10003 '</dev/null >/tmp/kind.log 2>&1' "$1"
}

attached_waiting()
{
	case $1 in
	set)
		lxc-attach -n c1 --clear-env -- /bin/sleep 10004 </dev/null >/dev/null 2>&1 &
		(wait_for 60 sleeps 10004)
		;;
	state) sleeps 10004 >/dev/null && echo runs ;;
	unset) kill -KILL "$(sleeps 10004)" ;;
	esac
}
