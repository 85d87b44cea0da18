/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists the container's processes, and checks what their status shows. Runs in the command, as
 * root, on the host; the processes run and change meanwhile.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <unistd.h>

#include "preflight/survey.h"
#include "sys/dispatch.h"
#include "util/fd.h"
#include "util/mem.h"

#define STATUS_MAX 65536

static const struct {
	const char *file;
	const char *name;
	bool blocks; /* CRIU saves only one such namespace, init's */
} namespaces[N_NAMESPACES] = {
	[NS_PID] = {"pid", "PID", true},
	[NS_PID_CHILDREN] = {"pid_for_children", "PID, for its children", true},
	[NS_USER] = {"user", "user", true},
	[NS_UTS] = {"uts", "UTS, for the host name", true},
	[NS_IPC] = {"ipc", "IPC", true},
	[NS_CGROUP] = {"cgroup", "cgroup", true},
	[NS_TIME] = {"time", "time", true},
	[NS_TIME_CHILDREN] = {"time_for_children", "time", true},
	[NS_NET] = {"net", "network", false},
	[NS_MNT] = {"mnt", "mount", false},
};

/* --- finding them
 * --------------------------------------------------------------------------------- */

static ino_t namespace_of(pid_t pid, enum namespace_kind kind)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/%s", (int)pid, namespaces[kind].file);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* Whether a process's PID namespace is below the one with that inode. */
static bool is_beneath(pid_t pid, ino_t top)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/pid", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;

	while (fd >= 0 && !found) {
		int parent = ioctl(fd, NS_GET_PARENT);
		struct stat st;

		close(fd);
		fd = parent;
		found = fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == top;
	}
	fd_close(&fd);
	return found;
}

/* seen: the PID namespaces seen so far, and whether each belongs to the container. */
static bool is_of_container(struct map *seen, ino_t top, pid_t pid, ino_t ns)
{
	size_t is = ns == top;

	if (is || map_get(seen, ns, &is))
		return is;
	is = is_beneath(pid, top);
	map_add(seen, ns, is);
	return is;
}

static void add_process(struct survey *s, pid_t pid, ino_t ns)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)pid);
	const char *state, *name;
	struct process *p;
	char *status;

	if (read_file_at(AT_FDCWD, path, STATUS_MAX, &status) <= 0)
		return; /* it has just exited */
	p = ARRAY_ADD(s->processes, s->n_processes);
	p->pid = pid;
	p->status = status;
	p->parent = (pid_t)field_number(status, "PPid", 10);
	p->ns[NS_PID] = ns;
	state = field_value(status, "State");
	p->state = state ? *state : '?';
	name = field_value(status, "Name");
	snprintf(p->name, sizeof(p->name), "%.*s", name ? (int)strcspn(name, "\n") : 1,
		 name ? name : "?");
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void list_processes(struct survey *s)
{
	pid_t init = s->p->facts->init_pid;
	ino_t top = namespace_of(init, NS_PID);
	_cleanup_map_ struct map seen = {0};
	_cleanup_closedir_ DIR *proc = directory_at(AT_FDCWD, "/proc");
	struct dirent *e;

	while (top && proc && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		ino_t ns = pid > 0 ? namespace_of(pid, NS_PID) : 0;

		if (ns && is_of_container(&seen, top, pid, ns))
			add_process(s, pid, ns);
	}
	if (s->n_processes)
		qsort(s->processes, s->n_processes, sizeof(*s->processes), compare_pids);
}

const struct process *process_of(const struct survey *s, pid_t pid)
{
	const struct process key = {.pid = pid};

	if (s->n_processes == 0)
		return NULL;
	return bsearch(&key, s->processes, s->n_processes, sizeof(key), compare_pids);
}

bool is_ancestor(const struct survey *s, pid_t ancestor, const struct process *process)
{
	/* processes that come and go could form a ring in what was read at different times */
	for (size_t i = 0; process && i <= s->n_processes; i++) {
		if (process->parent == ancestor)
			return true;
		process = process->above;
	}
	return false;
}

/* Marks whether each is init or a descendant; a result applies to all ancestors on the way. */
static void mark_tree(struct survey *s, const struct process *init)
{
	_cleanup_free_ signed char *known = xcalloc(s->n_processes, 1); /* 1: yes, -1: no */

	for (size_t i = 0; i < s->n_processes; i++)
		s->processes[i].above = process_of(s, s->processes[i].parent);
	known[init - s->processes] = 1;
	for (size_t i = 0; i < s->n_processes; i++) {
		const struct process *p = &s->processes[i], *top = p;
		signed char found;

		/* a mark is met again if a ring was read */
		for (; top && !known[top - s->processes]; top = top->above)
			known[top - s->processes] = -1;
		found = top && known[top - s->processes] > 0 ? 1 : -1;
		for (; p != top && p && found > 0; p = p->above)
			known[p - s->processes] = found;
		s->processes[i].in_tree = found > 0;
	}
}

/* CRIU's code in a process writes messages, which count. */
static void note_limit(struct survey *s, pid_t pid)
{
	struct rlimit l;

	if (prlimit(pid, RLIMIT_FSIZE, NULL, &l) == 0)
		s->found->file_limit = MIN(s->found->file_limit, l.rlim_cur);
}

void survey_processes(struct survey *s)
{
	const struct process *init;
	size_t level;

	list_processes(s);
	init = process_of(s, s->p->facts->init_pid);
	/* "NSpid: 4711 1": the last number is init's own, 1 */
	level = init ? field_count(init->status, "NSpid") : 0;
	if (init)
		mark_tree(s, init);
	for (size_t i = 0; level && i < s->n_processes; i++) {
		struct process *p = &s->processes[i];

		p->container_pid = field_nth(p->status, "NSpid", level - 1);
		p->session = field_nth(p->status, "NSsid", level - 1);
		s->private_bytes += 1024 * (uint64_t)(field_number(p->status, "RssAnon", 10) +
						      field_number(p->status, "VmSwap", 10));
		s->resident_bytes += 1024 * (uint64_t)(field_number(p->status, "RssAnon", 10) +
						       field_number(p->status, "RssShmem", 10) +
						       field_number(p->status, "VmSwap", 10));
		if (p->in_tree)
			note_limit(s, p->pid);
		for (size_t k = 0; p->in_tree && k < N_NAMESPACES; k++) {
			if (k != NS_PID)
				p->ns[k] = namespace_of(p->pid, (enum namespace_kind)k);
			map_add(&s->namespaces, p->ns[k], 0);
		}
	}
}

/* --- what their status tells
 * ---------------------------------------------------------------------- */

static bool only_root_ids(const char *status, const char *field)
{
	/* real, effective, saved and filesystem id */
	for (size_t i = 0; i < 4; i++)
		if (field_nth(status, field, i) > 0)
			return false;
	return true;
}

static bool other_ids_without_cap(const struct process *p)
{
	return p->state != 'Z' &&
	       (!only_root_ids(p->status, "Uid") || !only_root_ids(p->status, "Gid")) &&
	       !have_cap(CAP_SYS_RESOURCE);
}

static bool no_new_privs(const struct process *p)
{
	return p->state != 'Z' && field_number(p->status, "NoNewPrivs", 10) == 1;
}

static bool ambient_caps(const struct process *p)
{
	return p->state != 'Z' && field_number(p->status, "CapAmb", 16) != 0;
}

static bool dead_leader(const struct process *p)
{
	return p->state == 'Z' && field_number(p->status, "Threads", 10) > 1;
}

static uint64_t signals(const struct process *p, const char *field)
{
	const char *text = field_value(p->status, field);

	return text ? strtoull(text, NULL, 16) : 0;
}

static uint64_t pending_signals(const struct process *p)
{
	return signals(p, "SigPnd") | signals(p, "ShdPnd");
}

static uint64_t bit_of(int signal_number)
{
	return (uint64_t)1 << (signal_number - 1);
}

/* CRIU's code in a process needs this signal. One that is not blocked is handled in a moment. */
static bool pending_trap(const struct process *p)
{
	return p->state != 'Z' &&
	       (pending_signals(p) & signals(p, "SigBlk") & bit_of(SIGTRAP)) != 0;
}

static bool foreign_session(const struct process *p)
{
	return p->session == 0;
}

static const struct status_check {
	const char *check;
	enum criu_feature since; /* see is_fixed() */
	bool (*applies)(const struct process *p);
	const char *reason;
	const char *remedy; /* NULL: that CRIU */
} status_checks[] = {
	{"other-user", CRIU_NEVER, other_ids_without_cap,
	 "does not run as root, and the capability cap_sys_resource is missing, without which CRIU "
	 "cannot read its limits",
	 "run it where root has all capabilities"},
	{"no-new-privs", CRIU_NO_NEW_PRIVS, no_new_privs,
	 "has no_new_privs set, which this CRIU would lose", NULL},
	{"ambient-capabilities", CRIU_AMBIENT_CAPS, ambient_caps,
	 "has ambient capabilities, which this CRIU would lose", NULL},
	{"dead-leader", CRIU_NEVER, dead_leader,
	 "has a first thread that exited before the others, which CRIU cannot save",
	 "restart that program, or stop it"},
	{"pending-trap", CRIU_NEVER, pending_trap,
	 "blocks the signal SIGTRAP, and one waits for it, which CRIU cannot save",
	 "restart that program, or stop it"},
	{"foreign-session", CRIU_NEVER, foreign_session,
	 "belongs to a session outside the container: lxc-attach or the like started it",
	 "stop it, or start such processes with setsid"},
};

/*
 * CRIU puts a process into its session by forking it from a member, so the leader must be an
 * ancestor. For init's children CRIU makes a temporary one. A process that another one (a
 * subreaper) adopted is restored as a child of init, see criu/image_tree.h. Nothing in /proc says
 * whether it was adopted; if it was not, the checkpoint fails at post-dump.
 */
static void check_session(struct survey *s, const struct process *p)
{
	const struct process *parent = p->above, *above = parent;

	if (!parent || p->session == 0 || p->session == p->container_pid ||
	    parent->session == p->session || parent->pid == s->p->facts->init_pid)
		return;
	for (size_t i = 0; above && i <= s->n_processes; i++) {
		if (above->container_pid == p->session)
			return;
		above = above->above;
	}
	findings_add(
		s->found,
		FINDING("lost-session", FINDING_WARNING,
			"start it as a leader of its session (setsid), or so that init adopts it",
			OF_PROCESS(s, p)),
		"is in a session whose leader is not above it: after a restore its parent is init, "
		"and process %d (%s) does not learn of its exit",
		(int)parent->pid, parent->name);
}

static void check_status(struct survey *s, const struct process *p)
{
	for (size_t i = 0; i < sizeof(status_checks) / sizeof(status_checks[0]); i++) {
		const struct status_check *check = &status_checks[i];
		_cleanup_free_ char *install = NULL;

		if (is_fixed(s, check->since) || !check->applies(p))
			continue;
		install = criu_feature_remedy(check->since);
		findings_add(s->found,
			     FINDING(check->check, FINDING_BLOCKS,
				     check->remedy ? check->remedy : install, OF_PROCESS(s, p)),
			     "%s", check->reason);
	}
}

/*
 * A stopped process gets the signals that wait for it when it continues. CRIU lets it go for a
 * moment, and sometimes a signal comes then: CRIU gives up, and the signal is lost, or has ended
 * the process.
 */
static void check_stopped_signals(struct survey *s, const struct process *p)
{
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
				       SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	uint64_t waiting = pending_signals(p) & ~signals(p, "SigBlk") & ~signals(p, "SigIgn");
	const uint64_t handled = waiting & signals(p, "SigCgt");

	if (p->state != 'T')
		return;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		waiting &= ~bit_of(harmless[i]);
	waiting &= ~handled;
	if (waiting)
		findings_add(s->found,
			     FINDING("stopped-signal", FINDING_BLOCKS,
				     "let it continue (kill -CONT), which ends it, or kill it",
				     OF_PROCESS(s, p)),
			     "is stopped, and the signal %d waits for it, which ends it when it "
			     "continues: a checkpoint could fail, deliver it or lose it",
			     __builtin_ctzll(waiting) + 1);
	else if (handled)
		findings_add(s->found,
			     FINDING("stopped-signal", FINDING_WARNING,
				     "let it continue (kill -CONT)", OF_PROCESS(s, p)),
			     "is stopped, and the signal %d waits for it, which a checkpoint or "
			     "restore could deliver before it continues, or lose",
			     __builtin_ctzll(handled) + 1);
}

/*
 * CRIU's code in such a process could make no system call. A process that uses this handles SIGSYS,
 * as programs in Go do too; only those are stopped for the check.
 */
static void check_dispatch(struct survey *s, const struct process *p)
{
	const char *caught = field_value(p->status, "SigCgt");

	if (p->state == 'Z' || !caught || !(strtoull(caught, NULL, 16) >> (SIGSYS - 1) & 1) ||
	    !dispatch_is_on(p->pid, &s->dispatch_left))
		return;
	findings_add(
		s->found,
		FINDING("syscall-dispatch", FINDING_BLOCKS, "stop that process", OF_PROCESS(s, p)),
		"has its system calls sent back to it (Syscall User Dispatch), as Wine does, "
		"which CRIU cannot save");
}

static void check_traced(struct survey *s, const struct process *p)
{
	pid_t tracer = (pid_t)field_number(p->status, "TracerPid", 10);
	_cleanup_free_ char *path = xasprintf("/proc/%d/comm", (int)tracer);
	_cleanup_free_ char *name = NULL;

	if (tracer == 0)
		return;
	if (read_file_at(AT_FDCWD, path, 256, &name) > 0)
		name[strcspn(name, "\n")] = '\0';
	findings_add(s->found,
		     FINDING("traced", FINDING_BLOCKS, "stop the debugger or strace, and try again",
			     OF_PROCESS(s, p)),
		     "is traced by process %d (%s)", (int)tracer, name ? name : "?");
}

/*
 * A container or a sandbox in the container, or a service of systemd's with a
 * namespace of its own.
 */
static void check_namespaces(struct survey *s, const struct process *p, const struct process *init)
{
	for (size_t k = 0; k < N_NAMESPACES; k++) {
		/* a namespace for children without a child has no number yet */
		bool unborn = k == NS_PID_CHILDREN && !p->ns[k] && p->ns[NS_MNT];

		if (!namespaces[k].blocks || (!p->ns[k] && !unborn) || p->ns[k] == init->ns[k])
			continue;
		/* for_children repeats the same */
		if ((k == NS_TIME_CHILDREN && p->ns[NS_TIME] != init->ns[NS_TIME]) ||
		    (k == NS_PID_CHILDREN && p->ns[NS_PID] != init->ns[NS_PID]))
			continue;
		findings_add(s->found,
			     FINDING("nested-namespace", FINDING_BLOCKS,
				     "stop it, or forbid namespaces in the container: lxc.include "
				     "= " LXC_CHECKPOINT_CONF " in its config, and start it again",
				     OF_PROCESS(s, p)),
			     "is in a namespace of its own (%s)", namespaces[k].name);
	}
}

/* The process is not a descendant of init: CRIU does not see it. */
static void check_stranger(struct survey *s, const struct process *p, ino_t top)
{
	if (p->ns[NS_PID] == top && p->state != 'Z')
		findings_add(s->found,
			     FINDING("not-in-tree", FINDING_WARNING,
				     "end it first if you need to keep it", OF_PROCESS(s, p)),
			     "was started from outside (lxc-attach) and is not a descendant of "
			     "the container's init: the checkpoint will not contain it");
}

/* CRIU assumes that init's root is the root of its mount namespace. */
static void check_init_root(struct survey *s, const struct process *init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init->pid);
	char root[256] = "";

	if (readlink(path, root, sizeof(root) - 1) > 0 && strcmp(root, "/") != 0)
		findings_add(s->found,
			     FINDING("init-root", FINDING_BLOCKS,
				     "start the container with the rootfs as its init's root",
				     OF_PROCESS(s, init)),
			     "has changed its root (chroot) to %s", root);
}

static char *read_status_again(const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)p->pid);
	char *text = NULL;

	return read_file_at(AT_FDCWD, path, STATUS_MAX, &text) > 0 ? text : NULL;
}

/*
 * Still in the state that was found. Waiting for a disk, or for a child that has not executed yet,
 * is normal.
 */
static bool still_waits(const struct process *p)
{
	_cleanup_free_ char *now = read_status_again(p);
	const char *state = now ? field_value(now, "State") : NULL;

	return state && *state == 'D' &&
	       field_number(now, "voluntary_ctxt_switches", 10) ==
		       field_number(p->status, "voluntary_ctxt_switches", 10);
}

static void check_stuck(struct survey *s)
{
	for (size_t i = 0; i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];

		if (p->state != 'D' || !p->in_tree)
			continue;
		while (still_waits(p) && survey_waits(s))
			;
		if (still_waits(p))
			findings_add(s->found,
				     FINDING("uninterruptible", FINDING_WARNING,
					     "find out what it waits for: a disk, a file server, "
					     "or a child "
					     "that it made with vfork()",
					     OF_PROCESS(s, p)),
				     "waits and cannot be stopped; CRIU gives up if that lasts for "
				     "ten seconds");
	}
}

/*
 * Init reaps a process of lxc-attach that has just exited, after a moment. An init that never does
 * leaves it for good.
 */
static bool is_collected(struct survey *s, const struct process *p)
{
	for (;;) {
		_cleanup_free_ char *now = read_status_again(p);
		const char *state = now ? field_value(now, "State") : NULL;

		if (!state || *state != 'Z')
			return true;
		if (!survey_waits(s))
			return false;
	}
}

/*
 * The monitor answers a policy with notify through lxc.seccomp.notify.proxy. Whether it has the
 * kernel's descriptor open is more reliable than the configuration, which may have changed.
 */
static void check_listener(struct survey *s, const struct process *init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)init->parent);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir))) {
		char link[64] = "";

		found = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1) > 0 &&
			strcmp(link, "anon_inode:seccomp notify") == 0;
	}
	if (found)
		findings_add(
			s->found,
			FINDING("seccomp-notify", FINDING_BLOCKS,
				"remove notify from its seccomp policy (lxc.seccomp.profile) and "
				"lxc.seccomp.notify.proxy from its config, and start it again"),
			"the monitor of %s forwards system calls of the container "
			"(lxc.seccomp.notify.proxy); after a restore nobody would answer them",
			s->p->facts->name);
}

void check_processes(struct survey *s)
{
	const struct process *init = process_of(s, s->p->facts->init_pid);

	s->own_network = init ? init->ns[NS_NET] : 0;
	for (size_t i = 0; init && i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];

		if (!p->in_tree) {
			check_stranger(s, p, init->ns[NS_PID]);
			continue;
		}
		check_traced(s, p);
		check_namespaces(s, p, init);
		/* all else follows from that */
		if (p->ns[NS_PID] != init->ns[NS_PID])
			continue;
		if (p->state == 'Z' && foreign_session(p) && is_collected(s, p))
			continue;
		check_status(s, p);
		check_stopped_signals(s, p);
		check_dispatch(s, p);
		check_session(s, p);
		if (p->state == 'Z')
			continue;
		check_process_losses(s, p);
		check_threads(s, p);
		check_files(s, p);
		check_mappings(s, p);
	}
	if (init) {
		check_init_root(s, init);
		check_listener(s, init);
	}
	check_frozen(s);
	check_terminals(s);
	check_unix_peers(s);
	check_outside_pipes(s);
	check_stuck(s);
}

/* --- those that have ended meanwhile
 * ---------------------------------------------------------------- */

/*
 * A finding about a process that has died since is dropped, unless init leaves the zombie for good:
 * then CRIU must save it, in its session.
 */
static bool has_ended(const struct finding *f, void *userdata)
{
	struct survey *s = userdata;
	const struct process *p = f->pid ? process_of(s, f->pid) : NULL;
	_cleanup_free_ char *now = p ? read_status_again(p) : NULL;
	const char *state = now ? field_value(now, "State") : NULL;

	if (!p)
		return false;
	if (!state || *state == 'X')
		return true;
	if (*state != 'Z')
		return false;
	/* while its other threads are exiting too */
	if (strcmp(f->check, "dead-leader") == 0)
		return field_number(now, "Threads", 10) <= 1;
	return strstr(f->check, "session") ? is_collected(s, p) : p->state != 'Z';
}

void forget_ended(struct survey *s)
{
	findings_forget(s->found, has_ended, s);
}
