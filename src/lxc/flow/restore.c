/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A restore in the caller's process: checks, opens and verifies the image, starts the monitor, and
 * waits for its report. Runs as root, on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "criu.h"
#include "facts/config_item.h"
#include "flow/action_script.h"
#include "flow/await.h"
#include "flow/check.h"
#include "flow/dump.h"
#include "flow/lxclog.h"
#include "flow/restore.h"
#include "flow/suggest.h"
#include "image/dir.h"
#include "inspect/cgroup_names.h"
#include "inspect/cgroups.h"
#include "inspect/identity.h"
#include "inspect/inspect.h"
#include "lock/operation.h"
#include "restorer/plan.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

/* LXC's own directory for a rootfs, or one of ours if the distribution has none. */
static char *rootfs_mount(const struct settings *settings)
{
	const char *dir = settings_get(settings, "lxc.rootfs.mount");
	struct stat st;

	if (dir && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return xstrdup(dir);
	return xstrdup(RUNTIME_DIR "/rootfs");
}

/* The monitor has another working directory than the caller, who may have used a relative path. */
static char *config_file(struct lxc_container *c)
{
	char *path = c->configfile ? realpath(c->configfile, NULL) : NULL;

	return path ? path : xasprintf("%s/%s/config", c->get_config_path(c), c->name);
}

/* The names that lxc-start would use, below the same cgroup. */
static void plan_cgroups(const struct settings *settings, const struct container_facts *facts,
			 struct restore_plan *plan)
{
	const struct cgroup *cg = facts_cgroup2(facts);
	_cleanup_cgroup_names_ struct cgroup_names names = {0};
	char *base;

	cgroup_names(plan->name, settings, &names);
	base = plan->base_cgroup = cgroup_base(cg ? cg->path : "", names.payload);
	plan->monitor_cgroup = xasprintf("%s/%s", base, names.monitor);
	plan->payload_cgroup = xasprintf("%s/%s", base, names.payload);
	plan->pivot_cgroup = xasprintf("%s/%s", base, names.pivot);
}

/* LXC's tools leave a log here unless they are told otherwise; "none" is one way to tell them. */
static char *usual_log(struct lxc_container *c)
{
	const char *lxcpath = c->get_config_path(c);
	_cleanup_free_ char *place = NULL;

	if (strcmp(lxcpath, "/var/lib/lxc") == 0 && access("/var/log/lxc", W_OK) == 0)
		return xasprintf("/var/log/lxc/%s.log", c->name);
	/* the monitor has another working directory */
	place = container_place(c);
	return xasprintf("%s/%s.log", place, c->name);
}

static void plan_log(struct lxc_container *c, const struct restore_options *o,
		     const struct settings *settings, struct restore_plan *plan)
{
	const char *file = o->log_file ? o->log_file : settings_get(settings, "lxc.log.file");
	const char *level = o->log_level ? o->log_level : settings_get(settings, "lxc.log.level");
	_cleanup_free_ char *here = getcwd(NULL, 0);

	if (!file || !*file)
		plan->log_file = usual_log(c);
	else if (*file != '/' && strcmp(file, "none") != 0)
		plan->log_file = xasprintf("%s/%s", here ? here : "", file);
	else if (*file == '/')
		plan->log_file = xstrdup(file);
	plan->log_level =
		xstrdup(level && *level && strcasecmp(level, "NOTSET") != 0 ? level : "ERROR");
}

/*
 * Whether programs of the user run before the monitor knows the sums of all pages, or because it
 * finds them wrong: nobody can take back what they did. (Start-host hooks and network scripts run
 * later, and only if the sums are right.)
 */
static bool calls_programs(const struct restore_plan *plan, const struct settings *settings)
{
	return plan->action_script || settings_get(settings, "lxc.hook.pre-start") ||
	       settings_get(settings, "lxc.hook.stop") ||
	       settings_get(settings, "lxc.hook.post-stop");
}

/*
 * Verifies the files before anything else, except large files of pages: the monitor verifies those
 * while CRIU restores. If programs of the user are called, everything is verified here.
 */
static int verify_image(const struct restore_options *o, const struct image *image,
			const struct manifest *m, bool later, struct error **reterr)
{
	const struct image_verify v = {
		.sums = true,
		.parts = later ? VERIFY_BUT_PAGES : VERIFY_ALL,
		.cancelled = o->cancelled,
		.userdata = o->userdata,
	};
	int r = o->no_verify ? 0 : image_verify(image, m, &v, reterr);

	if (r < 0 && r != -ECANCELED)
		image_verify_hint(image, reterr);
	return r;
}

/* Everything that blocks is known before anything is done. */
static int look(struct lxc_container *c, const struct restore_options *o, struct restore_plan *plan,
		struct restore_parts *parts, struct error **reterr)
{
	const struct asked asked = {
		.restore = true,
		.directory = o->directory,
		.force = o->force,
	};
	_cleanup_free_ char *command = check_command(c, &asked);
	_cleanup_findings_ struct findings found = {.command = command};
	_cleanup_error_ struct error *e = NULL;
	const char *log;
	int r;

	if (action_script_path(o->action_script, &plan->action_script, &e) < 0)
		findings_add_error(&found, "action-script", e);
	check_restore(c, o->directory, true, parts, &found);
	findings_force(&found, o->force);
	r = findings_refuse(&found, c->name, reterr);
	log = settings_get(&parts->settings, "lxc.log.file");
	for (size_t i = 0; r == 0 && i < found.n; i++) {
		lxclog_finding(c, log, &found.v[i]);
		if (o->found)
			o->found(&found.v[i], o->userdata);
	}
	return r;
}

/* *ret_image: hold it until the monitor has it, so that nobody changes it in between. */
static int make_plan(struct lxc_container *c, const struct restore_options *o,
		     struct restore_plan *ret, struct image **ret_image, struct error **reterr)
{
	_cleanup_restore_parts_ struct restore_parts parts = {0};
	int r = look(c, o, ret, &parts, reterr);

	ret->verify_pages = r == 0 && !o->no_verify && !calls_programs(ret, &parts.settings) &&
			    image_has_large_pages(&parts.manifest);
	/* last, because it takes the longest */
	if (r == 0)
		r = verify_image(o, parts.image, &parts.manifest, ret->verify_pages, reterr);
	if (r < 0)
		return r;
	ret->name = xstrdup(c->name);
	ret->lxcpath = xstrdup(c->get_config_path(c));
	ret->config_file = config_file(c);
	ret->image_dir = xstrdup(parts.image->path);
	ret->rootfs = TAKE_PTR(parts.rootfs);
	ret->rootfs_mount = rootfs_mount(&parts.settings);
	plan_cgroups(&parts.settings, &parts.manifest.facts, ret);
	ret->criu = TAKE_PTR(parts.criu.path);
	ret->criu_version = parts.criu.version;
	ret->verbosity = o->verbosity ? o->verbosity : CRIU_VERBOSITY;
	ret->foreground = o->foreground;
	plan_log(c, o, &parts.settings, ret);
	ret->ignore_cpu = findings_are_forced(o->force, "cpu");
	ret->hooks = parts.hooks;
	ret->force = o->force ? xstrdup(o->force) : NULL;
	ret->ignore_files = findings_are_forced(o->force, "rootfs");
	ret->ignore_link_settings = findings_are_forced(o->force, "network");
	ret->config = TAKE_PTR(parts.settings.items);
	ret->n_config = parts.settings.n;
	parts.settings.n = 0;
	*ret_image = TAKE_PTR(parts.image);
	return 0;
}

/* The descriptors may have any numbers, even those that others are to get. */
static bool place_fds(int plan, int report, int lock)
{
	int p = fcntl(plan, F_DUPFD, 10), r = fcntl(report, F_DUPFD, 10),
	    l = fcntl(lock, F_DUPFD, 10);

	return p >= 0 && r >= 0 && l >= 0 && dup2(p, PLAN_FD) >= 0 && dup2(r, REPORT_FD) >= 0 &&
	       dup2(l, LOCK_FD) >= 0 &&
	       syscall(SYS_close_range, (unsigned int)LOCK_FD + 1, ~0U, 0) == 0;
}

/* The caller's environment without a preloaded library of ours: no liblxc in the monitor. */
static struct strv monitor_environment(void)
{
	struct strv env = {0};

	for (char **e = environ; e && *e; e++)
		if (strncmp(*e, "LD_PRELOAD=", strlen("LD_PRELOAD=")) != 0)
			strv_add(&env, "%s", *e);
	return env;
}

/* In the child: detaches the monitor from the caller's terminal and session. */
_Noreturn static void exec_monitor(const char *program, char *title, char *const envp[],
				   bool foreground, int plan, int report, int lock)
{
	char *const argv[] = {title, NULL};
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	reset_signals();
	limits_put_back();
	if (!foreground && (setsid() < 0 || null < 0 || fd_place(null, STDIN_FILENO) < 0 ||
			    fd_place(null, STDOUT_FILENO) < 0 || fd_place(null, STDERR_FILENO) < 0))
		_exit(127);
	if (place_fds(plan, report, lock)) {
		execve(program, argv, envp);
		dprintf(REPORT_FD,
			"{\"error\":{\"err\":%d,\"refused\":true,\"message\":\"cannot run the "
			"monitor, lxc-checkpoint-monitor: %s\"}}\n",
			errno, strerror(errno));
	}
	_exit(127);
}

static int start_monitor(const struct restore_plan *plan, int lock, struct awaited *ret,
			 struct error **reterr)
{
	_cleanup_free_ char *program = libexec_path("lxc-checkpoint-monitor");
	_cleanup_free_ char *title = xasprintf(MONITOR_TITLE "%s %s", plan->lxcpath, plan->name);
	_cleanup_free_ char *json = restore_plan_to_json(plan);
	_cleanup_strv_ struct strv env = monitor_environment();
	_cleanup_close_ int fd = memfd_create("plan", MFD_CLOEXEC);
	_cleanup_close_ int ours = -1, its = -1;
	int both[2];
	pid_t pid;
	int r;

	if (!json)
		return error_set(reterr, EILSEQ, "a path or a config item is not UTF-8");
	if (fd < 0 || fd_above_standard(&fd) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) < 0)
		return error_errno(reterr, "cannot prepare the monitor");
	ours = both[0];
	its = both[1];
	if (fd_above_standard(&ours) < 0 || fd_above_standard(&its) < 0)
		return error_errno(reterr, "cannot prepare the monitor");
	r = write_all(fd, json, strlen(json));
	pid = r == 0 ? fork_quietly() : -1;
	if (pid == 0)
		exec_monitor(program, title, env.v, plan->foreground, fd, its, lock);
	if (pid < 0)
		return error_set(reterr, r < 0 ? -r : errno, "cannot start the monitor");
	ret->monitor = pid;
	ret->fd = TAKE_FD(ours);
	return 0;
}

/* The caller's descriptors while the monitor restores. */
struct restoring {
	struct awaited awaited;
	struct operation operation;
	struct image *image;
	const struct restore_options *o;
	const struct restore_plan *plan;
};

static void tell_script(struct lxc_container *c, const struct restoring *r)
{
	const struct script_run run = {
		.image_fd = r->image->dirfd,
		.log = "restore.log",
		.script = r->plan->action_script,
		.lxc_log = config_item_value(r->plan->config, r->plan->n_config, "lxc.log.file"),
		.found = r->o->found,
		.userdata = r->o->userdata,
	};

	action_script_tell(c, &run);
}

/* When this returns, the monitor has exited, or serves a container in the background. */
static int follow(struct lxc_container *c, struct restoring *r, int *ret_status,
		  struct error **reterr)
{
	const bool foreground = r->o->foreground;
	struct restore_report rep = {0};
	int status, e = await_report(&r->awaited, &rep, reterr);

	/* its CRIU notices at its next question, and kills what it has made */
	if (e == -EPIPE)
		ignore_result(operation_regain(c, &r->operation, NULL));
	if (e == 0)
		tell_script(c, r);
	/* a running container may be checkpointed; otherwise the lock may still be the monitor's */
	if (r->awaited.given_up)
		operation_leave(&r->operation);
	else
		operation_end(&r->operation);
	image_free(TAKE_PTR(r->image));
	if ((e == 0 && !foreground) || r->awaited.given_up)
		return e;
	if (e == 0)
		e = await_report(&r->awaited, &rep, reterr);
	status = wait_status(r->awaited.monitor);
	if (e == 0 && ret_status)
		*ret_status = rep.kind == REPORT_REBOOT ? status : rep.status;
	return e;
}

static void log_reason(const char *image, const struct error *e)
{
	_cleanup_close_ int dir =
		image ? open(image, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	if (dir >= 0)
		criu_log_reason(dir, "restore.log", e);
}

static struct awaited awaited_by(const struct restore_options *o)
{
	return (struct awaited){
		.fd = -1,
		.monitor = -1,
		.cancelled = o->cancelled,
		.committed = o->committed,
		.userdata = o->userdata,
	};
}

int restore_container(struct lxc_container *c, const struct restore_options *o, int *ret_status,
		      struct error **reterr)
{
	_cleanup_plan_ struct restore_plan plan = {0};
	struct restoring r = {.awaited = awaited_by(o), .operation = {.fd = -1}, .o = o};
	_cleanup_free_ char *place = container_place(c);
	int e = inspect_defined(c, reterr);

	if (e == 0)
		e = operation_begin(c, place, "a restore", &r.operation, reterr);
	if (e == 0)
		e = make_plan(c, o, &plan, &r.image, reterr);
	if (e == 0 && o->cancelled && o->cancelled(o->userdata))
		e = error_refuse(reterr, ECANCELED, "interrupted");
	if (e == 0)
		e = start_monitor(&plan, r.operation.fd, &r.awaited, reterr);
	if (e < 0) {
		operation_end(&r.operation);
		image_free(r.image);
		if (e == -ECANCELED)
			error_wrap(reterr, ECANCELED, "%s was not restored", c->name);
		return error_mark_refused(reterr, true, e);
	}
	/* a monitor in the background is the caller's child, as lxc-start's is */
	r.plan = &plan;
	e = follow(c, &r, ret_status, reterr);
	awaited_clear(&r.awaited);
	if (e < 0) {
		e = error_wrap(reterr, -e, "%s was not restored", c->name);
		log_reason(plan.image_dir, reterr ? *reterr : NULL);
	}
	return e;
}
