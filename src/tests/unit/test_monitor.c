/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor/: a real monitor in a process of its own, whose child is "init": it
 * exits with the byte that it reads. The test is its clients and, on the slave
 * ends of the ptys, the container. Its cgroup is a directory with files.
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "inspect/scrollback.h"
#include "monitor/frame.h"
#include "monitor/monitor.h"
#include "util/fd.h"
#include "util/mem.h"

Suite *monitor_suite(void);

/* Generous: nothing here takes long unless it hangs. */
#define PATIENCE_MS 20000
#define N_TTYS	    2

static struct world {
	char lxcpath[64];
	char cgroup[80];
	struct sockaddr_un addr;
	socklen_t addrlen;
	int control; /* what the monitor process says and is told */
	int init_fd; /* a byte here is init's exit code */
	pid_t monitor;
	pid_t init;
	char pts[N_TTYS + 1][32];
	int fg_in, fg_out;	/* the monitor's ends */
	const char *scrollback; /* what its buffer begins with; NULL: it has none */
	char log[80];
} w;

static void await(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
}

static void get(int fd, void *buf, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n;

		await(fd, POLLIN);
		n = read(fd, (char *)buf + got, len - got);
		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
}

static void assert_eof(int fd)
{
	char byte;
	ssize_t n;

	await(fd, POLLIN);
	n = read(fd, &byte, 1);
	ck_assert(n == 0 || (n < 0 && errno == ECONNRESET));
	close(fd);
}

static bool is_quiet(int fd)
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
	if (read(in, &code, 1) != 1)
		code = 99;
	_exit(code);
}

static void pty_make(struct terminal *t, char path[static 32])
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
	w.init = setup.init_pid = fork();
	if (setup.init_pid == 0)
		init_main(init_in);
	setup.init_pidfd = pidfd_open(setup.init_pid, 0);
	close(w.init_fd);
	if (monitor_new(&setup, &m, NULL) < 0)
		_exit(1);
	monitor_set_state(m, STATE_RUNNING);
	say(&w, sizeof(w));
	if (monitor_run(m, &status, NULL) < 0)
		_exit(2);
	monitor_end(m, status);
	exit(0);
}

/* ---- setting up and ending ---- */

static void file_make(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w.cgroup, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
}

static void world_prepare(void)
{
	w = (struct world){.fg_in = -1, .fg_out = -1};
	strcpy(w.lxcpath, "/tmp/lxcckpt-monitor-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w.lxcpath));
	snprintf(w.cgroup, sizeof(w.cgroup), "%s/cgroup", w.lxcpath);
	snprintf(w.log, sizeof(w.log), "%s/console.log", w.lxcpath);
	ck_assert_int_eq(mkdir(w.cgroup, 0700), 0);
	file_make("cgroup.freeze", "x");
	file_make("cgroup.controllers", "cpu memory\n");
}

static void assert_serving(void);

static void world_run(void)
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
	assert_serving();
}

static void world_start(void)
{
	world_prepare();
	world_run();
}

static int init_exits(int code)
{
	unsigned char byte = (unsigned char)code;
	int status;

	if (code >= 0)
		ck_assert_int_eq(write_all(w.init_fd, &byte, 1), 0);
	get(w.control, &status, sizeof(status));
	return status;
}

static void step(char name)
{
	char answer;

	ck_assert_int_eq(write_all(w.control, &name, 1), 0);
	get(w.control, &answer, 1);
	ck_assert_int_eq(answer, name);
}

static void world_end(void)
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

/* What most tests end with. */
static void world_stop(void)
{
	ck_assert_int_eq(init_exits(0), 0);
	world_end();
}

/* ---- a client's side ---- */

static int try_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (connect(fd, (struct sockaddr *)&w.addr, w.addrlen) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int dial(void)
{
	int fd = try_connect();

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void put(int fd, const void *buf, size_t len)
{
	ck_assert_int_eq(send(fd, buf, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void request(int fd, int cmd, int64_t data, const void *payload, int len)
{
	struct wire_request req = {cmd, len, data};

	put(fd, &req, sizeof(req));
	if (len > 0)
		put(fd, payload, (size_t)len);
}

/* As LXC's clients: the fd has to come with the header, the body in one piece. */
static struct wire_response response(int fd, void *body, size_t room, int *ret_fd)
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

static void assert_response(struct wire_response r, int ret, int data)
{
	ck_assert_int_eq(r.ret, ret);
	ck_assert_int_eq(r.datalen, 0);
	ck_assert_int_eq(r.data, data);
}

/* A whole exchange that ends with the connection. */
static struct wire_response ask(int cmd, int64_t data, const void *payload, int len, void *body,
				size_t room, int *ret_fd)
{
	struct wire_response r;
	int fd = dial();

	request(fd, cmd, data, payload, len);
	r = response(fd, body, room, ret_fd);
	assert_eof(fd);
	return r;
}

static struct wire_response ask_int(int cmd, int64_t data)
{
	return ask(cmd, data, NULL, 0, NULL, 0, NULL);
}

/* It answers, so it takes signals, and the console is set up. */
static void assert_serving(void)
{
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_RUNNING);
}

static void assert_silent(int cmd, const char *payload, int len)
{
	int fd = dial();

	request(fd, cmd, 0, payload, len);
	assert_eof(fd);
}

/* 8 means: registered. */
static int wait_state(const int32_t states[static N_STATES], int expect)
{
	int fd = dial();

	request(fd, CMD_ADD_STATE_CLIENT, 0, states, N_STATES * 4);
	assert_response(response(fd, NULL, 0, NULL), expect, expect);
	return fd;
}

static void assert_message(int fd, int state)
{
	struct wire_message msg;

	get(fd, &msg, sizeof(msg));
	ck_assert_int_eq(msg.type, MESSAGE_STATE);
	ck_assert_str_eq(msg.name, "c1");
	ck_assert_int_eq(msg.value, state);
	assert_eof(fd);
}

/* ---- tests: what is answered ---- */

START_TEST(test_integers)
{
	world_start();
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_RUNNING);
	assert_response(ask_int(CMD_GET_INIT_PID, 0), 0, w.init);
	assert_response(ask_int(CMD_GET_CLONE_FLAGS, 0), 0, 0x6e020000);
	world_stop();
}
END_TEST

START_TEST(test_strings)
{
	struct wire_response r;
	char body[64];

	world_start();
	r = ask(CMD_GET_NAME, 0, NULL, 0, body, sizeof(body), NULL);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_int_eq(r.data, 0);
	ck_assert_int_eq(r.datalen, 3);
	ck_assert_str_eq(body, "c1");
	r = ask(CMD_GET_LXCPATH, 0, NULL, 0, body, sizeof(body), NULL);
	ck_assert_int_eq(r.datalen, (int)strlen(w.lxcpath) + 1);
	ck_assert_str_eq(body, w.lxcpath);
	world_stop();
}
END_TEST

START_TEST(test_config_items)
{
	struct wire_response r;
	char body[64];

	world_start();
	r = ask(CMD_GET_CONFIG_ITEM, 0, "lxc.arch", 9, body, sizeof(body), NULL);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_int_eq(r.datalen, 7);
	ck_assert_str_eq(body, "x86_64");
	assert_response(ask(CMD_GET_CONFIG_ITEM, 0, "lxc.nope", 9, NULL, 0, NULL), -1, 0);
	assert_response(ask(CMD_GET_CONFIG_ITEM, 0, "lxc.seccomp.profile", 20, NULL, 0, NULL), -1,
			0);
	assert_response(ask(CMD_GET_CONFIG_ITEM, 0, "lxc.arch", 8, NULL, 0, NULL), -EINVAL, 0);
	assert_response(ask(CMD_GET_CONFIG_ITEM, 0x4141414141, NULL, 0, NULL, 0, NULL), -EINVAL, 0);
	world_stop();
}
END_TEST

START_TEST(test_pidfd)
{
	int fd;

	world_start();
	assert_response(ask(CMD_GET_INIT_PIDFD, 0, NULL, 0, NULL, 0, &fd), 0, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pidfd_send_signal(fd, 0, NULL, 0), 0);
	close(fd);
	world_stop();
}
END_TEST

START_TEST(test_cgroup)
{
	struct wire_cgroup_fd cg = {.controller = "memory"}, got;
	struct wire_cgroup_ctx ctx = {0}, answer;
	struct wire_response r;
	char body[64];
	int fd;

	world_start();
	r = ask(CMD_GET_LIMIT_CGROUP, 0, "freezer", 8, body, sizeof(body), NULL);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_str_eq(body, "lxc.payload.c1");
	ask(CMD_GET_CGROUP, 0, "memory", 7, body, sizeof(body), NULL);
	ask(CMD_GET_CGROUP, 0, "devices", 8, body, sizeof(body), NULL);
	assert_silent(CMD_GET_CGROUP, "blkio", 6);
	assert_silent(CMD_GET_CGROUP, NULL, 0);
	assert_response(ask(CMD_GET_CGROUP, 0, "memory", 6, NULL, 0, NULL), -EINVAL, 0);

	r = ask(CMD_GET_CGROUP_CTX, 0, &ctx, sizeof(ctx), &answer, sizeof(answer), &fd);
	ck_assert_int_eq(r.datalen, 96);
	ck_assert_int_eq(answer.layout, 2);
	ck_assert_uint_eq(answer.utilities, 3);
	ck_assert_uint_eq(answer.fd_len, 1);
	ck_assert_int_eq(faccessat(fd, "cgroup.freeze", F_OK, 0), 0);
	close(fd);

	r = ask(CMD_GET_LIMIT_CGROUP_FD, 0, &cg, sizeof(cg), &got, sizeof(got), &fd);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_int_eq(r.datalen, 80);
	ck_assert_str_eq(got.controller, "memory");
	ck_assert_int_eq(got.type, CGROUP_TYPE_CGROUP2);
	ck_assert_int_ge(fd, 0);
	close(fd);
	strcpy(cg.controller, "cgroup");
	assert_response(ask(CMD_GET_CGROUP_FD, 0, &cg, sizeof(cg), NULL, 0, NULL), -ENOENT, 0);
	assert_response(ask(CMD_GET_CGROUP_FD, 0, &cg, 79, NULL, 0, NULL), -EINVAL, 0);
	assert_response(ask(CMD_GET_CGROUP2_FD, 0, NULL, 0, NULL, 0, &fd), 0, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	world_stop();
}
END_TEST

static void assert_freeze_file(const char *expect)
{
	_cleanup_free_ char *path = xasprintf("%s/cgroup.freeze", w.cgroup), *text = NULL;

	ck_assert_int_gt(read_file_at(AT_FDCWD, path, 64, &text), 0);
	ck_assert_str_eq(text, expect);
}

START_TEST(test_freeze)
{
	world_start();
	assert_response(ask_int(CMD_FREEZE, 0), 0, 0);
	assert_freeze_file("1");
	assert_response(ask_int(CMD_UNFREEZE, 0), 0, 0);
	assert_freeze_file("0");
	/* this cgroup has no cgroup.events to wait for */
	assert_response(ask_int(CMD_FREEZE, 1000), -ENOENT, 0);
	world_stop();
}
END_TEST

START_TEST(test_refusals)
{
	struct wire_device_rule rule = {.type = 'c', .major = 1, .minor = 3, .access = "rwm"};
	struct wire_console_log log = {.read = 1};

	world_start();
	assert_response(ask_int(27, 0), -ENOSYS, 0);
	assert_response(ask_int(99, 0), -ENOSYS, 0);
	assert_response(ask_int(-1, 0), -ENOSYS, 0);
	assert_response(ask(99, 0, "rubbish", 7, NULL, 0, NULL), -ENOSYS, 0);
	assert_silent(CMD_TERMINAL_WINCH, NULL, 0);
	assert_response(ask(CMD_ADD_STATE_CLIENT, 0, "short", 5, NULL, 0, NULL), -EINVAL, 0);
	assert_response(ask_int(CMD_CONSOLE_LOG, 0x4141), -EINVAL, 0);
	assert_response(ask(CMD_CONSOLE_LOG, 0, &log, sizeof(log), NULL, 0, NULL), -EFAULT, 0);
	assert_response(ask_int(CMD_SERVE_STATE_CLIENTS, 8), -EINVAL, 0);
	assert_response(ask_int(CMD_SERVE_STATE_CLIENTS, -1), -EINVAL, 0);
	assert_response(ask(CMD_ADD_BPF_DEVICE_CGROUP, 0, &rule, 39, NULL, 0, NULL), -EINVAL, 0);
	assert_response(ask(CMD_ADD_BPF_DEVICE_CGROUP, 0, &rule, 40, NULL, 0, NULL), -1, 0);
	assert_response(ask_int(CMD_SECCOMP_NOTIFY_ADD_LISTENER, 5), -EINVAL, 0);
	assert_response(ask_int(CMD_GET_SECCOMP_NOTIFY_FD, 0), -EBADF, 0);
	assert_response(ask_int(CMD_GET_DEVPTS_FD, 0), -EBADF, 0);
	assert_response(ask_int(CMD_GET_SYSTEMD_SCOPE, 0), -EINVAL, 0);
	world_stop();
}
END_TEST

START_TEST(test_strangers_are_refused)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return; /* cannot be somebody else */
	world_start();
	pid = fork();
	if (pid == 0) {
		struct wire_response r;
		int fd;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		fd = dial();
		request(fd, CMD_STOP, 0, "ignored", 8);
		r = response(fd, NULL, 0, NULL);
		assert_eof(fd);
		_exit(r.ret == -EPERM && r.datalen == 0 && r.data == 0 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_serving();
	world_stop();
}
END_TEST

/* ---- tests: connections ---- */

START_TEST(test_frames_in_pieces)
{
	const struct wire_request req = {CMD_GET_CONFIG_ITEM, 9, -1};
	const char *key = "lxc.arch";
	struct wire_response r;
	char body[16];
	int fd;

	world_start();
	fd = dial();
	for (size_t i = 0; i < sizeof(req); i++) {
		put(fd, (const char *)&req + i, 1);
		assert_serving();
	}
	for (size_t i = 0; i < 9; i++) {
		ck_assert(is_quiet(fd));
		put(fd, key + i, 1);
		assert_serving();
	}
	r = response(fd, body, sizeof(body), NULL);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_str_eq(body, "x86_64");
	assert_eof(fd);
	world_stop();
}
END_TEST

START_TEST(test_half_frames_cost_only_themselves)
{
	const struct wire_request req = {CMD_GET_CONFIG_ITEM, 8000, 0};
	int fd;

	world_start();
	for (size_t n = 0; n <= sizeof(req); n++) {
		fd = dial();
		if (n)
			put(fd, &req, n);
		shutdown(fd, SHUT_WR);
		assert_eof(fd);
	}
	assert_serving();
	world_stop();
}
END_TEST

START_TEST(test_too_much_data)
{
	char big[REQUEST_DATA_MAX + 1];
	int fd;

	world_start();
	memset(big, 'k', sizeof(big));
	big[REQUEST_DATA_MAX - 1] = '\0';
	assert_response(ask(CMD_GET_CONFIG_ITEM, 0, big, REQUEST_DATA_MAX, NULL, 0, NULL), -1, 0);
	fd = dial();
	put(fd, &(struct wire_request){CMD_GET_CONFIG_ITEM, REQUEST_DATA_MAX + 1, 0}, 16);
	assert_eof(fd);
	fd = dial();
	put(fd, &(struct wire_request){CMD_CONSOLE_LOG, INT32_MAX, 0}, 16);
	assert_eof(fd);
	assert_serving();
	world_stop();
}
END_TEST

static size_t count_fds(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", pid);
	_cleanup_closedir_ DIR *dir = opendir(path);
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	return n;
}

START_TEST(test_many_idle_connections)
{
	int fds[300];
	size_t before;

	world_start();
	before = count_fds(w.monitor);
	for (size_t i = 0; i < 300; i++) {
		fds[i] = dial();
		if (i % 3 == 1)
			put(fds[i], "half", 4);
	}
	for (size_t i = 0; i < 300; i++)
		assert_response(ask_int(CMD_GET_INIT_PID, 0), 0, w.init);
	for (size_t i = 0; i < 300; i++) {
		put(fds[i], &(struct wire_request){-1, 0, 0}, i % 3 == 1 ? 12 : 16);
		response(fds[i], NULL, 0, NULL);
		assert_eof(fds[i]);
	}
	ck_assert_uint_eq(count_fds(w.monitor), before);
	world_stop();
}
END_TEST

/* With its descriptors used up by idle connections the monitor still hears a request. */
START_TEST(test_out_of_descriptors)
{
	const struct rlimit few = {32, 32};
	int fds[64], kept;

	world_start();
	kept = wait_state((int32_t[N_STATES]){[STATE_FROZEN] = 1}, 8);
	ck_assert_int_eq(prlimit(w.monitor, RLIMIT_NOFILE, &few, NULL), 0);
	for (size_t i = 0; i < 64; i++)
		fds[i] = dial();
	assert_serving();
	ck_assert(is_quiet(kept));
	for (size_t i = 0; i < 64; i++)
		close(fds[i]);
	ask_int(CMD_SERVE_STATE_CLIENTS, STATE_FROZEN);
	assert_message(kept, STATE_FROZEN);
	world_stop();
}
END_TEST

/* ---- tests: states ---- */

START_TEST(test_state_reached_already)
{
	int fd;

	world_start();
	fd = wait_state((int32_t[N_STATES]){[STATE_RUNNING] = 1}, STATE_RUNNING);
	ask_int(CMD_SERVE_STATE_CLIENTS, STATE_RUNNING);
	ck_assert(is_quiet(fd));
	close(fd);
	world_stop();
}
END_TEST

START_TEST(test_state_clients_are_served)
{
	int frozen, thawed, next, gone;

	world_start();
	frozen = wait_state((int32_t[N_STATES]){[STATE_FROZEN] = 1, [STATE_STOPPED] = 1}, 8);
	thawed = wait_state((int32_t[N_STATES]){[STATE_THAWED] = 3}, 8);
	next = wait_state((int32_t[N_STATES]){[STATE_RUNNING] = 2}, 8);
	gone = wait_state((int32_t[N_STATES]){[STATE_FROZEN] = 1}, 8);
	close(gone);

	assert_response(ask_int(CMD_SERVE_STATE_CLIENTS, STATE_FROZEN), 0, 0);
	assert_message(frozen, STATE_FROZEN);
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_FROZEN);
	ck_assert(is_quiet(thawed));
	assert_response(ask_int(CMD_SERVE_STATE_CLIENTS, STATE_THAWED), 0, 0);
	assert_message(thawed, STATE_THAWED);
	assert_serving();
	ck_assert(is_quiet(next));
	ask_int(CMD_SERVE_STATE_CLIENTS, STATE_RUNNING);
	assert_message(next, STATE_RUNNING);
	world_stop();
}
END_TEST

START_TEST(test_stopped_is_an_eof)
{
	int stopped, stopping;

	world_start();
	stopped = wait_state((int32_t[N_STATES]){[STATE_STOPPED] = 1}, 8);
	stopping = wait_state((int32_t[N_STATES]){[STATE_STOPPING] = 1}, 8);
	ck_assert_int_eq(init_exits(3), 0x300);
	assert_message(stopping, STATE_STOPPING);
	step('l');
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	ck_assert(is_quiet(stopped));
	step('f');
	assert_eof(stopped);
	ck_assert_int_eq(waitpid(w.monitor, NULL, 0), w.monitor);
	remove_tree(w.lxcpath);
}
END_TEST

START_TEST(test_late_connections_are_reset)
{
	int fd;

	world_start();
	ck_assert_int_eq(init_exits(0), 0);
	fd = dial(); /* nobody accepts any more */
	put(fd, &(struct wire_request){CMD_GET_STATE, 0, 0}, 16);
	ck_assert(is_quiet(fd));
	step('l');
	assert_eof(fd);
	/* the name is free at once */
	fd = command_socket_bind(w.lxcpath, "c1");
	ck_assert_int_ge(fd, 0);
	close(fd);
	world_end();
}
END_TEST

static void make_parents(char *dir)
{
	for (char *slash = strchr(dir + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		ck_assert(mkdir(dir, 0755) == 0 || errno == EEXIST);
		if (!slash)
			return;
		*slash = '/';
	}
}

START_TEST(test_monitord_hears)
{
	static const int32_t expect[][2] = {
		{MESSAGE_STATE, STATE_RUNNING},
		{MESSAGE_EXIT_CODE, 0x700},
		{MESSAGE_STATE, STATE_STOPPING},
		{MESSAGE_STATE, STATE_STOPPED},
	};
	_cleanup_free_ char *dir = NULL, *fifo = NULL;
	struct stat st;
	int fd;

	world_prepare();
	setenv("XDG_RUNTIME_DIR", w.lxcpath, 1);
	if (stat("/run", &st) == 0 && (st.st_uid == geteuid() || st.st_gid == getegid()))
		dir = xasprintf("/run/lxc/%s", w.lxcpath);
	else
		dir = xasprintf("%s/lxc/%s", w.lxcpath, w.lxcpath);
	make_parents(dir);
	fifo = xasprintf("%s/monitor-fifo", dir);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	world_run();
	/* what a client has done is told by that client */
	ask_int(CMD_SERVE_STATE_CLIENTS, STATE_FROZEN);
	ck_assert_int_eq(init_exits(7), 0x700);
	world_end();
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		struct wire_message msg;

		get(fd, &msg, sizeof(msg));
		ck_assert_int_eq(msg.type, expect[i][0]);
		ck_assert_int_eq(msg.value, expect[i][1]);
	}
	ck_assert(is_quiet(fd));
	remove_tree(dir);
	/* what mkdir -p made above it */
	do
		*strrchr(dir, '/') = '\0';
	while (strlen(dir) > strlen("/run/lxc") && rmdir(dir) == 0);
}
END_TEST

/* ---- tests: the end ---- */

START_TEST(test_stop)
{
	int stop;

	world_start();
	stop = dial();
	request(stop, CMD_STOP, 0, NULL, 0);
	/* the configured one, and a frozen container is thawed for it */
	ck_assert_int_eq(init_exits(-1), SIGUSR1);
	assert_freeze_file("0");
	step('l');
	ck_assert(is_quiet(stop));
	step('f');
	assert_eof(stop);
	ck_assert_int_eq(waitpid(w.monitor, NULL, 0), w.monitor);
	remove_tree(w.lxcpath);
}
END_TEST

START_TEST(test_signals_go_to_init)
{
	world_start();
	ck_assert_int_eq(kill(w.monitor, SIGHUP), 0);
	ck_assert_int_eq(init_exits(-1), SIGTERM);
	world_end();

	world_start();
	ck_assert_int_eq(kill(w.monitor, SIGCHLD), 0);
	ck_assert_int_eq(kill(w.monitor, SIGWINCH), 0);
	ck_assert_int_eq(kill(w.monitor, SIGINT), 0);
	ck_assert_int_eq(init_exits(-1), SIGINT);
	world_end();
}
END_TEST

/* ---- tests: console and ttys ---- */

/* The container's end, without a line discipline in the way. */
static int slave_open(int tty)
{
	int fd = open(w.pts[tty], O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios tios;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(tcgetattr(fd, &tios), 0);
	cfmakeraw(&tios);
	ck_assert_int_eq(tcsetattr(fd, TCSANOW, &tios), 0);
	return fd;
}

static void relay(int from, int to, const char *text)
{
	char buf[64] = "";

	ck_assert_int_eq(write_all(from, text, strlen(text)), 0);
	get(to, buf, strlen(text));
	ck_assert_str_eq(buf, text);
}

static int tty_ask(int tty, int expect, int *ret_fd)
{
	int fd = dial();

	request(fd, CMD_GET_TTY_FD, tty, NULL, 0);
	assert_response(response(fd, NULL, 0, ret_fd), expect < 0 ? expect : 0,
			expect < 0 ? 0 : expect);
	if (expect >= 0)
		return fd;
	ck_assert_int_eq(*ret_fd, -1);
	assert_eof(fd);
	return -1;
}

/* The end of a connection is noticed by and by: the slot is free when it can be had. */
static int tty_ask_again(int tty, int *ret_fd)
{
	for (;;) {
		int fd = dial();

		request(fd, CMD_GET_TTY_FD, tty, NULL, 0);
		if (response(fd, NULL, 0, ret_fd).ret == 0)
			return fd;
		close(fd);
	}
}

START_TEST(test_tty_slots)
{
	int one, two, again, fd, slave;

	world_start();
	one = tty_ask(-1, 1, &fd);
	close(fd);
	two = tty_ask(2, 2, &fd);
	slave = slave_open(2);
	relay(slave, fd, "login:");
	relay(fd, slave, "root");
	close(fd);
	tty_ask(1, -EBADF, &fd);
	tty_ask(2, -EBADF, &fd);
	tty_ask(-1, -EBADF, &fd);
	tty_ask(3, -EBADF, &fd);
	tty_ask(-2, -EBADF, &fd);
	close(one);
	again = tty_ask_again(1, &fd);
	close(fd);
	close(again);
	close(two);
	close(slave);
	world_stop();
}
END_TEST

/* The size of a terminal becomes that soon, without anything being typed. */
static void await_columns(int slave, int columns)
{
	struct winsize got = {0};

	for (int i = 0; i < PATIENCE_MS / 10 && got.ws_col != columns; i++) {
		ck_assert_int_eq(poll(NULL, 0, 10), 0);
		ck_assert_int_eq(ioctl(slave, TIOCGWINSZ, &got), 0);
	}
	ck_assert_int_eq(got.ws_col, columns);
}

START_TEST(test_console_proxy)
{
	struct winsize size = {.ws_row = 40, .ws_col = 100}, got;
	int client, other, fd, slave;

	world_start();
	slave = slave_open(0);
	client = tty_ask(0, 0, &fd);
	tty_ask(0, -EBADF, &other);
	relay(slave, fd, "container says");
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	relay(fd, slave, "\x03 client says");
	ck_assert_int_eq(ioctl(slave, TIOCGWINSZ, &got), 0);
	ck_assert_int_eq(got.ws_col, 100);
	size.ws_col = 120;
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	await_columns(slave, 120);
	/* what the container has set stays, until the client changes again */
	got.ws_col = 99;
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &got), 0);
	relay(fd, slave, "typed");
	ck_assert_int_eq(ioctl(slave, TIOCGWINSZ, &got), 0);
	ck_assert_int_eq(got.ws_col, 99);
	close(client);
	close(fd);
	client = tty_ask_again(0, &fd);
	relay(slave, fd, "and again");
	close(client);
	close(fd);
	close(slave);
	world_stop();
}
END_TEST

/* More than all buffers on the way hold, with nobody to read it: then with a client who does not.
 */
START_TEST(test_console_never_blocks_the_container)
{
	char page[4096];
	int client, fd, slave;

	world_start();
	slave = slave_open(0);
	memset(page, '.', sizeof(page));
	for (int i = 0; i < 256; i++) {
		await(slave, POLLOUT);
		ck_assert_int_eq(write_all(slave, page, sizeof(page)), 0);
	}
	client = tty_ask(0, 0, &fd);
	for (int i = 0; i < 256; i++) {
		await(slave, POLLOUT);
		ck_assert_int_eq(write_all(slave, page, sizeof(page)), 0);
	}
	assert_serving();
	close(client);
	close(fd);
	close(slave);
	world_stop();
}
END_TEST

/* A client that writes more than the container reads is held, and nothing is lost. */
START_TEST(test_console_input_is_held)
{
	enum { TOTAL = 512 * 1024 };
	size_t sent = 0, got = 0;
	char page[4096], buf[4096];
	int client, fd, slave;

	world_start();
	slave = slave_open(0);
	client = tty_ask(0, 0, &fd);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (char)('a' + i % 23);
	while (got < TOTAL) {
		struct pollfd p[2] = {{.fd = slave, .events = POLLIN},
				      {.fd = sent < TOTAL ? fd : -1, .events = POLLOUT}};
		ssize_t n;

		ck_assert_int_gt(poll(p, 2, PATIENCE_MS), 0);
		if (p[1].revents) {
			size_t off = sent % sizeof(page);

			n = write(fd, page + off, sizeof(page) - off);
			ck_assert(n > 0 || errno == EAGAIN);
			sent += n > 0 ? (size_t)n : 0;
			if (n > 0)
				continue; /* the container is slow */
		}
		if (!(p[0].revents & POLLIN))
			continue;
		n = read(slave, buf, sizeof(buf));
		ck_assert_int_gt(n, 0);
		for (ssize_t i = 0; i < n; i++, got++)
			ck_assert_int_eq(buf[i], page[got % sizeof(page)]);
	}
	close(client);
	close(fd);
	close(slave);
	world_stop();
}
END_TEST

/* What the container says, once the monitor has taken it. */
static void slave_says(int slave, const char *text)
{
	size_t len, wanted = strlen(text);
	bool taken = false;

	ck_assert_int_eq(write_all(slave, text, wanted), 0);
	while (!taken) {
		_cleanup_free_ char *said = NULL;

		scrollback_read(w.lxcpath, "c1", false, &said, &len);
		taken = said && len >= wanted && memcmp(said + len - wanted, text, wanted) == 0;
	}
}

static int ask_log(struct wire_console_log log, char *buf, size_t room)
{
	struct wire_response r;

	memset(buf, 0, room);
	r = ask(CMD_CONSOLE_LOG, 0, &log, sizeof(log), buf, room - 1, NULL);
	ck_assert_int_eq(r.data, 0);
	return r.ret;
}

START_TEST(test_console_log)
{
	char buf[4097];
	int slave;

	world_prepare();
	w.scrollback = "before;";
	world_run();
	slave = slave_open(0);
	slave_says(slave, "then;");
	/* what is read is gone, as with LXC's */
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1, .read_max = 3}, buf, 16), 0);
	ck_assert_str_eq(buf, "bef");
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1}, buf, 16), 0);
	ck_assert_str_eq(buf, "ore;then;");
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1}, buf, 16), -ENODATA);
	/* with clear all of it is */
	slave_says(slave, "one;two;");
	ck_assert_int_eq(
		ask_log((struct wire_console_log){.read = 1, .clear = 1, .read_max = 4}, buf, 16),
		0);
	ck_assert_str_eq(buf, "one;");
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1}, buf, 16), -ENODATA);
	slave_says(slave, "three;");
	ck_assert_int_eq(ask_log((struct wire_console_log){.clear = 1}, buf, 16), 0);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1}, buf, 16), -ENODATA);
	/* more than was asked for is never given, and nothing asked for is nothing given */
	slave_says(slave, "four;");
	ck_assert_int_eq(ask_log((struct wire_console_log){.read_max = 2}, buf, 16), 0);
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1, .read_max = 99}, buf, 16), 0);
	ck_assert_str_eq(buf, "four;");
	close(slave);
	world_stop();
}
END_TEST

/* The last bytes of many, in one piece. */
START_TEST(test_console_log_full)
{
	char buf[4098], line[64];
	int slave;

	world_prepare();
	w.scrollback = "long gone";
	world_run();
	slave = slave_open(0);
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "%031d\n", i);
		slave_says(slave, line);
	}
	ck_assert_int_eq(ask_log((struct wire_console_log){.read = 1}, buf, sizeof(buf)), 0);
	ck_assert_uint_eq(strlen(buf), 4096);
	ck_assert_str_eq(buf + 4096 - 32, "0000000000000000000000000000199\n");
	close(slave);
	world_stop();
}
END_TEST

/* How a dump reads it: as often as it likes. */
START_TEST(test_console_log_peek)
{
	_cleanup_free_ char *text = NULL, *again = NULL, *none = NULL;
	size_t len = 0;

	world_prepare();
	w.scrollback = "kept";
	world_run();
	scrollback_read(w.lxcpath, "c1", false, &text, &len);
	ck_assert_uint_eq(len, 4);
	ck_assert_int_eq(memcmp(text, "kept", 4), 0);
	scrollback_read(w.lxcpath, "c1", true, &again, &len);
	ck_assert_uint_eq(len, 4);
	scrollback_clear(w.lxcpath, "c1");
	scrollback_read(w.lxcpath, "c1", true, &none, &len);
	ck_assert_ptr_null(none);
	scrollback_read(w.lxcpath, "another", true, &none, &len);
	ck_assert_ptr_null(none);
	world_stop();
}
END_TEST

static void assert_log(const char *text)
{
	_cleanup_free_ char *found = NULL;

	ck_assert_int_ge(read_file_at(AT_FDCWD, w.log, 65536, &found), 0);
	ck_assert_str_eq(found, text);
}

START_TEST(test_console_logfile)
{
	int slave, status;

	world_prepare();
	w.scrollback = "before;";
	world_run();
	assert_log("");
	slave = slave_open(0);
	slave_says(slave, "then;");
	assert_log("then;");
	/* last words are in it too, and at the end the buffer takes its place */
	ck_assert_int_eq(write_all(slave, "bye", 3), 0);
	close(slave);
	ck_assert_int_eq(init_exits(0), 0);
	assert_log("then;bye");
	step('l');
	assert_log("then;bye");
	step('f');
	ck_assert_int_eq(waitpid(w.monitor, &status, 0), w.monitor);
	assert_log("before;then;bye");
	remove_tree(w.lxcpath);
	close(w.control);
	close(w.init_fd);
}
END_TEST

START_TEST(test_foreground)
{
	int in[2], out[2], slave;
	char buf[16] = "";

	world_prepare();
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	w.fg_in = in[0];
	w.fg_out = out[1];
	world_run();
	slave = slave_open(0);
	relay(in[1], slave, "typed");
	relay(slave, out[0], "shown");
	close(in[1]); /* end of input is no end of anything else */
	relay(slave, out[0], "shown again");
	/* last words are read after init's death */
	ck_assert_int_eq(write_all(slave, "bye", 3), 0);
	close(slave);
	world_stop();
	get(out[0], buf, 3);
	ck_assert_str_eq(buf, "bye");
	assert_eof(out[0]);
}
END_TEST

START_TEST(test_foreground_file_and_broken_pipe)
{
	_cleanup_free_ char *path = NULL;
	char buf[16] = "";
	int out[2], slave;

	world_prepare();
	file_make("input", "from a file");
	path = xasprintf("%s/input", w.cgroup);
	w.fg_in = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	w.fg_out = out[1];
	world_run();
	slave = slave_open(0);
	get(slave, buf, 11);
	ck_assert_str_eq(buf, "from a file");
	close(out[0]);
	ck_assert_int_eq(write_all(slave, "nobody looks", 12), 0);
	/* the SIGPIPE of it is not init's: that would be its exit status */
	assert_serving();
	close(slave);
	world_stop();
}
END_TEST

START_TEST(test_foreground_terminal)
{
	struct winsize size = {.ws_row = 33, .ws_col = 77}, got = {0};
	struct termios before, during, after;
	struct terminal t;
	char path[32];
	int slave, fd;

	world_prepare();
	pty_make(&t, path);
	ck_assert_int_eq(ioctl(t.master, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(tcgetattr(t.slave, &before), 0);
	w.fg_in = dup(t.slave);
	w.fg_out = dup(t.slave);
	world_run();
	slave = slave_open(0);
	relay(t.master, slave, "\x03typed\r");
	ck_assert_int_eq(tcgetattr(t.slave, &during), 0);
	ck_assert_int_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	ck_assert_int_eq(ioctl(slave, TIOCGWINSZ, &got), 0);
	ck_assert_int_eq(got.ws_col, 77);
	relay(slave, t.master, "shown");

	size.ws_col = 55;
	ck_assert_int_eq(ioctl(t.master, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(kill(w.monitor, SIGWINCH), 0);
	while (got.ws_col != 55) {
		/* taken in the order of arrival with what follows it */
		ask_int(CMD_GET_STATE, 0);
		ck_assert_int_eq(ioctl(slave, TIOCGWINSZ, &got), 0);
	}
	/* nor need anybody tell: it is not the terminal that controls the monitor */
	size.ws_col = 66;
	ck_assert_int_eq(ioctl(t.master, TIOCSWINSZ, &size), 0);
	await_columns(slave, 66);
	/* there is one console, and somebody sits there */
	tty_ask(0, -EBADF, &fd);
	tty_ask(1, 1, &fd);
	close(fd);
	close(slave);
	world_stop();
	ck_assert_int_eq(tcgetattr(t.slave, &after), 0);
	ck_assert_int_eq(after.c_lflag, before.c_lflag);
	ck_assert_int_eq(after.c_iflag, before.c_iflag);
}
END_TEST

Suite *monitor_suite(void)
{
	Suite *s = suite_create("monitor");
	TCase *tc = tcase_create("monitor");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_integers);
	tcase_add_test(tc, test_strings);
	tcase_add_test(tc, test_config_items);
	tcase_add_test(tc, test_pidfd);
	tcase_add_test(tc, test_cgroup);
	tcase_add_test(tc, test_freeze);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_strangers_are_refused);
	tcase_add_test(tc, test_frames_in_pieces);
	tcase_add_test(tc, test_half_frames_cost_only_themselves);
	tcase_add_test(tc, test_too_much_data);
	tcase_add_test(tc, test_many_idle_connections);
	tcase_add_test(tc, test_out_of_descriptors);
	tcase_add_test(tc, test_state_reached_already);
	tcase_add_test(tc, test_state_clients_are_served);
	tcase_add_test(tc, test_stopped_is_an_eof);
	tcase_add_test(tc, test_late_connections_are_reset);
	tcase_add_test(tc, test_monitord_hears);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_signals_go_to_init);
	tcase_add_test(tc, test_tty_slots);
	tcase_add_test(tc, test_console_proxy);
	tcase_add_test(tc, test_console_never_blocks_the_container);
	tcase_add_test(tc, test_console_input_is_held);
	tcase_add_test(tc, test_console_log);
	tcase_add_test(tc, test_console_log_full);
	tcase_add_test(tc, test_console_log_peek);
	tcase_add_test(tc, test_console_logfile);
	tcase_add_test(tc, test_foreground);
	tcase_add_test(tc, test_foreground_file_and_broken_pipe);
	tcase_add_test(tc, test_foreground_terminal);
	suite_add_tcase(s, tc);
	return s;
}
