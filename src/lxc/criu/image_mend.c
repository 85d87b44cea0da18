/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mends CRIU's image, in one pass that opens each file once: the container stands still. Runs in
 * the command at post-dump, as root in the host's namespaces, on files that CRIU has written.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>

#include "criu/firewall.h"
#include "criu/image_calls.h"
#include "criu/image_edit.h"
#include "criu/image_ghosts.h"
#include "criu/image_mend.h"
#include "criu/image_names.h"
#include "criu/image_network.h"
#include "criu/image_sockets.h"
#include "criu/image_tree.h"
#include "criu/null_files.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define REGULAR_ID    1 /* of a regular file in files.img */
#define REGULAR_FLAGS 2
#define MM_PROGRAM    12
#define CORE_TASK     3
#define TASK_LIMITS   8 /* of CORE_TASK */
#define LIMITS_LIMIT  1 /* of TASK_LIMITS, one for each resource in their order */
#define LIMIT_SOFT    1 /* of LIMITS_LIMIT */

/* The layout that CRIU writes, on the architectures it knows. */
#define CRIU_O_PATH 010000000

#define MM_MAX	   (64 * 1024 * 1024)
#define CORE_MAX   (16 * 1024 * 1024)
#define REMAPS_MAX (64 * 1024 * 1024)

uint32_t criu_image_program(const void *mm, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)mm, len}, entry;
	struct field f = {0};

	if (!take_magic(&image, MAGIC_MM) || !take_entry(&image, &entry))
		return 0;
	while (take_field(&entry, &f))
		if (f.number == MM_PROGRAM)
			return (uint32_t)f.value;
	return 0;
}

/* The flags of an entry that is a regular file. */
static bool find_flags(struct bytes entry, uint32_t *ret_id, struct field *ret_flags)
{
	struct bytes regular;
	struct field f = {0};

	*ret_id = 0;
	*ret_flags = f;
	if (!take_regular(entry, &regular))
		return false;
	while (take_field(&regular, &f)) {
		if (f.number == REGULAR_ID)
			*ret_id = (uint32_t)f.value;
		else if (f.number == REGULAR_FLAGS)
			*ret_flags = f;
	}
	return ret_flags->number != 0;
}

size_t criu_image_clear_o_path(void *files, size_t len, const uint32_t *programs, size_t n)
{
	struct bytes image = {files, len}, entry;
	struct field flags = {0};
	size_t cleared = 0;
	uint32_t id;

	if (!take_magic(&image, MAGIC_FILES))
		return 0;
	while (take_entry(&image, &entry)) {
		if (!find_flags(entry, &id, &flags) || !(flags.value & CRIU_O_PATH) ||
		    !is_among(id, programs, n))
			continue;
		replace_number(flags.bytes, flags.value & ~(uint64_t)CRIU_O_PATH);
		cleared++;
	}
	return cleared;
}

bool criu_image_has_links(int dirfd)
{
	_cleanup_free_ char *remaps = NULL;
	ssize_t len = read_file_at(dirfd, CRIU_REMAPS, REMAPS_MAX, &remaps);

	return len > 0 && criu_ghosts_have_links(remaps, (size_t)len);
}

static int is_there(int dirfd, const char *name, void *userdata)
{
	(void)dirfd;
	(void)name;
	*(bool *)userdata = true;
	return 0;
}

bool criu_image_has_connections(int dirfd)
{
	bool found = false;

	each_image(dirfd, CRIU_STREAM_PREFIX, is_there, &found);
	return found;
}

/* The member of that number which is the nth such one of a message. */
static bool find_member(struct bytes message, unsigned int number, size_t nth, struct field *ret)
{
	while (take_field(&message, ret))
		if (ret->number == number && nth-- == 0)
			return true;
	return false;
}

uint64_t criu_image_core_file_limit(const void *core, size_t len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)core, len}, entry;
	struct field f = {0};

	if (!take_magic(&image, MAGIC_CORE) || !take_entry(&image, &entry) ||
	    !find_member(entry, CORE_TASK, 0, &f) || !find_member(f.bytes, TASK_LIMITS, 0, &f) ||
	    !find_member(f.bytes, LIMITS_LIMIT, RLIMIT_FSIZE, &f) ||
	    !find_member(f.bytes, LIMIT_SOFT, 0, &f))
		return UINT64_MAX;
	return f.value;
}

static int lower_limit(int dirfd, const char *name, void *userdata)
{
	_cleanup_free_ char *core = NULL;
	ssize_t len = read_file_at(dirfd, name, CORE_MAX, &core);
	uint64_t *least = userdata;

	if (len > 0)
		*least = MIN(*least, criu_image_core_file_limit(core, (size_t)len));
	return 0;
}

uint64_t criu_image_file_limit(int dirfd)
{
	uint64_t least = UINT64_MAX;

	each_image(dirfd, CRIU_CORE_PREFIX, lower_limit, &least);
	return least;
}

/* --- mending: each file is opened once --- */

struct mending {
	int dirfd;
	int error;	    /* -errno, of a file that was mended within another */
	uint32_t *programs; /* files that processes run */
	size_t n_programs;
	uint32_t *ghosts; /* files that are deleted */
	size_t n_ghosts;
	struct half_closed *closed;
	size_t n_closed;
	struct mount_images mounts;
};

static int note_program(int dirfd, const char *name, struct mending *m)
{
	_cleanup_free_ char *mm = NULL;
	ssize_t len = read_file_at(dirfd, name, MM_MAX, &mm);

	if (len < 0)
		return (int)len;
	*ARRAY_ADD(m->programs, m->n_programs) = criu_image_program(mm, (size_t)len);
	return 0;
}

static void mend_core(void *image, size_t len, void *userdata)
{
	(void)userdata;
	criu_calls_restart(image, len);
}

static void mend_links(void *image, size_t len, void *userdata)
{
	uint8_t mac[MAC_LEN];

	(void)userdata;
	/* another one for each network namespace: its bridges may meet */
	if (criu_network_make_mac(mac))
		criu_network_name_bridges(image, len, mac);
}

static void order_ghosts(void *image, size_t len, void *userdata)
{
	const struct bytes *files = userdata;

	criu_ghosts_order(image, len, files->p, files->len);
}

static void mend_files(void *image, size_t len, void *userdata)
{
	struct mending *m = userdata;
	struct bytes files = {image, len};

	null_files_mend(image, len);
	criu_image_clear_o_path(image, len, m->programs, m->n_programs);
	criu_ghosts_shorten(image, len, m->ghosts, m->n_ghosts);
	if (m->n_ghosts > 1)
		m->error = edit_image(m->dirfd, CRIU_REMAPS, order_ghosts, &files);
	m->n_closed = criu_sockets_half_closed(image, len, &m->closed);
}

static void mend_stream(void *image, size_t len, void *userdata)
{
	(void)userdata;
	criu_sockets_mend_window(image, len);
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Those that say all that their mending takes. */
static int mend_one(int dirfd, const char *name, void *userdata)
{
	struct mending *m = userdata;

	if (has_prefix(name, CRIU_MM_PREFIX))
		return note_program(dirfd, name, m);
	if (has_prefix(name, CRIU_CORE_PREFIX))
		return edit_image(dirfd, name, mend_core, m);
	if (has_prefix(name, CRIU_NETDEV_PREFIX))
		return edit_image(dirfd, name, mend_links, m);
	if (has_prefix(name, CRIU_MOUNTS_PREFIX))
		return criu_mounts_read(dirfd, name, &m->mounts);
	return criu_firewall_mend(dirfd, name);
}

static void read_ghosts(int dirfd, struct mending *m)
{
	_cleanup_free_ char *remaps = NULL;
	ssize_t len = read_file_at(dirfd, CRIU_REMAPS, REMAPS_MAX, &remaps);

	if (len > 0)
		m->ghosts = criu_ghosts_read(remaps, (size_t)len, &m->n_ghosts);
}

/* Mends the streams of connections whose peer has closed its side. */
static int mend_streams(int dirfd, struct mending *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_closed; i++) {
		_cleanup_free_ char *name = xasprintf(CRIU_STREAM_FORMAT, m->closed[i].inode);

		r = edit_image(dirfd, name, mend_stream, m);
	}
	return r;
}

static void mending_clear(struct mending *m)
{
	free(m->programs);
	free(m->ghosts);
	free(m->closed);
	mount_images_clear(&m->mounts);
}

int criu_image_mend(int dirfd, const struct skipped_mounts *skipped,
		    const struct mount_changes *changes, const struct watch_changes *watches,
		    struct error **reterr)
{
	__attribute__((cleanup(mending_clear))) struct mending m = {.dirfd = dirfd};
	int r = each_image(dirfd, "", mend_one, &m);

	read_ghosts(dirfd, &m);
	if (r == 0)
		r = edit_image(dirfd, CRIU_FILES, mend_files, &m);
	if (r == 0)
		r = m.error;
	if (r == 0)
		r = mend_streams(dirfd, &m);
	if (r == 0)
		r = criu_mounts_mend(dirfd, &m.mounts, skipped, changes);
	if (r == 0)
		r = criu_watches_mend(dirfd, watches);
	return r < 0 ? error_set(reterr, -r, "cannot look through CRIU's image: %s", strerror(-r))
		     : criu_tree_mend(dirfd, reterr);
}
