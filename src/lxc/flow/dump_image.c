/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a checkpoint's image has beside that which CRIU writes: the manifest's contents, and files
 * of our own; and what has to be mended in CRIU's. Runs in the caller's process, as root on the
 * host; a part of it while CRIU holds the container still.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "carry/table_save.h"
#include "criu.h"
#include "criu/image_files.h"
#include "criu/image_ghosts.h"
#include "criu/image_mend.h"
#include "criu/image_mounts.h"
#include "criu/image_names.h"
#include "criu/null_pipes.h"
#include "flow/dump_private.h"
#include "image/dir.h"
#include "image/network_file.h"
#include "preflight/preflight.h"
#include "sys/cpuinfo.h"
#include "util/fd.h"
#include "util/map.h"
#include "util/mem.h"

#define CONFIG_MAX (4 * 1024 * 1024)
#define REMAPS_MAX (64 * 1024 * 1024)

static char *now_utc(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

/* The digest that a restore compares its configuration with. */
static void describe_config(struct dump *d)
{
	struct manifest *m = &d->manifest;
	const struct settings *s = &d->settings;

	for (size_t i = 0; i < s->n; i++)
		if (preflight_config_matters(s->items[i].key))
			*ARRAY_ADD(m->items, m->n_items) = (struct config_item){
				.key = xstrdup(s->items[i].key),
				.value = xstrdup(s->items[i].value),
			};
}

/* And the machine of now with that of then. */
static void describe_machine(struct manifest *m)
{
	struct cpuinfo cpu = {0};
	long page = sysconf(_SC_PAGESIZE);

	cpuinfo_read(&cpu);
	m->page_size = page > 0 ? (unsigned int)page : 0;
	m->cpu_model = cpu.model;
	m->cpu_features = cpu.features;
}

static void describe_rootfs(struct container_facts *facts)
{
	struct stat st;

	if (facts->rootfs && !facts->rootfs_kind && !facts->rootfs_inode &&
	    stat(facts->rootfs, &st) == 0)
		facts->rootfs_inode = st.st_ino;
}

/* Everything of the manifest that is known before CRIU starts. */
void dump_describe(struct dump *d)
{
	struct manifest *m = &d->manifest;
	struct utsname un;
	char *config;

	m->schema = MANIFEST_SCHEMA;
	m->created = now_utc();
	m->stopped = d->o->stop;
	m->tool_version = xstrdup(PACKAGE_VERSION);
	m->lxc_version = xstrdup(lxc_get_version());
	m->criu_version = criu_version_text(&d->criu.version);
	uname(&un);
	m->kernel = xstrdup(un.release);
	m->arch = xstrdup(un.machine);
	describe_machine(m);
	describe_config(d);
	describe_rootfs(&m->facts);
	if (d->c->configfile && read_file_at(AT_FDCWD, d->c->configfile, CONFIG_MAX, &config) >= 0)
		m->config = config;
}

/*
 * What the callback does at the dump. A port with settings of its own would lose
 * them by leaving its bridge: that one stays, and CRIU locks the network.
 */
static int write_network(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	struct nic *nics = xcalloc(facts->n_nics + 1, sizeof(*nics));
	_cleanup_free_ char *text = NULL;
	int r;

	for (size_t i = 0; i < facts->n_nics; i++) {
		nics[i] = facts->nics[i];
		if (nics[i].special_port)
			nics[i].bridge = NULL;
	}
	text = network_to_text(nics, facts->n_nics, NULL, false);
	r = operation_set_network(&d->operation, nics, facts->n_nics, reterr);
	free(nics);
	return r < 0 ? r : image_write(d->image, NETWORK_NAME, text, reterr);
}

int dump_write_files(struct dump *d, struct error **reterr)
{
	int r = write_network(d, reterr);

	d->saving.settings = &d->settings;
	d->saving.facts = &d->manifest.facts;
	d->saving.image = d->image;
	d->saving.stop = d->o->stop;
	d->saving.init = d->init;
	return r < 0 ? r : carry_save(&d->saving, SAVE_RUNNING, reterr);
}

/*
 * What is read of its init while that lives: one that is killed from here on takes neither its
 * root nor its mounts with it.
 */
int dump_save_stopped(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)d->manifest.facts.init_pid);

	if (d->saving.root >= 0)
		return 0;
	d->saving.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->saving.root < 0)
		return error_errno(reterr, "cannot look into the container (%s)", path);
	return carry_save(&d->saving, SAVE_STOPPED, reterr);
}

static int save_at_post_dump(struct dump *d, struct error **reterr)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	int r;

	criu_files_read(d->image->dirfd, &files);
	d->saving.files = &files;
	r = carry_save(&d->saving, SAVE_POST_DUMP, reterr);
	d->saving.files = NULL;
	return r;
}

/* Looks for paths of deleted files that somebody has taken since check_dump(). */
static int check_deleted_mounts(struct dump *d, struct error **reterr)
{
	const struct preflight p = {.facts = &d->manifest.facts, .criu = &d->criu};

	if (!criu_mounts_deleted(d->image->dirfd))
		return 0;
	return error_mark_refused(reterr, false, preflight_deleted_mounts(&p, reterr));
}

/*
 * Looks for folders that were deleted when CRIU came, and whose path somebody has taken since
 * check_dump(): a restore would take what is there for the folder.
 */
static int check_deleted_folders(struct dump *d, struct error **reterr)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	_cleanup_free_ char *remaps = NULL;
	_cleanup_free_ uint32_t *ghosts = NULL;
	_cleanup_map_ struct map deleted = {0};
	ssize_t len = read_file_at(d->image->dirfd, CRIU_REMAPS, REMAPS_MAX, &remaps);
	size_t n = 0;

	if (len > 0)
		ghosts = criu_ghosts_read(remaps, (size_t)len, &n);
	for (size_t i = 0; i < n; i++)
		map_add(&deleted, ghosts[i], 0);
	if (n > 0)
		criu_files_read_all(d->image->dirfd, &files);
	for (size_t i = 0; i < files.n; i++) {
		const struct criu_file *f = &files.v[i];
		const struct criu_mount *m = criu_files_mount(&files, f->mount);
		_cleanup_close_ int fd = -1;

		if (!S_ISDIR(f->mode) || !map_get(&deleted, f->id, NULL) || !m ||
		    m->ns != files.init_ns)
			continue;
		fd = open_in_root(d->saving.root, f->path, O_PATH | O_NOFOLLOW);
		if (fd >= 0 || errno == ENOTDIR)
			return error_set(
				reterr, EBUSY,
				"a process has a folder open that it has just deleted, and at "
				"its place there is another file by now: %s; try again",
				f->path);
	}
	return 0;
}

static int complete(struct dump *d, struct error **reterr)
{
	int r = dump_save_stopped(d, reterr);

	if (r == 0)
		r = save_at_post_dump(d, reterr);
	if (r == 0)
		r = check_deleted_mounts(d, reterr);
	if (r == 0)
		r = check_deleted_folders(d, reterr);
	if (r == 0)
		r = carry_save(&d->saving, SAVE_MEND, reterr);
	if (r == 0)
		r = criu_image_mend(d->image->dirfd, &d->saving.skipped, &d->saving.mount_changes,
				    &d->saving.watch_changes, reterr);
	return r < 0 ? r : null_pipes_mend(d->image->dirfd, &d->null_files, reterr);
}

int dump_complete_image(struct dump *d, struct error **reterr)
{
	int r = complete(d, reterr);

	/* what holds its rootfs may not be in the way of those who take it down */
	fd_close(&d->saving.root);
	return r < 0 ? r : carry_save(&d->saving, SAVE_LAST, reterr);
}
