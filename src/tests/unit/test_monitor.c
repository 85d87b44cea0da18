/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: what is answered. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "world.h"

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
	suite_add_tcase(s, tc);
	return s;
}
