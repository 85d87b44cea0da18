/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "image/follow.h"
#include "util/fd.h"
#include "util/mem.h"

/* How long it waits for more, once it has read all. */
#define PAUSE_MS 5

struct followed {
	int fd;
	dev_t dev;
	ino_t ino;
	struct checksum *sum; /* NULL: it cannot be read, or was taken */
	uint64_t len;	      /* of what sum is of */
};

struct follower {
	int dirfd; /* the image's, not ours */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of last */
	pthread_cond_t wake;
	bool last; /* to read what is there, and end */
	struct followed *files;
	size_t n_files;
};

static bool is_pages(const char *name)
{
	return strncmp(name, "pages-", 6) == 0;
}

static struct followed *find(struct follower *f, const struct stat *st)
{
	for (size_t i = 0; i < f->n_files; i++)
		if (f->files[i].ino == st->st_ino && f->files[i].dev == st->st_dev)
			return &f->files[i];
	return NULL;
}

static void begin_file(struct follower *f, const char *name, const struct stat *st)
{
	struct followed *file = ARRAY_ADD(f->files, f->n_files);

	*file = (struct followed){
		.fd = openat(f->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
		.dev = st->st_dev,
		.ino = st->st_ino,
		.sum = checksum_new(),
	};
}

/* Whether there was something new in it. */
static bool read_on(struct followed *file)
{
	struct stat st;

	if (!file->sum || file->fd < 0 || fstat(file->fd, &st) < 0 ||
	    (uint64_t)st.st_size <= file->len)
		return false;
	if (checksum_add_file(file->sum, file->fd, file->len, (uint64_t)st.st_size) < 0) {
		checksum_free(TAKE_PTR(file->sum));
		return false;
	}
	file->len = (uint64_t)st.st_size;
	return true;
}

/* Whether there was something new. */
static bool look(struct follower *f)
{
	_cleanup_closedir_ DIR *dir = directory_at(f->dirfd, ".");
	struct dirent *e;
	bool found = false;

	while (dir && (e = readdir(dir))) {
		struct stat st;

		if (is_pages(e->d_name) &&
		    fstatat(f->dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && !find(f, &st))
			begin_file(f, e->d_name, &st);
	}
	for (size_t i = 0; i < f->n_files; i++)
		found |= read_on(&f->files[i]);
	return found;
}

/* Whether it is the last time. */
static bool wait_for_more(struct follower *f)
{
	struct timespec until;
	bool last;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PAUSE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
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
}

struct checksum *follow_take(struct follower *f, const struct stat *file, uint64_t *ret_len)
{
	struct followed *found = f ? find(f, file) : NULL;

	*ret_len = 0;
	if (!found || !found->sum || found->len > (uint64_t)file->st_size)
		return NULL;
	*ret_len = found->len;
	return TAKE_PTR(found->sum);
}

void follow_free(struct follower *f)
{
	if (!f)
		return;
	follow_stop(f);
	for (size_t i = 0; i < f->n_files; i++) {
		fd_close(&f->files[i].fd);
		checksum_free(f->files[i].sum);
	}
	free(f->files);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
