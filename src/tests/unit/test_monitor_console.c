/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: the console, ttys, and what is shown of them here. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "carry/scrollback_save.h"
#include "sys/remove_tree.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"
#include "world.h"

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

Suite *monitor_console_suite(void)
{
	Suite *s = suite_create("monitor_console");
	TCase *tc = tcase_create("monitor_console");

	tcase_set_timeout(tc, 60);
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
