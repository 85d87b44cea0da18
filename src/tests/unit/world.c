/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "util/fd.h"
#include "util/mem.h"
#include "world.h"

struct world w;

void await(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
}

void get(int fd, void *buf, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n;

		await(fd, POLLIN);
		n = read(fd, (char *)buf + got, len - got);
		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
}

void assert_eof(int fd)
{
	char byte;
	ssize_t n;

	await(fd, POLLIN);
	n = read(fd, &byte, 1);
	ck_assert(n == 0 || (n < 0 && errno == ECONNRESET));
	close(fd);
}

bool is_quiet(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

/* ---- the monitor's side ---- */

static const struct config_item config[] = {
	{(char *)(uintptr_t)"lxc.arch", (char *)(uintptr_t)"x86_64"},
	{(char *)(uintptr_t)"lxc.seccomp.profile", (char *)(uintptr_t)""},
	{(char *)(uintptr_t)"lxc.signal.stop", (char *)(uintptr_t)"SIGUSR1"},
	/* only where w.scrollback is set */
	{(char *)(uintptr_t)"lxc.console.buffer.size", (char *)(uintptr_t)"4096"},
	{(char *)(uintptr_t)"lxc.console.size", (char *)(uintptr_t)"8192"},
	{(char *)(uintptr_t)"lxc.console.logfile", w.log},
};
#define N_CONSOLE_CONFIG 3

static void init_main(int in)
{
	unsigned char code = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* nothing of the monitor's: the end of a connection is to be seen */
	if (dup2(in, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		_exit(98);
	if (read(STDIN_FILENO, &code, 1) != 1)
		code = 99;
	_exit(code);
}

void pty_make(struct terminal *t, char path[static 32])
{
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0 || unlockpt(t->master) < 0 || ptsname_r(t->master, path, 32) != 0)
		abort();
	t->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	t->path = path;
}

static void say(const void *buf, size_t len)
{
	if (write_all(w.control, buf, len) < 0)
		_exit(3);
}

/* The end in the steps that the test asks for. */
static void monitor_end(struct monitor *m, int status)
{
	char step;

	say(&status, sizeof(status));
	monitor_publish_exit(m, status);
	monitor_set_state(m, STATE_STOPPING);
	while (read(w.control, &step, 1) == 1) {
		if (step == 'l')
			monitor_close_listener(m);
		else
			monitor_free(m);
		say(&step, 1);
		if (step == 'f')
			break;
	}
}

/* As restorer/ does: turns, until there is what it waits for. */
static void monitor_be_early(struct monitor *m)
{
	struct pollfd p[2] = {{.fd = w.control, .events = POLLIN},
			      {.fd = monitor_fd(m), .events = POLLIN}};
	char order = 0;

	say(&w, sizeof(w));
	while (order != 'c') {
		if (poll(p, 2, -1) < 0)
			_exit(4);
		if (p[1].revents)
			monitor_turn(m);
		if (!p[0].revents)
			continue;
		if (read(w.control, &order, 1) != 1)
			_exit(5);
		if (order == '?')
			say(monitor_stop_wanted(m) ? "y" : "n", 1);
		if (order != 'a')
			continue;
		monitor_set_state(m, STATE_ABORTING);
		monitor_end(m, 0);
		exit(0);
	}
}

static void init_make(struct monitor_setup *setup, int init_in)
{
	w.init = setup->init_pid = fork();
	if (setup->init_pid == 0)
		init_main(init_in);
	setup->init_pidfd = pidfd_open(setup->init_pid, 0);
	close(w.init_fd);
}

static void monitor_main(int listen_fd, int init_in)
{
	struct terminal ttys[N_TTYS];
	struct monitor_setup setup = {
		.name = "c1",
		.lxcpath = w.lxcpath,
		.config = config,
		.n_config = sizeof(config) / sizeof(config[0]) - N_CONSOLE_CONFIG,
		.listen_fd = listen_fd,
		.clone_flags = 0x6e020000,
		.payload_cgroup = "lxc.payload.c1",
		.controllers = "cpu memory\n",
		.devpts_fd = -1,
		.ttys = ttys,
		.n_ttys = N_TTYS,
		.foreground_in = w.fg_in,
		.foreground_out = w.fg_out,
	};
	struct monitor *m;
	int status;

	if (w.scrollback) {
		setup.n_config += N_CONSOLE_CONFIG;
		setup.scrollback = w.scrollback;
		setup.scrollback_len = strlen(w.scrollback);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* libcheck has handlers for these, which end the whole test */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	pty_make(&setup.console, w.pts[0]);
	for (int i = 0; i < N_TTYS; i++)
		pty_make(&ttys[i], w.pts[i + 1]);
	setup.payload_cgroup_fd = open(w.cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	setup.init_pidfd = -1;
	if (!w.early)
		init_make(&setup, init_in);
	if (monitor_new(&setup, &m, NULL) < 0)
		_exit(1);
	if (w.early) {
		monitor_be_early(m);
		init_make(&setup, init_in);
		monitor_update(m, &setup);
	}
	monitor_set_state(m, STATE_RUNNING);
	say(&w, sizeof(w));
	if (monitor_run(m, &status, NULL) < 0)
		_exit(2);
	monitor_end(m, status);
	exit(0);
}

/* ---- setting up and ending ---- */

void file_make(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w.cgroup, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
}

void world_prepare(void)
{
	w = (struct world){.fg_in = -1, .fg_out = -1};
	strcpy(w.lxcpath, "/tmp/lxcckpt-monitor-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w.lxcpath));
	snprintf(w.cgroup, sizeof(w.cgroup), "%s/cgroup", w.lxcpath);
	snprintf(w.log, sizeof(w.log), "%s/console.log", w.lxcpath);
	ck_assert_int_eq(mkdir(w.cgroup, 0700), 0);
	file_make("cgroup.freeze", "x");
}

void world_run(void)
{
	int control[2], init[2], listen_fd;
	struct world said;

	listen_fd = command_socket_bind(w.lxcpath, "c1");
	ck_assert_int_ge(listen_fd, 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
	ck_assert_int_eq(pipe2(init, O_CLOEXEC), 0);
	w.init_fd = init[1];
	w.monitor = fork();
	ck_assert_int_ge(w.monitor, 0);
	if (w.monitor == 0) {
		close(control[0]);
		w.control = control[1];
		monitor_main(listen_fd, init[0]);
	}
	close(listen_fd);
	close(control[1]);
	close(init[0]);
	fd_close(&w.fg_in);
	fd_close(&w.fg_out);
	w.control = control[0];
	get(w.control, &said, sizeof(said));
	w.init = said.init;
	memcpy(w.pts, said.pts, sizeof(w.pts));
	w.addr.sun_family = AF_UNIX;
	w.addrlen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				command_socket_name(w.lxcpath, "c1", w.addr.sun_path));
	if (!w.early)
		assert_serving();
}

void world_completes(void)
{
	struct world said;

	ck_assert_int_eq(write_all(w.control, "c", 1), 0);
	get(w.control, &said, sizeof(said));
	w.init = said.init;
	assert_serving();
}

bool world_is_unwanted(void)
{
	char answer;

	ck_assert_int_eq(write_all(w.control, "?", 1), 0);
	get(w.control, &answer, 1);
	return answer == 'y';
}

void world_start(void)
{
	world_prepare();
	world_run();
}

int init_exits(int code)
{
	unsigned char byte = (unsigned char)code;
	int status;

	if (code >= 0)
		ck_assert_int_eq(write_all(w.init_fd, &byte, 1), 0);
	get(w.control, &status, sizeof(status));
	return status;
}

void step(char name)
{
	char answer;

	ck_assert_int_eq(write_all(w.control, &name, 1), 0);
	get(w.control, &answer, 1);
	ck_assert_int_eq(answer, name);
}

void world_end(void)
{
	int status;

	step('l');
	step('f');
	ck_assert_int_eq(waitpid(w.monitor, &status, 0), w.monitor);
	ck_assert_int_eq(status, 0);
	remove_tree(w.lxcpath);
	close(w.control);
	close(w.init_fd);
}

void world_stop(void)
{
	ck_assert_int_eq(init_exits(0), 0);
	world_end();
}

/* ---- a client's side ---- */

int try_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (connect(fd, (struct sockaddr *)&w.addr, w.addrlen) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

int dial(void)
{
	int fd = try_connect();

	ck_assert_int_ge(fd, 0);
	return fd;
}

void put(int fd, const void *buf, size_t len)
{
	ck_assert_int_eq(send(fd, buf, len, MSG_NOSIGNAL), (ssize_t)len);
}

void request(int fd, int cmd, int64_t data, const void *payload, int len)
{
	struct wire_request req = {cmd, len, data};

	put(fd, &req, sizeof(req));
	if (len > 0)
		put(fd, payload, (size_t)len);
}

struct wire_response response(int fd, void *body, size_t room, int *ret_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct wire_response r;
	struct iovec iov = {&r, sizeof(r)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *h;

	if (ret_fd) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		*ret_fd = -1;
	}
	await(fd, POLLIN);
	ck_assert_int_eq(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), (ssize_t)sizeof(r));
	ck_assert_int_eq(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);
	h = ret_fd ? CMSG_FIRSTHDR(&msg) : NULL;
	if (h)
		memcpy(ret_fd, CMSG_DATA(h), sizeof(int));
	ck_assert_uint_le((size_t)r.datalen, room);
	if (r.datalen > 0)
		ck_assert_int_eq(recv(fd, body, (size_t)r.datalen, 0), r.datalen);
	return r;
}

void assert_response(struct wire_response r, int ret, int data)
{
	ck_assert_int_eq(r.ret, ret);
	ck_assert_int_eq(r.datalen, 0);
	ck_assert_int_eq(r.data, data);
}

struct wire_response ask(int cmd, int64_t data, const void *payload, int len, void *body,
			 size_t room, int *ret_fd)
{
	struct wire_response r;
	int fd = dial();

	request(fd, cmd, data, payload, len);
	r = response(fd, body, room, ret_fd);
	assert_eof(fd);
	return r;
}

struct wire_response ask_int(int cmd, int64_t data)
{
	return ask(cmd, data, NULL, 0, NULL, 0, NULL);
}

void assert_serving(void)
{
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_RUNNING);
}

void assert_silent(int cmd, const char *payload, int len)
{
	int fd = dial();

	request(fd, cmd, 0, payload, len);
	assert_eof(fd);
}

int wait_state(const int32_t states[static N_STATES], int expect)
{
	int fd = dial();

	request(fd, CMD_ADD_STATE_CLIENT, 0, states, N_STATES * 4);
	assert_response(response(fd, NULL, 0, NULL), expect, expect);
	return fd;
}

void assert_message(int fd, int state)
{
	struct wire_message msg;

	get(fd, &msg, sizeof(msg));
	ck_assert_int_eq(msg.type, MESSAGE_STATE);
	ck_assert_str_eq(msg.name, "c1");
	ck_assert_int_eq(msg.value, state);
	assert_eof(fd);
}

void assert_freeze_file(const char *expect)
{
	_cleanup_free_ char *path = xasprintf("%s/cgroup.freeze", w.cgroup), *text = NULL;

	ck_assert_int_gt(read_file_at(AT_FDCWD, path, 64, &text), 0);
	ck_assert_str_eq(text, expect);
}
