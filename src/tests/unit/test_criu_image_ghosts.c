/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_ghosts.h"
#include "criu/protobuf.h"
#include "unit.h"
#include "util/mem.h"

/* As CRIU 4.2 writes them: the magic words, then a length and that many bytes each. */
static const char files_magic[] = "\x19\x43\x56\x54\x38\x31\x30\x56";

/* 5 is a ghost, 6 has another name, 7 is a process' file */
static const char remaps[] = "\x19\x43\x56\x54\x54\x39\x13\x59"
			     "\x06\x00\x00\x00\x08\x05\x10\x01\x18\x01"
			     "\x06\x00\x00\x00\x08\x06\x10\x01\x18\x00"
			     "\x06\x00\x00\x00\x08\x07\x10\x01\x18\x02";

/* A files.img of one regular file; *ret_path is where its path is in it. */
static uint8_t *image_of(uint8_t id, const char *path, size_t *ret_len, char **ret_path)
{
	size_t len = strlen(path), regular = 2 + 3 + len, entry = 2 + 2 + 3 + regular;
	uint8_t *image = xcalloc(8 + 4 + entry, 1), *p = image;
	const uint8_t head[] = {
		(uint8_t)entry,
		(uint8_t)(entry >> 8),
		0,
		0,
		8,
		1,
		16,
		id,
		0x1a,
		(uint8_t)(regular | 0x80),
		(uint8_t)(regular >> 7),
		8,
		id,
		0x32,
		(uint8_t)(len | 0x80),
		(uint8_t)(len >> 7),
	};

	memcpy(p, files_magic, 8);
	memcpy(p + 8, head, sizeof(head));
	memcpy(p + 8 + sizeof(head), path, len);
	*ret_path = (char *)p + 8 + sizeof(head);
	*ret_len = 8 + 4 + entry;
	return image;
}

START_TEST(test_read)
{
	size_t n;
	_cleanup_free_ uint32_t *ghosts = criu_ghosts_read(remaps, sizeof(remaps) - 1, &n);

	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(ghosts[0], 5);
	ck_assert_ptr_null(criu_ghosts_read(files_magic, 8, &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(test_links)
{
	static const size_t first = 8 + 4 + 6;

	ck_assert(criu_ghosts_have_links(remaps, sizeof(remaps) - 1));
	/* without the entry of 6, and a half of it */
	ck_assert(!criu_ghosts_have_links(remaps, first));
	ck_assert(!criu_ghosts_have_links(remaps, first + 9));
	ck_assert(!criu_ghosts_have_links(files_magic, 8));
	ck_assert(!criu_ghosts_have_links("", 0));
}
END_TEST

/* Two files are one ghost, under the name of the first. */
START_TEST(test_names)
{
	static const char twice[] = "\x19\x43\x56\x54\x54\x39\x13\x59"
				    "\x06\x00\x00\x00\x08\x05\x10\x01\x18\x01"
				    "\x06\x00\x00\x00\x08\x06\x10\x01\x18\x01"
				    "\x06\x00\x00\x00\x08\x07\x10\x07\x18\x00"
				    "\x06\x00\x00\x00\x08\x08\x10\x02\x18\x01";
	_cleanup_free_ struct criu_ghost_name *names = NULL;

	ck_assert_uint_eq(criu_ghosts_names(twice, sizeof(twice) - 1, &names), 2);
	ck_assert_uint_eq(names[0].file, 5);
	ck_assert_uint_eq(names[0].ghost, 1);
	ck_assert_uint_eq(names[1].file, 8);
	ck_assert_uint_eq(names[1].ghost, 2);
	free(TAKE_PTR(names));
	ck_assert_uint_eq(criu_ghosts_names(files_magic, 8, &names), 0);
}
END_TEST

/* mode 0100644, then what comes as it is */
#define GHOST_MAGIC "\x19\x43\x56\x54\x05\x36\x58\x52"

START_TEST(test_ghost)
{
	static const char plain[] = GHOST_MAGIC "\x04\x00\x00\x00\x18\xa4\x83\x02hello";
	static const char link[] = GHOST_MAGIC "\x07\x00\x00\x00\x18\xff\xc3\x02\x5a\x01x";
	struct criu_ghost g;
	struct ghost_chunk chunk;
	struct bytes rest;

	ck_assert(criu_ghost_parse(plain, sizeof(plain) - 1, &g));
	ck_assert_uint_eq(g.mode, 0100644);
	ck_assert_uint_eq(g.size, 5);
	rest = g.content;
	ck_assert(criu_ghost_take_chunk(&g, &rest, &chunk));
	ck_assert_uint_eq(chunk.offset, 0);
	ck_assert_uint_eq(chunk.data.len, 5);
	ck_assert_mem_eq(chunk.data.p, "hello", 5);
	ck_assert(!criu_ghost_take_chunk(&g, &rest, &chunk));
	ck_assert(criu_ghost_parse(link, sizeof(link) - 1, &g));
	ck_assert_uint_eq(g.mode, 0120777);
	ck_assert_uint_eq(g.target.len, 1);
	ck_assert(!criu_ghost_parse(remaps, sizeof(remaps) - 1, &g));
	ck_assert(!criu_ghost_parse(NULL, 0, &g));
}
END_TEST

/* of 16 bytes: two at 4, three at 13; and what lies or is cut off */
START_TEST(test_chunks)
{
	static const char head[] = GHOST_MAGIC "\x08\x00\x00\x00\x18\xa4\x83\x02\x48\x01\x50\x10";
	static const char first[] = "\x04\x00\x00\x00\x08\x02\x10\x04xy";
	static const struct {
		const char *more;
		size_t len;
		bool good;
	} cases[] = {
		{"\x04\x00\x00\x00\x08\x03\x10\x0dxyz", 11, true},
		/* beyond the size, and its length alone */
		{"\x04\x00\x00\x00\x08\x04\x10\x0dxyz0", 12, false},
		{"\x04\x00\x00\x00\x08\x11\x10\x00xyz", 11, false},
		/* more than there is */
		{"\x04\x00\x00\x00\x08\x03\x10\x0dxy", 10, false},
		{"\x04\x00\x00", 3, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = sizeof(head) - 1 + sizeof(first) - 1 + cases[i].len;
		_cleanup_free_ char *text = xcalloc(len, 1);
		struct ghost_chunk chunk;
		struct criu_ghost g;
		struct bytes rest;

		memcpy(text, head, sizeof(head) - 1);
		memcpy(text + sizeof(head) - 1, first, sizeof(first) - 1);
		memcpy(text + len - cases[i].len, cases[i].more, cases[i].len);
		ck_assert(criu_ghost_parse(text, len, &g));
		ck_assert_uint_eq(g.size, 16);
		rest = g.content;
		ck_assert(criu_ghost_take_chunk(&g, &rest, &chunk));
		ck_assert_uint_eq(chunk.offset, 4);
		ck_assert_mem_eq(chunk.data.p, "xy", 2);
		ck_assert_int_eq(criu_ghost_take_chunk(&g, &rest, &chunk), cases[i].good);
		ck_assert_int_eq(rest.len == 0, cases[i].good);
	}
}
END_TEST

/* Whatever is in front of the name, and of each length. */
START_TEST(test_shorten)
{
	static const char *const fronts[] = {"/", "/tmp/", "/a/b c/"};
	const uint32_t ghosts[] = {3, 5};
	char path[300], wanted[300];

	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		_cleanup_free_ uint8_t *image = NULL;
		size_t len, front = strlen(fronts[i]), name;
		char *now;

		snprintf(path, sizeof(path), "%s%0*d", fronts[i], _i, 0);
		image = image_of(5, path, &len, &now);
		ck_assert_uint_eq(criu_ghosts_shorten(image, len, ghosts, 1), 0);
		if (_i <= CRIU_GHOST_NAME_MAX) {
			ck_assert_uint_eq(criu_ghosts_shorten(image, len, ghosts, 2), 0);
			ck_assert_mem_eq(now, path, strlen(path));
			continue;
		}
		ck_assert_uint_eq(criu_ghosts_shorten(image, len, ghosts, 2), 1);
		ck_assert(now[0] == '/' && now[1] == '.' && now[2] == '/');
		name = strlen(path);
		while (now[name - 1] != '/')
			name--;
		ck_assert_uint_le(strlen(path) - name, CRIU_GHOST_NAME_MAX);
		ck_assert_mem_eq(now + name - front, fronts[i], front);
		snprintf(wanted, sizeof(wanted), "%0200d.00000005", 0);
		ck_assert_mem_eq(now + name, wanted, strlen(wanted));
		ck_assert_uint_eq(strlen(path) - name, strlen(wanted));
		/* "." and nothing more than a second slash */
		for (size_t k = 1; k + front <= name; k++)
			ck_assert(now[k] == '.' ? now[k - 1] == '/' : now[k] == '/');
		ck_assert_uint_eq(criu_ghosts_shorten(image, len, ghosts, 2), 0);
	}
}
END_TEST

START_TEST(test_half_a_character)
{
	const uint32_t ghosts[] = {5};
	_cleanup_free_ uint8_t *image = NULL;
	char path[256] = "/a";
	size_t len;
	char *now;

	for (size_t i = 2; i < 250; i += 2)
		memcpy(path + i, "\303\244", 2);
	image = image_of(5, path, &len, &now);
	ck_assert_uint_eq(criu_ghosts_shorten(image, len, ghosts, 1), 1);
	now += strlen(path) - strlen("\303\244.00000005");
	ck_assert_mem_eq(now, "\303\244.00000005", strlen("\303\244.00000005"));
}
END_TEST

START_TEST(test_cut_off)
{
	const uint32_t ghosts[] = {5};
	char path[300], *now;
	_cleanup_free_ uint8_t *image = NULL;
	size_t len;

	snprintf(path, sizeof(path), "/%0255d", 0);
	image = image_of(5, path, &len, &now);
	for (size_t l = 0; l < len; l++) {
		uint8_t *copy = malloc(l + 1);

		memcpy(copy, image, l);
		ck_assert_uint_eq(criu_ghosts_shorten(copy, l, ghosts, 1), 0);
		ck_assert_mem_eq(copy, image, l);
		free(copy);
	}
}
END_TEST

/* A folder with a shorter path than a file in it, which stands behind it. */
START_TEST(test_order)
{
	char *now;
	size_t len5, len6;
	_cleanup_free_ uint8_t *five = image_of(5, "/a", &len5, &now);
	_cleanup_free_ uint8_t *six = image_of(6, "/a/f", &len6, &now);
	_cleanup_free_ uint8_t *files = malloc(len5 + len6 - 8);
	char image[sizeof(remaps)];
	static const size_t record = 4 + 6, first = 8;

	memcpy(files, five, len5);
	memcpy(files + len5, six + 8, len6 - 8);
	memcpy(image, remaps, sizeof(remaps));
	ck_assert(criu_ghosts_order(image, sizeof(remaps) - 1, files, len5 + len6 - 8));
	ck_assert_mem_eq(image, remaps, first);
	ck_assert_mem_eq(image + first, remaps + first + record, record);
	ck_assert_mem_eq(image + first + record, remaps + first, record);
	ck_assert_mem_eq(image + first + 2 * record, remaps + first + 2 * record, record);
	ck_assert(!criu_ghosts_order(image, sizeof(remaps) - 1, files, len5 + len6 - 8));

	/* the same, cut off, and without the files: it stays as it is */
	memcpy(image, remaps, sizeof(remaps));
	ck_assert(!criu_ghosts_order(image, sizeof(remaps) - 2, files, len5 + len6 - 8));
	ck_assert(!criu_ghosts_order(image, sizeof(remaps) - 1, files_magic, 8));
	ck_assert(!criu_ghosts_order(image, 0, files, len5));
	ck_assert_mem_eq(image, remaps, sizeof(remaps));
}
END_TEST

Suite *criu_image_ghosts_suite(void)
{
	Suite *s = suite_create("criu_image_ghosts");
	TCase *t = tcase_create("criu_ghosts");

	tcase_add_test(t, test_read);
	tcase_add_test(t, test_links);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_ghost);
	tcase_add_test(t, test_chunks);
	tcase_add_loop_test(t, test_shorten, 230, 256);
	tcase_add_test(t, test_half_a_character);
	tcase_add_test(t, test_cut_off);
	tcase_add_test(t, test_order);
	suite_add_tcase(s, t);
	return s;
}
