/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_PROCESS_H
#define LXCCKPT_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

int pidfd_open_pid(pid_t pid); /* close-on-exec; -1 with errno */

/* Over EINTR. Returns waitpid()'s status, or -errno. */
int wait_status(pid_t pid);

/*
 * fork(), with all signals blocked in the child until reset_signals(): no handler
 * of the host program may run there, where its threads are gone. If there may be no process
 * more, it waits a second for the end of others: those that have just failed for that take
 * their time to go.
 */
pid_t fork_quietly(void);

/* Signal mask empty, every disposition default: what a program expects at its start. */
void reset_signals(void);

/*
 * Runs argv[0] (a path) with stdin from /dev/null and stdout and stderr kept.
 * Returns waitpid()'s status or -errno; *ret_output is a heap string (also
 * where the status is not 0), NULL is fine.
 */
int run_capture(const char *const argv[], char **ret_output);

/*
 * The same of a program of the user's: with the limits that this process was started with. wait
 * (may be NULL) is called with a descriptor that polls as readable when the program has ended.
 */
int run_users(const char *const argv[], char **ret_output, void (*wait)(int fd, void *userdata),
	      void *userdata);

/* The inode of the PID namespace that a process is in; 0: there is no such process. */
ino_t process_pid_namespace(pid_t pid);
bool process_is_in(pid_t pid, ino_t pid_namespace);

/*
 * Calls fn for init and all beneath it in its PID namespace, until fn returns something else than
 * 0, which is then returned. These are the processes that CRIU dumps: CRIU finds them by the same
 * files, /proc/PID/task/TID/children. The container's cgroups would not do: a process may have been
 * moved out of them from the host, or be in one that is too deep to be opened, and lxc-attach puts
 * processes in that are no part of the container. It takes as long as the container is large,
 * whatever else runs on the host. While the processes run, one may be missed that comes meanwhile.
 */
int for_each_process(pid_t init, int (*fn)(pid_t pid, void *userdata), void *userdata);

/* The same of one process. */
int for_each_thread_of(pid_t pid, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata);

/* The same for every thread in it. */
int for_each_thread(pid_t init, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata);

/*
 * When it was started, in the kernel's clock ticks since boot: with its number it is one process
 * and no other, until the next boot. 0: there is none.
 */
unsigned long long process_start_time(pid_t pid);

/* The number that a process or thread has in the innermost PID namespace that it is in; 0: none. */
pid_t process_inner_id(pid_t tid);

/* The first number of a field of /proc/PID/status, written as "\nPPid:"; -1: none. */
long process_status_number(pid_t pid, const char *field);

/* Where a system program is, whatever PATH says; NULL if it is not. Caller frees. */
char *system_program(const char *name);

/* "exited with 1", "was killed by signal 9 (Killed)". Caller frees. */
char *status_text(int status);

/* The only child of the calling thread, 0 where there is none, -errno; -EEXIST if there are more.
 */
pid_t only_child(void);

/* The first child of the calling thread that is none of these; 0: there is none. */
pid_t child_besides(const pid_t *known, size_t n);

/* The letter in /proc/PID/stat, as 'R' for one that runs; 0: there is no such process. */
char process_state(pid_t pid);

/* Whether there is no such process, or none that does anything any more: it only was not waited
 * for. */
bool process_is_gone(pid_t pid);

#endif
