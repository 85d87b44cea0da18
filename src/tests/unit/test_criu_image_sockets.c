/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "criu/image_sockets.h"
#include "unit.h"

/* magic; {length; file: type, id, socket {id, inode, family, type, protocol, state}} */
#define SOCKET(file, inode, family, protocol, state)                                               \
	"\x12\0\0\0\x08" file "\x10\x05\x22\x0c\x08\x05\x10" inode "\x18" family                   \
	"\x20\x01\x28" protocol "\x30" state
#define FILES                                                                                      \
	"\x19\x43\x56\x54\x38\x31\x30\x56" SOCKET("\x04", "\x11", "\x02", "\x06", "\x08")          \
		SOCKET("\x04", "\x12", "\x0a", "\x06", "\x09")                                     \
			SOCKET("\x04", "\x13", "\x0a", "\x06", "\x0b")                             \
				SOCKET("\x04", "\x14", "\x0a", "\x06", "\x01")                     \
					SOCKET("\x04", "\x15", "\x0a", "\x11", "\x08")             \
						SOCKET("\x01", "\x16", "\x0a", "\x06", "\x08")
#define FILES_SIZE (sizeof(FILES) - 1)
#define FILE_SIZE  22

/* By IPv4 and 6, in all three states; none that is open, that is no TCP or no socket. */
START_TEST(test_half_closed)
{
	struct half_closed *closed = NULL;

	ck_assert_uint_eq(criu_sockets_half_closed(FILES, FILES_SIZE, &closed), 3);
	ck_assert(closed[0].inode == 0x11 && !closed[0].ipv6);
	ck_assert(closed[1].inode == 0x12 && closed[1].ipv6);
	ck_assert(closed[2].inode == 0x13 && closed[2].ipv6);
	free(closed);
	for (size_t len = 0; len < FILES_SIZE; len++) {
		size_t whole = len < 8 ? 0 : (len - 8) / FILE_SIZE;

		ck_assert_uint_eq(criu_sockets_half_closed(FILES, len, &closed),
				  whole < 3 ? whole : 3);
		free(closed);
	}
}
END_TEST

/* magic; length; sequence, scale, snd_wnd, rcv_wnd, rcv_wup */
#define STREAM(scale, sent, received, said)                                                        \
	"\x19\x43\x56\x54\x06\x55\x46\x51\x13\0\0\0\x10\xc9\x01\x30" scale "\x70" sent             \
	"\x80\x01" received "\x88\x01" said
#define STREAM_SIZE  (8 + 4 + 19)
#define RECEIVED_AT  (8 + 4 + 3 + 2 + 4 + 2)
#define WINDOW_65536 "\x80\x80\x04"
#define WINDOW_64512 "\x80\xf8\x03"

static void check_window(const char *stream, bool mended, const char *window)
{
	char copy[STREAM_SIZE];

	memcpy(copy, stream, STREAM_SIZE);
	ck_assert_int_eq(criu_sockets_mend_window(copy, STREAM_SIZE), mended);
	ck_assert_mem_eq(copy + RECEIVED_AT, window, 3);
	ck_assert_mem_eq(copy, stream, RECEIVED_AT);
	ck_assert_mem_eq(copy + RECEIVED_AT + 3, stream + RECEIVED_AT + 3,
			 STREAM_SIZE - RECEIVED_AT - 3);
	/* once */
	ck_assert(!criu_sockets_mend_window(copy, STREAM_SIZE));
	for (size_t len = 0; len < STREAM_SIZE; len++) {
		memcpy(copy, stream, STREAM_SIZE);
		ck_assert(!criu_sockets_mend_window(copy, len));
		ck_assert_mem_eq(copy, stream, STREAM_SIZE);
	}
}

START_TEST(test_window)
{
	/* 64512 >> 10, written in as many bytes */
	check_window(STREAM("\x0a", WINDOW_64512, WINDOW_65536, "\xc9\x01"), true, "\xbf\x80\0");
	/* without a scale it is as it was, but no more than a segment can say */
	check_window(STREAM("\0", WINDOW_64512, WINDOW_65536, "\xc9\x01"), true, WINDOW_64512);
	check_window(STREAM("\0", WINDOW_65536, WINDOW_65536, "\xc9\x01"), true, "\xff\xff\x03");
	/* a window of zero is one; a small one is not cut to zero */
	check_window(STREAM("\x0a", "\x80\x80\0", WINDOW_65536, "\xc9\x01"), true, "\x81\x80\0");
	check_window(STREAM("\x0a", "\x85\x80\0", WINDOW_65536, "\xc9\x01"), true, "\x81\x80\0");
	/* 201 - 101 were not acknowledged yet, and the FIN comes behind that */
	check_window(STREAM("\x0a", WINDOW_64512, WINDOW_65536, "\xe5\0"), true, "\xe5\x80\0");
	/* nonsense: more than the window was */
	check_window(STREAM("\x0a", WINDOW_64512, WINDOW_65536, "\xca\x01"), false, WINDOW_65536);
}
END_TEST

Suite *criu_image_sockets_suite(void)
{
	Suite *s = suite_create("criu_image_sockets");
	TCase *t = tcase_create("criu_sockets");

	tcase_add_test(t, test_half_closed);
	tcase_add_test(t, test_window);
	suite_add_tcase(s, t);
	return s;
}
