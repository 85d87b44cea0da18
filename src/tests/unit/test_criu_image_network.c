/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "criu/image_network.h"
#include "unit.h"

/* magic; {length; type, ifindex, name, address}: a bridge without one, one with, and lo; another
 * bridge */
#define LINKS                                                                                      \
	"\x19\x43\x56\x54\x51\x39\x37\x57"                                                         \
	"\x10\0\0\0\x08\x06\x10\x02\x2a\x02nn\x3a\x06\0\0\0\0\0\0"                                 \
	"\x10\0\0\0\x08\x06\x10\x03\x2a\x02nn\x3a\x06\0\0\0\0\0\1"                                 \
	"\x10\0\0\0\x08\x01\x10\x01\x2a\x02nn\x3a\x06\0\0\0\0\0\0"                                 \
	"\x10\0\0\0\x08\x06\x10\x04\x2a\x02nn\x3a\x06\0\0\0\0\0\0"
#define LINKS_SIZE (sizeof(LINKS) - 1)

START_TEST(test_bridges)
{
	static const uint8_t mac[MAC_LEN] = {2, 3, 4, 5, 6, 7};
	char links[LINKS_SIZE + 1] = LINKS;

	ck_assert_uint_eq(criu_network_name_bridges(links, LINKS_SIZE, mac), 2);
	ck_assert_mem_eq(links + 8 + 14, "\2\3\4\5\6\7", 6);
	ck_assert_mem_eq(links + 28, &LINKS[28], 40);
	ck_assert_mem_eq(links + 8 + 3 * 20 + 14, "\2\3\4\5\6\6", 6);
	ck_assert_uint_eq(criu_network_name_bridges(links, LINKS_SIZE, mac), 0);
	memcpy(links, LINKS, LINKS_SIZE);
	for (size_t len = 0; len < 28; len++)
		ck_assert_uint_eq(criu_network_name_bridges(links, len, mac), 0);
}
END_TEST

Suite *criu_image_network_suite(void)
{
	Suite *s = suite_create("criu_image_network");
	TCase *t = tcase_create("criu_network");

	tcase_add_test(t, test_bridges);
	suite_add_tcase(s, t);
	return s;
}
