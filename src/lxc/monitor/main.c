/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-monitor: the process that outlives the command. It restores
 * the container, which makes it the parent of its init, reports to the command
 * that started it, serves the container as lxc-start's monitor would, and takes
 * everything down when init is dead. After a reboot it has lxc-start take over.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/monitor.h"
#include "restore/restore.h"
#include "util/fd.h"
#include "util/mem.h"

#define PLAN_MAX (16 * 1024 * 1024)

/* -1 once nobody listens any more: the number may then be another file's */
static int report_fd = REPORT_FD;

static void report(struct restore_report rep)
{
	_cleanup_free_ char *text = restore_report_to_json(&rep);

	if (report_fd < 0)
		return;

	/* the command may be gone; the container does not depend on it */
	(void)write_all(report_fd, text, strlen(text));
}

static int report_failure(struct error *e)
{
	report((struct restore_report){.kind = REPORT_FAILED, .error = e});
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
 * Nothing interrupts a restore half-way: a signal is taken once the container
 * runs, and then by the monitor's loop.
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
	syscall(SYS_close_range, (unsigned int)REPORT_FD + 1, ~0U, 0);
}

/* Once nothing more is mounted, because what CRIU is shown depends on it. */
static void leave_mounts(const struct restore *r)
{
	const char *wanted = restore_plan_config(r->plan, "lxc.monitor.unshare");

	if (wanted && strcmp(wanted, "1") == 0 && unshare(CLONE_NEWNS) == 0)
		mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

/* A terminal that the config names for the console takes precedence, as under lxc-start. */
static int foreground_fd(const struct restore *r, int standard)
{
	if (r->console_peer >= 0)
		return r->console_peer;
	return r->plan->foreground ? standard : -1;
}

static int serve(struct restore *r, int *ret_status, struct error **reterr)
{
	const struct monitor_setup setup = {
		.name = r->plan->name,
		.lxcpath = r->plan->lxcpath,
		.config = r->plan->config,
		.n_config = r->plan->n_config,
		.listen_fd = r->listen_fd,
		.init_pid = r->init_pid,
		.init_pidfd = r->init_pidfd,
		.clone_flags = r->clone_flags,
		.payload_cgroup = r->payload,
		.payload_cgroup_fd = r->cgroup_fd,
		.devpts_fd = r->devpts_fd,
		.console = r->console,
		.ttys = r->ttys,
		.n_ttys = r->n_ttys,
		.scrollback = r->scrollback,
		.scrollback_len = r->scrollback_len,
		.foreground_in = foreground_fd(r, STDIN_FILENO),
		.foreground_out = foreground_fd(r, STDOUT_FILENO),
	};
	int e = monitor_new(&setup, &r->serving, reterr);

	free(TAKE_PTR(r->scrollback));
	if (e < 0)
		return e;
	leave_mounts(r);
	monitor_set_state(r->serving, STATE_RUNNING);
	/* The image may be removed, replaced or restored again from now on. */
	image_free(TAKE_PTR(r->image));
	report((struct restore_report){.kind = REPORT_RUNNING, .init_pid = r->init_pid});
	/* a detached one has no more to say, and keeps nothing of the caller's open */
	if (!r->plan->foreground)
		fd_close(&report_fd);
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
	struct pollfd p = {.fd = report_fd};

	return r->plan->foreground && poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

/* In the order in which lxc-start's monitor lets the world know. */
static void take_down(struct restore *r, int status)
{
	r->rebooting = wants_reboot(status) && !command_is_gone(r);
	monitor_publish_exit(r->serving, status);
	restore_undo(r);
	/* who waits for it sees by the end of its connection when it does not come up */
	if (r->rebooting && restart_container(r, NULL) == 0)
		monitor_resumed(r->serving);
}

static int run(struct restore_plan *plan)
{
	_cleanup_error_ struct error *e = NULL;
	struct restore r;
	int status = 0, ret = EXIT_SUCCESS;

	restore_init(&r, plan);
	if (image_open(plan->image_dir, &r.image, &r.manifest, &e) < 0 ||
	    restore_apply(&r, &e) < 0) {
		ret = report_failure(e);
	} else if (serve(&r, &status, &e) < 0) {
		restore_undo(&r);
		ret = report_failure(e);
	} else {
		take_down(&r, status);
		report((struct restore_report){.kind = REPORT_EXIT, .status = status});
	}
	/* The end of the last connection says that all of it is done. */
	monitor_free(r.serving);
	restore_clear(&r);
	return ret;
}

int main(void)
{
	_cleanup_plan_ struct restore_plan plan = {0};
	_cleanup_error_ struct error *e = NULL;

	block_signals();
	close_foreign_fds();
	umask(0022);
	if (read_plan(&plan, &e) < 0)
		return report_failure(e);
	if (chdir("/") < 0)
		return EXIT_FAILURE;
	/* with -F the container goes when the command does */
	if (plan.foreground)
		prctl(PR_SET_PDEATHSIG, SIGHUP);
	return run(&plan);
}
