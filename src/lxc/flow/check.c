/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether a checkpoint or restore would work, without making one. Runs in the caller's
 * process, as root, on the host.
 */
#include "config.h"

#include <poll.h>
#include <string.h>

#include "flow/check.h"
#include "flow/dump.h"
#include "flow/suggest.h"
#include "image/dir.h"
#include "inspect/identity.h"
#include "inspect/inspect.h"
#include "lock/operation.h"
#include "preflight/preflight.h"
#include "storage/rootfs_identity.h"
#include "storage/rootfs_mount.h"
#include "util/fd.h"
#include "util/mem.h"

#define STOP_WAIT_S  30
#define STOP_TICK_MS 20

/* A failure here blocks, and leaves nothing further to check. */
static void check_directory(const struct image_place *place, bool replace, long owner,
			    struct findings *found)
{
	_cleanup_error_ struct error *e = NULL;
	bool holds_one = false;

	if (image_check(place, replace, owner, &holds_one, &e) < 0)
		findings_add_error(found, "directory", e);
	else if (holds_one)
		findings_add(found,
			     FINDING("directory", FINDING_WARNING,
				     "name another directory with -D, or use --replace"),
			     "%s already holds a checkpoint", place->path);
}

/* Checks both, whatever the first result. */
static int check_host(struct criu_program *criu, struct findings *found)
{
	_cleanup_error_ struct error *privileges = NULL, *e = NULL;
	int r;

	if (preflight_privileges(&privileges) < 0)
		findings_add_error(found, "privileges", privileges);
	r = criu_find(criu, &e);
	if (r < 0)
		findings_add_error(found, "criu", e);
	return privileges ? -EPERM : r;
}

static const char *config_name(const struct lxc_container *c)
{
	return c->configfile ? c->configfile : "its config";
}

/* *ret_owner is the container's root on the host, if known. */
static void check_running(struct lxc_container *c, const struct criu_program *criu,
			  const char *directory, const struct check_options *o, long *ret_owner,
			  struct findings *found)
{
	_cleanup_facts_ struct container_facts facts = {0};
	_cleanup_settings_ struct settings settings = {0};
	_cleanup_error_ struct error *e = NULL;
	const struct preflight p = {
		.facts = &facts,
		.criu = criu,
		.config_file = config_name(c),
		.directory = directory,
		.ghost_limit = ghost_limit(0),
		.stop = o->stop,
		.drop_outside = o->drop_outside,
	};

	if (settings_read_running(c, &settings, &e) < 0 ||
	    inspect_container(c, &settings, &facts, &e) < 0)
		findings_add_error(found, "container", e);
	else
		preflight_find(&p, found);
	*ret_owner = facts_root_id(&facts, "u");
}

static void check_dump(struct lxc_container *c, const struct check_options *o,
		       struct criu_program *criu, struct findings *found)
{
	_cleanup_image_place_ struct image_place place = {0};
	_cleanup_error_ struct error *e = NULL;
	bool able = check_host(criu, found) == 0;
	long owner = -1;

	checkpoint_place(c, o->directory, &place);
	if (dump_check_state(c, &e) < 0)
		findings_add_error(found, "state", e);
	else if (able)
		check_running(c, criu, place.path, o, &owner, found);
	check_directory(&place, o->replace, owner, found);
}

/* --- a restore --- */

/* A second one on the same files destroys them. */
static bool check_other_spelling(struct lxc_container *c, struct findings *found)
{
	_cleanup_free_ char *lxcpath = container_other_lxcpath(c);
	_cleanup_free_ char *words = NULL;
	char *own = c->config_path;
	_cleanup_error_ struct error *e = NULL;

	if (!lxcpath)
		return true;
	error_refuse(&e, EBUSY, "%s is already running: it was started with -P %s", c->name,
		     lxcpath);
	c->config_path = lxcpath;
	words = container_words(c);
	c->config_path = own;
	error_set_hint(&e, "stop it first: lxc-stop %s", words);
	findings_add_error(found, "state", e);
	return true;
}

/* A container that stops soon. liblxc would ask any owner of its command socket. */
static bool wait_stopped(struct lxc_container *c)
{
	const char *state = "";

	for (int waited = 0; waited < STOP_WAIT_S * 1000; waited += STOP_TICK_MS) {
		if (inspect_state(c, &state, NULL) < 0)
			return false;
		if (strcmp(state, "STOPPED") == 0)
			return true;
		poll(NULL, 0, STOP_TICK_MS);
	}
	return false;
}

/* false: there is no such container, and nothing to compare with. */
static bool check_stopped(struct lxc_container *c, bool wait, struct findings *found)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *words = NULL;
	const char *state;

	if (inspect_state(c, &state, &e) < 0) {
		findings_add_error(found, "state", e);
		return false;
	}
	if (strcmp(state, "STOPPED") == 0)
		return check_other_spelling(c, found);
	/* wait for one that is just stopping: its cgroups and names are soon free */
	if (wait && (strcmp(state, "STOPPING") == 0 || strcmp(state, "ABORTING") == 0) &&
	    wait_stopped(c))
		return true;
	error_refuse(&e, EBUSY, "%s is already running (%s)", c->name, state);
	words = container_words(c);
	error_set_hint(&e, "stop it first: lxc-stop %s", words);
	findings_add_error(found, "state", e);
	return true;
}

static bool is_mounted(const char *rootfs)
{
	return rootfs && rootfs_kind_word(rootfs_kind_of(rootfs));
}

/*
 * A rootfs that LXC mounts is mounted here too, read-only, for the checks of its files. -1: LXC
 * mounts none, or it cannot be looked at.
 */
static int look_at_rootfs(const struct restore_parts *p, struct findings *found)
{
	const enum rootfs_kind kind = p->rootfs ? rootfs_kind_of(p->rootfs) : ROOTFS_MISSING;
	const char *word = rootfs_kind_word(kind), *then = p->manifest.facts.rootfs_kind;
	_cleanup_free_ char *device = word ? rootfs_in_use(kind, p->rootfs) : NULL;
	_cleanup_error_ struct error *e = NULL;
	const struct rootfs_wanted wanted = {
		.then = &p->manifest.facts,
		.kind = kind,
		.path = p->rootfs,
		.options = settings_get(&p->settings, "lxc.rootfs.options"),
		.look = true,
	};
	int fd;

	if (!word || !then || strcmp(word, then) != 0 || p->hooks)
		return -1;
	if (device) {
		findings_add(
			found,
			FINDING("rootfs", FINDING_WARNING,
				"unmount and detach it, unless the container has just stopped"),
			"%s is attached to %s: a restore waits for ten seconds until it is "
			"not, and then refuses",
			p->rootfs, device);
		return -1;
	}
	fd = rootfs_mount(&wanted, &e);
	if (fd < 0)
		findings_add(found, FINDING("rootfs", FINDING_WARNING, NULL),
			     "the files of the container cannot be compared before it is restored: "
			     "%s",
			     e->message);
	return fd < 0 ? -1 : fd;
}

static void check_parts(struct lxc_container *c, const struct restore_parts *p,
			struct findings *found)
{
	_cleanup_close_ int view = look_at_rootfs(p, found);
	_cleanup_free_ char *view_path = view < 0 ? NULL : xasprintf("/proc/self/fd/%d", view);
	const bool mounted = p->manifest.facts.rootfs_kind || is_mounted(p->rootfs);
	const struct restore_check check = {
		.manifest = &p->manifest,
		.image = p->image->dirfd,
		.image_path = p->image->path,
		.criu = &p->criu,
		.name = c->name,
		.lxcpath = c->get_config_path(c),
		.config_file = config_name(c),
		.lxc_version = lxc_get_version(),
		.rootfs = mounted ? view_path : p->rootfs,
		.rootfs_path = p->rootfs,
		.config = p->settings.items,
		.n_config = p->settings.n,
		.hooks = p->hooks,
	};

	preflight_find_restore(&check, found);
}

static void find_rootfs(struct lxc_container *c, struct restore_parts *p, struct findings *found)
{
	_cleanup_free_ char *path = NULL;
	const enum rootfs_kind kind = inspect_rootfs(&p->settings, &path);
	const struct rootfs_check check = {
		.name = c->name,
		.config_file = config_name(c),
		.path = path,
		.kind = kind,
		.made_later = p->hooks,
	};

	preflight_rootfs(&check, found);
	if (kind == ROOTFS_DIRECTORY || rootfs_kind_word(kind) ||
	    (kind == ROOTFS_MISSING && p->hooks))
		p->rootfs = TAKE_PTR(path);
}

void check_restore(struct lxc_container *c, const char *directory, bool wait,
		   struct restore_parts *ret, struct findings *found)
{
	_cleanup_error_ struct error *no_image = NULL;
	bool there;

	there = check_stopped(c, wait, found);
	check_host(&ret->criu, found);
	if (there)
		settings_read(c, &ret->settings);
	/* what they make need not exist before */
	ret->hooks = settings_get(&ret->settings, "lxc.hook.pre-start") != NULL;
	if (there)
		find_rootfs(c, ret, found);
	if (image_open(directory, &ret->image, &ret->manifest, &no_image) < 0)
		findings_add_error(found, "image", no_image);
	if (there && ret->image)
		check_parts(c, ret, found);
}

void restore_parts_clear(struct restore_parts *p)
{
	criu_program_clear(&p->criu);
	image_free(p->image);
	manifest_clear(&p->manifest);
	free(p->rootfs);
	settings_clear(&p->settings);
	*p = (struct restore_parts){0};
}

int check_container(struct lxc_container *c, const struct check_options *o, struct error **reterr)
{
	_cleanup_free_ char *directory = restore_directory(c, o->directory);
	_cleanup_restore_parts_ struct restore_parts parts = {0};
	_cleanup_free_ char *place = container_place(c);
	_cleanup_error_ struct error *busy = NULL;
	const struct asked asked = {
		.restore = o->restore,
		.stop = o->stop,
		.replace = o->replace,
		.drop_outside = o->drop_outside,
		.directory = o->directory,
		.force = o->force,
	};
	_cleanup_free_ char *command = check_command(c, &asked);
	_cleanup_findings_ struct findings found = {.command = command};

	if (operation_look(c, place, &busy) < 0) {
		/* the container's state now is CRIU's work */
		findings_add_error(&found, "busy", busy);
	} else if (o->restore) {
		check_restore(c, directory, false, &parts, &found);
	} else {
		_cleanup_spelling_ struct spelling spelling = spelling_adopt(c);

		check_dump(c, o, &parts.criu, &found);
	}
	if (parts.criu.path && o->criu)
		o->criu(&parts.criu, o->userdata);
	findings_force(&found, o->force);
	for (size_t i = 0; o->found && i < found.n; i++)
		o->found(&found.v[i], o->userdata);
	return findings_refuse(&found, c->name, reterr);
}
