/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "criu/image_ipc.h"
#include "unit.h"

/* As CRIU 4.2 writes them: the magic words, then entries, each behind its length. */
#define MAGIC_MESSAGES "\x19\x43\x56\x54\x37\x37\x45\x55"
#define MAGIC_SEGMENTS "\x19\x43\x56\x54\x44\x30\x28\x46"
#define MAGIC_SETTINGS "\x19\x43\x56\x54\x07\x50\x11\x53"

/* Members 6 and 7 of its first one are mode and id. */
#define QUEUE_5(n)   "\x0c\0\0\0\x0a\x05\x30\xa4\x03\x38\x05\x10\x88\x27\x18" n
#define MESSAGE(len) "\x04\0\0\0\x08\x01\x10" len
#define QUEUE_6(n)   "\x0d\0\0\0\x0a\x05\x30\xa4\x03\x38\x06\x10\x80\x80\x01\x18" n

#define QUEUES                                                                                     \
	MAGIC_MESSAGES QUEUE_5("\x02") MESSAGE("\x05") "first\0\0\0" MESSAGE("\x00")               \
		QUEUE_6("\x01") MESSAGE("\x08") "whole ok"

#define SEGMENTS                                                                                   \
	MAGIC_SEGMENTS "\x0c\0\0\0\x0a\x05\x30\xa4\x03\x38\x07\x10\x80\x20\x18\x01"                \
		       "\x0c\0\0\0\x0a\x05\x30\xa4\x07\x38\x08\x10\x80\x20\x18\x01"                \
		       "\x0c\0\0\0\x0a\x05\x30\xa4\x0b\x38\x09\x10\x80\x20\x18\x01"

static void add_queues(struct criu_ipc *ipc, const char *text, size_t len)
{
	*ipc = (struct criu_ipc){0};
	criu_ipc_add_queues(ipc, text, len);
}

START_TEST(queues)
{
	struct criu_ipc ipc = {0};

	criu_ipc_add_queues(&ipc, QUEUES, sizeof(QUEUES) - 1);
	ck_assert_uint_eq(ipc.n_queues, 2);
	ck_assert_int_eq(ipc.queues[0].id, 5);
	ck_assert_uint_eq(ipc.queues[0].limit, 5000);
	ck_assert_uint_eq(ipc.queues[0].bytes, 5);
	ck_assert_int_eq(ipc.queues[1].id, 6);
	ck_assert_uint_eq(ipc.queues[1].limit, 16384);
	ck_assert_uint_eq(ipc.queues[1].longest, 8);
	ck_assert_ptr_null(criu_ipc_overfull(&ipc));
	criu_ipc_clear(&ipc);
}
END_TEST

/* Every shorter text is one that broke off: it has no more queues than it has whole. */
START_TEST(broken_queues)
{
	struct criu_ipc ipc;

	for (size_t len = 0; len < sizeof(QUEUES) - 1; len++) {
		add_queues(&ipc, QUEUES, len);
		ck_assert_uint_le(ipc.n_queues, 1);
		criu_ipc_clear(&ipc);
	}
	add_queues(&ipc, MAGIC_SEGMENTS QUEUE_5("\x00"), 24);
	ck_assert_uint_eq(ipc.n_queues, 0);
	/* a length that nearly overflows */
	add_queues(&ipc,
		   MAGIC_MESSAGES QUEUE_5("\x01") "\x0b\0\0\0\x10\xff\xff\xff\xff\xff\xff\xff\xff"
						  "\xff\x01",
		   39);
	ck_assert_uint_eq(ipc.n_queues, 0);
	criu_ipc_clear(&ipc);
}
END_TEST

START_TEST(overfull)
{
	struct criu_ipc ipc;

	add_queues(&ipc, QUEUES, sizeof(QUEUES) - 1);
	criu_ipc_add_settings(&ipc, MAGIC_SETTINGS "\x02\0\0\0\x18\x08", 14);
	ck_assert_uint_eq(ipc.queue_limit, 8);
	ck_assert_ptr_null(criu_ipc_overfull(&ipc));
	ipc.queue_limit = 7;
	ck_assert_int_eq(criu_ipc_overfull(&ipc)->id, 6);
	ipc.queue_limit = 0;
	ipc.queues[0].longest = CRIU_MESSAGE_MAX + 1;
	ck_assert_int_eq(criu_ipc_overfull(&ipc)->id, 5);
	criu_ipc_clear(&ipc);
}
END_TEST

START_TEST(segments)
{
	struct criu_ipc ipc = {0};

	criu_ipc_add_segments(&ipc, SEGMENTS, sizeof(SEGMENTS) - 1);
	ck_assert_uint_eq(ipc.n_removed, 1);
	ck_assert_int_eq(ipc.removed[0], 8);
	ck_assert_uint_eq(ipc.n_locked, 1);
	ck_assert_int_eq(ipc.locked[0], 9);
	criu_ipc_clear(&ipc);
	/* contents that stand between the entries are not understood */
	criu_ipc_add_segments(
		&ipc, MAGIC_SEGMENTS "\x0a\0\0\0\x0a\x05\x30\xa4\x07\x38\x08\x10\x80\x20" SEGMENTS,
		22 + sizeof(SEGMENTS) - 1);
	ck_assert_uint_eq(ipc.n_removed, 0);
	criu_ipc_clear(&ipc);
}
END_TEST

Suite *criu_image_ipc_suite(void)
{
	Suite *suite = suite_create("criu_image_ipc");
	TCase *tests = tcase_create("pure");

	tcase_add_test(tests, queues);
	tcase_add_test(tests, broken_queues);
	tcase_add_test(tests, overfull);
	tcase_add_test(tests, segments);
	suite_add_tcase(suite, tests);
	return suite;
}
