/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "criu/image_locks.h"
#include "sys/proc_locks.h"
#include "unit.h"
#include "util/mem.h"

START_TEST(test_proc_locks)
{
	_cleanup_free_ char *text =
		xstrdup("1: POSIX  ADVISORY  WRITE 123 08:1f:4711 10 14\n"
			"2: FLOCK  ADVISORY  READ  77 00:2d:18446744073709551615 0 EOF\n"
			"2: -> FLOCK  ADVISORY  WRITE 78 00:2d:18446744073709551615 0 EOF\n"
			"2:  -> FLOCK  ADVISORY  WRITE 79 00:2d:18446744073709551615 0 EOF\n"
			"3: OFDLCK ADVISORY  WRITE -1 00:2d:5 0 EOF\n"
			"4: LEASE  ACTIVE    READ 9 00:2d:6 0 EOF\n"
			"5: DELEG  ACTIVE    READ 9 00:2d:6 0 EOF\n"
			"6: FLOCK  ADVISORY\n"
			"\n"
			"x: FLOCK  ADVISORY  WRITE 1 00:2d:1 0 EOF\n");
	_cleanup_proc_locks_ struct proc_locks l = {0};

	proc_locks_parse(text, &l);
	ck_assert_uint_eq(l.n, 6);
	ck_assert_int_eq(l.v[0].kind, LOCK_RANGE);
	ck_assert(l.v[0].write && !l.v[0].waits);
	ck_assert_int_eq(l.v[0].pid, 123);
	ck_assert_uint_eq(l.v[0].dev, makedev(8, 0x1f));
	ck_assert_uint_eq(l.v[0].inode, 4711);
	ck_assert_uint_eq(l.v[0].start, 10);
	ck_assert_uint_eq(l.v[0].end, 14);
	ck_assert_uint_eq(l.v[1].inode, UINT64_MAX);
	ck_assert_uint_eq(l.v[1].end, UINT64_MAX);
	ck_assert(!l.v[1].write);
	ck_assert(l.v[2].waits && l.v[3].waits);
	ck_assert_ptr_eq(proc_locks_holder(&l, &l.v[3]), &l.v[1]);
	ck_assert_int_eq(l.v[4].pid, -1);
	ck_assert_int_eq(l.v[5].kind, LOCK_LEASE);
}
END_TEST

START_TEST(test_no_holder)
{
	_cleanup_free_ char *text = xstrdup("2: -> FLOCK  ADVISORY  WRITE 78 00:2d:1 0 EOF\n");
	_cleanup_proc_locks_ struct proc_locks l = {0};

	proc_locks_parse(text, &l);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_ptr_null(proc_locks_holder(&l, l.v));
}
END_TEST

static const struct {
	struct proc_lock a, b;
	bool conflict;
} pairs[] = {
	{{.kind = LOCK_FLOCK, .write = true}, {.kind = LOCK_FLOCK}, true},
	{{.kind = LOCK_FLOCK}, {.kind = LOCK_FLOCK}, false},
	{{.kind = LOCK_FLOCK, .write = true}, {.kind = LOCK_RANGE, .write = true}, false},
	{{.kind = LOCK_RANGE, .write = true, .start = 5, .end = 9},
	 {.kind = LOCK_RANGE, .start = 9, .end = 9},
	 true},
	{{.kind = LOCK_RANGE, .write = true, .start = 5, .end = 9},
	 {.kind = LOCK_RANGE, .start = 10, .end = UINT64_MAX},
	 false},
	{{.kind = LOCK_RANGE, .start = 0, .end = 9},
	 {.kind = LOCK_RANGE, .start = 0, .end = UINT64_MAX},
	 false},
	{{.kind = LOCK_LEASE}, {.kind = LOCK_LEASE, .write = true}, true},
};

START_TEST(test_conflicts)
{
	ck_assert_int_eq(proc_lock_conflicts(&pairs[_i].a, &pairs[_i].b), pairs[_i].conflict);
	ck_assert_int_eq(proc_lock_conflicts(&pairs[_i].b, &pairs[_i].a), pairs[_i].conflict);
}
END_TEST

/* Two words that say what it is, little-endian, then an entry with its length. */
#define IMAGE(magic, length) "\x19\x43\x56\x54" magic length "\0\0\0"

/* a flock of process 7, to write, and a range of its from 10 on, five bytes long, to read */
static const char locks_image[] = IMAGE(
	"\x16\x36\x32\x54", "\x0c") "\x08\x02\x10\x01\x18\x07\x20\x03\x28\x00\x30\x00"
				    "\x0c\0\0\0\x08\x01\x10\x00\x18\x07\x20\x04\x28\x0a\x30\x05"
				    "\x0c\0\0\0\x08\x40\x10\x00\x18\x07\x20\x05\x28\x00\x30\x00";
static const char ids_image[] = IMAGE("\x30\x20\x43\x54", "\x06") "\x08\x01\x10\x09\x18\x01";
static const char fdinfo_image[] =
	IMAGE("\x32\x37\x21\x56", "\x08") "\x08\x15\x10\x00\x18\x02\x20\x03"
					  "\x08\0\0\0\x08\x16\x10\x00\x18\x01\x20\x04";

START_TEST(test_images)
{
	_cleanup_criu_locks_ struct criu_locks l = {0};
	uint32_t id = 0;

	criu_locks_add(&l, locks_image, sizeof(locks_image) - 1);
	ck_assert_uint_eq(l.n, 2);
	ck_assert_int_eq(l.v[0].lock.kind, LOCK_FLOCK);
	ck_assert(l.v[0].lock.write);
	ck_assert_uint_eq(l.v[0].lock.end, UINT64_MAX);
	ck_assert_int_eq(l.v[0].pid, 7);
	ck_assert_int_eq(l.v[0].fd, 3);
	ck_assert_int_eq(l.v[1].lock.kind, LOCK_RANGE);
	ck_assert(!l.v[1].lock.write);
	ck_assert_uint_eq(l.v[1].lock.start, 10);
	ck_assert_uint_eq(l.v[1].lock.end, 14);
	ck_assert(criu_locks_files_id(ids_image, sizeof(ids_image) - 1, &id));
	ck_assert_uint_eq(id, 9);
	/* a pipe has no path */
	ck_assert(!criu_locks_file(fdinfo_image, sizeof(fdinfo_image) - 1, 3, &id));
	ck_assert(!criu_locks_file(fdinfo_image, sizeof(fdinfo_image) - 1, -1, &id));
	ck_assert(criu_locks_file(fdinfo_image, sizeof(fdinfo_image) - 1, 4, &id));
	ck_assert_uint_eq(id, 0x16);
}
END_TEST

/* Cut off anywhere, it is read as far as it goes. */
START_TEST(test_cut_off)
{
	for (size_t n = 0; n < sizeof(locks_image); n++) {
		_cleanup_criu_locks_ struct criu_locks l = {0};
		uint32_t id;

		criu_locks_add(&l, locks_image, n);
		ck_assert_uint_le(l.n, 2);
		(void)criu_locks_file(fdinfo_image, n < sizeof(fdinfo_image) ? n : 0, 4, &id);
		(void)criu_locks_files_id(ids_image, n < sizeof(ids_image) ? n : 0, &id);
	}
}
END_TEST

Suite *criu_image_locks_suite(void)
{
	Suite *s = suite_create("criu_image_locks");
	TCase *t = tcase_create("locks");

	tcase_add_test(t, test_proc_locks);
	tcase_add_test(t, test_no_holder);
	tcase_add_loop_test(t, test_conflicts, 0, (int)(sizeof(pairs) / sizeof(pairs[0])));
	tcase_add_test(t, test_images);
	tcase_add_test(t, test_cut_off);
	suite_add_tcase(s, t);
	return s;
}
