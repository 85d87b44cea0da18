/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks Unix sockets for messages that no process has received yet, and that CRIU cannot save. A
 * process receives most of them in a moment, so the checks look again for a while. Runs in the
 * command, as root of the host, on copies of the container's sockets.
 */
#include "config.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "preflight/survey.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

/* Time enough for a disk to answer, or a dead child to be reaped, on a busy machine too. */
#define WAIT_NS	  20000000
#define WAITS_MAX 50 /* for all of them together */

static const char again[] = "try again in a moment; if that does not help, stop that process";

bool survey_waits(struct survey *s)
{
	static const struct timespec moment = {.tv_nsec = WAIT_NS};

	if (s->waits >= WAITS_MAX)
		return false;
	s->waits++;
	nanosleep(&moment, NULL);
	return true;
}

/* A datagram may be empty. The end of a stream is no message. */
static bool has_message(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};
	int len = 0;

	if (socket_number(fd, SO_TYPE) == SOCK_DGRAM)
		return poll(&p, 1, 0) > 0 && (p.revents & (POLLIN | POLLRDHUP)) == POLLIN;
	return ioctl(fd, SIOCINQ, &len) == 0 && len > 0;
}

/* The kernel adds the sender to each message. CRIU saves no such addition. */
void check_unread_senders(struct survey *s, const struct process *p, int fd)
{
	if (socket_number(fd, SO_PASSCRED) <= 0 && socket_number(fd, SO_PASSPIDFD) <= 0)
		return;
	while (has_message(fd))
		if (!survey_waits(s)) {
			findings_add(
				s->found,
				FINDING("unread-message", FINDING_BLOCKS, again, OF_PROCESS(s, p)),
				"has not received a message with its sender's credentials, "
				"which CRIU cannot save");
			return;
		}
}

void found_unaccepted_data(struct survey *s, const struct process *p)
{
	findings_add(s->found, FINDING("unread-message", FINDING_BLOCKS, again, OF_PROCESS(s, p)),
		     "has sent data over a Unix connection that no process has accepted yet, which "
		     "CRIU cannot save");
}
