/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: who connects, and how much is said at a time. */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"
#include "world.h"

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
	/* that one may be of any size */
	assert_response(ask(CMD_CONSOLE_LOG, 0, big, sizeof(big), NULL, 0, NULL), -EFAULT, 0);
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

/* Waits for an answer; false: there is none within a moment. */
static bool is_answered(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 300) > 0;
}

/* One connection that stays, and what became of it. */
static bool keep_one(int *ret_fd)
{
	const int32_t states[N_STATES] = {[STATE_FROZEN] = 1};

	*ret_fd = dial();
	request(*ret_fd, CMD_ADD_STATE_CLIENT, 0, states, sizeof(states));
	if (!is_answered(*ret_fd))
		return false;
	assert_response(response(*ret_fd, NULL, 0, NULL), 8, 8);
	return true;
}

/* All descriptors are taken by connections that stay: one more is heard. */
START_TEST(test_reserve)
{
	const struct rlimit few = {32, 32};
	int fds[64];
	size_t n = 0;

	world_start();
	while (count_fds(w.monitor) - 2 < 32)
		ck_assert(keep_one(&fds[n++]));
	ck_assert_int_eq(prlimit(w.monitor, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_serving();
	for (size_t i = 0; i < n; i++)
		ck_assert(is_quiet(fds[i]));
	world_stop();
}
END_TEST

/* Nobody tells the monitor that it may open files again. */
START_TEST(test_after_failed_accept)
{
	const struct rlimit few = {32, 256}, more = {256, 256};
	int fds[64];
	size_t n = 0;

	world_start();
	ck_assert_int_eq(prlimit(w.monitor, RLIMIT_NOFILE, &few, NULL), 0);
	while (n < 64 && keep_one(&fds[n]))
		n++;
	ck_assert_uint_lt(n, 64);
	ck_assert(is_quiet(fds[n]));
	ck_assert_int_eq(prlimit(w.monitor, RLIMIT_NOFILE, &more, NULL), 0);
	/* without an end of a connection */
	assert_response(response(fds[n], NULL, 0, NULL), 8, 8);
	assert_serving();
	world_stop();
}
END_TEST

Suite *monitor_connections_suite(void)
{
	Suite *s = suite_create("monitor_connections");
	TCase *tc = tcase_create("monitor_connections");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_frames_in_pieces);
	tcase_add_test(tc, test_half_frames_cost_only_themselves);
	tcase_add_test(tc, test_too_much_data);
	tcase_add_test(tc, test_many_idle_connections);
	tcase_add_test(tc, test_out_of_descriptors);
	tcase_add_test(tc, test_reserve);
	tcase_add_test(tc, test_after_failed_accept);
	suite_add_tcase(s, tc);
	return s;
}
