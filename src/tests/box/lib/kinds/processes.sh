# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: processes and their memory.

# shellcheck disable=SC2016 # titles are Markdown
rows_processes()
{
	section 'Memory'
	kind 'mappings, protections, locks' keeps map-private map-shared map-deleted map-opened protections mlock \
		stack-and-heap memory-sparse copy-on-write thp-disabled
	kind '`madvise()`' keeps madvise
	kind '`mlockall()` for the future' keeps mlockall-future
	kind '`membarrier()` (.NET, liburcu)' keeps membarrier
	kind 'protection keys (`pkey_alloc()`)' keeps_protection_keys
	kind '`PR_SET_MDWE`' keeps memory-deny-write-execute
	kind '`PR_SET_MEMORY_MERGE`' keeps memory-merge
	kind 'seals (`mseal`)' keeps memory-sealed
	kind 'NUMA policy (`set_mempolicy`)' keeps memory-policy

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
	kind 'Landlock: the restrictions of a process' keeps landlock
	kind '`PR_SET_SPECULATION_CTRL`' keeps speculation
	kind 'a session keyring of its own' keeps session-keyring-own
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
rows_processes

keeps_protection_keys()
{
	[ "$1" != set ] || grep -qw ospke /proc/cpuinfo || not_here || return
	keeps protection-keys "$1"
}
