/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The stage of the processes: CRIU's restore, with what the stages do at CRIU's moments, and the
 * container's init as a child of ours. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criu.h"
#include "criu/firewall.h"
#include "criu/image_mend.h"
#include "criu/image_names.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static const struct {
	const char *action; /* CRIU's name of it */
	bool last;	    /* CRIU would not give up then: it is killed */
} moments[N_MOMENTS] = {
	[POST_SETUP_NAMESPACES] = {"post-setup-namespaces", false},
	[POST_RESTORE] = {"post-restore", false},
	[NETWORK_UNLOCK] = {"network-unlock", true},
	[PRE_RESUME] = {"pre-resume", true},
	[POST_RESUME] = {"post-resume", false},
};

static enum restore_moment moment_of(const char *action)
{
	enum restore_moment m = BEGIN;

	while (m < N_MOMENTS && (!moments[m].action || strcmp(moments[m].action, action) != 0))
		m++;
	return m;
}

/* The names that CRIU calls for, or of these the last ones. Caller frees. */
static char *action_names(bool last)
{
	char *names = xstrdup("");

	for (enum restore_moment m = BEGIN; m < N_MOMENTS; m++)
		if (moments[m].action && (!last || moments[m].last))
			str_append(&names, "%s%s", *names ? " " : "", moments[m].action);
	return names;
}

static int prepare_criu(void *userdata)
{
	return stages_at(userdata, IN_CRIU, 0, NULL);
}

/*
 * The container is not to run. CRIU would go on whatever this says, so its processes are killed,
 * and CRIU after them: it waits for init, which cannot end while CRIU traces the others; and one
 * that is killed lets go of those that it traces. Nothing of the container has run by then, and
 * nothing will.
 */
static void forbid(const struct restore *r, pid_t init)
{
	/* before 5.14 a kernel has no cgroup.kill, and there they die with init, a moment later */
	write_file_at(r->cgroups.payload_fd, "cgroup.kill", "1");
	if (init > 0)
		kill(init, SIGKILL);
}

/* Makes the container whole, before it runs. Why that cannot be is the refusal. */
static int complete(struct restore *r, pid_t init)
{
	r->processes.completed = true;
	return stages_at(r, PRE_RESUME, init, &r->processes.refusal);
}

/* A container without one is fine. */
int devpts_open(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)init);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)reterr;
	if (root >= 0 && r->processes.devpts_fd < 0)
		r->processes.devpts_fd = open_in_root(root, "/dev/pts", O_PATH | O_DIRECTORY);
	return 0;
}

/*
 * The last of CRIU's stages at which a restore can be taken back so that the next one of the
 * same image works. From network-unlock on the kernel acknowledges what comes in on connections,
 * and it would not be sent again; after post-restore CRIU removes its links to open files that
 * have other names. Else it is when the container is about to run.
 */
static enum restore_moment last_way_back(const struct restore *r)
{
	const int dir = r->image->dirfd;

	if (criu_image_has_links(dir))
		return POST_RESTORE;
	if (!criu_image_has_connections(dir))
		return PRE_RESUME;
	/* there CRIU calls nobody at network-unlock */
	return r->manifest->facts.host_network ? POST_RESTORE : NETWORK_UNLOCK;
}

/* Whether our own cgroup is one that freezes with the container's. */
static bool freezes_too(const struct restore *r)
{
	const char *theirs = r->cgroups.inner ? r->cgroups.inner : r->cgroups.payload;
	const char *ours = r->cgroups.monitor;
	size_t len = strlen(theirs);

	return strncmp(ours, theirs, len) == 0 && (ours[len] == '\0' || ours[len] == '/');
}

/*
 * CRIU lets one thread after the other go, and fails if one has died before its turn: of a process
 * that the first ones kill, or whose first thread exits. The frozen cgroup holds all of them until
 * CRIU has let go of the last one. Without the freezer (before Linux 5.2) it is left to chance.
 */
int processes_hold(struct restore *r, pid_t init, struct error **reterr)
{
	int cgroup = r->cgroups.inner_fd >= 0 ? r->cgroups.inner_fd : r->cgroups.payload_fd;
	_cleanup_close_ int fd = -1;

	(void)init, (void)reterr;
	if (r->processes.let_go || freezes_too(r))
		return 0;
	fd = openat(cgroup, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) == 1)
		r->processes.held_fd = TAKE_FD(fd);
	return 0;
}

int processes_let_go(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init, (void)reterr;
	r->processes.let_go = true;
	if (r->processes.held_fd >= 0)
		ignore_result((int)write(r->processes.held_fd, "0", 1));
	fd_close(&r->processes.held_fd);
	return 0;
}

/* CRIU has ended, with e. What it has left of a failed restore is not to run for a moment. */
static void let_go_at_last(struct restore *r, int e)
{
	if (e < 0 && r->processes.held_fd >= 0)
		forbid(r, r->processes.half_made_init);
	ignore_result(processes_let_go(r, 0, NULL));
}

static int act(struct restore *r, enum restore_moment moment, pid_t init, struct error **reterr)
{
	int e = serving_check(r, reterr);

	if (e == 0)
		e = moment == PRE_RESUME ? complete(r, init) : stages_at(r, moment, init, reterr);
	/* what has come while that took its time */
	return e < 0 ? e : serving_check(r, reterr);
}

static int on_action(const char *action, pid_t init, void *userdata, struct error **reterr)
{
	enum restore_moment moment = moment_of(action);
	struct restore *r = userdata;
	int e;

	r->processes.half_made_init = init;
	if (moment >= POST_RESUME)
		return stages_at(r, moment, init, reterr);
	/* also where it goes no further: they are to be removed */
	if (moment == POST_SETUP_NAMESPACES)
		network_note_made(r, init);
	/* in the host's network CRIU calls for pre-resume alone */
	r->processes.unlocked = r->processes.unlocked || moments[moment].last;
	e = act(r, moment, init, reterr);
	if (e == 0 && moment == r->commits_at)
		caller_commit(r);
	if (e < 0 && r->processes.unlocked)
		forbid(r, init);
	return e;
}

static int on_request(void *userdata, struct error **reterr)
{
	struct restore *r = userdata;

	monitor_turn(r->serving);
	return serving_check(r, reterr);
}

static int on_tick(void *userdata, struct error **reterr)
{
	int e = serving_check(userdata, reterr);

	return e < 0 ? e : locks_watch(userdata, reterr);
}

/*
 * Without its init CRIU fails, and takes the names of deleted files away that it has made. Late it
 * has done that, and is not to let go of processes that have not been killed.
 */
static bool on_give_up(pid_t criu, void *userdata)
{
	struct restore *r = userdata;
	const pid_t known[] = {criu, r->network.settling, r->pages.child};
	pid_t init = child_besides(known, sizeof(known) / sizeof(known[0]));

	if (init > 0)
		network_note_made(r, init);
	if (r->processes.unlocked)
		forbid(r, init);
	else if (init > 0)
		kill(init, SIGKILL);
	return init > 0 && !r->processes.unlocked;
}

/* CRIU makes this one with its caller's umask, which it cannot do with another's at a restore. */
static void keep_private(const struct restore *r)
{
	_cleanup_close_ int fd =
		openat(r->image->dirfd, CRIU_RESTORE_STATS,
		       O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd >= 0 && fchmod(fd, 0600) < 0)
		return; /* it holds nothing but times */
}

static int run_criu(struct restore *r, struct error **reterr)
{
	_cleanup_free_ char *callback = libexec_path("lxc-restore-net");
	_cleanup_free_ char *cgroup_root =
		xasprintf("/%s", r->cgroups.inner ? r->cgroups.inner : r->cgroups.payload);
	_cleanup_free_ char *network = xasprintf("LXC_CHECKPOINT_NETWORK=/proc/%d/fd/%d",
						 (int)getpid(), r->network.file_fd);
	/* where CRIU is not in the host's network, the callback goes there, and takes the other
	 * along */
	_cleanup_free_ char *netns =
		xasprintf("LXC_CHECKPOINT_NETNS=/proc/%d/ns/net", (int)getpid());
	_cleanup_free_ char *script = xasprintf(
		"LXC_CHECKPOINT_SCRIPT=%s", r->plan->action_script ? r->plan->action_script : "");
	bool away = r->network.netns_fd >= 0;
	const char *const scripts[] = {callback, away ? NULL : r->plan->action_script, NULL};
	/* some addresses and routes the kernel only takes in another form than CRIU has them */
	_cleanup_free_ char *ip = libexec_path("lxc-checkpoint-ip");
	_cleanup_free_ char *ip_tool = xasprintf("CR_IP_TOOL=%s", ip);
	/* where CRIU is there, it calls the script itself */
	_cleanup_free_ char *may_fail = xasprintf("LXC_CHECKPOINT_MAY_FAIL=%s",
						  r->plan->ignore_link_settings ? "network" : "");
	const char *const environment[] = {network, ip_tool, may_fail, away ? netns : NULL,
					   script,  NULL};
	const struct criu_job job = {
		.verb = CRIU_RESTORE,
		.criu = r->plan->criu,
		.version = r->plan->criu_version,
		.image_dir = r->image->path,
		.image_fd = r->image->dirfd,
		.images_path = r->mounts.images_path,
		.cgroup_yard = r->mounts.cgroup_yard,
		.log_file = "restore.log",
		.verbosity = criu_verbosity_for(r->plan->verbosity,
						criu_image_file_limit(r->image->dirfd)),
		.action_scripts = scripts,
		.facts = &r->manifest->facts,
		.firewall_quick =
			!r->plan->action_script && !criu_image_has_firewall(r->image->dirfd),
		.root = r->plan->rootfs_mount,
		.cgroup_root = cgroup_root,
		.mount_sources = (const char *const *)r->mounts.sources,
		.devices = (const char *const *)r->carried.devices.names,
		.tty_ends = r->terminals.ends,
		.host_veths = (const char *const *)r->network.host_veths,
		.ignore_cpu = r->plan->ignore_cpu,
		.ignore_files = r->plan->ignore_files,
	};
	const int locks[] = {r->notes.lock_fd, -1};
	_cleanup_free_ char *actions = action_names(false), *last_actions = action_names(true);
	const struct criu_events events = {
		.actions = actions,
		.last_actions = last_actions,
		.action = on_action,
		.serve_fd = monitor_fd(r->serving),
		.serve = on_request,
		.tick = on_tick,
		.give_up = on_give_up,
		.prepare = prepare_criu,
		.locks = locks,
		.environment = environment,
		.userdata = r,
	};

	keep_private(r);
	r->commits_at = last_way_back(r);
	return criu_run(&job, &events, reterr);
}

/* The CLONE_NEW* of every namespace in which pid is not with us. */
static unsigned int namespaces_of(pid_t pid)
{
	static const struct {
		const char *name;
		unsigned int flag;
	} kinds[] = {
		{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},
		{"mnt", CLONE_NEWNS},	     {"net", CLONE_NEWNET},
		{"pid", CLONE_NEWPID},	     {"time", 0x80 /* CLONE_NEWTIME */},
		{"user", CLONE_NEWUSER},     {"uts", CLONE_NEWUTS},
	};
	unsigned int flags = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		_cleanup_free_ char *theirs = xasprintf("/proc/%d/ns/%s", (int)pid, kinds[i].name);
		_cleanup_free_ char *ours = xasprintf("/proc/self/ns/%s", kinds[i].name);
		struct stat a, b;

		if (stat(theirs, &a) == 0 && stat(ours, &b) == 0 && a.st_ino != b.st_ino)
			flags |= kinds[i].flag;
	}
	return flags;
}

/* CRIU made init its sibling, which is to say our only child. */
static int adopt_init(struct restore *r, struct error **reterr)
{
	pid_t pid = only_child();

	if (pid <= 0)
		return error_set(reterr, ESRCH,
				 "criu reported success, but the container's init does not exist");
	r->processes.init_pid = pid;
	r->processes.init_pidfd = pidfd_open_pid(pid);
	if (r->processes.init_pidfd < 0)
		return error_errno(reterr, "cannot watch the container's init");
	r->processes.clone_flags = namespaces_of(pid);
	namespaces_keep(r);
	return 0;
}

/*
 * How CRIU has ended is e. What it says of an image that is damaged follows from that; and one
 * whose callback was killed has not asked.
 */
static int settle_pages(struct restore *r, int e, struct error **reterr)
{
	_cleanup_error_ struct error *damage = NULL;

	if (e == -ECANCELED)
		pages_forget(r);
	if (pages_verified(r, 0, &damage) == 0)
		return e;
	if (reterr)
		error_free(TAKE_PTR(*reterr));
	return error_move(reterr, &damage, EIO);
}

int processes_begin(struct restore *r, struct error **reterr)
{
	int e;

	serving_update(r);
	e = pages_verify(r, reterr);
	if (e == 0)
		e = settle_pages(r, run_criu(r, reterr), reterr);
	let_go_at_last(r, e);
	ignore_result(stages_at(r, CRIU_ENDED, 0, NULL));
	if (r->processes.refusal) {
		/* whatever CRIU says of it only follows from that */
		if (reterr)
			error_free(TAKE_PTR(*reterr));
		return error_move(reterr, &r->processes.refusal, EIO);
	}
	/* its processes run, also where the callback was killed before it could ask */
	if (e == 0)
		caller_commit(r);
	/* it may have come too late to end CRIU */
	if (e == 0)
		e = serving_check(r, reterr);
	if (e == 0)
		e = network_check(r, reterr);
	if (e == 0)
		e = adopt_init(r, reterr);
	/* CRIU does not mind when the callback is killed at pre-resume: then it is done late */
	if (e == 0 && !r->processes.completed)
		e = complete(r, r->processes.init_pid);
	return r->processes.refusal ? error_move(reterr, &r->processes.refusal, EIO) : e;
}

/*
 * CRIU kills what it made when it fails, unless it was killed itself: then
 * init, half made, is still a child of ours. With init its namespace ends.
 */
void processes_undo(struct restore *r)
{
	pid_t pid;

	while ((pid = only_child()) > 0) {
		_cleanup_close_ int pidfd = pidfd_open_pid(pid);

		kill(pid, SIGKILL);
		/* its end may take a while, as with much memory */
		if (pidfd >= 0 && r->serving)
			serving_until(pidfd, r);
		if (wait_status(pid) < 0)
			break;
	}
	fd_close(&r->processes.init_pidfd);
	fd_close(&r->processes.devpts_fd);
	r->processes.init_pid = 0;
}
