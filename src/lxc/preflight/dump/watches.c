/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the container's processes watch with inotify and fanotify. CRIU finds a watched file
 * again by its handle, which pseudo filesystems do not provide. Runs in the command, as root, on
 * the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

#define MANY		(64 * 1024) /* bytes of watch lists: larger ones are read only once */
#define ALL_WATCHES_MAX (256 * 1024 * 1024)

#define KCMP_OF_FILES 0 /* linux/kcmp.h, which not all have */

#define OVERLAY_HANDLE 0xf8

#define KERNEL_MINOR_BITS 20 /* as the kernel itself combines the two numbers */

/* These were seen to fail; cgroups and tmpfs do not. */
static const char *const without_handles[] = {
	"proc",	      "sysfs", "mqueue",      "ramfs",	  "hugetlbfs", "debugfs",  "tracefs",
	"securityfs", "bpf",   "binfmt_misc", "configfs", "pstore",    "efivarfs",
};

/* The text after a word of a line; NULL: the word is missing. */
static const char *word_of(const char *line, size_t len, const char *word)
{
	const char *p = memmem(line, len, word, strlen(word));

	return p ? p + strlen(word) : NULL;
}

bool watched_device(const char *line, size_t len, dev_t *ret)
{
	const char *sdev = word_of(line, len, " sdev:");
	unsigned long number;

	/*
	 * a fanotify watch on a whole mount or filesystem has no inode, and is found by its mount
	 */
	if (!sdev || !word_of(line, len, " ino:") ||
	    (strncmp(line, "inotify ", 8) != 0 && strncmp(line, "fanotify ", 9) != 0))
		return false;
	number = strtoul(sdev, NULL, 16);
	*ret = makedev(number >> KERNEL_MINOR_BITS, number & ((1U << KERNEL_MINOR_BITS) - 1));
	return true;
}

/* CRIU supports all others, by mount or by file. */
bool watches_filesystem(const char *line)
{
	return strncmp(line, "fanotify sdev:", strlen("fanotify sdev:")) == 0;
}

/* A handle that only an overlay with nfs_export resolves. */
bool has_overlay_handle(const char *line, size_t len)
{
	const char *type = word_of(line, len, " fhandle-type:");

	return type && strtoul(type, NULL, 16) == OVERLAY_HANDLE;
}

static bool has_no_handles(const char *type)
{
	for (size_t i = 0; i < sizeof(without_handles) / sizeof(without_handles[0]); i++)
		if (strcmp(type, without_handles[i]) == 0)
			return true;
	return false;
}

static void note_root(struct survey *s, size_t i)
{
	const struct mount *m = &s->mounts[i];
	_cleanup_close_ int fd =
		m->process ? scout_open(&s->scout, m->process->pid, m->target, O_PATH) : -1;
	struct stat st;

	if (fd >= 0 && stat_without_sync(fd, &st) == 0)
		map_add(&s->root_inodes, st.st_ino, i);
}

static void look_at_roots(struct survey *s)
{
	for (size_t i = 0; !s->roots_known && i < s->n_mounts; i++) {
		if (strcmp(s->mounts[i].root, "/") != 0)
			map_add(&s->part_devices, s->mounts[i].dev, i);
		if (strcmp(s->mounts[i].target, "/") == 0)
			note_root(s, i);
	}
	s->roots_known = true;
}

/* Whether some mount shows all of a filesystem, and no other mount hides it. */
static bool is_shown_whole(struct survey *s, dev_t dev)
{
	size_t answer = false;

	if (map_get(&s->shown_devices, dev, &answer))
		return answer;
	for (size_t i = 0; !answer && i < s->n_mounts; i++)
		answer = s->mounts[i].dev == dev && strcmp(s->mounts[i].root, "/") == 0 &&
			 survey_shows(s, &s->mounts[i]);
	map_add(&s->shown_devices, dev, answer);
	return answer;
}

/*
 * CRIU looks for a watched file through any mount of its filesystem, and believes a path whose file
 * has the same number. By a mount that does not show the file, the path is "/". systemd's services
 * have such a mount of /run. carry/watches_save.c corrects that where a mount shows the file.
 */
static bool is_taken_for_root(struct survey *s, dev_t dev, const char *line, size_t len)
{
	const char *ino = word_of(line, len, " ino:");
	size_t root;

	look_at_roots(s);
	return ino && map_get(&s->part_devices, dev, NULL) &&
	       map_get(&s->root_inodes, strtoull(ino, NULL, 16), &root) &&
	       s->mounts[root].dev != dev && !is_shown_whole(s, dev);
}

static void check_watch(struct survey *s, const struct process *p, int fd, const char *line,
			size_t len)
{
	const char *mask = word_of(line, len, " mask:");
	size_t mount;
	dev_t dev;

	if (mask && strncmp(line, "inotify ", 8) == 0)
		check_watch_flags(s, p, strtoul(mask, NULL, 16));
	if (watches_filesystem(line))
		findings_add(s->found,
			     FINDING("watch", FINDING_BLOCKS,
				     "stop that process, or have it watch a mount (FAN_MARK_MOUNT)",
				     OF_PROCESS(s, p)),
			     "watches a whole filesystem with fanotify, which CRIU would lose");
	if (!watched_device(line, len, &dev) || !map_get(&s->devices, dev, &mount))
		return;
	if (strcmp(s->mounts[mount].type, "overlay") == 0 && has_overlay_handle(line, len))
		findings_add(s->found,
			     FINDING("watch", FINDING_WARNING,
				     "stop that process, and start it again after the checkpoint",
				     OF_PROCESS(s, p)),
			     "watches a file of an overlay with %.*s: CRIU finds those in /etc "
			     "again, and gives up at most others",
			     (int)strcspn(line, " "), line);
	if (is_taken_for_root(s, dev, line, len))
		findings_add(s->found,
			     FINDING("watch", FINDING_BLOCKS,
				     "stop that process, or unmount what hides that filesystem or "
				     "shows only a part of it",
				     OF_PROCESS(s, p)),
			     "watches a file on %s with %.*s (descriptor %d) that has the inode "
			     "number of the container's root directory, which CRIU would watch "
			     "instead",
			     s->mounts[mount].target, (int)strcspn(line, " "), line, fd);
	if (!has_no_handles(s->mounts[mount].type))
		return;
	findings_add(s->found,
		     FINDING("watch", FINDING_BLOCKS,
			     "stop that process, or have it watch no such files", OF_PROCESS(s, p)),
		     "watches a file on a filesystem of type %s with %.*s (descriptor %d), which "
		     "CRIU cannot find again",
		     s->mounts[mount].type, (int)strcspn(line, " "), line, fd);
}

/* --- a descriptor that many have --- */

/* The kernel's order of open files; 0: the same. -1: a process has exited. */
static long compare_files(const struct process *p, int fd, const struct watching *w)
{
	return syscall(SYS_kcmp, p->pid, w->pid, KCMP_OF_FILES, (unsigned long)fd,
		       (unsigned long)w->fd);
}

/* Its position among those that have been read, or where it belongs. */
static size_t place_among(const struct survey *s, const struct process *p, int fd, bool *ret_is)
{
	size_t low = 0, high = s->n_watching;

	*ret_is = false;
	while (low < high && !*ret_is) {
		size_t middle = low + (high - low) / 2;
		long c = compare_files(p, fd, &s->watching[middle]);

		*ret_is = c == 0;
		if (c == 2)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void note_watching(struct survey *s, const struct process *p, int fd, size_t at)
{
	struct watching *w;

	(void)*ARRAY_ADD(s->watching, s->n_watching);
	w = &s->watching[at];
	memmove(w + 1, w, (s->n_watching - 1 - at) * sizeof(*w));
	*w = (struct watching){p->pid, fd};
}

/* --- reading it --- */

static void found_too_many(struct survey *s, const struct process *p)
{
	findings_add(s->found,
		     FINDING("too-many-watches", FINDING_BLOCKS,
			     "stop that process, or have it watch fewer files", OF_PROCESS(s, p)),
		     "watches too many files (inotify, fanotify) to look at");
}

/* How much it was. */
static size_t read_watches(struct survey *s, const struct process *p, int fd, FILE *info)
{
	char *line = NULL;
	size_t size = 0, all = 0;
	ssize_t n;

	while (s->watches_read <= ALL_WATCHES_MAX && (n = getline(&line, &size, info)) > 0) {
		all += (size_t)n;
		s->watches_read += (size_t)n;
		check_watch(s, p, fd, line, (size_t)n - (line[n - 1] == '\n'));
	}
	/* not for its end, nor for that of the process */
	if (s->watches_read > ALL_WATCHES_MAX || (ferror(info) && errno == ENOMEM))
		found_too_many(s, p);
	free(line);
	return all;
}

void check_watches(struct survey *s, const struct process *p, int fd)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fdinfo/%d", (int)p->pid, fd);
	size_t at, size;
	bool known;
	FILE *info;

	if (s->watches_read > ALL_WATCHES_MAX)
		return;
	at = place_among(s, p, fd, &known);
	info = known ? NULL : fopen(path, "re");
	if (!info)
		return;
	size = read_watches(s, p, fd, info);
	fclose(info);
	if (size > MANY)
		note_watching(s, p, fd, at);
}
