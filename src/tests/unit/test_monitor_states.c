/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: states and who waits for them, signals, the end. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"
#include "world.h"

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

Suite *monitor_states_suite(void)
{
	Suite *s = suite_create("monitor_states");
	TCase *tc = tcase_create("monitor_states");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_state_reached_already);
	tcase_add_test(tc, test_state_clients_are_served);
	tcase_add_test(tc, test_stopped_is_an_eof);
	tcase_add_test(tc, test_late_connections_are_reset);
	tcase_add_test(tc, test_monitord_hears);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_signals_go_to_init);
	suite_add_tcase(s, tc);
	return s;
}
