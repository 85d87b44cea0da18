/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Computes the checksums of the files with pages while CRIU still writes them. A thread of the
 * command does this, with the privileges of the host program, on the host; it only reads. CRIU
 * writes one file at a time and numbers them in order, so the thread has only the newest file open,
 * however many processes there are.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_names.h"
#include "image/follow.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

/* How long the thread waits for more after it has read everything. */
#define PAUSE_MS 5

/*
 * CRIU makes no file for a process without pages of its own, so at most this many numbers may be
 * missing.
 */
#define GAP_MAX 8

struct followed {
	unsigned int number; /* as in its name */
	dev_t dev;
	ino_t ino;
	uint64_t len; /* the bytes that the sum is of */
	char *text;   /* the sum; NULL: the file could not be read to its end */
};

struct follower {
	int dirfd; /* the image's, not ours */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of last */
	pthread_cond_t wake;
	bool last; /* read what is there, and exit */

	/* the newest file; -1: none, or unreadable */
	int fd;
	struct followed newest;
	struct checksum *sum;

	struct followed *files; /* those before it, in the order of their numbers */
	size_t n_files;
};

static int open_pages(const struct follower *f, unsigned int number)
{
	_cleanup_free_ char *name = xasprintf(CRIU_PAGES_FORMAT, number);

	return openat(f->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Whether the newest file has grown. */
static bool read_on(struct follower *f)
{
	struct stat st;

	if (f->fd < 0 || fstat(f->fd, &st) < 0 || (uint64_t)st.st_size <= f->newest.len)
		return false;
	if (checksum_add_file(f->sum, f->fd, f->newest.len, (uint64_t)st.st_size) < 0) {
		fd_close(&f->fd);
		return false;
	}
	f->newest.len = (uint64_t)st.st_size;
	return true;
}

/* Completes the checksum of the newest file and closes it. */
static void finish_file(struct follower *f)
{
	if (f->sum) {
		f->newest.text = f->fd < 0 ? NULL : checksum_text(f->sum);
		*ARRAY_ADD(f->files, f->n_files) = f->newest;
		checksum_free(TAKE_PTR(f->sum));
	}
	fd_close(&f->fd);
}

/* CRIU has begun another file, so the one before is complete. */
static void begin_file(struct follower *f, unsigned int number, int fd)
{
	struct stat st;

	while (read_on(f))
		;
	finish_file(f);
	f->newest = (struct followed){.number = number};
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return;
	}
	f->newest.dev = st.st_dev;
	f->newest.ino = st.st_ino;
	f->fd = fd;
	f->sum = checksum_new();
}

static bool find_next(struct follower *f)
{
	for (unsigned int i = 1; i <= GAP_MAX; i++) {
		unsigned int number = f->newest.number + i;
		int fd = open_pages(f, number);

		if (fd >= 0) {
			begin_file(f, number, fd);
			return true;
		}
	}
	return false;
}

/* Whether there was something new. */
static bool look(struct follower *f)
{
	bool more = read_on(f);

	return find_next(f) || more;
}

/* Whether it is the last time. */
static bool wait_for_more(struct follower *f)
{
	const struct timespec until = monotonic_at(monotonic_us() + PAUSE_MS * 1000);
	bool last;

	pthread_mutex_lock(&f->lock);
	if (!f->last)
		pthread_cond_timedwait(&f->wake, &f->lock, &until);
	last = f->last;
	pthread_mutex_unlock(&f->lock);
	return last;
}

static void *follow(void *userdata)
{
	struct follower *f = userdata;

	while (!wait_for_more(f))
		while (look(f))
			;
	while (look(f))
		;
	return NULL;
}

struct follower *follow_start(int dirfd)
{
	struct follower *f = xcalloc(1, sizeof(*f));
	pthread_condattr_t attr;
	sigset_t all, was;

	f->dirfd = dirfd;
	f->fd = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* the host program's signals are for its own threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	f->started = pthread_create(&f->thread, NULL, follow, f) == 0;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return f;
}

void follow_stop(struct follower *f)
{
	if (!f || !f->started)
		return;
	pthread_mutex_lock(&f->lock);
	f->last = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	f->started = false;
	finish_file(f);
}

static int compare(const void *a, const void *b)
{
	const struct followed *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

char *follow_sum(const struct follower *f, const char *name, const struct stat *st)
{
	const struct followed key = {.number = criu_pages_number(name)}, *found = NULL;

	if (f && f->n_files)
		found = bsearch(&key, f->files, f->n_files, sizeof(key), compare);
	if (!found || !found->text || found->len != (uint64_t)st->st_size ||
	    found->ino != st->st_ino || found->dev != st->st_dev)
		return NULL;
	return xstrdup(found->text);
}

void follow_free(struct follower *f)
{
	if (!f)
		return;
	follow_stop(f);
	for (size_t i = 0; i < f->n_files; i++)
		free(f->files[i].text);
	free(f->files);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
