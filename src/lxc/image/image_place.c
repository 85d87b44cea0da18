/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Decides in which directory the checkpoint of a container is, and which files there belong to
 * others. Runs in the command, as root, in the host's namespaces; it changes nothing.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry/file_times.h"
#include "carry/keyring.h"
#include "carry/process_flags.h"
#include "carry/slave_mounts.h"
#include "carry/socket_states.h"
#include "carry/sysctls.h"
#include "criu/image_names.h"
#include "image/history.h"
#include "image/image_private.h"
#include "image/network_file.h"
#include "image/image_place.h"
#include "util/fd.h"
#include "util/mem.h"

#define TEMPORARY ".tmp" /* see image_write_bytes() */

static const char *const own_names[] = {
	FILE_TIMES_NAME,  HISTORY_NAME,	 IMAGE_LOG,    IMAGE_MARKER,	IMAGE_REPLACED,
	KEYRING_NAME,	  MANIFEST_NAME, NETWORK_NAME, SOCKETS_NAME,	PROCESS_FLAGS_NAME,
	PROPAGATION_NAME, RESTORE_LOG,	 SYSCTLS_NAME, SCROLLBACK_NAME,
};

static bool is_own(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(own_names) / sizeof(own_names[0]); i++)
		if (strlen(own_names[i]) == len && strncmp(own_names[i], name, len) == 0)
			return true;
	return false;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

bool image_place_is_known(const char *name)
{
	size_t len = strlen(name);

	if (name[0] == '.' && len > strlen("." TEMPORARY) && has_suffix(name, TEMPORARY))
		return is_own(name + 1, len - strlen("." TEMPORARY));
	return is_own(name, len) || criu_reads(name) || criu_is_statistics(name);
}

/* Names that begin with a dot are ignored; DIR.new stands beside a directory that is replaced. */
bool image_place_has_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && !strchr(name, '/') &&
	       !image_place_is_known(name) && !has_suffix(name, ".log") &&
	       !has_suffix(name, IMAGE_STAGING) && strcmp(name, "lost+found") != 0;
}

static bool is_listed(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0)
			return true;
	return false;
}

bool image_place_is_other(int dirfd, const char *name, const struct manifest *m)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0)
		return false;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT;
	/* a checkpoint consists of files */
	if (S_ISDIR(st.st_mode))
		return true;
	if (m && is_listed(m, name))
		return false;
	/* whoever has a manifest lists all that CRIU reads: another one is somebody's disk */
	return !image_place_is_known(name) || (m && criu_reads(name));
}

bool image_place_has_others(int dirfd, const struct manifest *m)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (image_place_is_other(dirfd, e->d_name, m))
			return true;
	return false;
}

/* Whether this directory, which is not the container's own, holds something that must stay. */
static bool is_shared(const char *directory, const char *name)
{
	_cleanup_image_ struct image *img = xcalloc(1, sizeof(*img));
	_cleanup_manifest_ struct manifest m = {0};

	img->path = xstrdup(directory);
	img->dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (img->dirfd < 0)
		return false;
	if (!image_has_file(img, MANIFEST_NAME))
		return image_has_file(img, IMAGE_MARKER) ? image_place_has_others(img->dirfd, NULL)
							 : !image_is_empty(img);
	/* a damaged one is named by whoever wants to write there */
	if (image_read_manifest(img, &m, NULL) < 0)
		return false;
	return strcmp(m.facts.name, name) != 0 || image_place_has_others(img->dirfd, &m);
}

void image_place_for(const char *directory, const char *name, struct image_place *ret)
{
	_cleanup_free_ char *below = NULL;
	struct stat st;

	*ret = (struct image_place){.path = xstrdup(directory)};
	if (!image_place_has_name(name))
		return;
	below = xasprintf("%s/%s", directory, name);
	ret->shared = (stat(below, &st) == 0 && S_ISDIR(st.st_mode)) || is_shared(directory, name);
	if (!ret->shared)
		return;
	free(ret->path);
	ret->path = TAKE_PTR(below);
}

char *image_place_of(const char *directory, const char *name)
{
	_cleanup_free_ char *below = xasprintf("%s/%s", directory, name);
	_cleanup_free_ char *in_it = xasprintf("%s/" MANIFEST_NAME, below);
	_cleanup_free_ char *unfinished = xasprintf("%s/" IMAGE_MARKER, below);
	_cleanup_free_ char *direct = xasprintf("%s/" MANIFEST_NAME, directory);
	struct stat st;

	if (image_place_has_name(name) &&
	    (lstat(in_it, &st) == 0 || (lstat(unfinished, &st) == 0 && lstat(direct, &st) < 0)))
		return TAKE_PTR(below);
	return xstrdup(directory);
}

void image_place_clear(struct image_place *p)
{
	free(TAKE_PTR(p->path));
}
