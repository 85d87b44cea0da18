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
 * fork(), with all signals blocked in the child until reset_signals(): no handler of the host
 * program may run there, where its threads are gone. If the limit of processes is reached, it waits
 * a second for others to exit: processes that have just failed for that reason take their time.
 */
pid_t fork_quietly(void);

/* Empties the signal mask and resets every disposition, as a program expects at its start. */
void reset_signals(void);

/*
 * Runs argv[0] (a path) with stdin from /dev/null, and captures stdout and stderr. Returns
 * waitpid()'s status or -errno. *ret_output is a heap string (also if the status is not 0);
 * ret_output may be NULL.
 */
int run_capture(const char *const argv[], char **ret_output);

/*
 * The same for a program of the user's, with the limits that this process was started with. wait
 * (may be NULL) is called with a descriptor that polls as readable when the program has exited.
 */
int run_users(const char *const argv[], char **ret_output, void (*wait)(int fd, void *userdata),
	      void *userdata);

/* The inode of a process's PID namespace; 0: there is no such process. */
ino_t process_pid_namespace(pid_t pid);
bool process_is_in(pid_t pid, ino_t pid_namespace);

/*
 * Calls fn for init and all its descendants in its PID namespace, until fn returns something other
 * than 0, which is then returned. CRIU dumps the same processes, and finds them by the same files,
 * /proc/PID/task/TID/children. The container's cgroups would not do: the host may have moved a
 * process out of them, a cgroup may be too deep to open, and lxc-attach adds processes that are not
 * part of the container. The time depends only on the size of the container. While the processes
 * run, the walk may miss one that starts meanwhile.
 */
int for_each_process(pid_t init, int (*fn)(pid_t pid, void *userdata), void *userdata);

/* The same for one process. */
int for_each_thread_of(pid_t pid, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata);

/* The same for every thread in it. */
int for_each_thread(pid_t init, int (*fn)(pid_t pid, pid_t tid, void *userdata), void *userdata);

/*
 * Its start time, in clock ticks since boot: PID and start time identify one process until the next
 * boot. 0: there is no such process.
 */
unsigned long long process_start_time(pid_t pid);

/* The ID of a process or thread in its innermost PID namespace; 0: there is none. */
pid_t process_inner_id(pid_t tid);

/* The first number of a field of /proc/PID/status; -1: none. */
long process_status_number(pid_t pid, const char *field);

/* The path of a system program, independent of PATH; NULL: not installed. Caller frees. */
char *system_program(const char *name);

/* "exited with 1", "was killed by signal 9 (Killed)". Caller frees. */
char *status_text(int status);

/* The only child of the calling thread; 0: there is none; -EEXIST: there are several; or -errno. */
pid_t only_child(void);

/* The first child of the calling thread that is not among these; 0: there is none. */
pid_t child_besides(const pid_t *known, size_t n);

/* The text of a file of /proc/PID; "" if there is none, or it is longer than 64 KiB. Caller frees.
 */
char *process_text(pid_t pid, const char *file);

/* The state letter in /proc/PID/stat, such as 'R'; 0: there is no such process. */
char process_state(pid_t pid);

/* Whether there is no such process, or only a zombie. */
bool process_is_gone(pid_t pid);

/* Behind the path in a link of /proc whose file has lost that name. */
#define LINK_DELETED " (deleted)"

#endif
