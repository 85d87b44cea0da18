/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "criu.h"
#include "dump.h"
#include "image/dir.h"
#include "inspect/settings.h"
#include "inspect/inspect.h"
#include "inspect/users.h"
#include "operation.h"
#include "preflight/preflight.h"
#include "restore/plan.h"
#include "restore/spawn.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"
#include "util/runtime.h"

#define STOP_WAIT_S 30

static int check_state(struct lxc_container *c, struct error **reterr)
{
	const char *state;
	int r = inspect_state(c, &state, reterr);

	if (r < 0 || strcmp(state, "STOPPED") == 0)
		return r;
	/* one that is just going may be waited for: its cgroups and names are soon free */
	if ((strcmp(state, "STOPPING") == 0 || strcmp(state, "ABORTING") == 0) &&
	    c->wait(c, "STOPPED", STOP_WAIT_S))
		return 0;
	error_refuse(reterr, EBUSY, "%s is already running (%s)", c->name, state);
	error_set_hint(reterr, "stop it first: lxc-stop -n %s", c->name);
	return -EBUSY;
}

/* LXC's own place for a rootfs; where the distribution has none, one of ours. */
static char *rootfs_mount(struct lxc_container *c)
{
	_cleanup_free_ char *dir = config_get(c, "lxc.rootfs.mount");
	struct stat st;

	if (dir && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return TAKE_PTR(dir);
	return xstrdup(RUNTIME_DIR "/rootfs");
}

/* The monitor works elsewhere than the caller, who may have named it relatively. */
static char *config_file(struct lxc_container *c)
{
	char *path = c->configfile ? realpath(c->configfile, NULL) : NULL;

	return path ? path : xasprintf("%s/%s/config", c->get_config_path(c), c->name);
}

/* name from the config (key may be NULL), else beside the payload as lxc-start would put it */
static char *cgroup_beside(struct lxc_container *c, const char *payload, const char *key,
			   const char *name)
{
	_cleanup_free_ char *configured = key ? config_get(c, key) : NULL;
	const char *last = strrchr(payload, '/');

	if (configured)
		return xasprintf("/%s", configured);
	return xasprintf("%.*s/%s", last ? (int)(last - payload) : 0, payload, name);
}

static void plan_cgroups(struct lxc_container *c, const struct container_facts *facts,
			 struct restore_plan *plan)
{
	const struct cgroup *cg = facts_cgroup2(facts);
	const char *was = cg ? cg->path : "";
	_cleanup_free_ char *monitor = xasprintf("lxc.monitor.%s", c->name);
	_cleanup_free_ char *payload = xasprintf("lxc.payload.%s", c->name);
	_cleanup_free_ char *pivot = config_get(c, "lxc.cgroup.dir.monitor.pivot");

	plan->monitor_cgroup = cgroup_beside(c, was, "lxc.cgroup.dir.monitor", monitor);
	plan->payload_cgroup = cgroup_beside(c, was, "lxc.cgroup.dir.container", payload);
	/* a configured one is where lxc.pivot is made */
	plan->pivot_cgroup = pivot ? xasprintf("/%s/lxc.pivot", pivot)
				   : cgroup_beside(c, was, NULL, "lxc.pivot");
}

static int make_plan(struct lxc_container *c, const struct restore_options *o,
		     struct restore_plan *ret, struct error **reterr)
{
	_cleanup_criu_ struct criu_program criu = {0};
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_image_ struct image *image = NULL;
	int r = check_state(c, reterr);

	if (r == 0)
		r = action_script_path(o->action_script, &ret->action_script, reterr);
	if (r == 0)
		r = preflight_host(&criu, reterr);
	if (r == 0)
		r = image_open(o->directory, &image, &m, reterr);
	if (r == 0)
		r = preflight_restore(&m, c->name, reterr);
	if (r == 0)
		r = inspect_config_idmap(c, &m.facts, reterr);
	if (r == 0)
		r = inspect_rootfs(c, &ret->rootfs, reterr);
	if (r != 0)
		return r;
	ret->name = xstrdup(c->name);
	ret->lxcpath = xstrdup(c->get_config_path(c));
	ret->config_file = config_file(c);
	ret->image_dir = xstrdup(image->path);
	ret->rootfs_mount = rootfs_mount(c);
	plan_cgroups(c, &m.facts, ret);
	ret->criu = TAKE_PTR(criu.path);
	ret->criu_version = criu.version;
	ret->verbosity = o->verbosity ? o->verbosity : CRIU_VERBOSITY;
	ret->foreground = o->foreground;
	config_list(c, &ret->config, &ret->n_config);
	return 0;
}

/* The descriptors may have any numbers, also each other's wanted ones. */
static bool place_fds(int plan, int report)
{
	int p = fcntl(plan, F_DUPFD, 10), r = fcntl(report, F_DUPFD, 10);

	return p >= 0 && r >= 0 && dup2(p, PLAN_FD) >= 0 && dup2(r, REPORT_FD) >= 0 &&
	       syscall(SYS_close_range, (unsigned int)REPORT_FD + 1, ~0U, 0) == 0;
}

/* The caller's, but for the library that was preloaded, should it be us: no liblxc in the monitor.
 */
static struct strv monitor_environment(void)
{
	struct strv env = {0};

	for (char **e = environ; e && *e; e++)
		if (strncmp(*e, "LD_PRELOAD=", strlen("LD_PRELOAD=")) != 0)
			strv_add(&env, "%s", *e);
	return env;
}

/* In the child. A detached monitor keeps nothing of the caller's terminal or session. */
_Noreturn static void exec_monitor(const char *program, char *title, char *const envp[],
				   bool foreground, int plan, int report)
{
	char *const argv[] = {title, NULL};
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	reset_signals();
	if (!foreground && (setsid() < 0 || null < 0 || fd_place(null, STDIN_FILENO) < 0 ||
			    fd_place(null, STDOUT_FILENO) < 0 || fd_place(null, STDERR_FILENO) < 0))
		_exit(127);
	if (place_fds(plan, report)) {
		execve(program, argv, envp);
		dprintf(REPORT_FD,
			"{\"error\":{\"err\":%d,\"refused\":true,\"message\":\"cannot run the "
			"monitor, lxc-checkpoint-monitor: %s\"}}\n",
			errno, strerror(errno));
	}
	_exit(127);
}

static int start_monitor(const struct restore_plan *plan, pid_t *ret_pid, int *ret_reports,
			 struct error **reterr)
{
	_cleanup_free_ char *program = libexec_path("lxc-checkpoint-monitor");
	/* lxc-start's monitor shows itself like this, and people look for it in ps */
	_cleanup_free_ char *title = xasprintf("[lxc monitor] %s %s", plan->lxcpath, plan->name);
	_cleanup_free_ char *json = restore_plan_to_json(plan);
	_cleanup_strv_ struct strv env = monitor_environment();
	_cleanup_close_ int fd = memfd_create("plan", MFD_CLOEXEC);
	int reports[2];
	pid_t pid;
	int r;

	if (!json)
		return error_set(reterr, EILSEQ, "a path or a config item is not UTF-8");
	if (fd < 0 || fd_above_standard(&fd) < 0 || pipe2(reports, O_CLOEXEC) < 0)
		return error_errno(reterr, "cannot prepare the monitor");
	if (fd_above_standard(&reports[0]) < 0 || fd_above_standard(&reports[1]) < 0) {
		close(reports[0]);
		close(reports[1]);
		return error_errno(reterr, "cannot prepare the monitor");
	}
	r = write_all(fd, json, strlen(json));
	pid = r == 0 ? fork_quietly() : -1;
	if (pid == 0)
		exec_monitor(program, title, env.v, plan->foreground, fd, reports[1]);
	close(reports[1]);
	if (pid < 0) {
		close(reports[0]);
		return error_set(reterr, r < 0 ? -r : errno, "cannot start the monitor");
	}
	*ret_pid = pid;
	*ret_reports = reports[0];
	return 0;
}

static int read_report(FILE *f, struct restore_report *ret)
{
	char *line = NULL;
	size_t room = 0;
	int r = getline(&line, &room, f) < 0 ? -EPIPE : restore_report_from_json(line, ret);

	free(line);
	return r;
}

/* One report; a failure is handed on, and silence is one. */
static int expect_report(FILE *f, struct restore_report *ret, struct error **reterr)
{
	if (read_report(f, ret) < 0)
		return error_set(reterr, EIO, "the monitor ended without a word");
	if (ret->kind != REPORT_FAILED)
		return 0;
	return error_move(reterr, &ret->error, EIO);
}

static int follow(FILE *reports, struct operation *operation, bool foreground, int *ret_status,
		  struct error **reterr)
{
	struct restore_report rep = {0};
	int r = expect_report(reports, &rep, reterr);

	/* from here on it is a container that runs, and may be checkpointed */
	operation_end(operation);
	if (r < 0 || !foreground)
		return r;
	r = expect_report(reports, &rep, reterr);
	if (r == 0 && ret_status)
		*ret_status = rep.status;
	return r;
}

int restore_container(struct lxc_container *c, const struct restore_options *o, int *ret_status,
		      struct error **reterr)
{
	_cleanup_plan_ struct restore_plan plan = {0};
	_cleanup_fclose_ FILE *reports = NULL;
	struct operation operation = {.fd = -1};
	pid_t pid = -1;
	int fd = -1, r = make_plan(c, o, &plan, reterr);

	if (r == 0)
		r = operation_begin(c, &operation, reterr);
	if (r == 0)
		r = start_monitor(&plan, &pid, &fd, reterr);
	if (r < 0) {
		operation_end(&operation);
		return r;
	}
	reports = fdopen(fd, "r");
	if (!reports) {
		operation_end(&operation);
		close(fd);
		return error_errno(reterr, "cannot listen to the monitor");
	}
	r = follow(reports, &operation, o->foreground, ret_status, reterr);
	/* one that serves a container lives on, and is the caller's child as lxc-start's was */
	if (r < 0 || o->foreground)
		wait_status(pid);
	if (r < 0)
		return error_wrap(reterr, -r, "%s was not restored", c->name);
	return 0;
}
