/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the threads of the container's processes. CRIU saves namespaces, directories and
 * descriptors of a process only once, by its first thread, and gives them to all threads; and it
 * restores only the scheduling classes that it knows. Runs in the command, as root.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

#define STAT_MAX 4096
#define EXITING	 0x4 /* the kernel's PF_EXITING */

#define APART_REMEDY "restart that program, or stop it"

/* Namespaces in which a thread can differ from its process. */
static const struct {
	enum namespace_kind kind;
	const char *file, *name;
} namespaces[] = {
	{NS_NET, "net", "network"}, {NS_MNT, "mnt", "mount"},	     {NS_UTS, "uts", "UTS"},
	{NS_IPC, "ipc", "IPC"},	    {NS_CGROUP, "cgroup", "cgroup"},
};

#define N_SHARED (sizeof(namespaces) / sizeof(namespaces[0]))

/* One process; each finding is reported for one of its threads. */
struct walk {
	struct survey *s;
	const struct process *process;
	int tasks;
	bool told_class, told_apart;
};

bool scheduling_is_known(int policy)
{
	switch (policy & ~SCHED_RESET_ON_FORK) {
	case SCHED_OTHER:
	case SCHED_FIFO:
	case SCHED_RR:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return true;
	default:
		return false;
	}
}

static void check_class(struct walk *w, pid_t tid)
{
	int policy = sched_getscheduler(tid);

	/* it may have ended */
	if (policy < 0 || scheduling_is_known(policy))
		return;
	w->told_class = true;
	findings_add(
		w->s->found,
		FINDING("scheduling-class", FINDING_BLOCKS,
			"give it another class (chrt --other --pid 0 NUMBER), or stop that process",
			OF_PROCESS(w->s, w->process)),
		"has a thread (%d) in a scheduling class that CRIU cannot restore%s", (int)tid,
		(policy & ~SCHED_RESET_ON_FORK) == SCHED_DEADLINE ? " (deadline)" : "");
}

/*
 * Finds processes that share their memory, as with a child of vfork(), or their directories.
 * Compares only a parent and its child: sharing begins there.
 */
static void check_shared(struct survey *s, const struct process *p)
{
	const struct process *parent = p->above;
	const char *what = NULL;

	/* a parent that waits for its child's exec is reported elsewhere, and mostly done soon */
	if (!parent || !parent->in_tree || parent->state == 'Z' || parent->state == 'D')
		return;
	if (syscall(SYS_kcmp, p->pid, parent->pid, KCMP_VM, 0, 0) == 0)
		what = "its memory";
	else if (syscall(SYS_kcmp, p->pid, parent->pid, KCMP_FS, 0, 0) == 0)
		what = "its working directory, root and umask";
	if (what)
		findings_add(
			s->found,
			FINDING("shared-state", FINDING_BLOCKS, APART_REMEDY, OF_PROCESS(s, p)),
			"shares %s with its parent, process %d (%s), which CRIU cannot save", what,
			(int)parent->pid, parent->name);
}

/* An exiting thread releases everything that it shares a moment before it is gone. */
static bool is_ending(const struct walk *w, pid_t tid)
{
	_cleanup_free_ char *path = xasprintf("%d/stat", (int)tid);
	_cleanup_free_ char *text = NULL;

	return read_file_at(w->tasks, path, STAT_MAX, &text) <= 0 ||
	       process_stat_number(text, PROCESS_STAT_FLAGS) & EXITING;
}

static bool differs(const struct walk *w, pid_t tid, int what)
{
	return syscall(SYS_kcmp, w->process->pid, tid, what, 0, 0) > 0;
}

/* Returns what the thread does not share with its process, or NULL. Caller frees. */
static char *apart(const struct walk *w, pid_t tid)
{
	if (differs(w, tid, KCMP_FILES))
		return xstrdup("descriptors of its own");
	if (differs(w, tid, KCMP_FS))
		return xstrdup("a working directory, root and umask of its own");
	for (size_t i = 0; i < N_SHARED; i++) {
		_cleanup_free_ char *path = xasprintf("%d/ns/%s", (int)tid, namespaces[i].file);
		ino_t own = w->process->ns[namespaces[i].kind];
		struct stat st;

		if (own && fstatat(w->tasks, path, &st, 0) == 0 && st.st_ino != own)
			return xasprintf("a %s namespace of its own", namespaces[i].name);
	}
	return NULL;
}

static void check_apart(struct walk *w, pid_t tid)
{
	_cleanup_free_ char *what = apart(w, tid);

	if (!what || is_ending(w, tid))
		return;
	w->told_apart = true;
	findings_add(
		w->s->found,
		FINDING("thread-apart", FINDING_BLOCKS, APART_REMEDY, OF_PROCESS(w->s, w->process)),
		"has a thread (%d) with %s, which CRIU would lose", (int)tid, what);
}

void check_threads(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", (int)p->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct walk w = {.s = s, .process = p, .tasks = dir ? dirfd(dir) : -1};
	struct dirent *e;

	check_shared(s, p);
	while (dir && !(w.told_class && w.told_apart) && (e = readdir(dir))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		if (!w.told_class)
			check_class(&w, tid);
		if (!w.told_apart && tid != p->pid)
			check_apart(&w, tid);
	}
}
