/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/firewall.h"
#include "criu/image_calls.h"
#include "criu/image_ghosts.h"
#include "criu/image_mend.h"
#include "criu/image_network.h"
#include "criu/image_sockets.h"
#include "criu/protobuf.h"
#include "util/fd.h"
#include "util/mem.h"

#define MAGIC_MM   0x57492820
#define MAGIC_CORE 0x55053847

#define FILE_TYPE     1 /* of an entry in files.img */
#define FILE_ID	      2
#define FILE_REGULAR  3
#define REGULAR_FLAGS 2 /* of FILE_REGULAR */
#define MM_PROGRAM    12
#define CORE_TASK     3
#define TASK_LIMITS   8 /* of CORE_TASK */
#define LIMITS_LIMIT  1 /* of TASK_LIMITS, one for each resource in their order */
#define LIMIT_SOFT    1 /* of LIMITS_LIMIT */

#define TYPE_REGULAR 1

/* As CRIU writes it, on the architectures it knows. */
#define CRIU_O_PATH 010000000

#define MM_MAX	   (64 * 1024 * 1024)
#define CORE_MAX   (16 * 1024 * 1024)
#define REMAPS_MAX (64 * 1024 * 1024)

#define REMAPS_NAME "remap-fpath.img"

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
	struct bytes regular = {0};
	uint64_t type = 0;
	struct field f = {0};

	*ret_id = 0;
	while (take_field(&entry, &f)) {
		if (f.number == FILE_TYPE)
			type = f.value;
		else if (f.number == FILE_ID)
			*ret_id = (uint32_t)f.value;
		else if (f.number == FILE_REGULAR)
			regular = f.bytes;
	}
	while (type == TYPE_REGULAR && take_field(&regular, ret_flags))
		if (ret_flags->number == REGULAR_FLAGS)
			return true;
	return false;
}

static bool is_among(uint32_t id, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
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

/* What each process runs. */
static int read_programs(int dirfd, uint32_t **ret, size_t *ret_n)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		_cleanup_free_ char *mm = NULL;
		ssize_t len;

		if (strncmp(e->d_name, "mm-", 3) != 0)
			continue;
		len = read_file_at(dirfd, e->d_name, MM_MAX, &mm);
		if (len < 0)
			return (int)len;
		*ARRAY_ADD(*ret, *ret_n) = criu_image_program(mm, (size_t)len);
	}
	return 0;
}

bool criu_image_has_links(int dirfd)
{
	_cleanup_free_ char *remaps = NULL;
	ssize_t len = read_file_at(dirfd, REMAPS_NAME, REMAPS_MAX, &remaps);

	return len > 0 && criu_ghosts_have_links(remaps, (size_t)len);
}

bool criu_image_has_connections(int dirfd)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strncmp(e->d_name, "tcp-stream-", strlen("tcp-stream-")) == 0)
			return true;
	return false;
}

static uint32_t *read_ghosts(int dirfd, size_t *ret_n)
{
	_cleanup_free_ char *remaps = NULL;
	ssize_t len = read_file_at(dirfd, REMAPS_NAME, REMAPS_MAX, &remaps);

	*ret_n = 0;
	return len > 0 ? criu_ghosts_read(remaps, (size_t)len, ret_n) : NULL;
}

static int order_ghosts(int dirfd, const void *files, size_t files_len)
{
	_cleanup_close_ int fd = openat(dirfd, REMAPS_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_free_ char *remaps = NULL;
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	len = read_all(fd, REMAPS_MAX, &remaps);
	if (len <= 0 || !criu_ghosts_order(remaps, (size_t)len, files, files_len))
		return 0;
	return pwrite(fd, remaps, (size_t)len, 0) == len ? 0 : -EIO;
}

static int mend_files(int dirfd, const uint32_t *programs, size_t n)
{
	size_t n_ghosts;
	_cleanup_free_ uint32_t *ghosts = read_ghosts(dirfd, &n_ghosts);
	_cleanup_close_ int fd = openat(dirfd, "files.img", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *files;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	files = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (files == MAP_FAILED)
		return -errno;
	criu_image_clear_o_path(files, (size_t)st.st_size, programs, n);
	criu_ghosts_shorten(files, (size_t)st.st_size, ghosts, n_ghosts);
	r = n_ghosts > 1 ? order_ghosts(dirfd, files, (size_t)st.st_size) : 0;
	munmap(files, (size_t)st.st_size);
	return r;
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

uint64_t criu_image_file_limit(int dirfd)
{
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	uint64_t least = UINT64_MAX;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		_cleanup_free_ char *core = NULL;
		ssize_t len;

		if (strncmp(e->d_name, "core-", strlen("core-")) != 0)
			continue;
		len = read_file_at(dirfd, e->d_name, CORE_MAX, &core);
		if (len > 0)
			least = MIN(least, criu_image_core_file_limit(core, (size_t)len));
	}
	return least;
}

int criu_image_mend(int dirfd, const struct skipped_mounts *skipped, struct error **reterr)
{
	_cleanup_free_ uint32_t *programs = NULL;
	size_t n = 0;
	int r = read_programs(dirfd, &programs, &n);

	if (r == 0)
		r = mend_files(dirfd, programs, n);
	if (r == 0)
		r = criu_mounts_mend(dirfd, skipped);
	if (r == 0)
		r = criu_network_mend(dirfd);
	if (r == 0)
		r = criu_firewall_mend(dirfd);
	if (r == 0)
		r = criu_calls_mend(dirfd);
	if (r == 0)
		r = criu_sockets_mend(dirfd);
	return r < 0 ? error_set(reterr, -r, "cannot look through CRIU's image: %s", strerror(-r))
		     : 0;
}
