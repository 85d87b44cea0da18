/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the console has said: the buffer in memory, and the log file. (That the monitor
 * fills them, and hands the buffer out, is in test_monitor.c.)
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/logfile.h"
#include "monitor/ring.h"
#include "sys/remove_tree.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"

/* ---- the buffer ---- */

static const struct {
	const char *text;
	size_t size;
} sizes[] = {
	{NULL, 0},
	{"", 0},
	{"0", 0},
	{"auto", 131072},
	{"1", 4096},
	{"4096", 4096},
	{"4097", 8192},
	{"65536", 65536},
	{"70000", 131072},
	{"1048576", 1048576},
	{"-1", 0},
	{" 4096", 0},
	{"4096KB", 0},
	{"18446744073709551615", 0},
	{"99999999999999999999", 0},
};

START_TEST(test_sizes)
{
	ck_assert_uint_eq(ring_size(sizes[_i].text), sizes[_i].size);
}
END_TEST

static void assert_holds(const struct ring *r, const char *text)
{
	char buf[64] = "";

	ck_assert_uint_lt(strlen(text), sizeof(buf));
	ck_assert_uint_eq(r->used, strlen(text));
	ck_assert_uint_eq(ring_copy(r, 0, buf, sizeof(buf) - 1), strlen(text));
	ck_assert_str_eq(buf, text);
}

/* Sizes are smaller here than any in use, so that it goes round soon. */
START_TEST(test_ring)
{
	struct ring r;
	char buf[8] = "";

	ring_init(&r, 8);
	assert_holds(&r, "");
	ck_assert_uint_eq(ring_copy(&r, 0, buf, 8), 0);
	ring_write(&r, "abcde", 5);
	assert_holds(&r, "abcde");
	ring_write(&r, "fghij", 5);
	assert_holds(&r, "cdefghij");
	ring_drop(&r, 3);
	assert_holds(&r, "fghij");
	ring_write(&r, "kl", 2);
	assert_holds(&r, "fghijkl");
	ck_assert_uint_eq(ring_copy(&r, 2, buf, 3), 3);
	ck_assert_int_eq(memcmp(buf, "hij", 3), 0);
	ck_assert_uint_eq(ring_copy(&r, 7, buf, 3), 0);
	ring_write(&r, "0123456789", 10);
	assert_holds(&r, "23456789");
	ring_drop(&r, 99);
	assert_holds(&r, "");
	ring_write(&r, "again", 5);
	assert_holds(&r, "again");
	ring_free(&r);
}
END_TEST

START_TEST(test_no_ring)
{
	struct ring r;

	ring_init(&r, 0);
	ring_write(&r, "lost", 4);
	ck_assert_ptr_null(r.buf);
	ck_assert_uint_eq(r.used, 0);
	ring_drop(&r, 1);
	ring_free(&r);
	/* more than there is */
	ring_init(&r, SIZE_MAX / 4 + 1);
	ring_write(&r, "lost", 4);
	ck_assert_ptr_null(r.buf);
	ring_free(&r);
}
END_TEST

/* ---- the file ---- */

static char dir[32], path[64], old_path[64];

static void make_place(void)
{
	strcpy(dir, "/tmp/lxcckpt-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(old_path, sizeof(old_path), "%s/log.1", dir);
}

static void remove_place(void)
{
	remove_tree(dir);
}

static struct logfile begin(uint64_t limit, bool rotate)
{
	struct logfile log = {.path = path, .limit = limit, .rotate = rotate, .fd = -1};

	logfile_open(&log);
	return log;
}

static void say(struct logfile *log, const char *text)
{
	logfile_write(log, text, strlen(text));
}

static void assert_file(const char *file, const char *text)
{
	_cleanup_free_ char *found = NULL;

	ck_assert_int_ge(read_file_at(AT_FDCWD, file, 65536, &found), 0);
	ck_assert_str_eq(found, text);
}

static void end(struct logfile *log)
{
	const struct ring nothing = {0};

	logfile_finish(log, &nothing);
	ck_assert_int_eq(log->fd, -1);
}

START_TEST(test_appends)
{
	struct logfile log = begin(0, true);
	struct stat st;

	assert_file(path, "");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	say(&log, "one ");
	end(&log);
	log = begin(0, true);
	say(&log, "two ");
	/* somebody has emptied it: what follows begins at its beginning */
	ck_assert_int_eq(truncate(path, 0), 0);
	say(&log, "three");
	end(&log);
	assert_file(path, "three");
	ck_assert_int_lt(access(old_path, F_OK), 0);
}
END_TEST

START_TEST(test_limit)
{
	struct logfile log = begin(8, false);

	say(&log, "12345678");
	assert_file(path, "12345678");
	say(&log, "9");
	assert_file(path, "9");
	say(&log, "abcdefghijk");
	assert_file(path, "hijk");
	say(&log, "a line that is longer than the whole file");
	assert_file(path, "ne that ");
	end(&log);
	ck_assert_int_lt(access(old_path, F_OK), 0);
}
END_TEST

START_TEST(test_rotation)
{
	struct logfile log;
	struct stat st;

	/* one that another limit has left larger, with a mode of its own */
	log = begin(0, true);
	say(&log, "more than eight");
	end(&log);
	ck_assert_int_eq(chmod(path, 0640), 0);
	log = begin(8, true);
	say(&log, "12345");
	assert_file(old_path, "more than eight");
	assert_file(path, "12345");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	say(&log, "6789");
	assert_file(old_path, "12345678");
	assert_file(path, "9");
	end(&log);
}
END_TEST

/* A directory in its place cannot be replaced: rather empty the file than let it grow. */
START_TEST(test_rotation_fails)
{
	struct logfile log = begin(8, true);
	char inside[80];

	snprintf(inside, sizeof(inside), "%s/x", old_path);
	ck_assert_int_eq(mkdir(old_path, 0700), 0);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	say(&log, "12345678");
	say(&log, "9");
	assert_file(path, "9");
	end(&log);
}
END_TEST

START_TEST(test_file_comes_late)
{
	char aside[48];
	struct logfile log;

	snprintf(aside, sizeof(aside), "%s.aside", dir);
	ck_assert_int_eq(rename(dir, aside), 0);
	log = begin(8, true);
	ck_assert_int_eq(log.fd, -1);
	say(&log, "lost");
	ck_assert_int_eq(rename(aside, dir), 0);
	say(&log, "kept");
	assert_file(path, "kept");
	end(&log);
}
END_TEST

/* As a full disk: some of it fits, the rest does not, and later there is room again. */
START_TEST(test_no_room)
{
	struct rlimit before, limit;
	struct logfile log = begin(0, false);

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	say(&log, "123456");
	say(&log, "78");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_file(path, "1234");
	say(&log, "9");
	end(&log);
	assert_file(path, "12349");
}
END_TEST

/* Nobody reads it: that holds up nobody. With a limit LXC writes nothing to such a thing. */
START_TEST(test_fifo)
{
	char page[4096], byte = 0;
	struct logfile log;
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	memset(page, '.', sizeof(page));
	log = begin(4096, true);
	say(&log, "not written");
	end(&log);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(read(fd, &byte, 1), 0);
	log = begin(0, false);
	for (int i = 0; i < 256; i++)
		logfile_write(&log, page, sizeof(page));
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, '.');
	close(fd);
	end(&log);
}
END_TEST

static const struct {
	uint64_t limit;
	const char *buffer;
	const char *left;
} ends[] = {
	{0, "", "said"},		/* nothing in it: the file stays */
	{0, "buffered", ""},		/* LXC's own: no limit is a limit of nothing here */
	{4096, "buffered", "buffered"}, /* which was in the file as well */
	{4, "buffered", "buff"},	/* the oldest */
};

START_TEST(test_finish)
{
	struct logfile log = begin(ends[_i].limit, false);
	struct ring r;

	ring_init(&r, 8);
	say(&log, "said");
	ring_write(&r, ends[_i].buffer, strlen(ends[_i].buffer));
	logfile_finish(&log, &r);
	ck_assert_int_eq(log.fd, -1);
	assert_file(path, ends[_i].left);
	ring_free(&r);
}
END_TEST

START_TEST(test_no_file)
{
	struct logfile log = {.fd = -1};

	logfile_open(&log);
	logfile_write(&log, "lost", 4);
	ck_assert_int_eq(log.fd, -1);
	end(&log);
}
END_TEST

Suite *scrollback_suite(void)
{
	Suite *s = suite_create("scrollback");
	TCase *tc = tcase_create("buffer");

	tcase_add_loop_test(tc, test_sizes, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tc, test_ring);
	tcase_add_test(tc, test_no_ring);
	suite_add_tcase(s, tc);

	tc = tcase_create("log file");
	tcase_add_checked_fixture(tc, make_place, remove_place);
	tcase_add_test(tc, test_appends);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_rotation);
	tcase_add_test(tc, test_rotation_fails);
	tcase_add_test(tc, test_file_comes_late);
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_fifo);
	tcase_add_loop_test(tc, test_finish, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tc, test_no_file);
	suite_add_tcase(s, tc);
	return s;
}
