/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor/: the bytes of the command socket, as data. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/frame.h"

Suite *frame_suite(void);

#define HASHED_NAME_BYTES (1 + strlen("lxc/0123456789abcdef/command"))

static struct wire_request header(int32_t cmd, int32_t datalen, int64_t data, int expect)
{
	struct wire_request in = {cmd, datalen, data}, out = {-7, -7, -7};
	unsigned char buf[sizeof(in)];

	memcpy(buf, &in, sizeof(in));
	ck_assert_int_eq(request_parse(buf, &out), expect);
	return out;
}

START_TEST(test_header_length_is_never_trusted)
{
	struct wire_request req;

	ck_assert_int_eq(header(3, 0, 0, 0).datalen, 0);
	ck_assert_int_eq(header(3, -1, 0, 0).datalen, 0);
	ck_assert_int_eq(header(3, INT32_MIN, 0, 0).datalen, 0);
	ck_assert_int_eq(header(7, REQUEST_DATA_MAX, 0, 0).datalen, REQUEST_DATA_MAX);

	req = header(7, REQUEST_DATA_MAX + 1, 0, -EMSGSIZE);
	ck_assert_int_eq(req.cmd, -7);
	header(7, INT32_MAX, 0, -EMSGSIZE);
	/* a request for the console's buffer alone has no limit */
	ck_assert_int_eq(header(11, INT32_MAX, 0, 0).datalen, INT32_MAX);
	ck_assert_int_eq(header(11, INT32_MIN, 0, 0).datalen, 0);
}
END_TEST

START_TEST(test_int_argument_has_32_bits)
{
	struct wire_request req = header(0, 0, -1, 0);

	ck_assert_int_eq(request_int(&req), -1);
	req = header(12, 0, 6, 0);
	ck_assert_int_eq(request_int(&req), 6);
	req = header(12, 0, INT64_C(0x7fff00000000) | 2, 0);
	ck_assert_int_eq(request_int(&req), 2);
}
END_TEST

START_TEST(test_credentials)
{
	ck_assert(credentials_allow(0, 0, 0, 0));
	ck_assert(credentials_allow(0, 5, 1000, 1000));
	ck_assert(credentials_allow(1000, 1000, 1000, 1000));
	ck_assert(!credentials_allow(1000, 1001, 1000, 1000));
	ck_assert(!credentials_allow(1001, 1000, 1000, 1000));
	ck_assert(!credentials_allow(1000, 0, 0, 0));
}
END_TEST

START_TEST(test_string_payload_is_one_string)
{
	ck_assert_str_eq(payload_string("lxc.arch", 9), "lxc.arch");
	ck_assert_str_eq(payload_string("", 1), "");
	ck_assert_ptr_null(payload_string("lxc.arch", 8));
	ck_assert_ptr_null(payload_string("a\0b", 4));
	ck_assert_ptr_null(payload_string("a\0", 3));
	ck_assert_ptr_null(payload_string(NULL, 0));
}
END_TEST

START_TEST(test_states_payload)
{
	const int32_t in[N_STATES] = {1, 0, 2, 0, 0, 0, 0, 7};
	int32_t out[N_STATES] = {0};

	ck_assert_int_eq(payload_states(in, sizeof(in) - 1, out), -EINVAL);
	ck_assert_int_eq(payload_states(in, sizeof(in) + 4, out), -EINVAL);
	ck_assert_int_eq(payload_states(NULL, 0, out), -EINVAL);
	ck_assert_int_eq(out[0], 0);
	ck_assert_int_eq(payload_states(in, sizeof(in), out), 0);
	ck_assert_mem_eq(in, out, sizeof(in));
}
END_TEST

START_TEST(test_console_log_payload)
{
	struct wire_console_log in = {.clear = 1, .read = 255, .read_max = 9}, out = {0};
	char longer[100] = "";

	ck_assert_int_eq(payload_console_log(&in, 23, &out), -EINVAL);
	ck_assert_int_eq(payload_console_log(NULL, 0, &out), -EINVAL);
	ck_assert_int_eq(payload_console_log(&in, sizeof(in), &out), 0);
	ck_assert_uint_eq(out.read_max, 9);
	memcpy(longer, &in, sizeof(in));
	out.read_max = 0;
	ck_assert_int_eq(payload_console_log(longer, sizeof(longer), &out), 0);
	ck_assert_uint_eq(out.read_max, 9);
}
END_TEST

START_TEST(test_cgroup_fd_payload)
{
	struct wire_cgroup_fd in = {.controller = "memory"}, out = {0};

	ck_assert_int_eq(payload_cgroup_fd(&in, sizeof(in) - 8, &out), -EINVAL);
	ck_assert_int_eq(payload_cgroup_fd(NULL, 0, &out), -EINVAL);
	ck_assert_int_eq(payload_cgroup_fd(&in, sizeof(in), &out), 0);
	ck_assert_str_eq(out.controller, "memory");

	in.controller[0] = '\0';
	ck_assert_int_eq(payload_cgroup_fd(&in, sizeof(in), &out), -EINVAL);
	memset(in.controller, 'x', sizeof(in.controller));
	ck_assert_int_eq(payload_cgroup_fd(&in, sizeof(in), &out), -EINVAL);
}
END_TEST

static int rule(char type, int major, int minor, const char *access, int allow)
{
	struct wire_device_rule in = {.type = type, .major = major, .minor = minor}, out;

	in.allow = allow;
	memcpy(in.access, access, strnlen(access, sizeof(in.access)));
	return payload_device_rule(&in, sizeof(in), &out);
}

START_TEST(test_device_rule_payload)
{
	struct wire_device_rule out;

	ck_assert_int_eq(rule('c', 1, 3, "rwm", 1), 0);
	ck_assert_int_eq(rule('b', 7, -1, "r", 0), 0);
	ck_assert_int_eq(rule('a', -1, -1, "", 1), 0);
	ck_assert_int_eq(rule('x', 1, 3, "rwm", 1), -EINVAL);
	ck_assert_int_eq(rule('\0', 1, 3, "rwm", 1), -EINVAL);
	ck_assert_int_eq(rule('c', -2, 3, "rwm", 1), -EINVAL);
	ck_assert_int_eq(rule('c', 1, -2, "rwm", 1), -EINVAL);
	ck_assert_int_eq(rule('c', 1, 3, "rwx", 1), -EINVAL);
	ck_assert_int_eq(rule('c', 1, 3, "rwmr", 1), -EINVAL);
	ck_assert_int_eq(rule('c', 1, 3, "rwm", 2), -EINVAL);
	ck_assert_int_eq(payload_device_rule(NULL, 0, &out), -EINVAL);
	ck_assert_int_eq(payload_device_rule("short", 5, &out), -EINVAL);
}
END_TEST

START_TEST(test_message)
{
	struct wire_message msg = {0};
	char name[257];

	ck_assert_int_eq(message_build(MESSAGE_EXIT_CODE, "c1", 0x300, &msg), 0);
	ck_assert_int_eq(msg.type, 2);
	ck_assert_str_eq(msg.name, "c1");
	ck_assert_int_eq(msg.name[255], 0);
	ck_assert_int_eq(msg.value, 0x300);

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	ck_assert_int_eq(message_build(MESSAGE_STATE, name, 1, &msg), 0);
	ck_assert_uint_eq(strlen(msg.name), 255);
	name[255] = 'n';
	name[256] = '\0';
	ck_assert_int_eq(message_build(MESSAGE_STATE, name, 2, &msg), -ENAMETOOLONG);
	ck_assert_int_eq(msg.value, 1);
}
END_TEST

START_TEST(test_cgroup_files)
{
	ck_assert_int_eq(cgroup_events_frozen("populated 1\nfrozen 0\n"), 0);
	ck_assert_int_eq(cgroup_events_frozen("populated 1\nfrozen 1\n"), 1);
	ck_assert_int_eq(cgroup_events_frozen("frozen 1"), 1);
	ck_assert_int_eq(cgroup_events_frozen("frozen "), 0);
	ck_assert_int_eq(cgroup_events_frozen("unfrozen 1\n"), -ENODATA);
	ck_assert_int_eq(cgroup_events_frozen("\n\n"), -ENODATA);
	ck_assert_int_eq(cgroup_events_frozen(""), -ENODATA);

	ck_assert(cgroup_controllers_have("cpuset cpu io memory\n", "cpu"));
	ck_assert(cgroup_controllers_have("cpuset cpu io memory\n", "memory"));
	ck_assert(!cgroup_controllers_have("cpuset io memory\n", "cpu"));
	ck_assert(!cgroup_controllers_have("cpuset io\n", ""));
	ck_assert(cgroup_controllers_have("\n", ""));
	ck_assert(cgroup_controllers_have("", ""));
	ck_assert(!cgroup_controllers_have("", "cpu"));
}
END_TEST

START_TEST(test_signal_names)
{
	static const struct {
		const char *text;
		int sig;
	} good[] = {
		{"SIGKILL", SIGKILL},
		{"KILL", SIGKILL},
		{"sigterm", SIGTERM},
		{"9", 9},
		{"SIGPWR", SIGPWR},
		{"64", 64},
		{"1", 1},
	};
	static const char *const bad[] = {
		"", "0", "65", "-9", "9x", "SIG", "SIGNOPE", "SIGRTMIN+", "SIGRTMIN+99", "RTMAX-x",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_int_eq(signal_parse(good[i].text), good[i].sig);
	ck_assert_int_eq(signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	ck_assert_int_eq(signal_parse("RTMIN"), SIGRTMIN);
	ck_assert_int_eq(signal_parse("SIGRTMAX-1"), SIGRTMAX - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(signal_parse(bad[i]), -EINVAL);
}
END_TEST

START_TEST(test_socket_name)
{
	char buf[SOCKET_NAME_BYTES], name[256] = "";
	size_t fixed = strlen("/p//command"), len;

	ck_assert_uint_eq(command_socket_name("/var/lib/lxc", "c1", buf), 24);
	ck_assert_int_eq(buf[0], 0);
	ck_assert_mem_eq(buf + 1, "/var/lib/lxc/c1/command", 23);

	ck_assert_uint_eq(fnv1a_64("/var/lib/lxc/web"), UINT64_C(0xcc01d6c6d7cbe7dc));
	ck_assert_uint_eq(fnv1a_64(""), UINT64_C(0xcbf29ce484222325));

	/* 105 characters stay as they are, 106 are hashed */
	memset(name, 'n', 105 - fixed);
	len = command_socket_name("/p", name, buf);
	ck_assert_uint_eq(len, 106);
	ck_assert_mem_eq(buf + 1, "/p/nnn", 6);
	ck_assert_mem_eq(buf + len - 8, "/command", 8);

	name[105 - fixed] = 'n';
	len = command_socket_name("/p", name, buf);
	ck_assert_uint_eq(len, HASHED_NAME_BYTES);
	ck_assert_mem_eq(buf + 1, "lxc/", 4);
	ck_assert_mem_eq(buf + len - 8, "/command", 8);
}
END_TEST

Suite *frame_suite(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");

	tcase_add_test(tc, test_header_length_is_never_trusted);
	tcase_add_test(tc, test_int_argument_has_32_bits);
	tcase_add_test(tc, test_credentials);
	tcase_add_test(tc, test_string_payload_is_one_string);
	tcase_add_test(tc, test_states_payload);
	tcase_add_test(tc, test_console_log_payload);
	tcase_add_test(tc, test_cgroup_fd_payload);
	tcase_add_test(tc, test_device_rule_payload);
	tcase_add_test(tc, test_message);
	tcase_add_test(tc, test_cgroup_files);
	tcase_add_test(tc, test_signal_names);
	tcase_add_test(tc, test_socket_name);
	suite_add_tcase(s, tc);
	return s;
}
