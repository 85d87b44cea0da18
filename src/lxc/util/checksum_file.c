/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Computes the checksum of a large file in several threads. Copying the file out of the page cache
 * takes four times as long as summing up the copy. (Mapping the file takes even longer: a fault for
 * every few pages.) The checksum can only be computed from the beginning to the end. So each thread
 * reads a piece at any time, and adds it when its turn comes, while the piece is still in the cache
 * of the core that read it. Runs in the command.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/param.h>
#include <unistd.h>

#include "util/checksum.h"
#include "util/mem.h"
#include "util/thread.h"

/* Large enough to be worth waking a thread, small enough for a core's cache. */
#define PIECE	    (512 * 1024)
#define THREADS_MAX 4
/* A smaller file is not worth a thread ... */
#define SMALL (4 * PIECE)
/* ... and below this not even a buffer. An image has thousands of these. */
#define TINY (16 * 1024)

struct reading {
	struct checksum *sum; /* only for the thread whose turn it is */
	int fd;
	uint64_t size;
	pthread_mutex_t lock; /* protects the following members */
	pthread_cond_t turned;
	uint64_t next; /* the first piece that no thread reads yet */
	uint64_t turn; /* the piece to be added next */
	int error;
};

static int read_piece(const struct reading *r, uint64_t piece, char *buf, size_t *ret_len)
{
	uint64_t from = piece * PIECE;
	size_t len = (size_t)MIN(r->size - from, PIECE), done = 0;

	while (done < len) {
		ssize_t n = pread(r->fd, buf + done, len - done, (off_t)(from + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* Whether there is another piece. */
static bool take_piece(struct reading *r, uint64_t *ret)
{
	bool more;

	pthread_mutex_lock(&r->lock);
	more = r->error == 0 && r->next * PIECE < r->size;
	if (more)
		*ret = r->next++;
	pthread_mutex_unlock(&r->lock);
	return more;
}

/* Whether it is the turn of the piece; after an error no turn comes any more. */
static bool wait_for_turn(struct reading *r, uint64_t piece, int error)
{
	bool mine;

	pthread_mutex_lock(&r->lock);
	while (r->turn != piece && r->error == 0)
		pthread_cond_wait(&r->turned, &r->lock);
	if (r->error == 0 && error < 0) {
		r->error = error;
		pthread_cond_broadcast(&r->turned);
	}
	mine = r->error == 0;
	pthread_mutex_unlock(&r->lock);
	return mine;
}

static void pass_turn(struct reading *r)
{
	pthread_mutex_lock(&r->lock);
	r->turn++;
	pthread_cond_broadcast(&r->turned);
	pthread_mutex_unlock(&r->lock);
}

static void *read_pieces(void *userdata)
{
	struct reading *r = userdata;
	char *buf = xcalloc(1, PIECE);
	uint64_t piece;

	while (take_piece(r, &piece)) {
		size_t len = 0;
		int error = read_piece(r, piece, buf, &len);

		if (!wait_for_turn(r, piece, error))
			break;
		checksum_add(r->sum, buf, len);
		pass_turn(r);
	}
	free(buf);
	return NULL;
}

/* The number of threads that can run at the same time, this one included. */
static int thread_count(uint64_t size)
{
	cpu_set_t cpus;

	if (size < SMALL || sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return MIN(CPU_COUNT(&cpus), THREADS_MAX);
}

static int sum_large(int fd, uint64_t size, char **ret)
{
	_cleanup_checksum_ struct checksum *sum = checksum_new();
	struct reading r = {
		.sum = sum,
		.fd = fd,
		.size = size,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.turned = PTHREAD_COND_INITIALIZER,
	};
	_thread_scope_ scope = thread_begin();
	pthread_t threads[THREADS_MAX];
	int n = 0, wanted = thread_count(size) - 1;

	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (n < wanted && thread_start(&threads[n], read_pieces, &r) == 0)
		n++;
	read_pieces(&r);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	if (r.error < 0)
		return r.error;
	*ret = checksum_text(sum);
	return 0;
}

static int sum_tiny(int fd, size_t size, char **ret)
{
	char data[TINY];
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, data + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (size_t)n;
	}
	*ret = checksum_of(data, size);
	return 0;
}

int checksum_of_file(int fd, uint64_t size, char **ret)
{
	return size <= TINY ? sum_tiny(fd, (size_t)size, ret) : sum_large(fd, size, ret);
}
