/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: what is said of a container that is still being restored. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "unit.h"
#include "util/fd.h"
#include "world.h"

static void world_begins(void)
{
	world_prepare();
	w.early = true;
	world_run();
}

START_TEST(test_answers_at_once)
{
	struct wire_response r;
	char body[64];

	world_begins();
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_STARTING);
	/* may_control() is the absence of an error, and no pid is less than 0 */
	assert_response(ask_int(CMD_GET_INIT_PID, 0), 0, -1);
	r = ask(CMD_GET_CONFIG_ITEM, 0, "lxc.arch", 9, body, sizeof(body), NULL);
	ck_assert_int_eq(r.ret, 0);
	ck_assert_str_eq(body, "x86_64");
	ask(CMD_GET_NAME, 0, NULL, 0, body, sizeof(body), NULL);
	ck_assert_str_eq(body, "c1");
	assert_response(ask_int(99, 0), -ENOSYS, 0);
	assert_silent(CMD_TERMINAL_WINCH, NULL, 0);
	world_completes();
	world_stop();
}
END_TEST

START_TEST(test_the_rest_waits)
{
	static const int commands[] = {CMD_GET_CLONE_FLAGS, CMD_GET_CGROUP, CMD_GET_LIMIT_CGROUP};
	int fds[sizeof(commands) / sizeof(commands[0])], pidfd, tty, fd, gone;
	char body[64];

	world_begins();
	pidfd = dial();
	request(pidfd, CMD_GET_INIT_PIDFD, 0, NULL, 0);
	tty = dial();
	request(tty, CMD_GET_TTY_FD, 1, NULL, 0);
	gone = dial();
	request(gone, CMD_GET_TTY_FD, 2, NULL, 0);
	close(gone);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		fds[i] = dial();
		request(fds[i], commands[i], 0, "memory", i ? 7 : 0);
	}
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_STARTING);
	ck_assert(is_quiet(pidfd));
	ck_assert(is_quiet(tty));

	world_completes();
	assert_response(response(pidfd, NULL, 0, &fd), 0, 0);
	ck_assert_int_eq(pidfd_send_signal(fd, 0, NULL, 0), 0);
	close(fd);
	assert_eof(pidfd);
	assert_response(response(tty, NULL, 0, &fd), 0, 1);
	close(fd);
	assert_response(response(fds[0], NULL, 0, NULL), 0, 0x6e020000);
	for (size_t i = 1; i < sizeof(commands) / sizeof(commands[0]); i++) {
		response(fds[i], body, sizeof(body), NULL);
		ck_assert_str_eq(body, "lxc.payload.c1");
		assert_eof(fds[i]);
	}
	/* of who went away nothing is left */
	gone = dial();
	request(gone, CMD_GET_TTY_FD, 2, NULL, 0);
	assert_response(response(gone, NULL, 0, &fd), 0, 2);
	close(fd);
	close(gone);
	close(tty);
	world_stop();
}
END_TEST

START_TEST(test_states_on_the_way)
{
	int running, stopped;

	world_begins();
	close(wait_state((int32_t[N_STATES]){[STATE_STARTING] = 1}, STATE_STARTING));
	running = wait_state((int32_t[N_STATES]){[STATE_RUNNING] = 1}, 8);
	stopped = wait_state((int32_t[N_STATES]){[STATE_STOPPED] = 1}, 8);
	world_completes();
	assert_message(running, STATE_RUNNING);
	ck_assert(is_quiet(stopped));
	world_stop();
	assert_eof(stopped);
}
END_TEST

START_TEST(test_stop_is_a_wish)
{
	int stop, held, aborting;

	world_begins();
	ck_assert(!world_is_unwanted());
	held = dial();
	request(held, CMD_GET_INIT_PIDFD, 0, NULL, 0);
	aborting = wait_state((int32_t[N_STATES]){[STATE_ABORTING] = 1}, 8);
	stop = dial();
	request(stop, CMD_STOP, 0, NULL, 0);
	/* the answers come in the order of the questions, so it has been read */
	assert_response(ask_int(CMD_GET_STATE, 0), 0, STATE_STARTING);
	ck_assert(world_is_unwanted());
	ck_assert(is_quiet(stop));

	ck_assert_int_eq(write_all(w.control, "a", 1), 0);
	assert_message(aborting, STATE_ABORTING);
	get(w.control, &(int){0}, sizeof(int));
	step('l');
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	ck_assert(is_quiet(stop));
	step('f');
	assert_eof(stop);
	assert_eof(held);
	ck_assert_int_eq(waitpid(w.monitor, NULL, 0), w.monitor);
	remove_tree(w.lxcpath);
}
END_TEST

Suite *monitor_starting_suite(void)
{
	Suite *s = suite_create("monitor_starting");
	TCase *tc = tcase_create("monitor_starting");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_answers_at_once);
	tcase_add_test(tc, test_the_rest_waits);
	tcase_add_test(tc, test_states_on_the_way);
	tcase_add_test(tc, test_stop_is_a_wish);
	suite_add_tcase(s, tc);
	return s;
}
