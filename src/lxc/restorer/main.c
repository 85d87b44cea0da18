/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-monitor: the process that outlives the command. It restores
 * the container, which makes it the parent of its init, reports to the command
 * that started it, serves the container as lxc-start's monitor would, and takes
 * everything down when init is dead. After a reboot it has lxc-start take over.
 */
#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/history.h"
#include "monitor/monitor.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define FILES_MAX 4096

#define PLAN_MAX (16 * 1024 * 1024)

static int report_failure(const struct restore *r, struct error *e)
{
	if (r->caller.fd < 0)
		log_error_object(e);
	caller_report(r, (struct restore_report){.kind = REPORT_FAILED, .error = e});
	return EXIT_FAILURE;
}

static int read_plan(struct restore_plan *ret, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = lseek(PLAN_FD, 0, SEEK_SET) < 0 ? -errno : read_all(PLAN_FD, PLAN_MAX, &text);

	if (n < 0)
		return error_set(reterr, (int)-n, "cannot read the plan: %s", strerror((int)-n));
	close(PLAN_FD);
	return restore_plan_from_json(text, (size_t)n, ret, reterr);
}

/*
 * No signal interrupts a restore half-way: one is taken once the container runs, and then by the
 * monitor's loop. To have the restore taken back its caller says so.
 */
static void block_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static void close_foreign_fds(void)
{
	fd_set_cloexec(PLAN_FD, true);
	fd_set_cloexec(REPORT_FD, true);
	fd_set_cloexec(LOCK_FD, true);
	syscall(SYS_close_range, (unsigned int)LOCK_FD + 1, ~0U, 0);
}

/* Another restore of it would find what the container does from now on. */
static void remember(const struct restore *r)
{
	int e = history_add(r->image->dirfd);

	if (e < 0)
		log_at(LOG_LEVEL_WARN, "Cannot write %s/%s: %s", r->image->path, HISTORY_NAME,
		       strerror(-e));
}

static int serve(struct restore *r, struct manifest *manifest, int *ret_status,
		 struct error **reterr)
{
	serving_update(r);
	monitor_set_state(r->serving, STATE_RUNNING);
	remember(r);
	/* The image may be removed, replaced or restored again from now on. */
	image_free(TAKE_PTR(r->image));
	notes_restored(r);
	notes_end(r);
	/* A restore takes much more memory than serving does, perhaps for months. */
	manifest_forget_files(manifest);
	malloc_trim(0);
	log_at(LOG_LEVEL_INFO, "Restored from %s, init is %d", r->plan->image_dir,
	       r->processes.init_pid);
	caller_report(r, (struct restore_report){.kind = REPORT_RUNNING,
						 .init_pid = r->processes.init_pid});
	monitor_watch(r->serving, -1);
	/* a detached one has no more to say, and keeps nothing of the caller's open */
	if (!r->plan->foreground)
		fd_close(&r->caller.fd);
	return monitor_run(r->serving, ret_status, reterr);
}

/* reboot(2) in a PID namespace: the kernel ends init by these. */
static bool wants_reboot(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP;
}

/*
 * With -F the container goes with the command: the SIGTERM that init gets then means
 * a reboot to many an init, and nobody is there to see the container come back.
 */
static bool command_is_gone(const struct restore *r)
{
	struct pollfd p = {.fd = r->caller.fd};

	return r->plan->foreground && poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP));
}

static void report_reboot(const struct restore *r)
{
	caller_report(r, (struct restore_report){.kind = REPORT_REBOOT});
}

/* A waiting client sees a failed start by the end of its connection. */
static int come_back(struct restore *r, struct error **reterr)
{
	int e;

	if (r->plan->foreground)
		return restart_in_foreground(r, report_reboot, reterr);
	e = restart_container(r, reterr);
	if (e == 0)
		monitor_resumed(r->serving);
	return e;
}

/* In the order in which lxc-start's monitor lets the world know. */
static int take_down(struct restore *r, int status, struct error **reterr)
{
	_cleanup_free_ char *how = status_text(status);

	r->rebooting = wants_reboot(status) && !command_is_gone(r);
	log_at(LOG_LEVEL_INFO, "Init %s%s", how, r->rebooting ? ": it is a reboot" : "");
	monitor_publish_exit(r->serving, status);
	restore_undo(r);
	if (r->rebooting)
		return come_back(r, reterr);
	ephemeral_destroy(r);
	return 0;
}

static int live(struct restore *r, struct manifest *manifest, int *ret_status,
		struct error **reterr)
{
	int e = serve(r, manifest, ret_status, reterr);

	if (e == 0)
		return take_down(r, *ret_status, reterr);
	monitor_set_state(r->serving, STATE_ABORTING);
	restore_undo(r);
	return e;
}

/*
 * As LXC's monitor before anything else: what hooks mount stays with this process. Mounts of
 * the host's still come in.
 */
static int own_mounts(const struct restore_plan *plan, struct error **reterr)
{
	const char *wanted = restore_plan_config(plan, "lxc.monitor.unshare");

	if (!wanted || strcmp(wanted, "1") != 0)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(reterr, "cannot give the monitor a mount namespace of its own "
					   "(lxc.monitor.unshare)");
	return 0;
}

static int run(struct restore_plan *plan)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_manifest_ struct manifest manifest = {0};
	struct restore r;
	int status = 0, ret = EXIT_SUCCESS;

	restore_init(&r, plan, &manifest);
	r.notes.lock_fd = LOCK_FD;
	r.caller.fd = REPORT_FD;
	notes_begin(&r);
	if (own_mounts(plan, &e) < 0 || image_open(plan->image_dir, &r.image, &manifest, &e) < 0 ||
	    restore_apply(&r, &e) < 0 || live(&r, &manifest, &status, &e) < 0) {
		notes_end(&r);
		ret = report_failure(&r, e);
	} else {
		caller_report(&r, (struct restore_report){.kind = REPORT_EXIT, .status = status});
	}
	/* The end of the last connection says that all of it is done. */
	monitor_free(r.serving);
	restore_clear(&r);
	return ret;
}

/* Everybody on the host may connect: so many descriptors, and no more, are kept for that. */
static void limit_connections(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur > FILES_MAX) {
		l.rlim_cur = FILES_MAX;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int main(void)
{
	_cleanup_plan_ struct restore_plan plan = {0};
	_cleanup_error_ struct error *e = NULL;

	block_signals();
	close_foreign_fds();
	umask(0022);
	/* it may serve for months */
	limits_raise();
	limit_connections();
	if (read_plan(&plan, &e) < 0)
		return report_failure(&(struct restore){.caller = {.fd = REPORT_FD}}, e);
	log_setup(&plan);
	if (chdir("/") < 0)
		return EXIT_FAILURE;
	/* with -F the container goes when the command does */
	if (plan.foreground)
		prctl(PR_SET_PDEATHSIG, SIGHUP);
	return run(&plan);
}
