/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A checkpoint, from the running container to the sealed image. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "criu.h"
#include "criu/firewall.h"
#include "flow/action_script.h"
#include "flow/dump.h"
#include "flow/dump_private.h"
#include "flow/lxclog.h"
#include "flow/suggest.h"
#include "image/dir.h"
#include "inspect/asking.h"
#include "inspect/cgroups.h"
#include "inspect/identity.h"
#include "inspect/inspect.h"
#include "inspect/loopback.h"
#include "inspect/yard.h"
#include "lock/keeper.h"
#include "lock/operation.h"
#include "preflight/preflight.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static char *default_directory(struct lxc_container *c)
{
	return xasprintf("%s/%s/checkpoint", c->get_config_path(c), c->name);
}

void checkpoint_place(struct lxc_container *c, const char *directory, struct image_place *ret)
{
	if (directory && *directory)
		image_place_for(directory, c->name, ret);
	else
		*ret = (struct image_place){.path = default_directory(c)};
}

char *restore_directory(struct lxc_container *c, const char *directory)
{
	return directory && *directory ? image_place_of(directory, c->name) : default_directory(c);
}

uint64_t ghost_limit(uint64_t asked)
{
	return asked ? asked : GHOST_LIMIT;
}

int action_script_path(const char *script, char **ret, struct error **reterr)
{
	char *path;

	if (!script)
		return 0;
	path = realpath(script, NULL);
	if (!path || access(path, X_OK) < 0) {
		error_refuse(reterr, errno, "the action script %s cannot be run: %s", script,
			     strerror(errno));
		free(path);
		return -(errno ? errno : ENOENT);
	}
	*ret = path;
	return 0;
}

int dump_check_state(struct lxc_container *c, struct error **reterr)
{
	_cleanup_free_ char *words = container_words(c);
	const char *state;
	int r = inspect_state(c, &state, reterr);

	if (r < 0)
		return r;
	if (strcmp(state, "STOPPED") == 0)
		return error_refuse(reterr, ESRCH, "%s is not running", c->name);
	if (strcmp(state, "RUNNING") == 0)
		return 0;
	error_refuse(reterr, EBUSY, "%s is %s; only a RUNNING container can be checkpointed",
		     c->name, state);
	if (strcmp(state, "FROZEN") == 0)
		error_set_hint(reterr, "lxc-unfreeze %s", words);
	return -EBUSY;
}

/* Returns the path of the container's cgroup, or NULL if somebody else has frozen it. */
static char *find_freezer(const struct container_facts *facts)
{
	_cleanup_close_ int cgroup = cgroup2_open(facts);
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", cgroup);
	_cleanup_free_ char *state = NULL;

	if (cgroup < 0 || read_file_at(cgroup, "cgroup.freeze", 16, &state) <= 0 || *state != '0')
		return NULL;
	return realpath(link, NULL);
}

/* From here on the pid stays this process's for as long as the pidfd says that it lives. */
static int pin_init(struct dump *d, struct error **reterr)
{
	pid_t found = 0;
	int r;

	d->init = pidfd_open_pid(d->manifest.facts.init_pid);
	r = asked_init_pid(d->c, &found, reterr);
	if (r < 0 || (d->init >= 0 && found == d->manifest.facts.init_pid))
		return r;
	return error_refuse(reterr, ESRCH, "%s was stopped or restarted meanwhile", d->c->name);
}

static int check_dump(struct dump *d, const char *directory, struct error **reterr)
{
	const struct preflight p = {
		.facts = &d->manifest.facts,
		.criu = &d->criu,
		.config_file = d->c->configfile ? d->c->configfile : "its config",
		.directory = directory,
		.ghost_limit = ghost_limit(d->o->ghost_limit),
		.stop = d->o->stop,
		.drop_outside = d->o->drop_outside,
	};
	_cleanup_findings_ struct findings found = {.command = d->command};
	const char *log = settings_get(&d->settings, "lxc.log.file");
	int r = preflight_dump(&p, &found, reterr);

	d->memory = found.memory;
	d->file_limit = found.file_limit;
	null_files_clear(&d->null_files);
	d->null_files = found.outside;
	found.outside = (struct null_files){0};
	d->saving.holds_current_terminal = found.holds_current_terminal;
	for (size_t i = 0; r == 0 && d->first && i < found.n; i++) {
		lxclog_finding(d->c, log, &found.v[i]);
		if (d->o->found)
			d->o->found(&found.v[i], d->o->found_userdata);
	}
	return r;
}

static int prepare(struct dump *d, struct error **reterr)
{
	struct container_facts *facts = &d->manifest.facts;
	/* before it has a lock: a name that was mistyped leaves none */
	int r = inspect_defined(d->c, reterr);

	if (r == 0)
		r = operation_begin(d->c, d->place, "a checkpoint", &d->operation, reterr);
	if (r == 0)
		r = dump_check_state(d->c, reterr);
	if (r == 0)
		r = action_script_path(d->o->action_script, &d->action_script, reterr);
	if (r == 0)
		r = preflight_host(&d->criu, reterr);
	if (r == 0)
		r = settings_read_running(d->c, &d->settings, reterr);
	if (r == 0)
		r = inspect_container(d->c, &d->settings, facts, reterr);
	if (r == 0)
		r = check_dump(d, d->image_place->path, reterr);
	if (r < 0)
		return r;
	dump_describe(d);
	r = manifest_check(&d->manifest, reterr);
	if (r == 0)
		r = image_create(d->image_place, d->o->replace, facts_root_id(facts, "u"),
				 &d->image, reterr);
	if (r < 0)
		return r;
	r = pin_init(d, reterr);
	dump_find_monitor(d);
	d->freezer = d->freeze ? find_freezer(facts) : NULL;
	operation_about(&d->operation, facts->init_pid, d->freezer);
	operation_note_links(&d->operation, d->monitor_pid, facts->nics, facts->n_nics);
	return r < 0 ? r : dump_write_files(d, reterr);
}

/*
 * CRIU's default lock runs iptables several times in the container's network
 * namespace, which costs more than all else of a small dump. With every interface
 * off its bridge nothing is left to lock out but what goes over the container's
 * own loopback: data that are on their way there while one end is saved already
 * could be lost, and the first end that is restored is reset by the absence
 * of the other. Where there are such connections CRIU locks by nftables, which is
 * faster. (Not everywhere, for that lock would stay if CRIU was killed.)
 */
static enum network_lock network_lock(const struct container_facts *facts)
{
	if (!facts_network_comes_off(facts))
		return NETWORK_LOCK_DEFAULT;
	return inspect_loopback(facts->init_pid) ? NETWORK_LOCK_NFTABLES : NETWORK_LOCK_SKIP;
}

static void on_started(pid_t criu, void *userdata)
{
	struct dump *d = userdata;

	d->criu_pid = criu;
	/* CRIU takes longer until it asks for something; on_action() has what came of it */
	d->started = carry_save(&d->saving, SAVE_STARTED, &d->started_error);
}

/*
 * The processes stand still, and CRIU has looked at none of their files. (CRIU asks only where the
 * container has a network of its own.)
 */
static int on_network_lock(struct dump *d, struct error **reterr)
{
	pid_t init = d->manifest.facts.init_pid;

	if (inspect_connected(init))
		d->keeper = keeper_start(d->criu_pid, init, d->operation.fd);
	return dump_save_stopped(d, reterr);
}

static bool is_cancelled(const struct dump *d)
{
	return d->o->cancelled && d->o->cancelled(d->o->userdata);
}

static enum criu_cancel on_cancel(void *userdata, struct error **reterr)
{
	const struct dump *d = userdata;

	if (d->settled || (dump_thaw_tell(d, reterr) == 0 && !is_cancelled(d)))
		return CRIU_GO_ON;
	return d->locked ? CRIU_LET_FAIL : CRIU_KILL;
}

/*
 * CRIU has everything and holds the processes still, and waits for us. If the
 * checkpoint cannot be completed now, it lets them run on. A container that
 * runs on anyway need not wait for the disk.
 */
static int on_action(const char *action, pid_t init_pid, void *userdata, struct error **reterr)
{
	struct dump *d = userdata;
	int r;

	(void)init_pid;
	/* what CRIU holds then is what has its number now */
	if (dump_init_dies_within(d, 0))
		return error_set(reterr, ESRCH, "its init has exited");
	if (is_cancelled(d))
		return error_set(reterr, ECANCELED, "interrupted");
	if (dump_thaw_tell(d, reterr) < 0)
		return -EBUSY;
	if (d->started < 0)
		return error_move(reterr, &d->started_error, -d->started);
	if (strcmp(action, "network-lock") == 0) {
		d->locked = true;
		return on_network_lock(d, reterr);
	}
	d->settled = true;
	r = dump_complete_image(d, reterr);
	if (r < 0 || !d->o->stop)
		return r;
	r = image_seal(d->image, &d->manifest, reterr);
	d->sealed = r == 0;
	if (d->sealed)
		ignore_result(carry_save(&d->saving, SAVE_SEALED, NULL));
	return r;
}

static int on_tick(void *userdata, struct error **reterr)
{
	struct dump *d = userdata;

	(void)reterr;
	dump_thaw(d);
	if (d->o->progress)
		d->o->progress(image_bytes(d->image), d->o->userdata);
	return 0;
}

static int run_criu(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *callback = libexec_path("lxc-restore-net");
	_cleanup_free_ char *yard = cgroup_yard(&d->manifest.facts);
	/* ours last: once it has sealed the image, nobody can say no any more */
	const char *const scripts[] = {d->action_script ? d->action_script : callback,
				       d->action_script ? callback : NULL, NULL};
	const enum network_lock lock = network_lock(&d->manifest.facts);
	const struct criu_job job = {
		.verb = CRIU_DUMP,
		.criu = d->criu.path,
		.version = d->criu.version,
		.image_dir = d->image->path,
		.image_fd = d->image->dirfd,
		.log_file = "dump.log",
		.verbosity = criu_verbosity_for(d->o->verbosity ? d->o->verbosity : CRIU_VERBOSITY,
						d->file_limit),
		.action_scripts = scripts,
		.facts = &d->manifest.facts,
		.cgroup_yard = yard,
		.leave_running = !d->o->stop,
		.timeout = d->o->timeout,
		.freeze_cgroup = d->freezer,
		.network_lock = lock,
		.firewall_quick = !d->action_script && lock != NETWORK_LOCK_DEFAULT &&
				  criu_knows_nftables(d->criu.path),
		.no_skip_in_flight = d->o->no_skip_in_flight,
		.ghost_limit = ghost_limit(d->o->ghost_limit),
		.null_files = &d->null_files,
	};
	_cleanup_free_ char *ip = libexec_path("lxc-checkpoint-ip");
	_cleanup_free_ char *ip_tool = xasprintf("CR_IP_TOOL=%s", ip);
	const char *const environment[] = {ip_tool, NULL};
	const int locks[] = {d->operation.fd, d->image->dirfd, -1};
	const struct criu_events events = {
		.actions = "network-lock post-dump",
		.action = on_action,
		.started = on_started,
		.locks = locks,
		.environment = environment,
		.tick = on_tick,
		.cancel = on_cancel,
		.userdata = d,
	};
	int r = criu_run(&job, &events, reterr);

	keeper_end(d->keeper);
	dump_freeze_again(d);
	return r;
}

static void tell_script(const struct dump *d)
{
	const struct script_run run = {
		.image_fd = d->image->dirfd,
		.log = "dump.log",
		.script = d->action_script,
		.lxc_log = settings_get(&d->settings, "lxc.log.file"),
		.found = d->o->found,
		.userdata = d->o->found_userdata,
	};

	action_script_tell(d->c, &run);
}

static int dump(struct dump *d, struct error **reterr)
{
	int r = prepare(d, reterr);

	if (r < 0) {
		if (d->image)
			image_abandon(d->image, false);
		return error_mark_refused(reterr, true, r);
	}
	image_follow(d->image);
	if (is_cancelled(d))
		r = error_set(reterr, ECANCELED, "interrupted");
	else
		r = run_criu(d, reterr);
	/* However CRIU ended after that: the image is whole, and the only one of this container. */
	if (r < 0 && d->sealed && dump_init_is_dead(d))
		r = 0;
	if (r == 0 && !d->o->stop)
		r = image_seal(d->image, &d->manifest, reterr);
	if (r < 0)
		return error_mark_refused(reterr, false, dump_give_up(d, r, reterr));
	image_finish(d->image);
	tell_script(d);
	return d->o->stop ? dump_wait_until_gone(d, reterr) : dump_attach_network(d, reterr);
}

static int dump_once(const struct dump *what, struct error **reterr)
{
	struct dump d = *what;
	int r = dump(&d, reterr);

	operation_end(&d.operation);
	image_free(d.image);
	free(d.action_script);
	free(d.freezer);
	null_files_clear(&d.null_files);
	settings_clear(&d.settings);
	manifest_clear(&d.manifest);
	criu_program_clear(&d.criu);
	error_free(d.started_error);
	carry_save_end(&d.saving);
	fd_close(&d.init);
	fd_close(&d.monitor);
	return r;
}

/* CRIU takes 100 ms to freeze a cgroup, so it does only where it was too slow without. */
int dump_container(struct lxc_container *c, const struct dump_options *o, struct error **reterr)
{
	_cleanup_free_ char *place = container_place(c);
	_cleanup_image_place_ struct image_place image_place = {0};
	const struct asked asked = {
		.stop = o->stop,
		.replace = o->replace,
		.drop_outside = o->drop_outside,
		.directory = o->directory,
	};
	_cleanup_free_ char *command = check_command(c, &asked);
	_cleanup_spelling_ struct spelling spelling = spelling_adopt(c);
	struct dump what = {
		.c = c,
		.o = o,
		.place = place,
		.image_place = &image_place,
		.command = command,
		.first = true,
		.operation = {.fd = -1},
		.init = -1,
		.saving = {.root = -1},
		.monitor = -1,
	};

	checkpoint_place(c, o->directory, &image_place);
	for (unsigned int tries = 1;; tries++) {
		_cleanup_error_ struct error *e = NULL;
		int r = dump_once(&what, &e);

		what.first = false;
		if (r == 0)
			return 0;
		what.freeze = e && e->racing;
		if (!dump_again(&what, tries, e))
			return error_move(reterr, &e, -r);
	}
}
