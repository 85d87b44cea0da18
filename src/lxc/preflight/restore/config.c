/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Compares the container's configuration with that of the checkpoint. A restored container keeps
 * the checkpoint's settings until it is started again. So a change since then would not be in
 * force, which blocks if somebody relies on it: interfaces, mounts of the host's files, privileges.
 * Runs in the command, as root, on the host.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "facts/idmap.h"
#include "preflight/restore/restore_checks.h"
#include "util/mem.h"

/*
 * The compared keys. For all others the monitor uses the current configuration, or they have no
 * effect.
 */
static const struct rule {
	const char *key;
	bool lines; /* a list, a line each */
	enum finding_kind kind;
} rules[] = {
	{"lxc.mount.entry", true, FINDING_BLOCKS},
	{"lxc.mount.auto", false, FINDING_BLOCKS},
	{"lxc.mount.fstab", false, FINDING_BLOCKS},
	{"lxc.apparmor.profile", false, FINDING_BLOCKS},
	{"lxc.seccomp.profile", false, FINDING_BLOCKS},
	{"lxc.cap.drop", true, FINDING_BLOCKS},
	{"lxc.cap.keep", true, FINDING_BLOCKS},
	{"lxc.no_new_privs", false, FINDING_BLOCKS},
	/* a restore makes a new namespace, while the other container keeps the old one */
	{"lxc.namespace.share.net", false, FINDING_BLOCKS},
	{"lxc.namespace.share.ipc", false, FINDING_BLOCKS},
	{"lxc.namespace.share.uts", false, FINDING_BLOCKS},
	{"lxc.namespace.share.pid", false, FINDING_BLOCKS},
	{"lxc.cgroup2", true, FINDING_WARNING},
	{"lxc.prlimit", true, FINDING_WARNING},
	{"lxc.sysctl", true, FINDING_WARNING},
	{"lxc.tty.max", false, FINDING_WARNING},
	{"lxc.tty.dir", false, FINDING_WARNING},
	{"lxc.uts.name", false, FINDING_WARNING},
};

/* The same for an interface, below "lxc.net.N.". Its settings inside are in the checkpoint. */
static const char *const net_members[] = {
	"type", "link", "name", "veth.mode", "veth.vlan.id", "veth.vlan.tagged.id",
};

#define N_RULES	      (sizeof(rules) / sizeof(rules[0]))
#define N_NET_MEMBERS (sizeof(net_members) / sizeof(net_members[0]))

/* The member in a key "lxc.net.N.member" that is compared; NULL: another key. */
static const char *net_member(const char *key, unsigned int *ret_number)
{
	static const char prefix[] = "lxc.net.";
	const char *digits = key + strlen(prefix);
	char *end;

	if (strncmp(key, prefix, strlen(prefix)) != 0 || !isdigit((unsigned char)*digits))
		return NULL;
	*ret_number = (unsigned int)strtoul(digits, &end, 10);
	for (size_t i = 0; *end == '.' && i < N_NET_MEMBERS; i++)
		if (strcmp(end + 1, net_members[i]) == 0)
			return net_members[i];
	return NULL;
}

bool preflight_config_matters(const char *key)
{
	unsigned int number;

	for (size_t i = 0; i < N_RULES; i++)
		if (strcmp(key, rules[i].key) == 0)
			return true;
	return net_member(key, &number) != NULL;
}

struct comparison {
	const struct restore_check *r;
	struct findings *found;
	char *remedy;
	bool same_lxc;
};

/* Another version of LXC may print the same in other words. */
static enum finding_kind kind_of(const struct comparison *c, enum finding_kind kind)
{
	return c->same_lxc ? kind : FINDING_WARNING;
}

static void tell_change(const struct comparison *c, enum finding_kind kind, const char *key,
			const char *then, const char *now)
{
	findings_add(c->found, FINDING("config", kind_of(c, kind), c->remedy, .force = "config"),
		     "%s was %s%s%s and is %s%s%s", key, then ? "\"" : "", then ? then : "not set",
		     then ? "\"" : "", now ? "\"" : "", now ? now : "not set", now ? "\"" : "");
}

/* --- lists --- */

static bool has_line(const char *text, const char *line, size_t len)
{
	for (const char *p = text; p && *p; p += *p == '\n') {
		size_t n = strcspn(p, "\n");

		if (n == len && strncmp(p, line, len) == 0)
			return true;
		p += n;
	}
	return false;
}

/*
 * Reports lines of a that are not in b. The device rules of either time do not come from the
 * configuration alone.
 */
static void tell_lines(const struct comparison *c, const struct rule *rule, const char *a,
		       const char *b, const char *what)
{
	for (const char *p = a; p && *p; p += *p == '\n') {
		size_t n = strcspn(p, "\n");

		if (n && !has_line(b, p, n) &&
		    strncmp(p, "lxc.cgroup2.devices.", strlen("lxc.cgroup2.devices.")) != 0)
			findings_add(c->found,
				     FINDING("config", kind_of(c, rule->kind), c->remedy,
					     .force = "config"),
				     "%s %s: %.*s", rule->key, what, (int)n, p);
		p += n;
	}
}

static void compare_rules(const struct comparison *c)
{
	const struct restore_check *r = c->r;
	const struct manifest *m = r->manifest;

	for (size_t i = 0; i < N_RULES; i++) {
		const char *then = config_item_value(m->items, m->n_items, rules[i].key);
		const char *now = config_item_value(r->config, r->n_config, rules[i].key);

		if (rules[i].lines) {
			tell_lines(c, &rules[i], now, then, "has been added");
			tell_lines(c, &rules[i], then, now, "has been removed");
		} else if (strcmp(then ? then : "", now ? now : "") != 0) {
			tell_change(c, rules[i].kind, rules[i].key, then, now);
		}
	}
}

/* --- interfaces --- */

static bool has_items_of(const struct config_item *items, size_t n, unsigned int number)
{
	_cleanup_free_ char *key = xasprintf("lxc.net.%u.type", number);

	return config_item_value(items, n, key) != NULL;
}

static void compare_net(const struct comparison *c, unsigned int number)
{
	const struct restore_check *r = c->r;
	const struct manifest *m = r->manifest;

	for (size_t i = 0; i < N_NET_MEMBERS; i++) {
		_cleanup_free_ char *key = xasprintf("lxc.net.%u.%s", number, net_members[i]);
		const char *then = config_item_value(m->items, m->n_items, key);
		const char *now = config_item_value(r->config, r->n_config, key);

		if (strcmp(then ? then : "", now ? now : "") != 0)
			tell_change(c, FINDING_BLOCKS, key, then, now);
	}
}

/* The number in a key "lxc.net.N.type"; -1: another key. */
static int net_number(const char *key)
{
	unsigned int number = 0;
	const char *member = net_member(key, &number);

	return member && strcmp(member, "type") == 0 ? (int)number : -1;
}

static void compare_nets(const struct comparison *c)
{
	const struct restore_check *r = c->r;
	const struct manifest *m = r->manifest;

	for (size_t i = 0; i < m->n_items; i++) {
		int n = net_number(m->items[i].key);

		if (n < 0 || !has_items_of(m->items, m->n_items, (unsigned int)n))
			continue;
		if (has_items_of(r->config, r->n_config, (unsigned int)n))
			compare_net(c, (unsigned int)n);
		else
			findings_add(c->found,
				     FINDING("config", kind_of(c, FINDING_BLOCKS), c->remedy,
					     .force = "config"),
				     "lxc.net.%d has been removed", n);
	}
	for (size_t i = 0; i < r->n_config; i++) {
		int n = net_number(r->config[i].key);

		if (n >= 0 && has_items_of(r->config, r->n_config, (unsigned int)n) &&
		    !has_items_of(m->items, m->n_items, (unsigned int)n))
			findings_add(c->found,
				     FINDING("config", kind_of(c, FINDING_BLOCKS), c->remedy,
					     .force = "config"),
				     "lxc.net.%d has been added", n);
	}
}

/* The container's files match only one of the two maps. */
void check_idmap(const struct restore_check *r, struct findings *found)
{
	_cleanup_facts_ struct container_facts now = {0};
	const char *text = config_item_value(r->config, r->n_config, "lxc.idmap");
	_cleanup_free_ char *had = idmap_text(&r->manifest->facts);
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *has = NULL;

	if (text && idmap_parse(text, NULL, &now, &e) < 0) {
		findings_add_error(found, "idmap", e);
		return;
	}
	has = idmap_text(&now);
	if (strcmp(had, has) != 0)
		findings_add(found,
			     FINDING("idmap", FINDING_BLOCKS,
				     "the files match only one of them: set lxc.idmap back, or "
				     "start the "
				     "container again"),
			     "the checkpoint of %s has the ID map \"%s\", and its config has "
			     "\"%s\"",
			     r->manifest->facts.name, had, has);
}

void check_config(const struct restore_check *r, struct findings *found)
{
	struct comparison c = {.r = r, .found = found};
	const char *version = r->lxc_version;

	/* without items there is nothing to compare */
	if (r->manifest->n_items == 0 || r->n_config == 0)
		return;
	c.same_lxc = strcmp(version, r->manifest->lxc_version) == 0;
	if (!c.same_lxc)
		findings_add(found, FINDING("lxc-version", FINDING_NOTE, NULL),
			     "the checkpoint was made with LXC %s, and this is %s",
			     r->manifest->lxc_version, version);
	c.remedy = xasprintf("undo that in %s: the restored container keeps what the checkpoint "
			     "has until you start it again",
			     r->config_file);
	compare_rules(&c);
	compare_nets(&c);
	free(c.remedy);
}
