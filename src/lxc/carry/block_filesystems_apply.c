/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The block devices that CRIU mounts: from when they are compared until they are mounted they
 * are held open, so that none can become another. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "carry/block_filesystems.h"
#include "carry/file_times.h"
#include "criu/device_files.h"
#include "criu/image_files.h"
#include "preflight/restore/restore_checks.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/mountinfo.h"
#include "util/fd.h"
#include "util/mem.h"

#define MOUNTINFO_MAX (64 * 1024 * 1024)

int block_filesystems_hold(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	size_t n = facts->n_block_filesystems;
	int e = 0;

	(void)init;
	if (n == 0)
		return 0;
	r->carried.devices.fds = xcalloc(n, sizeof(*r->carried.devices.fds));
	r->carried.devices.names = xcalloc(n, sizeof(*r->carried.devices.names));
	for (size_t i = 0; i < n; i++)
		r->carried.devices.fds[i] = -1;
	for (size_t i = 0; e == 0 && i < n; i++)
		e = block_filesystem_find(&facts->block_filesystems[i], &r->carried.devices.fds[i],
					  &r->carried.devices.names[i], reterr);
	return e;
}

void block_filesystems_undo(struct restore *r)
{
	for (size_t i = 0; r->carried.devices.names && i < r->manifest->facts.n_block_filesystems;
	     i++) {
		fd_close(&r->carried.devices.fds[i]);
		free(r->carried.devices.names[i]);
	}
	free(TAKE_PTR(r->carried.devices.fds));
	free(TAKE_PTR(r->carried.devices.names));
}

/* CRIU has mounted them, or not: a monitor that lives on has no use for them. */
int block_filesystems_release(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	block_filesystems_undo(r);
	return 0;
}

/* "36 35 8:3 / /mnt rw,noatime - ext4 /dev/sda3 rw": whether it is of that source. */
static bool is_of_source(const char *line, const char *source, dev_t *ret)
{
	const char *rest = strstr(line, " - ");
	char name[PATH_MAX];

	return rest && sscanf(rest, " - %*s %4095s", name) == 1 && strcmp(name, source) == 0 &&
	       mountinfo_numbers(line, NULL, ret);
}

/* All that was mounted by that name, and the name itself, are still that device. */
static bool is_device(const char *source, char *mountinfo, dev_t held)
{
	char *save = NULL;
	struct stat now;
	dev_t dev;

	if (stat(source, &now) < 0 || now.st_rdev != held)
		return false;
	for (char *l = strtok_r(mountinfo, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (is_of_source(l, source, &dev) && dev != held)
			return false;
	return true;
}

/* --- the files on them --- */

/* Returns the device that a mount of CRIU's image was made of; 0: none that we hold. */
static dev_t device_of(const struct restore *r, const struct criu_mount *m)
{
	const struct container_facts *facts = &r->manifest->facts;
	struct stat st;

	for (size_t i = 0; i < facts->n_block_filesystems; i++)
		if (strcmp(facts->block_filesystems[i].source, m->source) == 0)
			return fstat(r->carried.devices.fds[i], &st) < 0 ? 0 : st.st_rdev;
	return 0;
}

static int check_file(const struct restore *r, const struct device_mounts *mounts,
		      const struct criu_mount *m, const struct criu_file *file,
		      const struct file_time *then, struct error **reterr)
{
	_cleanup_close_ int fd = device_file_open(mounts, device_of(r, m), m, file);
	_cleanup_free_ char *what = NULL;
	enum file_age age;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	age = file_time_compare(then, &st);
	if (age == FILE_SAME)
		return 0;
	what = stale_text(then, &st, age);
	if (age == FILE_OLDER || findings_are_forced(r->plan->force, "stale")) {
		log_at(LOG_LEVEL_WARN, "%s, which a process has open or runs, %s [stale]",
		       file->path, what);
		return 0;
	}
	error_set(reterr, ESTALE, "%s, which a process has open or runs, %s", file->path, what);
	error_set_hint(reterr,
		       "roll back what %s holds to the time of the checkpoint; or restore "
		       "with --force=stale",
		       m->source);
	return -ESTALE;
}

/* Earlier nobody can look into what is on the device, and later something writes there. */
int block_files_check(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	_cleanup_file_times_ struct file_times times = {0};
	_cleanup_device_mounts_ struct device_mounts mounts = {0};
	int e = 0;

	if (!r->carried.devices.names)
		return 0;
	stale_read(r->image->dirfd, r->image->path, &times);
	if (times.n == 0)
		return 0;
	criu_files_read(r->image->dirfd, &files);
	device_mounts_read(init, &mounts);
	for (size_t i = 0; e == 0 && i < files.n; i++) {
		const struct criu_mount *m = device_file_mount(&files, &files.v[i]);
		const struct file_time *then = m ? file_times_find(&times, files.v[i].id) : NULL;

		if (then)
			e = check_file(r, &mounts, m, &files.v[i], then, reterr);
	}
	return e;
}

/* --- the devices --- */

/* CRIU has mounted by the name, which may have become another device's since. */
int block_filesystems_check(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *path = xasprintf("/proc/%d/mountinfo", (int)init);

	for (size_t i = 0; r->carried.devices.names && i < facts->n_block_filesystems; i++) {
		_cleanup_free_ char *text = NULL;
		struct stat held;

		if (read_file_at(AT_FDCWD, path, MOUNTINFO_MAX, &text) < 0 ||
		    fstat(r->carried.devices.fds[i], &held) < 0)
			return error_errno(reterr, "cannot look at the mounted device %s",
					   r->carried.devices.names[i]);
		if (is_device(r->carried.devices.names[i], text, held.st_rdev))
			continue;
		error_set(reterr, EBUSY, "%s became another device during the restore",
			  r->carried.devices.names[i]);
		error_set_hint(
			reterr,
			"make sure that the name keeps naming the same device, and restore again");
		return -EBUSY;
	}
	return 0;
}
