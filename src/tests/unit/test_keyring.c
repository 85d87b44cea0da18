/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "carry/keyring.h"
#include "unit.h"
#include "util/mem.h"

START_TEST(key_comes_back)
{
	char description[] = "with a blank;and \n", payload[] = "sec\0ret";
	static const struct {
		const char *type;
		unsigned int depth;
		uint64_t expiry;
	} keys[] = {{"user", 1, 0}, {"big_key", KEY_DEPTH_MAX, 4102444800}, {KEYRING_TYPE, 0, 0}};
	bool holds_others = strcmp(keys[_i].type, KEYRING_TYPE) == 0;
	const struct key_entry key = {
		.depth = keys[_i].depth,
		.type = keys[_i].type,
		.permissions = 0x3f010000,
		.uid = 1000,
		.gid = 4294967294,
		.expiry = keys[_i].expiry,
		.description = description,
		.payload = holds_others ? NULL : payload,
		.payload_len = holds_others ? 0 : sizeof(payload),
	};
	struct key_entry back;
	_cleanup_free_ char *line = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&line, &len);

	ck_assert_int_eq(key_entry_write(f, &key), 0);
	fclose(f);
	ck_assert_int_eq(line[len - 1], '\n');
	line[len - 1] = '\0';
	ck_assert(!strchr(line, '\n'));
	ck_assert(key_entry_parse(line, &back));
	ck_assert_uint_eq(back.depth, key.depth);
	ck_assert_ptr_eq(back.type, key_type_carried(key.type));
	ck_assert_uint_eq(back.permissions, key.permissions);
	ck_assert_uint_eq(back.uid, key.uid);
	ck_assert_uint_eq(back.gid, key.gid);
	ck_assert_uint_eq(back.expiry, key.expiry);
	ck_assert_str_eq(back.description, key.description);
	ck_assert_uint_eq(back.payload_len, key.payload_len);
	ck_assert_int_eq(holds_others ? 0 : memcmp(back.payload, payload, sizeof(payload)), 0);
	key_entry_clear(&back);
}
END_TEST

static const char *const rubbish[] = {
	"",
	"1 user 3f010000 0 0 0 61",
	"1 user 3f010000 0 0 0 61 62 63",
	"1 user 3f010000 0 0 0 61 62 ",
	"1  user 3f010000 0 0 0 61 62",
	"7 user 3f010000 0 0 0 61 62",
	"-1 user 3f010000 0 0 0 61 62",
	"01 user 3f010000 0 0 0 61 62",
	"1 logon 3f010000 0 0 0 61 62",
	"1 user 100000000 0 0 0 61 62",
	"1 user 3f010000 4294967295 0 0 61 62",
	"1 user 3f010000 0 a 0 61 62",
	"1 user 3f010000 0 0 99999999999999999 61 62",
	"1 user 3f010000 0 0 0 6 62",
	"1 user 3f010000 0 0 0 6100 62",
	"1 user 3f010000 0 0 0 61 -",
	"1 user 3f010000 0 0 0 61 6G",
	"1 keyring 3f010000 0 0 0 61 62",
};

START_TEST(rubbish_is_refused)
{
	_cleanup_free_ char *line = xstrdup(rubbish[_i]);
	struct key_entry key;

	ck_assert(!key_entry_parse(line, &key));
}
END_TEST

Suite *keyring_suite(void)
{
	Suite *s = suite_create("keyring");
	TCase *t = tcase_create("keyring_file");

	tcase_add_loop_test(t, key_comes_back, 0, 3);
	tcase_add_loop_test(t, rubbish_is_refused, 0, sizeof(rubbish) / sizeof(rubbish[0]));
	suite_add_tcase(s, t);
	return s;
}
