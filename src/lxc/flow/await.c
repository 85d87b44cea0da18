/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Waits for the outcome of a restore, and makes the monitor undo it if the caller wants that. Runs
 * in the caller's process, which may be any program, with any signal handlers: a signal only
 * interrupts the wait, unless the caller then asks to cancel.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flow/await.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#define ASK_MS	     200
#define TAKE_BACK_MS 15000 /* CRIU gets five seconds to clean up, and hooks may run */
#define REPORT_MAX   (16 * 1024 * 1024)

void awaited_clear(struct awaited *a)
{
	fd_close(&a->fd);
	free(TAKE_PTR(a->text));
	a->len = 0;
}

/* A complete line; NULL: none yet. Caller frees. */
static char *take_line(struct awaited *a)
{
	char *end = a->len ? memchr(a->text, '\n', a->len) : NULL;
	char *line;
	size_t len;

	if (!end)
		return NULL;
	len = (size_t)(end - a->text) + 1;
	line = xstrndup(a->text, len);
	a->len -= len;
	memmove(a->text, end + 1, a->len);
	return line;
}

static int receive(struct awaited *a)
{
	char some[4096];
	ssize_t n = recv(a->fd, some, sizeof(some), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0 || a->len + (size_t)n > REPORT_MAX)
		return -EPIPE;
	a->text = xreallocarray(a->text, a->len + (size_t)n, 1);
	memcpy(a->text + a->len, some, (size_t)n);
	a->len += (size_t)n;
	return 0;
}

/* The message stays there for the monitor even if this process exits. */
static void take_back(struct awaited *a)
{
	if (a->too_late || a->deadline || !a->cancelled || !a->cancelled(a->userdata))
		return;
	a->deadline = monotonic_ms() + TAKE_BACK_MS;
	/* it fails if the monitor has exited, which shows a moment later */
	(void)!send(a->fd, TAKE_BACK, strlen(TAKE_BACK), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void hear_commit(struct awaited *a)
{
	a->too_late = true;
	a->deadline = 0;
	if (a->committed)
		a->committed(a->userdata);
}

/* 1: there is a report for the caller. */
static int next(struct awaited *a, struct restore_report *ret)
{
	char *line;
	int r = 0;

	while (r == 0 && (line = take_line(a))) {
		r = restore_report_from_json(line, ret) < 0 ? -EPIPE : 1;
		free(line);
		if (r == 1 && ret->kind == REPORT_COMMITTED) {
			hear_commit(a);
			r = 0;
		}
	}
	return r;
}

static int wait_for(struct awaited *a)
{
	struct pollfd p = {.fd = a->fd, .events = POLLIN};
	const bool asks = a->cancelled && !a->too_late;

	take_back(a);
	if (a->deadline && monotonic_ms() >= a->deadline)
		return -ETIMEDOUT;
	return poll(&p, 1, asks ? ASK_MS : -1) > 0 ? receive(a) : 0;
}

static int give_up(struct awaited *a, struct error **reterr)
{
	a->given_up = true;
	error_set(reterr, ETIMEDOUT,
		  "interrupted, but the monitor is still undoing it after %d s (process %d)",
		  TAKE_BACK_MS / 1000, (int)a->monitor);
	error_set_hint(reterr,
		       "nothing of it will run; see which child of process %d waits for what: "
		       "ps -o pid,stat,wchan:30,args --ppid %d",
		       (int)a->monitor, (int)a->monitor);
	return -ETIMEDOUT;
}

int await_report(struct awaited *a, struct restore_report *ret, struct error **reterr)
{
	int r;

	while ((r = next(a, ret)) == 0 && (r = wait_for(a)) == 0)
		;
	if (r == -ETIMEDOUT)
		return give_up(a, reterr);
	if (r < 0)
		return error_set(reterr, EPIPE, "the monitor died without reporting an error");
	if (ret->kind != REPORT_FAILED)
		return 0;
	return error_move(reterr, &ret->error, EIO);
}
