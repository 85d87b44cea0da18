/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Settings that only a thread itself can set. CRIU's process has the personality of a 32-bit
 * container, and all processes inherit it. The other settings are system calls that a child of the
 * monitor has the threads make: at post-restore, when they wait in CRIU's code and nothing of their
 * own runs yet. CRIU traces init by then, so init makes its calls when CRIU has ended.
 *
 * Runs in the monitor, as root on the host. What cannot be set is logged.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry/process_flags.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/inject.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE		 65
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#endif
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT (1UL << 1)
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

static const struct {
	long number;
	unsigned long args[INJECT_ARGS];
} calls[N_PROCESS_FLAGS] = {
	/* but those of give_locks() */
	[PROCESS_IO_FLUSHER] = {SYS_prctl, {PR_SET_IO_FLUSHER, 1}},
	[PROCESS_MEMORY_MERGE] = {SYS_prctl, {PR_SET_MEMORY_MERGE, 1}},
	[PROCESS_MDWE_NOT_INHERITED] = {SYS_prctl,
					{PR_SET_MDWE,
					 PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT}},
	[PROCESS_MDWE] = {SYS_prctl, {PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN}},
};

/* Other bits would change how CRIU itself maps memory, or the version that uname() tells it. */
static unsigned int inherited(const struct process_flags *flags)
{
	return (flags->personality & PER_MASK) == PER_LINUX32 ? PER_LINUX32 : PER_LINUX;
}

int process_flags_load(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int e = image_read(r->image, r->manifest, PROCESS_FLAGS_NAME, PROCESS_FLAGS_MAX, &text,
			   &len, reterr);

	(void)init;
	if (e < 0 || !text)
		return e;
	r->carried.process_flags = xcalloc(1, sizeof(*r->carried.process_flags));
	e = process_flags_parse(text, len, r->carried.process_flags);
	return e < 0 ? error_set(reterr, -e, "the image's file " PROCESS_FLAGS_NAME " is damaged")
		     : 0;
}

int process_flags_inherit(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	if (r->carried.process_flags && personality(inherited(r->carried.process_flags)) < 0) {
		dprintf(STDERR_FILENO, "cannot set the container's personality: %s\n",
			strerror(errno));
		return -1;
	}
	return 0;
}

/* --- in a child of the monitor --- */

struct giving {
	const struct process_flags *flags;
	pid_t init;
	bool failed;
};

static bool make(pid_t tid, int pidfd, long number, const unsigned long args[INJECT_ARGS])
{
	long result = -1;

	return inject_call(tid, pidfd, number, args, &result) == 0 && result >= 0;
}

/* If a limit forbids locking the present memory, at least later memory is locked. */
static bool give_locks(pid_t tid, int pidfd, const bool has[N_PROCESS_FLAGS])
{
	const unsigned long later = (has[PROCESS_LOCK_FUTURE] ? MCL_FUTURE : 0UL) |
				    (has[PROCESS_LOCK_ON_FAULT] ? MCL_ONFAULT : 0UL);
	const unsigned long both[INJECT_ARGS] = {MCL_CURRENT | later};
	const unsigned long only_later[INJECT_ARGS] = {later};
	bool done = true;

	if (has[PROCESS_LOCK_CURRENT])
		done = make(tid, pidfd, SYS_mlockall, both);
	if (has[PROCESS_LOCK_FUTURE] && (!has[PROCESS_LOCK_CURRENT] || !done))
		return make(tid, pidfd, SYS_mlockall, only_later) && done;
	return done;
}

static bool give(pid_t pid, pid_t tid, const struct process_flags *flags)
{
	const struct thread_flags t = process_flags_find(flags, process_inner_id(tid));
	const unsigned long args[INJECT_ARGS] = {t.personality};
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	bool done = t.personality == inherited(flags) || make(tid, pidfd, SYS_personality, args);

	done = give_locks(tid, pidfd, t.has) && done;
	for (size_t i = 0; i < N_PROCESS_FLAGS; i++)
		if (t.has[i] && calls[i].number)
			done = make(tid, pidfd, calls[i].number, calls[i].args) && done;
	return done;
}

static int give_others(pid_t pid, pid_t tid, void *userdata)
{
	struct giving *g = userdata;

	if (pid != g->init && !give(pid, tid, g->flags))
		g->failed = true;
	return 0;
}

static int give_init(pid_t pid, pid_t tid, void *userdata)
{
	struct giving *g = userdata;

	if (!give(pid, tid, g->flags))
		g->failed = true;
	return 0;
}

static void give_in_child(const struct restore *r, pid_t init,
			  int (*walk)(pid_t, int (*)(pid_t, pid_t, void *), void *),
			  int (*fn)(pid_t, pid_t, void *))
{
	struct giving g = {.flags = r->carried.process_flags, .init = init};
	pid_t child = fork_quietly();

	if (child == 0) {
		walk(init, fn, &g);
		_exit(g.failed ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (child < 0 || wait_status(child) != 0)
		log_at(LOG_LEVEL_WARN,
		       "Not all processes have their personality, PR_SET_IO_FLUSHER, "
		       "PR_SET_MEMORY_MERGE, PR_SET_MDWE and mlockall() back");
}

int process_flags_give(struct restore *r, pid_t init, struct error **reterr)
{
	(void)reterr;
	if (r->carried.process_flags)
		give_in_child(r, init, for_each_thread, give_others);
	return 0;
}

static bool concerns_init(const struct process_flags *flags)
{
	const struct thread_flags t = process_flags_find(flags, 1);

	for (size_t i = 0; i < N_PROCESS_FLAGS; i++)
		if (t.has[i])
			return true;
	return t.personality != inherited(flags);
}

/* Without an init that runs, CRIU has failed. */
int process_flags_end(struct restore *r, pid_t init, struct error **reterr)
{
	const pid_t made = r->processes.half_made_init;

	(void)init;
	(void)reterr;
	if (!r->carried.process_flags)
		return 0;
	if (made > 0 && concerns_init(r->carried.process_flags) && !process_is_gone(made) &&
	    process_status_number(made, "PPid") == getpid())
		give_in_child(r, made, for_each_thread_of, give_init);
	process_flags_clear(r->carried.process_flags);
	free(TAKE_PTR(r->carried.process_flags));
	return 0;
}
