# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: what processes have open, and what they share.

# shellcheck disable=SC2016 # titles are Markdown
rows_files()
{
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
	kind 'eventfd with a counter of more than 32 bits' keeps eventfd-large
	kind 'inotify' keeps inotify
	kind 'inotify: unread events' keeps inotify-unread
	kind 'inotify: `IN_ONESHOT`, `IN_EXCL_UNLINK`' keeps inotify-flags
	kind 'dnotify (`F_NOTIFY`)' keeps directory-notify
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
	kind '`SHM_LOCK`' keeps sysv-shm-locked
	kind '`SEM_UNDO`' keeps sysv-semaphore-undo
	kind 'message queues (System V)' keeps sysv-messages
	kind 'message queues (POSIX)' keeps posix-mqueue
}
rows_files
