/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command socket: everybody on the host may connect to it. The monitor's own clients
 * over a real socket, without a container behind them. The input is a sequence of
 * byte pairs, a client and a length, each with so many bytes of that client's; a length of
 * 0 ends its connection.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "monitor/monitor_private.h"
#include "util/fd.h"
#include "util/mem.h"

#define N_CLIENTS  4
#define ROUNDS_MAX 1000 /* something that makes no progress spins */

static struct config_item config[] = {
	{(char *)"lxc.console.buffer.size", (char *)"4096"},
	{(char *)"lxc.signal.stop", (char *)"SIGRTMIN+3"},
	{(char *)"lxc.net.0.name", (char *)"eth0"},
};

/* Until nothing is left to be done: what one side writes is at once the other's to read. */
static void settle(struct monitor *m)
{
	struct epoll_event events[16];
	int n, rounds = 0;

	while ((n = epoll_wait(m->epoll_fd, events, 16, 0)) > 0) {
		must(rounds++ < ROUNDS_MAX);
		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;

			if (s->fd >= 0 && s->events)
				s->ready(m, s, events[i].events);
		}
		cgroup_check_waiting(m);
		clients_bury(m);
	}
}

static int dial(int listener)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(getsockname(listener, (struct sockaddr *)&addr, &len) == 0);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&addr, len) == 0);
	return fd;
}

static void empty(int fd)
{
	char buf[65536];

	/* a descriptor that comes along is closed with the message */
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
}

static struct monitor *new_monitor(int listener, int init)
{
	static const char said[] = "what the console has shown";
	const struct monitor_setup setup = {
		.name = "c1",
		.lxcpath = "/var/lib/lxc",
		.config = config,
		.n_config = sizeof(config) / sizeof(config[0]),
		.listen_fd = listener,
		.init_pid = 1, /* a number to answer: signals go to the descriptor, which is none */
		.init_pidfd = init,
		.payload_cgroup = "lxc.payload.c1",
		.payload_cgroup_fd = -1,
		.devpts_fd = -1,
		.console = {.master = -1, .slave = -1},
		.scrollback = said,
		.scrollback_len = sizeof(said),
		.foreground_in = -1,
		.foreground_out = -1,
	};
	struct monitor *m = NULL;

	must(monitor_new(&setup, &m, NULL) == 0 && console_start(m, NULL) == 0);
	m->state = STATE_RUNNING;
	return m;
}

static void talk(struct monitor *m, int *fd, const uint8_t *data, size_t size)
{
	if (size == 0) {
		fd_close(fd);
	} else {
		if (*fd < 0)
			*fd = dial(m->setup.listen_fd);
		(void)send(*fd, data, size, MSG_NOSIGNAL);
	}
	settle(m);
	if (*fd >= 0)
		empty(*fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int init = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[N_CLIENTS] = {-1, -1, -1, -1};
	struct monitor *m;

	/* a name that the kernel chooses */
	must(bind(listener, (struct sockaddr *)&addr, sizeof(addr.sun_family)) == 0);
	must(listen(listener, N_CLIENTS) == 0);
	m = new_monitor(listener, init);
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		talk(m, &fds[data[0] % N_CLIENTS], data + 2, len);
		data += 2 + len;
		size -= 2 + len;
	}
	for (size_t i = 0; i < N_CLIENTS; i++)
		fd_close(&fds[i]);
	settle(m);
	must(m->clients == NULL);
	monitor_free(m);
	close(listener);
	close(init);
	return 0;
}
