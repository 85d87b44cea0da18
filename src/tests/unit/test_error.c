/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* util/: errors that carry context, strings that grow, files with limits. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/remove_tree.h"
#include "unit.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

/* --- error --- */

START_TEST(test_set_returns_minus_err)
{
	_cleanup_error_ struct error *e = NULL;

	ck_assert_int_eq(error_set(&e, ENOENT, "no %s", "rootfs"), -ENOENT);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(e->err, ENOENT);
	ck_assert(!e->refused);
	ck_assert_str_eq(e->message, "no rootfs");
	ck_assert_ptr_null(e->detail);
	ck_assert_ptr_null(e->hint);
	ck_assert_ptr_null(e->log);
}
END_TEST

START_TEST(test_refuse_says_that_nothing_was_touched)
{
	_cleanup_error_ struct error *e = NULL;

	ck_assert_int_eq(error_refuse(&e, EBUSY, "it runs"), -EBUSY);
	ck_assert(e->refused);
}
END_TEST

START_TEST(test_errno_appends_the_reason)
{
	_cleanup_error_ struct error *e = NULL;

	errno = EACCES;
	ck_assert_int_eq(error_errno(&e, "open %s", "/x"), -EACCES);
	ck_assert_str_eq(e->message, "open /x: Permission denied");
	ck_assert_int_eq(e->err, EACCES);
}
END_TEST

START_TEST(test_errno_of_nothing_is_still_an_error)
{
	_cleanup_error_ struct error *e = NULL;

	errno = 0;
	ck_assert_int_eq(error_errno(&e, "short read"), -EIO);
	ck_assert_int_eq(e->err, EIO);
}
END_TEST

START_TEST(test_wrap_puts_context_in_front)
{
	_cleanup_error_ struct error *e = NULL;

	error_set(&e, EPERM, "inner");
	ck_assert_int_eq(error_wrap(&e, EIO, "middle %d", 2), -EPERM);
	ck_assert_int_eq(error_wrap(&e, EIO, "outer"), -EPERM);
	ck_assert_str_eq(e->message, "outer: middle 2: inner");
	ck_assert_int_eq(e->err, EPERM);
}
END_TEST

START_TEST(test_wrap_makes_an_error_where_there_is_none)
{
	_cleanup_error_ struct error *e = NULL;

	ck_assert_int_eq(error_wrap(&e, EINVAL, "manifest"), -EINVAL);
	ck_assert_str_eq(e->message, "manifest: Invalid argument");
	ck_assert_int_eq(e->err, EINVAL);
}
END_TEST

START_TEST(test_a_second_error_replaces_the_first)
{
	_cleanup_error_ struct error *e = NULL;

	error_set(&e, EPERM, "first");
	error_set_hint(&e, "of the first");
	error_set(&e, EINVAL, "second");
	ck_assert_str_eq(e->message, "second");
	ck_assert_ptr_null(e->hint);
}
END_TEST

START_TEST(test_nobody_has_to_want_the_error)
{
	struct error *none = NULL;

	ck_assert_int_eq(error_set(NULL, EPERM, "x"), -EPERM);
	ck_assert_int_eq(error_wrap(NULL, EBADF, "x"), -EBADF);
	error_set_detail(NULL, "x");
	error_set_hint(NULL, "x");
	error_set_log(NULL, "x");
	error_set_detail(&none, "x");
	error_set_hint(&none, "x");
	error_set_log(&none, "x");
	ck_assert_ptr_null(none);
	error_free(NULL);
}
END_TEST

START_TEST(test_format_tells_everything)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *text = NULL;

	error_set(&e, EIO, "restore of c1: CRIU failed");
	error_set_detail(&e, "(00.1) Error (a.c:1): one\n(00.2) Error (b.c:2): 100%s\n");
	error_set_hint(&e, "install %s", "it");
	error_set_log(&e, "/img/restore.log");
	text = error_format(e);
	ck_assert_str_eq(text, "restore of c1: CRIU failed\n"
			       "  CRIU: (00.1) Error (a.c:1): one\n"
			       "  CRIU: (00.2) Error (b.c:2): 100%s\n"
			       "  hint: install it\n"
			       "  log:  /img/restore.log");
}
END_TEST

START_TEST(test_empty_detail_is_none)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *text = NULL;

	error_set(&e, EIO, "it failed");
	error_set_detail(&e, "");
	text = error_format(e);
	ck_assert_str_eq(text, "it failed");
}
END_TEST

/* --- memory and strings --- */

START_TEST(test_strv_grows_and_ends_with_null)
{
	_cleanup_strv_ struct strv s = {0};

	for (int i = 0; i < 1000; i++)
		strv_add(&s, "--option=%d", i);
	ck_assert_uint_eq(s.n, 1000);
	ck_assert_str_eq(s.v[0], "--option=0");
	ck_assert_str_eq(s.v[999], "--option=999");
	ck_assert_ptr_null(s.v[1000]);
	strv_free(&s);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_ptr_null(s.v);
}
END_TEST

START_TEST(test_str_append_to_nothing_and_to_itself)
{
	_cleanup_free_ char *s = NULL;

	str_append(&s, "%s", "");
	ck_assert_str_eq(s, "");
	str_append(&s, "%d%%", 50);
	str_append(&s, "[%s]", s);
	ck_assert_str_eq(s, "50%[50%]");
}
END_TEST

START_TEST(test_array_add_zeroes_what_it_adds)
{
	struct pair {
		int a;
		char *b;
	} *p = NULL;
	size_t n = 0;

	for (int i = 0; i < 100; i++) {
		struct pair *added = ARRAY_ADD(p, n);

		ck_assert_int_eq(added->a, 0);
		ck_assert_ptr_null(added->b);
		added->a = i;
	}
	ck_assert_uint_eq(n, 100);
	ck_assert_int_eq(p[99].a, 99);
	free(p);
}
END_TEST

/* --- files --- */

static char tmp[] = "/tmp/unit-XXXXXX";
static int tmp_fd = -1;

static void make_tmp(void)
{
	strcpy(tmp + sizeof(tmp) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tmp));
	tmp_fd = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(tmp_fd, 0);
}

static void remove_tmp(void)
{
	fd_close(&tmp_fd);
	ck_assert_int_eq(remove_tree(tmp), 0);
	ck_assert_int_ne(access(tmp, F_OK), 0);
}

static void make_file(const char *name, size_t size)
{
	_cleanup_close_ int fd = openat(tmp_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	_cleanup_free_ char *data = xcalloc(1, size + 1);

	ck_assert_int_ge(fd, 0);
	memset(data, 'x', size);
	ck_assert_int_eq(write_all(fd, data, size), 0);
}

static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 100000};

START_TEST(test_read_all_of_any_size)
{
	size_t size = sizes[_i];
	_cleanup_free_ char *text = NULL;

	make_file("f", size);
	ck_assert_int_eq(read_file_at(tmp_fd, "f", size, &text), (ssize_t)size);
	ck_assert_uint_eq(strlen(text), size);
	ck_assert_int_eq(text[size], '\0');
}
END_TEST

START_TEST(test_read_all_refuses_one_byte_too_many)
{
	size_t size = sizes[_i];
	char *text = tmp;

	if (size == 0)
		return;
	make_file("f", size);
	ck_assert_int_eq(read_file_at(tmp_fd, "f", size - 1, &text), -EFBIG);
	ck_assert_ptr_eq(text, tmp);
}
END_TEST

START_TEST(test_read_all_ends_on_endless_input)
{
	char *text = NULL;

	ck_assert_int_eq(read_file_at(AT_FDCWD, "/dev/zero", 1 << 20, &text), -EFBIG);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(test_read_of_nothing_keeps_the_reason)
{
	char *text = NULL;

	ck_assert_int_eq(read_file_at(tmp_fd, "none", 10, &text), -ENOENT);
	ck_assert_int_eq(read_file_at(AT_FDCWD, tmp, 10, &text), -EISDIR);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(test_write_file_makes_no_file)
{
	ck_assert_int_eq(write_file_at(tmp_fd, "none", "x"), -ENOENT);
	make_file("f", 0);
	ck_assert_int_eq(write_file_at(tmp_fd, "f", "max\n"), 0);
}
END_TEST

static bool keep_log(const char *name, const void *userdata)
{
	return strcmp(name, userdata) == 0;
}

START_TEST(test_remove_contents_keeps_what_it_is_told)
{
	make_file("pages-1.img", 10);
	make_file("dump.log", 10);
	ck_assert_int_eq(mkdirat(tmp_fd, "sub", 0700), 0);
	make_file("sub/dump.log", 10);
	ck_assert_int_eq(remove_contents_at(tmp_fd, keep_log, "dump.log"), 0);
	ck_assert_int_eq(faccessat(tmp_fd, "dump.log", F_OK, 0), 0);
	ck_assert_int_ne(faccessat(tmp_fd, "pages-1.img", F_OK, 0), 0);
	/* what to keep is said of the directory itself, not of what is below it */
	ck_assert_int_ne(faccessat(tmp_fd, "sub", F_OK, 0), 0);
}
END_TEST

START_TEST(test_remove_contents_follows_no_symlink)
{
	ck_assert_int_eq(mkdirat(tmp_fd, "image", 0700), 0);
	ck_assert_int_eq(mkdirat(tmp_fd, "precious", 0700), 0);
	make_file("precious/f", 10);
	ck_assert_int_eq(symlinkat("../precious", tmp_fd, "image/link"), 0);
	{
		_cleanup_close_ int fd =
			openat(tmp_fd, "image", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(remove_contents_at(fd, NULL, NULL), 0);
	}
	ck_assert_int_ne(faccessat(tmp_fd, "image/link", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(faccessat(tmp_fd, "precious/f", F_OK, 0), 0);
}
END_TEST

/* Deeper than there may be descriptors, and than a path may be long. */
START_TEST(test_deep_trees_are_removed)
{
	struct rlimit few, before;
	char path[] = "/tmp/unit.XXXXXX";
	int fd, below;

	ck_assert_ptr_nonnull(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) {
		ck_assert_int_eq(mkdirat(fd, "a directory", 0700), 0);
		ck_assert_int_eq(mkdirat(fd, "beside it", 0700), 0);
		ck_assert_int_eq(symlinkat("/etc", fd, "link"), 0);
		below = openat(fd, "a directory", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = below;
	}
	close(fd);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){64, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(remove_tree(path), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_lt(access(path, F_OK), 0);
	ck_assert_int_eq(access("/etc", F_OK), 0);
}
END_TEST

START_TEST(test_remove_tree_of_nothing_is_done)
{
	_cleanup_free_ char *path = xasprintf("%s/none", tmp);

	ck_assert_int_eq(remove_tree(path), 0);
}
END_TEST

START_TEST(test_cloexec_on_and_off)
{
	ck_assert_int_eq(fd_set_cloexec(tmp_fd, false), 0);
	ck_assert_int_eq(fcntl(tmp_fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(fd_set_cloexec(tmp_fd, true), 0);
	ck_assert_int_ne(fcntl(tmp_fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(fd_set_cloexec(-1, true), -EBADF);
}
END_TEST

START_TEST(test_hex_round_trip)
{
	static const unsigned char bytes[] = {0x00, 0xff, 0x1a, 0x80};
	_cleanup_free_ char *text = hex_encode(bytes, sizeof(bytes));
	size_t len;
	_cleanup_free_ void *back = hex_decode(text, &len);

	ck_assert_str_eq(text, "00ff1a80");
	ck_assert_uint_eq(len, sizeof(bytes));
	ck_assert_mem_eq(back, bytes, sizeof(bytes));
	ck_assert_ptr_null(hex_decode("", &len));
	ck_assert_ptr_null(hex_decode("0", &len));
	ck_assert_ptr_null(hex_decode("0g", &len));
	ck_assert_ptr_null(hex_decode("0F", &len));
}
END_TEST

static const struct {
	const char *text, *bytes; /* NULL: is none */
} base64_texts[] = {
	{"", ""},
	{"c29tZSAyMDAwMDAgMjAwMDAwMAA=", "some 200000 2000000"},
	{"c29tZQ==", "some"},
	{"c29tZQ", "some"},
	{"c29tZXM=", "somes"},
	{"+/+/", "\xfb\xff\xbf"},
	{"c", NULL},
	{"c29tZ", NULL},
	{"c29t ZQ==", NULL},
	{"c29tZQ=x", NULL},
	{"\xff", NULL},
};

START_TEST(test_base64)
{
	size_t len;
	_cleanup_free_ char *bytes = base64_decode(base64_texts[_i].text, &len);

	if (!base64_texts[_i].bytes) {
		ck_assert_ptr_null(bytes);
		return;
	}
	ck_assert_str_eq(bytes, base64_texts[_i].bytes);
	ck_assert(len == strlen(bytes) || len == strlen(bytes) + 1);
}
END_TEST

Suite *error_suite(void)
{
	const int n_sizes = sizeof(sizes) / sizeof(sizes[0]);
	Suite *s = suite_create("error");
	TCase *error = tcase_create("error");
	TCase *mem = tcase_create("mem");
	TCase *fd = tcase_create("fd");

	tcase_add_test(error, test_set_returns_minus_err);
	tcase_add_test(error, test_refuse_says_that_nothing_was_touched);
	tcase_add_test(error, test_errno_appends_the_reason);
	tcase_add_test(error, test_errno_of_nothing_is_still_an_error);
	tcase_add_test(error, test_wrap_puts_context_in_front);
	tcase_add_test(error, test_wrap_makes_an_error_where_there_is_none);
	tcase_add_test(error, test_a_second_error_replaces_the_first);
	tcase_add_test(error, test_nobody_has_to_want_the_error);
	tcase_add_test(error, test_format_tells_everything);
	tcase_add_test(error, test_empty_detail_is_none);
	suite_add_tcase(s, error);

	tcase_add_test(mem, test_strv_grows_and_ends_with_null);
	tcase_add_test(mem, test_str_append_to_nothing_and_to_itself);
	tcase_add_test(mem, test_array_add_zeroes_what_it_adds);
	tcase_add_test(mem, test_hex_round_trip);
	tcase_add_loop_test(mem, test_base64, 0, sizeof(base64_texts) / sizeof(base64_texts[0]));
	suite_add_tcase(s, mem);

	tcase_add_checked_fixture(fd, make_tmp, remove_tmp);
	tcase_add_loop_test(fd, test_read_all_of_any_size, 0, n_sizes);
	tcase_add_loop_test(fd, test_read_all_refuses_one_byte_too_many, 0, n_sizes);
	tcase_add_test(fd, test_read_all_ends_on_endless_input);
	tcase_add_test(fd, test_read_of_nothing_keeps_the_reason);
	tcase_add_test(fd, test_write_file_makes_no_file);
	tcase_add_test(fd, test_remove_contents_keeps_what_it_is_told);
	tcase_add_test(fd, test_remove_contents_follows_no_symlink);
	tcase_add_test(fd, test_remove_tree_of_nothing_is_done);
	tcase_add_test(fd, test_deep_trees_are_removed);
	tcase_add_test(fd, test_cloexec_on_and_off);
	suite_add_tcase(s, fd);
	return s;
}
