/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and corrects where CRIU's image says that watched files are. Runs in the command as root,
 * at post-dump, on a file that CRIU has written and closed; all but the last function is pure.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "criu/image_names.h"
#include "criu/image_watches.h"
#include "util/fd.h"
#include "util/mem.h"

#define HANDLE_BYTES 1
#define HANDLE_TYPE  2
#define HANDLE_WORD  3
#define HANDLE_PATH  4
#define HANDLE_MOUNT 5

#define FILES_MAX (1024 * 1024 * 1024)

/* The messages between an entry of files.img and the handle of a watched file. */
enum level { ENTRY, INOTIFY, INOTIFY_WATCH, FANOTIFY, FANOTIFY_MARK, FANOTIFY_INODE, HANDLE };

/* The members that matter. CRIU writes them in the order of their numbers. */
static const struct {
	unsigned int dev, inode; /* 0: it has none */
	struct {
		unsigned int number;
		enum level level;
	} inner[2];
} levels[] = {
	[ENTRY] = {.inner = {{13, INOTIFY}, {14, FANOTIFY}}},
	[INOTIFY] = {.inner = {{5, INOTIFY_WATCH}}},
	[INOTIFY_WATCH] = {.dev = 5, .inode = 2, .inner = {{7, HANDLE}}},
	[FANOTIFY] = {.inner = {{6, FANOTIFY_MARK}}},
	[FANOTIFY_MARK] = {.dev = 6, .inner = {{7, FANOTIFY_INODE}}},
	[FANOTIFY_INODE] = {.inode = 1, .inner = {{2, HANDLE}}},
	[HANDLE] = {0},
};

struct walk {
	uint64_t dev, inode;		    /* of the watch that the walk is in */
	struct criu_watches *to;	    /* where they are collected; NULL: they are changed */
	const struct watch_change *changes; /* sorted */
	size_t n_changes;
};

static void add_word(struct criu_watch *w, size_t *len, uint64_t word)
{
	for (size_t i = 0; i < 8 && *len < sizeof(w->handle); i++)
		w->handle[(*len)++] = (uint8_t)(word >> (8 * i));
}

static void collect(struct bytes handle, struct walk *walk)
{
	struct criu_watch w = {.dev = walk->dev, .inode = walk->inode};
	struct bytes path = {0};
	struct field f = {0};
	bool has_mount = false;
	size_t len = 0;

	while (take_field(&handle, &f)) {
		if (f.number == HANDLE_BYTES)
			w.handle_len = (uint32_t)f.value;
		else if (f.number == HANDLE_TYPE)
			w.handle_type = (uint32_t)f.value;
		else if (f.number == HANDLE_WORD)
			add_word(&w, &len, f.value);
		else if (f.number == HANDLE_PATH)
			path = f.bytes;
		else if (f.number == HANDLE_MOUNT) {
			has_mount = true;
			w.mount = (unsigned int)f.value;
		}
	}
	if (!has_mount || path.len == 0 || *path.p != '/' || w.handle_len > len)
		return;
	w.path = xstrndup((const char *)path.p, path.len);
	*ARRAY_ADD(walk->to->v, walk->to->n) = w;
}

static void put_number(FILE *to, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		fputc((int)((v & 0x7f) | 0x80), to);
	fputc((int)v, to);
}

static void put_bytes(FILE *to, unsigned int number, const void *bytes, size_t len)
{
	put_number(to, (uint64_t)number << 3 | 2);
	put_number(to, len);
	fwrite(bytes, len, 1, to);
}

static int compare_changes(const void *a, const void *b)
{
	const struct watch_change *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev > y->dev ? 1 : -1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* A member that is there twice counts as its last one. NULL: no change. */
static char *change_handle(struct bytes handle, const struct walk *walk, size_t *ret_len)
{
	const struct watch_change key = {.dev = walk->dev, .inode = walk->inode};
	const struct watch_change *c =
		bsearch(&key, walk->changes, walk->n_changes, sizeof(key), compare_changes);
	char *text = NULL;
	FILE *to;

	if (!c)
		return NULL;
	to = open_memstream(&text, ret_len);
	fwrite(handle.p, handle.len, 1, to);
	put_bytes(to, HANDLE_PATH, c->path, strlen(c->path));
	put_number(to, HANDLE_MOUNT << 3);
	put_number(to, c->mount);
	fclose(to);
	return text;
}

static bool find_inner(enum level level, unsigned int number, enum level *ret)
{
	for (size_t i = 0; i < 2; i++) {
		*ret = levels[level].inner[i].level;
		if (number && levels[level].inner[i].number == number)
			return true;
	}
	return false;
}

static void note_numbers(enum level level, const struct field *f, struct walk *walk)
{
	if (f->number && f->number == levels[level].dev)
		walk->dev = f->value;
	else if (f->number && f->number == levels[level].inode)
		walk->inode = f->value;
}

/*
 * Goes through a message. Returns its new text, which the caller frees; NULL: it is as it was. No
 * deeper than there are levels.
 */
static char *go_through(struct bytes message, // NOLINT(misc-no-recursion)
			enum level level, struct walk *walk, size_t *ret_len)
{
	struct bytes rest = message;
	const uint8_t *copied = message.p, *start;
	struct field f = {0};
	char *text = NULL;
	enum level inner;
	FILE *to = NULL;

	if (level == HANDLE && !walk->to)
		return change_handle(message, walk, ret_len);
	if (level == HANDLE)
		collect(message, walk);
	while (start = rest.p, take_field(&rest, &f)) {
		_cleanup_free_ char *changed = NULL;
		size_t len = 0;

		note_numbers(level, &f, walk);
		if (!find_inner(level, f.number, &inner))
			continue;
		changed = go_through(f.bytes, inner, walk, &len);
		if (!changed)
			continue;
		if (!to)
			to = open_memstream(&text, ret_len);
		fwrite(copied, 1, (size_t)(start - copied), to);
		put_bytes(to, f.number, changed, len);
		copied = rest.p;
	}
	if (!to)
		return NULL;
	fwrite(copied, 1, (size_t)(message.p + message.len - copied), to);
	fclose(to);
	return text;
}

void criu_watches_read(const void *files, size_t len, struct criu_watches *ret)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len}, entry;
	struct walk walk = {.to = ret};
	size_t unused;

	*ret = (struct criu_watches){0};
	if (!take_magic(&image, MAGIC_FILES))
		return;
	while (take_entry(&image, &entry))
		go_through(entry, ENTRY, &walk, &unused);
}

void criu_watches_clear(struct criu_watches *watches)
{
	for (size_t i = 0; i < watches->n; i++)
		free(watches->v[i].path);
	free(watches->v);
	*watches = (struct criu_watches){0};
}

void watch_changes_clear(struct watch_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		free(changes->v[i].path);
	free(changes->v);
	*changes = (struct watch_changes){0};
}

static void put_entry(FILE *to, const void *bytes, size_t len)
{
	for (size_t i = 0; i < 4; i++)
		fputc((int)(len >> (8 * i) & 0xff), to);
	fwrite(bytes, 1, len, to);
}

/* Returns whether anything has changed; what follows the last whole entry stays. */
static bool put_entries(FILE *to, struct bytes image, struct walk *walk)
{
	struct bytes entry;
	bool any = false;

	while (take_entry(&image, &entry)) {
		size_t len = 0;
		_cleanup_free_ char *changed = go_through(entry, ENTRY, walk, &len);

		any = any || changed;
		put_entry(to, changed ? (const void *)changed : entry.p, changed ? len : entry.len);
	}
	fwrite(image.p, 1, image.len, to);
	return any;
}

char *criu_watches_with_changes(const void *files, size_t len, const struct watch_changes *changes,
				size_t *ret_len)
{
	struct bytes image = {(uint8_t *)(uintptr_t)files, len};
	_cleanup_free_ struct watch_change *sorted = xcalloc(changes->n + 1, sizeof(*sorted));
	struct walk walk = {.changes = sorted, .n_changes = changes->n};
	char *text = NULL;
	bool any;
	FILE *to;

	if (changes->n == 0 || !take_magic(&image, MAGIC_FILES))
		return NULL;
	memcpy(sorted, changes->v, changes->n * sizeof(*sorted));
	qsort(sorted, changes->n, sizeof(*sorted), compare_changes);
	to = open_memstream(&text, ret_len);
	fwrite(files, 1, len - image.len, to);
	any = put_entries(to, image, &walk);
	fclose(to);
	if (!any) {
		free(text);
		text = NULL;
	}
	return text;
}

int criu_watches_mend(int dirfd, const struct watch_changes *changes)
{
	_cleanup_free_ char *files = NULL, *text = NULL;
	_cleanup_close_ int fd = -1;
	size_t new_len = 0;
	ssize_t len;

	if (changes->n == 0)
		return 0;
	len = read_file_at(dirfd, CRIU_FILES, FILES_MAX, &files);
	if (len < 0)
		return (int)len;
	text = criu_watches_with_changes(files, (size_t)len, changes, &new_len);
	if (!text)
		return 0;
	fd = openat(dirfd, CRIU_FILES, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || ftruncate(fd, 0) < 0)
		return -errno;
	return write_all(fd, text, new_len);
}
