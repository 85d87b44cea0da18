/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CRIU's command line, of what is known of the container. Pure. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "criu/argv.h"

#define LOCK_ID_MAX 64 /* of the name of a network lock */

static void add_option(struct strv *argv, const char *option, const char *value)
{
	strv_add(argv, "%s", option);
	strv_add(argv, "%s", value);
}

static void add_flag(struct strv *argv, const char *option)
{
	strv_add(argv, "%s", option);
}

static void add_action_scripts(struct strv *argv, const char *const *scripts)
{
	size_t n = 0;

	while (scripts && scripts[n])
		n++;
	/* CRIU puts each at the head of its list: the last one here runs first. */
	while (n-- > 0)
		add_option(argv, "--action-script", scripts[n]);
}

static void add_common(struct strv *argv, const struct criu_job *job)
{
	static const char *const verbs[] = {
		[CRIU_DUMP] = "dump",
		[CRIU_RESTORE] = "restore",
	};

	_cleanup_free_ char *dir = job->image_fd > 2 ? xasprintf("/proc/self/fd/%d", job->image_fd)
						     : xstrdup(job->image_dir);

	strv_add(argv, "%s", job->criu);
	strv_add(argv, "%s", verbs[job->verb]);
	if (job->verb == CRIU_RESTORE && job->images_path) {
		add_option(argv, "-D", job->images_path);
		add_option(argv, "-W", dir);
	} else {
		add_option(argv, "-D", dir);
	}
	add_option(argv, "-o", job->log_file);
	strv_add(argv, "-v%u", job->verbosity);
	/* what /etc/criu says is meant for others: it could turn off what is promised here */
	add_flag(argv, "--no-default-config");
	add_flag(argv, "--tcp-established");
	add_flag(argv, "--file-locks");
	add_flag(argv, "--link-remap");
	add_flag(argv, "--manage-cgroups=full");
	add_option(argv, "--enable-fs", "all");
	add_flag(argv, "--enable-external-sharing");
	add_flag(argv, "--enable-external-masters");
	if (job->cgroup_yard)
		add_option(argv, "--cgroup-yard", job->cgroup_yard);
	add_action_scripts(argv, job->action_scripts);
}

/* One terminal can be mounted in two places. */
static bool tty_came_before(const struct container_facts *facts, size_t i)
{
	const struct tty *t = &facts->ttys[i];

	for (size_t k = 0; k < i; k++)
		if (facts->ttys[k].rdev == t->rdev && facts->ttys[k].dev == t->dev)
			return true;
	return false;
}

static void add_dump_externals(struct strv *argv, const struct container_facts *facts)
{
	for (size_t i = 0; i < facts->n_mounts; i++) {
		const struct ext_mount *m = &facts->mounts[i];

		add_flag(argv, "--external");
		strv_add(argv, "mnt[%s]:%s", m->target, m->key);
	}
	/* Each is a bind mount of a device whose other end is not in the container: CRIU needs
	 * both. */
	for (size_t i = 0; i < facts->n_ttys; i++) {
		const struct tty *t = &facts->ttys[i];

		add_flag(argv, "--external");
		strv_add(argv, "mnt[%s]:%s", t->target, t->key);
		if (tty_came_before(facts, i))
			continue;
		add_flag(argv, "--external");
		strv_add(argv, "tty[%x:%x]", t->rdev, t->dev);
	}
}

static void add_network_lock(struct strv *argv, const struct criu_job *job)
{
	switch (job->network_lock) {
	case NETWORK_LOCK_DEFAULT:
		break;
	case NETWORK_LOCK_NFTABLES:
		if (criu_has(&job->version, CRIU_LOCK_BY_NFTABLES))
			add_option(argv, "--network-lock", "nftables");
		break;
	case NETWORK_LOCK_SKIP:
		/* An older one locks by iptables as well, which is slower and no less right. */
		if (criu_has(&job->version, CRIU_LOCK_NOTHING))
			add_option(argv, "--network-lock", "skip");
		break;
	}
}

/*
 * The kernel opens no file of a devpts by its handle, which is all that CRIU knows of
 * a terminal that is watched, as agetty (util-linux 2.42) does: where to look for its name.
 * The container's ttys have another one in its devpts, which a restored container lacks.
 */
static void add_watched(struct strv *argv, const struct criu_job *job)
{
	for (size_t i = 0; i < job->facts->n_ttys; i++)
		add_option(argv, "--irmap-scan-path", job->facts->ttys[i].target);
	add_option(argv, "--irmap-scan-path", "/dev/pts");
}

static void add_null_files(struct strv *argv, const struct null_files *all)
{
	for (size_t i = 0; all && i < all->n; i++) {
		add_flag(argv, "--external");
		strv_add(argv, "file[%x:%llx]", all->v[i].mount,
			 (unsigned long long)all->v[i].inode);
	}
}

static void add_dump(struct strv *argv, const struct criu_job *job)
{
	add_watched(argv, job);
	add_flag(argv, CRIU_CPU_CAP);
	strv_add(argv, "-t");
	strv_add(argv, "%d", (int)job->facts->init_pid);
	if (job->timeout) {
		add_flag(argv, "--timeout");
		strv_add(argv, "%u", job->timeout);
	}
	if (job->freeze_cgroup)
		add_option(argv, "--freeze-cgroup", job->freeze_cgroup);
	add_dump_externals(argv, job->facts);
	add_null_files(argv, job->null_files);
	if (job->leave_running)
		add_flag(argv, "--leave-running");
	add_network_lock(argv, job);
	if (!job->no_skip_in_flight)
		add_flag(argv, "--skip-in-flight");
	if (job->ghost_limit) {
		add_flag(argv, "--ghost-limit");
		strv_add(argv, "%llu", (unsigned long long)job->ghost_limit);
	}
}

/* Returns the part of path below top: "" for top itself, "/sub" below it, NULL elsewhere. */
static const char *path_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (strncmp(path, top, len) != 0 || (path[len] != '\0' && path[len] != '/'))
		return NULL;
	return path + len;
}

static const char *payload_cgroup(const struct container_facts *facts)
{
	const struct cgroup *cg = facts_cgroup2(facts);

	/* At the hierarchy's root there is no payload cgroup, and everything would be below it. */
	return cg && strcmp(cg->path, "/") != 0 ? cg->path : NULL;
}

/*
 * A bare path would be the new root in every hierarchy that has no explicit
 * one, and CRIU would make that directory in each v1 hierarchy of the host.
 * The empty controller name is cgroup2 and nothing else. A v1 hierarchy left
 * out keeps the paths in the image; one in which the container had its own
 * payload directory moves with it.
 */
static void add_cgroup_roots(struct strv *argv, const struct criu_job *job)
{
	const struct container_facts *facts = job->facts;
	const char *payload = payload_cgroup(facts);

	if (!job->cgroup_root)
		return;
	add_flag(argv, "--cgroup-root");
	strv_add(argv, ":%s", job->cgroup_root);
	for (size_t i = 0; payload && i < facts->n_cgroups; i++) {
		const struct cgroup *cg = &facts->cgroups[i];
		const char *rest = path_below(cg->path, payload);

		if (cg->controllers[0] == '\0' || !rest)
			continue;
		add_flag(argv, "--cgroup-root");
		strv_add(argv, "%s:%s%s", cg->controllers, job->cgroup_root, rest);
	}
}

static void add_restore_externals(struct strv *argv, const struct criu_job *job)
{
	const struct container_facts *facts = job->facts;

	for (size_t i = 0; i < facts->n_mounts; i++) {
		add_flag(argv, "--external");
		strv_add(argv, "mnt[%s]:%s", facts->mounts[i].key,
			 job->mount_sources ? job->mount_sources[i] : facts->mounts[i].source);
	}
	/* Without one CRIU wants a device of the same number, which the same one need not have. */
	for (size_t i = 0; job->devices && i < facts->n_block_filesystems; i++) {
		add_flag(argv, "--external");
		strv_add(argv, "%s:%s", facts->block_filesystems[i].source, job->devices[i]);
	}
	for (size_t i = 0; job->tty_ends && i < facts->n_ttys; i++) {
		const struct tty_end *end = &job->tty_ends[i];
		const struct tty *t = &facts->ttys[i];

		add_flag(argv, "--external");
		strv_add(argv, "mnt[%s]:%s", t->key, end->path);
		if (tty_came_before(facts, i))
			continue;
		add_flag(argv, "--inherit-fd");
		strv_add(argv, "fd[%d]:tty[%x:%x]", end->slave_fd, t->rdev, t->dev);
	}
	/* No "@bridge": the callback puts it there when the connections are complete. */
	for (size_t i = 0; job->host_veths && i < facts->n_nics; i++) {
		if (facts->nics[i].parent) {
			add_flag(argv, "--external");
			strv_add(argv, "macvlan[%s]:%s", facts->nics[i].name,
				 facts->nics[i].parent);
		}
		if (!job->host_veths[i])
			continue;
		add_flag(argv, "--external");
		strv_add(argv, "veth[%s]:%s", facts->nics[i].name, job->host_veths[i]);
	}
}

static void add_restore(struct strv *argv, const struct criu_job *job)
{
	/* Sibling: the process that runs CRIU becomes init's parent, and is the one to outlive it.
	 */
	add_flag(argv, "--restore-detached");
	add_flag(argv, "--restore-sibling");
	if (job->root)
		add_option(argv, "--root", job->root);
	add_cgroup_roots(argv, job);
	add_restore_externals(argv, job);
	if (job->pidfile)
		add_option(argv, "--pidfile", job->pidfile);
	if (job->ignore_cpu)
		add_flag(argv, "--cpu-cap=none");
	if (job->ignore_files)
		add_option(argv, "--file-validation", "filesize");
	if (job->ignore_files && criu_has(&job->version, CRIU_SKIP_RWX_CHECK))
		add_flag(argv, "--skip-file-rwx-check");
}

struct strv criu_argv(const struct criu_job *job)
{
	static void (*const add[])(struct strv *, const struct criu_job *) = {
		[CRIU_DUMP] = add_dump,
		[CRIU_RESTORE] = add_restore,
	};
	struct strv argv = {0};

	add_common(&argv, job);
	add[job->verb](&argv, job);
	return argv;
}

/*
 * "table inet CRIU-<id of that run>", and nothing else: the names of tables are the container's,
 * and what is said to nft is a language, in which a name could go on as anything.
 */
bool criu_is_network_lock(const char *line, size_t len)
{
	static const char head[] = "table inet CRIU-";
	size_t n = strlen(head);

	if (len <= n || len - n > LOCK_ID_MAX || strncmp(line, head, n) != 0)
		return false;
	for (size_t i = n; i < len; i++)
		if (!isalnum((unsigned char)line[i]) && line[i] != '-')
			return false;
	return true;
}
