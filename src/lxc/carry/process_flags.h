/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_PROCESS_FLAGS_H
#define LXCCKPT_CARRY_PROCESS_FLAGS_H

/*
 * A file in the image: settings of threads that only the thread itself can set. The first line is
 * the personality of the container's init, in hexadecimal; "8" is that of a container with
 * lxc.arch = i686. Each other line is a thread that differs: "42 20008 io_flusher memory_merge".
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROCESS_FLAGS_NAME "process-flags"
#define PROCESS_FLAGS_MAX  (64 * 1024 * 1024)

/* The words of a line. */
enum process_flag {
	PROCESS_IO_FLUSHER, /* PR_SET_IO_FLUSHER */
	/* of the process, at its first thread */
	PROCESS_MEMORY_MERGE,	    /* PR_SET_MEMORY_MERGE */
	PROCESS_LOCK_CURRENT,	    /* mlockall(MCL_CURRENT): CRIU loses what two have in common */
	PROCESS_LOCK_FUTURE,	    /* mlockall(MCL_FUTURE) ... */
	PROCESS_LOCK_ON_FAULT,	    /* ... with MCL_ONFAULT */
	PROCESS_MDWE_NOT_INHERITED, /* PR_SET_MDWE with PR_MDWE_NO_INHERIT */
	PROCESS_MDWE,		    /* instead: PR_SET_MDWE */
	N_PROCESS_FLAGS,
};

struct thread_flags {
	pid_t tid; /* in the container */
	unsigned int personality;
	bool has[N_PROCESS_FLAGS];
};

struct process_flags {
	unsigned int personality; /* of init, and of all threads that are not in the list */
	struct thread_flags *v;
	size_t n;
};

/* Pure. Strict; -EBADMSG: it is not such a file. */
int process_flags_parse(const char *text, size_t len, struct process_flags *ret);

/* Pure. Sorts. Caller frees. */
char *process_flags_format(struct process_flags *p);

/* Flags of a thread in the container. */
struct thread_flags process_flags_find(const struct process_flags *p, pid_t tid);

/* Whether nothing differs from what every process has. */
bool process_flags_usual(const struct process_flags *p);

/* Pure. Whether /proc/PID/stat has those of the kernel's flags that PR_SET_IO_FLUSHER sets. */
bool process_stat_io_flusher(const char *stat);

void process_flags_clear(struct process_flags *p);
#define _cleanup_process_flags_ __attribute__((cleanup(process_flags_clear)))

#endif
