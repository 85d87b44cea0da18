/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <poll.h>

#include "state.h"

static int fd, file, watch, ends[2];

/* --- inotify -------------------------------------------------------------- */

static void touch(const char *name)
{
	int made = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (made < 0)
		complain("%s: %s", name, strerror(errno));
	close(made);
}

/* Reads all events, whose masks and names are put together. */
static void read_events(char *text, size_t size)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	long n = read(fd, buf, sizeof(buf));

	text[0] = '\0';
	for (char *p = buf; n > 0 && p < buf + n;) {
		const struct inotify_event *event = (const struct inotify_event *)p;
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%d:%#x:%s ", event->wd, event->mask,
			 event->len ? event->name : "");
		p += sizeof(*event) + event->len;
	}
}

static void set_inotify(void)
{
	touch("watched");
	fd = TRY(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	/* numbers that are not in a row */
	TRY(inotify_rm_watch(fd, TRY(inotify_add_watch(fd, "watched", IN_ATTRIB))));
	watch = TRY(inotify_add_watch(fd, "watched", IN_MODIFY | IN_ATTRIB));
	TRY(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE));
	read_events((char[256]){0}, 256);
}

static void verify_inotify(void)
{
	char text[512], wanted[512];

	read_events(text, sizeof(text));
	same_text("what comes without an event", "", text);
	touch("new");
	unlink("new");
	file = open("watched", O_RDWR | O_CLOEXEC);
	if (write(file, "x", 1) != 1)
		complain("writing: %s", strerror(errno));
	close(file);
	read_events(text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%d:%#x:new %d:%#x:new %d:%#x: ", watch + 1, IN_CREATE,
		 watch + 1, IN_DELETE, watch, IN_MODIFY);
	same_text("what comes", wanted, text);
}

static void set_inotify_unread(void)
{
	set_inotify();
	touch("new");
	unlink("new");
}

static void verify_inotify_unread(void)
{
	char text[512], wanted[512];

	read_events(text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%d:%#x:new %d:%#x:new ", watch + 1, IN_CREATE, watch + 1,
		 IN_DELETE);
	same_text("what comes", wanted, text);
	touch("new");
	unlink("new");
}

static void set_fanotify(void)
{
	touch("watched");
	fd = TRY(fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY));
	TRY(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN | FAN_MODIFY, AT_FDCWD, "watched"));
}

static void verify_fanotify(void)
{
	struct fanotify_event_metadata event = {0};

	file = open("watched", O_RDONLY | O_CLOEXEC);
	close(file);
	if (read(fd, &event, sizeof(event)) != sizeof(event))
		complain("no event: %s", strerror(errno));
	same("the event", FAN_OPEN, (long)event.mask);
	close(event.fd);
}

/* --- eventfd -------------------------------------------------------------- */

static void set_eventfd(void)
{
	fd = TRY(eventfd(1234, EFD_NONBLOCK | EFD_CLOEXEC));
	file = TRY(eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE | EFD_CLOEXEC));
}

static void verify_eventfd(void)
{
	eventfd_t n = 0;

	eventfd_read(fd, &n);
	same("the count", 1234, (long)n);
	eventfd_write(fd, 1234);
	for (int i = 0; i < 3; i++) {
		n = 0;
		eventfd_read(file, &n);
		same("the semaphore", 1, (long)n);
	}
	same("the semaphore at 0", -1, eventfd_read(file, &n));
	eventfd_write(file, 3);
}

/* --- epoll ---------------------------------------------------------------- */

static int pipes[4][2];
static const uint32_t modes[4] = {EPOLLIN, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN};

static void add(int epoll, int what, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, what, &event));
}

static void set_epoll(void)
{
	fd = TRY(epoll_create1(EPOLL_CLOEXEC));
	for (int i = 0; i < 4; i++) {
		TRY(pipe2(pipes[i], O_CLOEXEC | O_NONBLOCK));
		add(fd, pipes[i][0], modes[i], 0x100000001ULL * (unsigned int)(i + 1));
	}
}

/* Which are reported: a bit each. */
static int reported(int epoll)
{
	struct epoll_event events[8];
	int n = epoll_wait(epoll, events, 8, 0), bits = 0;

	for (int i = 0; i < n; i++)
		bits |= 1 << (events[i].data.u64 & 0xff);
	return bits;
}

static void write_all(void)
{
	for (int i = 0; i < 4; i++)
		if (write(pipes[i][1], "x", 1) != 1)
			complain("a pipe cannot be written: %s", strerror(errno));
}

static void verify_epoll(void)
{
	struct epoll_event event = {.events = modes[2], .data.u64 = 0x300000003ULL};
	char byte;

	same("what is reported without an event", 0, reported(fd));
	write_all();
	same("what is reported", 0x1e, reported(fd));
	same("what is reported again", 1 << 1 | 1 << 4, reported(fd));
	for (int i = 0; i < 4; i++)
		if (read(pipes[i][0], &byte, 1) != 1)
			complain("a pipe cannot be read: %s", strerror(errno));
	epoll_ctl(fd, EPOLL_CTL_MOD, pipes[2][0], &event);
}

/* Reported already, and not to be reported again. */
static void set_epoll_edge(void)
{
	set_epoll();
	write_all();
	reported(fd);
}

static void verify_epoll_edge(void)
{
	same("what is reported", 1 << 1 | 1 << 4, reported(fd));
}

static void set_epoll_oneshot(void)
{
	set_epoll();
	TRY(write(pipes[2][1], "x", 1));
	reported(fd);
}

static void verify_epoll_oneshot(void)
{
	same("what is reported", 0, reported(fd));
}

static void set_epoll_nested(void)
{
	set_epoll();
	file = TRY(epoll_create1(EPOLL_CLOEXEC));
	add(file, fd, EPOLLIN, 5);
}

static void verify_epoll_nested(void)
{
	verify_epoll();
	same("what the outer one reports without an event", 0, reported(file));
	write_all();
	same("what the outer one reports", 1 << 5, reported(file));
	for (int i = 0; i < 4; i++) {
		char byte;

		if (read(pipes[i][0], &byte, 1) != 1)
			complain("a pipe cannot be read: %s", strerror(errno));
	}
	/* takes what was reported, and arms it again */
	reported(fd);
	epoll_ctl(fd, EPOLL_CTL_MOD, pipes[2][0],
		  &(struct epoll_event){.events = modes[2], .data.u64 = 0x300000003ULL});
}

/* What is watched was closed under its number, and is open under another. */
static void set_epoll_moved(void)
{
	fd = TRY(epoll_create1(EPOLL_CLOEXEC));
	TRY(pipe2(ends, O_CLOEXEC));
	add(fd, ends[0], EPOLLIN, 6);
	file = TRY(dup(ends[0]));
	close(ends[0]);
}

static void verify_epoll_moved(void)
{
	char byte;

	same("what is reported without an event", 0, reported(fd));
	TRY(write(ends[1], "x", 1));
	same("what is reported", 1 << 6, reported(fd));
	TRY(read(file, &byte, 1));
}

/* --- pidfd ---------------------------------------------------------------- */

static pid_t pid;

static void run_on(void)
{
	for (;;)
		pause();
}

static void set_pidfd(void)
{
	pid = start_child(run_on);
	fd = TRY(pidfd_open(pid, 0));
}

static void verify_pidfd(void)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (pidfd_send_signal(fd, 0, NULL, 0) < 0)
		complain("it leads to nobody: %s", strerror(errno));
	same("POLLIN", 0, poll(&p, 1, 0));
	kill(pid, SIGKILL);
	same("POLLIN after its end", 1, poll(&p, 1, 60000));
	waitpid(pid, NULL, 0);
	close(fd);
	set_pidfd();
}

static void set_pidfd_dead(void)
{
	set_pidfd();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void verify_pidfd_dead(void)
{
	same("sending a signal", -1, pidfd_send_signal(fd, 0, NULL, 0));
	same("the error", ESRCH, errno);
}

const struct kind notify_kinds[] = {
	{"inotify", set_inotify, verify_inotify, NULL},
	{"inotify-unread", set_inotify_unread, verify_inotify_unread, NULL},
	{"fanotify", set_fanotify, verify_fanotify, NULL},
	{"eventfd", set_eventfd, verify_eventfd, NULL},
	{"epoll", set_epoll, verify_epoll, NULL},
	{"epoll-edge-reported", set_epoll_edge, verify_epoll_edge, NULL},
	{"epoll-oneshot-reported", set_epoll_oneshot, verify_epoll_oneshot, NULL},
	{"epoll-nested", set_epoll_nested, verify_epoll_nested, NULL},
	{"epoll-moved", set_epoll_moved, verify_epoll_moved, NULL},
	{"pidfd", set_pidfd, verify_pidfd, NULL},
	{"pidfd-dead", set_pidfd_dead, verify_pidfd_dead, NULL},
	{0},
};
