/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * watcher EVENTS READY FOLDER...: watches the folders, each with inotify and with fanotify, and
 * adds a line to the file EVENTS for what is made in them: "inotify FOLDER NAME", "fanotify FOLDER"
 * where it is opened. Writes its number to READY.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "watcher: line %d: %s: %s\n", __LINE__, #x,                \
				strerror(errno));                                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static char **folders;
static int first; /* the watch of the first folder */

static void say_inotify(int fd, int to)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(fd, buf, sizeof(buf));

	for (char *p = buf; n > 0 && p < buf + n;) {
		const struct inotify_event *event = (const struct inotify_event *)p;

		dprintf(to, "inotify %s %s\n", folders[event->wd - first], event->name);
		p += sizeof(*event) + event->len;
	}
}

static void say_fanotify(int fd, int to)
{
	struct fanotify_event_metadata event;
	char link[64], path[4096];
	ssize_t n;

	CHECK(read(fd, &event, sizeof(event)) == sizeof(event));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", event.fd);
	n = readlink(link, path, sizeof(path) - 1);
	CHECK(n > 0);
	path[n] = '\0';
	close(event.fd);
	dprintf(to, "fanotify %s\n", path);
}

int main(int argc, char **argv)
{
	struct pollfd polls[2];
	int to, ready;

	if (argc < 4)
		return 2;
	setsid();
	folders = argv + 3;
	to = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0644);
	ready = open(argv[2], O_CREAT | O_TRUNC | O_WRONLY, 0644);
	polls[0] = (struct pollfd){inotify_init1(IN_NONBLOCK), POLLIN, 0};
	polls[1] = (struct pollfd){fanotify_init(FAN_CLASS_NOTIF, O_RDONLY), POLLIN, 0};
	CHECK(to >= 0 && ready >= 0 && polls[0].fd >= 0 && polls[1].fd >= 0);
	for (char **p = folders; *p; p++) {
		int wd = inotify_add_watch(polls[0].fd, *p, IN_CREATE);

		CHECK(wd > 0);
		first = first ? first : wd;
		CHECK(fanotify_mark(polls[1].fd, FAN_MARK_ADD, FAN_OPEN | FAN_ONDIR, AT_FDCWD,
				    *p) == 0);
	}
	dprintf(ready, "%d\n", (int)getpid());
	close(ready);
	for (;;) {
		/* CRIU interrupts it */
		if (poll(polls, 2, -1) < 0)
			continue;
		if (polls[0].revents)
			say_inotify(polls[0].fd, to);
		if (polls[1].revents)
			say_fanotify(polls[1].fd, to);
	}
}
