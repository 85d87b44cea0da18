/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Verifies the large files of pages while CRIU restores from them. A child of the monitor does it,
 * as root, on the host; it only reads, and has nothing open but the image and a pipe to the
 * monitor. All other files have been verified before the monitor was started.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define SAID_MAX 65536 /* a pipe holds as much */

/* The child's. */
#define IMAGE_FD 3
#define OUT_FD	 4

/* Out of the way of the numbers that these two are to have. */
static bool place_fds(int image, int out)
{
	int i = fcntl(image, F_DUPFD, OUT_FD + 1), o = fcntl(out, F_DUPFD, OUT_FD + 1);

	return i >= 0 && o >= 0 && dup2(i, IMAGE_FD) >= 0 && dup2(o, OUT_FD) >= 0;
}

/* Says nothing of an image that is as it was. */
_Noreturn static void verify(const struct restore *r, pid_t monitor, int out)
{
	const struct image_verify v = {.sums = true, .parts = VERIFY_PAGES};
	struct image img = {.path = r->image->path, .dirfd = IMAGE_FD};
	struct restore_report report = {.kind = REPORT_FAILED};
	_cleanup_free_ char *text = NULL;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != monitor ||
	    !place_fds(r->image->dirfd, out))
		_exit(EXIT_FAILURE);
	/* the command socket, the operation's lock and the like are to end with the monitor */
	syscall(SYS_close_range, (unsigned int)OUT_FD + 1, ~0U, 0);
	if (image_verify(&img, r->manifest, &v, &report.error) == 0)
		_exit(EXIT_SUCCESS);
	image_verify_hint(&img, &report.error);
	text = restore_report_to_json(&report);
	_exit(write_all(OUT_FD, text, strlen(text)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int pages_verify(struct restore *r, struct error **reterr)
{
	const pid_t monitor = getpid();
	int out[2];

	if (!r->plan->verify_pages)
		return 0;
	if (pipe2(out, O_CLOEXEC) < 0)
		return error_errno(reterr, "cannot verify the image");
	r->pages.said_fd = out[0];
	r->pages.child = fork_quietly();
	if (r->pages.child == 0)
		verify(r, monitor, out[1]);
	close(out[1]);
	if (r->pages.child > 0)
		return 0;
	r->pages.child = 0;
	fd_close(&r->pages.said_fd);
	return error_set(reterr, EAGAIN, "cannot verify the image: no process can be started");
}

/* Until it has ended. */
static int wait_for_end(struct restore *r, struct error **reterr)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(r->pages.child);
	struct pollfd p[2] = {
		{.fd = pidfd, .events = POLLIN},
		{.fd = monitor_fd(r->serving), .events = POLLIN},
	};

	while (pidfd >= 0) {
		int e = serving_check(r, reterr);

		if (e < 0)
			return e;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents)
			break;
		if (p[1].revents)
			monitor_turn(r->serving);
	}
	return 0;
}

int pages_verified(struct restore *r, pid_t init, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	struct restore_report report = {0};
	int e, status;

	(void)init;
	if (r->pages.child <= 0)
		return 0;
	e = wait_for_end(r, reterr);
	if (e < 0) {
		pages_forget(r);
		return e;
	}
	status = wait_status(r->pages.child);
	r->pages.child = 0;
	(void)!read_all(r->pages.said_fd, SAID_MAX, &text);
	fd_close(&r->pages.said_fd);
	if (status == 0 && (!text || !*text))
		return 0;
	if (status == 0 && restore_report_from_json(text, &report) == 0 && report.error)
		return error_move(reterr, &report.error, EIO);
	return error_set(reterr, EIO, "the image could not be verified");
}

void pages_forget(struct restore *r)
{
	if (r->pages.child > 0) {
		kill(r->pages.child, SIGKILL);
		wait_status(r->pages.child);
	}
	r->pages.child = 0;
	fd_close(&r->pages.said_fd);
}
