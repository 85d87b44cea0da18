/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A terminal's settings as text, on real ptys. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "sys/tty.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"

/* A pty's end; its master is *ret_master. */
static int make_tty(int *ret_master)
{
	char name[64];
	int fd;

	*ret_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(*ret_master, 0);
	ck_assert_int_eq(unlockpt(*ret_master), 0);
	ck_assert_int_eq(ptsname_r(*ret_master, name, sizeof(name)), 0);
	fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(settings_round_trip)
{
	struct winsize size = {.ws_row = 34, .ws_col = 102}, found_size;
	_cleanup_close_ int master1 = -1, master2 = -1;
	_cleanup_close_ int one = make_tty(&master1);
	_cleanup_close_ int two = make_tty(&master2);
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *again = NULL;
	struct termios t, found;

	ck_assert_int_eq(tcgetattr(one, &t), 0);
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 5;
	t.c_cc[VINTR] = 0x18;
	ck_assert_int_eq(tcsetattr(one, TCSANOW, &t), 0);
	ck_assert_int_eq(ioctl(one, TIOCSWINSZ, &size), 0);

	text = tty_settings_read(one);
	ck_assert(tty_settings_valid(text));
	ck_assert_int_eq(tty_settings_apply(two, text), 0);
	again = tty_settings_read(two);
	ck_assert_str_eq(text, again);
	ck_assert_int_eq(tcgetattr(two, &found), 0);
	ck_assert_uint_eq(found.c_lflag, t.c_lflag);
	ck_assert_uint_eq(found.c_cc[VMIN], 5);
	ck_assert_int_eq(ioctl(two, TIOCGWINSZ, &found_size), 0);
	ck_assert_uint_eq(found_size.ws_col, 102);
}
END_TEST

START_TEST(settings_rubbish)
{
	static const char *const bad[] = {
		"",	":",	"500",	 "500:5:f00bf:8a3b",  "x",
		"-1:5", " 1:2", "0x1:2", "500:5:f00bf:8a3b:",
	};
	_cleanup_close_ int master = -1;
	_cleanup_close_ int tty = make_tty(&master);
	_cleanup_free_ char *good = tty_settings_read(tty);
	_cleanup_free_ char *longer = xasprintf("%s:0", good);
	_cleanup_free_ char *open_end = xasprintf("%s:", good);
	_cleanup_free_ char *large = xasprintf("1%s", good);
	_cleanup_free_ char *after = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert(!tty_settings_valid(bad[i]));
		ck_assert_int_eq(tty_settings_apply(tty, bad[i]), -EINVAL);
	}
	ck_assert(!tty_settings_valid(longer));
	ck_assert(!tty_settings_valid(open_end));
	memset(large, 'f', 9);
	ck_assert(!tty_settings_valid(large));
	after = tty_settings_read(tty);
	ck_assert_str_eq(good, after);
}
END_TEST

START_TEST(no_terminal)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_ptr_null(tty_settings_read(null));
}
END_TEST

Suite *tty_suite(void)
{
	Suite *s = suite_create("tty");
	TCase *t = tcase_create("settings");

	tcase_add_test(t, settings_round_trip);
	tcase_add_test(t, settings_rubbish);
	tcase_add_test(t, no_terminal);
	suite_add_tcase(s, t);
	return s;
}
