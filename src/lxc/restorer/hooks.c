/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hooks and network scripts of the container's config that belong to the host:
 * those that set something up there, and those of a container's end. With LXC's
 * arguments and environment; what ran inside while a start made the mounts has
 * left its traces in the image.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

/* In the order in which LXC hands them to a stop hook. */
static const struct {
	const char *name;
	const char *variable;
	unsigned int flag;
} namespaces[] = {
	{"user", "LXC_USER_NS", CLONE_NEWUSER},
	{"mnt", "LXC_MNT_NS", CLONE_NEWNS},
	{"pid", "LXC_PID_NS", CLONE_NEWPID},
	{"uts", "LXC_UTS_NS", CLONE_NEWUTS},
	{"ipc", "LXC_IPC_NS", CLONE_NEWIPC},
	{"net", "LXC_NET_NS", CLONE_NEWNET},
	{"cgroup", "LXC_CGROUP_NS", CLONE_NEWCGROUP},
	{"time", "LXC_TIME_NS", 0x80 /* CLONE_NEWTIME */},
};

_Static_assert(sizeof(namespaces) / sizeof(namespaces[0]) == N_NAMESPACES, "ns_fds");

static void export_if(const char *variable, const char *value)
{
	if (value && *value)
		setenv(variable, value, 1);
	else
		unsetenv(variable);
}

/* This process has one container all its life, so what LXC's monitor exports it may too. */
static void export_config(const struct restore *r)
{
	const struct restore_plan *p = r->plan;
	const struct {
		const char *variable;
		const char *value;
	} known[] = {
		{"LXC_NAME", p->name},
		{"LXC_CONFIG_FILE", p->config_file},
		{"LXC_ROOTFS_MOUNT", p->rootfs_mount},
		{"LXC_ROOTFS_PATH", p->rootfs},
		{"LXC_CONSOLE", restore_plan_config(p, "lxc.console.path")},
		{"LXC_CONSOLE_LOGPATH", restore_plan_config(p, "lxc.console.logfile")},
		{"LXC_CGNS_AWARE", "1"},
		{"LXC_LOG_LEVEL", p->log_level},
		{"LXC_HOOK_VERSION", restore_plan_config(p, "lxc.hook.version")},
		{"LXC_PID", NULL},
		{"LXC_TARGET", NULL},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		export_if(known[i].variable, known[i].value);
	for (size_t i = 0; i < N_NAMESPACES; i++)
		unsetenv(namespaces[i].variable);
}

static bool is_version_1(const struct restore *r)
{
	const char *version = restore_plan_config(r->plan, "lxc.hook.version");

	return version && strcmp(version, "1") == 0;
}

/* A hook, or a script of section "net"; arguments are those that both versions have. */
static int run_hook(const struct restore *r, const char *section, const char *type,
		    const char *hook, const char *arguments, struct error **reterr)
{
	_cleanup_free_ char *output = NULL;
	_cleanup_free_ char *command = NULL;
	_cleanup_free_ char *how = NULL;
	const char *argv[] = {"/bin/sh", "-c", NULL, NULL};
	int status;

	if (is_version_1(r)) {
		setenv("LXC_HOOK_TYPE", type, 1);
		setenv("LXC_HOOK_SECTION", section, 1);
		command = xasprintf("exec %s %s", hook, arguments);
	} else {
		command = xasprintf("exec %s %s %s %s %s", hook, r->plan->name, section, type,
				    arguments);
	}
	argv[2] = command;
	/* when the container ends nobody is answered any more, nor is it by LXC's monitor */
	status = run_users(argv, &output, r->ending ? NULL : serving_until, (void *)(uintptr_t)r);
	if (output)
		make_lines_printable(output);
	if (output && *output)
		log_at(LOG_LEVEL_DEBUG, "Script %s said:\n%s", command, output);
	if (status == 0)
		return 0;
	if (status < 0)
		return error_set(reterr, -status, "cannot run %s: %s", hook, strerror(-status));
	how = status_text(status);
	error_set(reterr, EIO, "the %s %s, %s, %s", type,
		  strcmp(section, "net") == 0 ? "script of a network" : "hook", hook, how);
	error_set_detail(reterr, output);
	error_set_hint(reterr, "correct it, or remove it from %s; the checkpoint is intact",
		       r->plan->config_file);
	return -EIO;
}

/* All of a type, until one fails. */
static int run_hooks(const struct restore *r, const char *type, const char *arguments,
		     struct error **reterr)
{
	_cleanup_free_ char *key = xasprintf("lxc.hook.%s", type);
	const char *value = restore_plan_config(r->plan, key);
	_cleanup_free_ char *hooks = xstrdup(value ? value : "");
	char *save = NULL;

	for (char *h = strtok_r(hooks, "\n", &save); h; h = strtok_r(NULL, "\n", &save)) {
		int e = run_hook(r, "lxc", type, h, arguments, reterr);

		if (e < 0)
			return e;
	}
	return 0;
}

/* up or down of interface i. What is not set is no argument, as with LXC. */
static int run_script(const struct restore *r, size_t i, const char *type, struct error **reterr)
{
	int n = network_number(r, i);
	_cleanup_free_ char *script_key = xasprintf("lxc.net.%d.script.%s", n, type);
	_cleanup_free_ char *link_key = xasprintf("lxc.net.%d.link", n);
	const char *script = restore_plan_config(r->plan, script_key);
	const char *link = restore_plan_config(r->plan, link_key);
	_cleanup_free_ char *arguments = NULL;

	if (n < 0 || !script || !*script)
		return 0;
	link = link ? link : "";
	if (is_version_1(r)) {
		setenv("LXC_NET_TYPE", "veth", 1);
		setenv("LXC_NET_PARENT", link, 1);
		setenv("LXC_NET_PEER", r->network.host_veths[i], 1);
	}
	arguments = xasprintf("veth %s %s", link, r->network.host_veths[i]);
	return run_hook(r, "net", type, script, arguments, reterr);
}

int pre_start_begin(struct restore *r, struct error **reterr)
{
	int e;

	export_config(r);
	/* also where one of them fails: those before it have done something */
	r->hooks.begun = true;
	clock_gettime(CLOCK_REALTIME_COARSE, &r->hooks.began);
	e = run_hooks(r, "pre-start", "", reterr);
	return e < 0 ? e : serving_check(r, reterr);
}

int hooks_before_run(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *pid = xasprintf("%d", (int)init);
	int e;

	/* one without its network is not to run either, which is told later */
	if (network_check(r, NULL) < 0)
		return 0;
	setenv("LXC_PID", pid, 1);
	for (; r->hooks.n_scripts_up < r->manifest->facts.n_nics; r->hooks.n_scripts_up++) {
		const size_t i = r->hooks.n_scripts_up;

		if (!r->network.host_veths[i])
			continue;
		e = run_script(r, i, "up", reterr);
		if (e == 0)
			e = network_check_script(r, i, reterr);
		if (e < 0)
			return e;
	}
	e = run_hooks(r, "start-host", "", reterr);
	return e < 0 ? e : serving_check(r, reterr);
}

void namespaces_keep(struct restore *r)
{
	for (size_t i = 0; i < N_NAMESPACES; i++) {
		_cleanup_free_ char *path =
			xasprintf("/proc/%d/ns/%s", (int)r->processes.init_pid, namespaces[i].name);

		if (r->processes.clone_flags & namespaces[i].flag)
			r->hooks.ns_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
}

/* For hooks to enter; LXC exports them even where it passes them as arguments. Caller frees. */
static char *export_namespaces(const struct restore *r)
{
	char *arguments = xstrdup("");

	for (size_t i = 0; i < N_NAMESPACES; i++) {
		_cleanup_free_ char *path = NULL;

		if (r->hooks.ns_fds[i] < 0)
			continue;
		path = xasprintf("/proc/%d/fd/%d", (int)getpid(), r->hooks.ns_fds[i]);
		setenv(namespaces[i].variable, path, 1);
		str_append(&arguments, "%s:%s ", namespaces[i].name, path);
	}
	return arguments;
}

/* A script that fails does not keep the interface. */
void scripts_down(struct restore *r)
{
	free(export_namespaces(r));
	for (size_t i = 0; i < r->hooks.n_scripts_up; i++) {
		_cleanup_error_ struct error *e = NULL;

		if (r->network.host_veths[i] && run_script(r, i, "down", &e) < 0)
			log_error_object(e);
	}
	r->hooks.n_scripts_up = 0;
}

void stop_hooks_undo(struct restore *r)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *arguments = NULL;

	if (r->serving)
		monitor_set_state(r->serving, STATE_STOPPING);
	if (!r->hooks.begun)
		return;
	arguments = export_namespaces(r);
	setenv("LXC_TARGET", r->rebooting ? "reboot" : "stop", 1);
	if (run_hooks(r, "stop", is_version_1(r) ? "" : arguments, &e) < 0)
		log_error_object(e);
}

/* When it fails at a reboot there is none: so it is with LXC. */
void post_stop_undo(struct restore *r)
{
	_cleanup_error_ struct error *e = NULL;

	for (size_t i = 0; i < N_NAMESPACES; i++)
		fd_close(&r->hooks.ns_fds[i]);
	if (!r->hooks.begun)
		return;
	r->hooks.begun = false;
	setenv("LXC_TARGET", r->rebooting ? "reboot" : "stop", 1);
	if (run_hooks(r, "post-stop", "", &e) == 0)
		return;
	log_error_object(e);
	if (r->rebooting)
		log_at(LOG_LEVEL_WARN, "It is stopped and not rebooted");
	r->rebooting = false;
}
