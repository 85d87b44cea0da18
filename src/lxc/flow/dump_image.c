/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a checkpoint's image has beside that which CRIU writes: the manifest's contents, and files
 * of our own; and what has to be mended in CRIU's. Runs in the caller's process, as root on the
 * host; a part of it while CRIU holds the container still.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "carry/block_filesystems_save.h"
#include "carry/file_times.h"
#include "carry/file_times_save.h"
#include "carry/keyring.h"
#include "carry/keyring_save.h"
#include "carry/scrollback_save.h"
#include "carry/sysctls.h"
#include "carry/sysctls_save.h"
#include "carry/tracefs_save.h"
#include "criu.h"
#include "criu/image_mend.h"
#include "flow/dump_private.h"
#include "image/dir.h"
#include "image/network_file.h"
#include "preflight/preflight.h"
#include "sys/cpuinfo.h"
#include "util/fd.h"
#include "util/mem.h"

#define CONFIG_MAX (4 * 1024 * 1024)

static char *now_utc(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

/* What a restore compares the config of then with. */
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

	if (facts->rootfs && stat(facts->rootfs, &st) == 0)
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
int dump_write_network(struct dump *d, struct error **reterr)
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
	text = network_to_text(nics, facts->n_nics, NULL);
	r = operation_set_network(&d->operation, nics, facts->n_nics, reterr);
	free(nics);
	return r < 0 ? r : image_write(d->image, NETWORK_NAME, text, reterr);
}

int dump_write_sysctls(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	int r = inspect_sysctls(&d->manifest.facts, &text, reterr);

	return r < 0 ? r : image_write(d->image, SYSCTLS_NAME, text, reterr);
}

/* While init runs: CRIU alone has its hands on processes that stand still. */
int dump_write_keyring(struct dump *d, struct error **reterr)
{
	char *text = NULL;
	int r = inspect_keyring(&d->settings, &d->manifest.facts, d->init, &text, reterr);

	if (r == 0 && text)
		r = image_write(d->image, KEYRING_NAME, text, reterr);
	free_secret(text);
	return r;
}

/*
 * What is in the buffer of the console: now, since nothing is written any more. LXC's
 * monitor can only give it away, which it is not asked to if the container runs on.
 */
int dump_save_scrollback(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	_cleanup_free_ char *data = NULL;
	size_t len;

	scrollback_read(facts->lxcpath, facts->name, d->o->stop, &data, &len);
	d->scrollback = data != NULL;
	return data ? image_write_bytes(d->image, SCROLLBACK_NAME, data, len, reterr) : 0;
}

/* What the container's memory fits to: a restore compares it. */
static int save_file_times(struct dump *d, const struct criu_files *files, struct error **reterr)
{
	_cleanup_free_ char *text = inspect_file_times(&d->manifest.facts, files, d->root);

	return image_write(d->image, FILE_TIMES_NAME, text, reterr);
}

/* What is outside of the image, and is to be the same at a restore. */
int dump_save_outside(struct dump *d, struct error **reterr)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	int r;

	criu_files_read(d->image->dirfd, &files);
	r = inspect_block_filesystems(&files, d->root, &d->manifest.facts, reterr);
	return r < 0 ? r : save_file_times(d, &files, reterr);
}

int dump_mend_image(struct dump *d, struct error **reterr)
{
	int dirfd = d->image->dirfd, r = 0;

	if (criu_mounts_nested(dirfd))
		r = inspect_skipped_nested(&d->manifest.facts, d->mount_ns, &d->skipped);
	if (r < 0)
		return error_set(reterr, -r, "cannot read the container's mounts: %s",
				 strerror(-r));
	return criu_image_mend(dirfd, &d->skipped, reterr);
}
