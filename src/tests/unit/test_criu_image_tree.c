/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "criu/image_names.h"
#include "criu/image_tree.h"
#include "unit.h"
#include "util/mem.h"

struct image {
	uint8_t bytes[1024];
	size_t len;
};

static void add_word(struct image *i, uint32_t word)
{
	for (size_t k = 0; k < sizeof(word); k++)
		i->bytes[i->len++] = (uint8_t)(word >> (8 * k));
}

static size_t add_number(uint8_t *to, uint32_t v)
{
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

static void begin(struct image *i, uint32_t magic)
{
	i->len = 0;
	add_word(i, 0x54564319);
	add_word(i, magic);
}

static void add_process(struct image *i, uint32_t pid, uint32_t parent, uint32_t session)
{
	const uint32_t values[] = {pid, parent, session, session, pid};
	uint8_t entry[64];
	size_t n = 0;

	for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
		entry[n++] = (uint8_t)((k + 1) << 3);
		n += add_number(entry + n, values[k]);
	}
	add_word(i, (uint32_t)n);
	memcpy(i->bytes + i->len, entry, n);
	i->len += n;
}

/* init, a manager (300) with a service, an orphan (700) of the session 600, and others */
static void make_tree(struct image *i)
{
	begin(i, MAGIC_TREE);
	add_process(i, 1, 0, 1);
	add_process(i, 300, 1, 300);
	add_process(i, 700, 300, 600);
	add_process(i, 701, 700, 600);
	add_process(i, 400, 300, 400);
	add_process(i, 401, 400, 400);
	add_process(i, 402, 401, 402);
	add_process(i, 403, 402, 400);
	add_process(i, 800, 1, 600);
}

struct asked {
	bool answer;
	size_t n;
	uint32_t last;
};

static bool say(uint32_t pid, void *userdata)
{
	struct asked *a = userdata;

	a->n++;
	a->last = pid;
	return a->answer;
}

START_TEST(finds_the_lost)
{
	_cleanup_free_ struct criu_relative *v = NULL;
	const struct criu_relative *lost;
	struct asked no = {false, 0, 0};
	struct image i;
	size_t n;

	make_tree(&i);
	n = criu_tree_read(i.bytes, i.len, &v);
	ck_assert_uint_eq(n, 9);
	lost = criu_tree_give_lost(v, n, say, &no);
	ck_assert_ptr_nonnull(lost);
	ck_assert_uint_eq(lost->pid, 700);
	ck_assert_uint_eq(lost->parent, 300);
	ck_assert_uint_eq(no.n, 1);
	ck_assert_uint_eq(no.last, 300);
}
END_TEST

START_TEST(gives_to_init)
{
	_cleanup_free_ struct criu_relative *v = NULL, *again = NULL;
	struct asked yes = {true, 0, 0}, no = {false, 0, 0};
	struct image i;
	size_t n;

	make_tree(&i);
	n = criu_tree_read(i.bytes, i.len, &v);
	ck_assert_ptr_null(criu_tree_give_lost(v, n, say, &yes));
	ck_assert_uint_eq(yes.n, 1);
	ck_assert_uint_eq(criu_tree_read(i.bytes, i.len, &again), n);
	ck_assert_ptr_null(criu_tree_give_lost(again, n, say, &no));
	for (size_t k = 0; k < n; k++) {
		ck_assert_uint_eq(again[k].parent, again[k].pid == 700 ? 1 : v[k].parent);
		ck_assert_uint_eq(again[k].session, v[k].session);
	}
}
END_TEST

static uint32_t parent_of(const struct criu_relative *v, size_t n, uint32_t pid)
{
	for (size_t k = 0; k < n; k++)
		if (v[k].pid == pid)
			return v[k].parent;
	return 0;
}

/* One that is given to init takes its descendants from below the leaders that were above it. */
START_TEST(gives_their_descendants_to_init)
{
	_cleanup_free_ struct criu_relative *v = NULL;
	struct asked yes = {true, 0, 0};
	struct image i;
	size_t n;

	begin(&i, MAGIC_TREE);
	add_process(&i, 1, 0, 1);
	add_process(&i, 900, 1, 900);
	/* its leader is gone */
	add_process(&i, 800, 900, 555);
	add_process(&i, 700, 800, 700);
	/* below 900 no longer */
	add_process(&i, 600, 700, 900);
	/* below 700 all the same, and below init */
	add_process(&i, 500, 600, 700);
	add_process(&i, 400, 500, 1);
	n = criu_tree_read(i.bytes, i.len, &v);
	ck_assert_ptr_null(criu_tree_give_lost(v, n, say, &yes));
	ck_assert_uint_eq(parent_of(v, n, 800), 1);
	ck_assert_uint_eq(parent_of(v, n, 700), 800);
	ck_assert_uint_eq(parent_of(v, n, 600), 1);
	/* that has gone with 600 */
	ck_assert_uint_eq(parent_of(v, n, 500), 1);
	ck_assert_uint_eq(parent_of(v, n, 400), 500);
	ck_assert_uint_eq(yes.n, 3);
}
END_TEST

#define DEEP 30000

/* Each in another session than its parent, which one far above leads. */
START_TEST(deep_trees)
{
	_cleanup_free_ struct criu_relative *v = xcalloc(DEEP, sizeof(*v));
	struct asked no = {false, 0, 0};

	for (uint32_t k = 0; k < DEEP; k++)
		v[k] = (struct criu_relative){
			.pid = k + 1, .parent = k, .session = k < 3 ? k + 1 : 2 + k % 2};
	ck_assert_ptr_null(criu_tree_give_lost(v, DEEP, say, &no));
	ck_assert_uint_eq(no.n, 0);
}
END_TEST

/* A cut-off image, another magic, a ring of parents. */
START_TEST(odd_images)
{
	struct criu_relative *v = NULL;
	struct asked no = {false, 0, 0};
	struct image i;
	size_t n;

	make_tree(&i);
	for (size_t len = 0; len < i.len; len++) {
		n = criu_tree_read(i.bytes, len, &v);
		(void)criu_tree_give_lost(v, n, say, &no);
		free(v);
	}
	begin(&i, MAGIC_CORE);
	ck_assert_uint_eq(criu_tree_read(i.bytes, i.len, &v), 0);
	ck_assert_ptr_null(v);
	begin(&i, MAGIC_TREE);
	add_process(&i, 5, 6, 9);
	add_process(&i, 6, 5, 8);
	n = criu_tree_read(i.bytes, i.len, &v);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(criu_tree_give_lost(v, n, say, &no), &v[0]);
	free(v);
}
END_TEST

START_TEST(joins_the_parent)
{
	_cleanup_free_ struct criu_relative *v = NULL, *again = NULL;
	struct image i;
	size_t n, moved = 0;

	make_tree(&i);
	n = criu_tree_read(i.bytes, i.len, &v);
	for (size_t k = 0; k < n; k++) {
		if (!criu_tree_is_leaderless(v, n, k))
			continue;
		ck_assert_uint_eq(v[k].session, 600);
		ck_assert(criu_tree_join_parent(v, n, k));
		ck_assert(!criu_tree_is_leaderless(v, n, k));
		moved++;
	}
	ck_assert_uint_eq(moved, 3);
	ck_assert_uint_eq(criu_tree_read(i.bytes, i.len, &again), n);
	for (size_t k = 0; k < n; k++) {
		ck_assert_uint_eq(again[k].session, v[k].session);
		ck_assert_uint_eq(again[k].group, v[k].group);
	}

	/* the numbers of the parent are longer than those in whose place they would be */
	begin(&i, MAGIC_TREE);
	add_process(&i, 300, 1, 300);
	add_process(&i, 301, 300, 6);
	free(v);
	n = criu_tree_read(i.bytes, i.len, &v);
	ck_assert(criu_tree_is_leaderless(v, n, 1));
	ck_assert(!criu_tree_join_parent(v, n, 1));
	ck_assert_uint_eq(v[1].session, 6);
}
END_TEST

static bool task_is(uint8_t tag, uint8_t more, uint8_t value,
		    bool (*is)(const void *core, size_t len))
{
	const uint8_t entry[] = {0x1a, 3, tag, more, value}; /* member 3: a member of two bytes */
	struct image i;

	begin(&i, MAGIC_CORE);
	add_word(&i, sizeof(entry));
	memcpy(i.bytes + i.len, entry, sizeof(entry));
	return is(i.bytes, i.len + sizeof(entry));
}

static bool adopts(uint8_t value)
{
	return task_is(0x90, 1, value, criu_image_adopts);
}

START_TEST(zombies)
{
	/* member 1, one byte longer than it needs to be */
	ck_assert(task_is(0x08, 0x82, 0, criu_image_is_zombie));
	ck_assert(!task_is(0x08, 0x81, 0, criu_image_is_zombie));
	ck_assert(!task_is(0x10, 0x82, 0, criu_image_is_zombie));
	ck_assert(!criu_image_is_zombie("", 0));
}
END_TEST

START_TEST(subreapers)
{
	ck_assert(adopts(1));
	ck_assert(!adopts(0));
	ck_assert(!criu_image_adopts("", 0));
}
END_TEST

Suite *criu_image_tree_suite(void)
{
	Suite *s = suite_create("criu_image_tree");
	TCase *t = tcase_create("pure");

	tcase_add_test(t, finds_the_lost);
	tcase_add_test(t, gives_to_init);
	tcase_add_test(t, gives_their_descendants_to_init);
	tcase_add_test(t, deep_trees);
	tcase_add_test(t, odd_images);
	tcase_add_test(t, subreapers);
	tcase_add_test(t, joins_the_parent);
	tcase_add_test(t, zombies);
	suite_add_tcase(s, t);
	return s;
}
