/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carry/nexthops.h"
#include "unit.h"
#include "util/mem.h"

/* A message as the kernel says it, put together. */
struct said {
	_Alignas(NLMSG_ALIGNTO) char bytes[512];
};

static struct nlmsghdr *begin(struct said *s, unsigned short type, const void *header, size_t size)
{
	struct nlmsghdr *m = (struct nlmsghdr *)s->bytes;

	*s = (struct said){0};
	*m = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_SPACE(size),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = 7,
		.nlmsg_pid = 8,
	};
	memcpy(NLMSG_DATA(m), header, size);
	return m;
}

static void add(struct nlmsghdr *m, unsigned short type, const void *value, size_t len)
{
	struct rtattr a = {(unsigned short)RTA_LENGTH(len), type};

	memcpy((char *)m + m->nlmsg_len, &a, sizeof(a));
	memcpy((char *)m + m->nlmsg_len + RTA_LENGTH(0), value, len);
	m->nlmsg_len += (uint32_t)RTA_SPACE(len);
}

static void add_number(struct nlmsghdr *m, unsigned short type, uint32_t n)
{
	add(m, type, &n, sizeof(n));
}

/* "1 2 3": the attributes that it has, in their order. Caller frees. */
static char *attributes(const struct nlmsghdr *m, size_t header)
{
	size_t left = m->nlmsg_len - NLMSG_SPACE(header);
	/* RTA_NEXT() knows no const */
	struct rtattr *a = (void *)((uintptr_t)m + NLMSG_SPACE(header));
	char *text = xstrdup("");

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		str_append(&text, "%s%d", *text ? " " : "", a->rta_type);
	ck_assert_uint_eq(left, 0);
	return text;
}

static struct nlmsghdr *say_nexthop(struct said *s)
{
	const struct nhmsg h = {.nh_family = AF_INET6,
				.nh_scope = RT_SCOPE_LINK,
				.nh_protocol = RTPROT_RA,
				.nh_flags = RTNH_F_ONLINK | RTNH_F_LINKDOWN};
	struct nlmsghdr *m = begin(s, RTM_NEWNEXTHOP, &h, sizeof(h));

	add_number(m, NHA_ID, 9);
	add_number(m, NHA_OIF, 2);
	add(m, NHA_GATEWAY, "0123456789abcdef", 16);
	add_number(m, 14, 0); /* only told */
	return m;
}

static struct nlmsghdr *say_route(struct said *s, bool by_nexthop)
{
	const struct rtmsg h = {.rtm_family = AF_INET6, .rtm_flags = RTNH_F_LINKDOWN};
	const struct rta_cacheinfo info = {.rta_expires = (int)(30 * sysconf(_SC_CLK_TCK))};
	struct nlmsghdr *m = begin(s, RTM_NEWROUTE, &h, sizeof(h));

	add_number(m, RTA_TABLE, 254);
	add_number(m, RTA_PRIORITY, 1024);
	if (by_nexthop)
		add_number(m, RTA_NH_ID, 9);
	add(m, RTA_GATEWAY, "0123456789abcdef", 16);
	add_number(m, RTA_OIF, 2);
	add(m, RTA_CACHEINFO, &info, sizeof(info));
	add(m, RTA_PREF, "\0", 1);
	return m;
}

START_TEST(test_nexthop)
{
	struct said s;
	_cleanup_free_ struct nlmsghdr *m = nexthop_request(say_nexthop(&s));
	_cleanup_free_ char *has = NULL;
	struct nhmsg *h;

	ck_assert_ptr_nonnull(m);
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	h = NLMSG_DATA(m);
	ck_assert_int_eq(h->nh_scope, 0);
	ck_assert_int_eq(h->nh_protocol, RTPROT_RA);
	ck_assert_uint_eq(h->nh_flags, RTNH_F_ONLINK);
	ck_assert_uint_eq(m->nlmsg_seq, 0);
	has = attributes(m, sizeof(*h));
	ck_assert_str_eq(has, "1 5 6");
}
END_TEST

START_TEST(test_route)
{
	struct said s;
	_cleanup_free_ struct nlmsghdr *m = nexthop_request(say_route(&s, true));
	_cleanup_free_ char *has = NULL;
	uint32_t seconds;

	ck_assert_ptr_nonnull(m);
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	ck_assert_uint_eq(((struct rtmsg *)NLMSG_DATA(m))->rtm_flags, 0);
	has = attributes(m, sizeof(struct rtmsg));
	/* RTA_TABLE, RTA_PRIORITY, RTA_NH_ID, RTA_PREF, RTA_EXPIRES */
	ck_assert_str_eq(has, "15 6 30 20 23");
	memcpy(&seconds, (char *)m + m->nlmsg_len - sizeof(seconds), sizeof(seconds));
	ck_assert_uint_eq(seconds, 30);
}
END_TEST

START_TEST(test_others)
{
	struct said s;
	struct nlmsghdr *m = say_route(&s, false);

	ck_assert_ptr_null(nexthop_request(m));
	m = say_nexthop(&s);
	m->nlmsg_type = RTM_NEWLINK;
	ck_assert_ptr_null(nexthop_request(m));
	m->nlmsg_type = RTM_NEWNEXTHOP;
	m->nlmsg_len = NLMSG_LENGTH(4);
	ck_assert_ptr_null(nexthop_request(m));
}
END_TEST

START_TEST(test_valid)
{
	struct said s;
	_cleanup_free_ struct nlmsghdr *m = nexthop_request(say_nexthop(&s));

	ck_assert(!nexthop_request_valid(m, m->nlmsg_len - 1));
	ck_assert(!nexthop_request_valid(m, 3));
	m->nlmsg_flags |= NLM_F_REPLACE;
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));
	m->nlmsg_flags &= (unsigned short)~NLM_F_REPLACE;
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	m->nlmsg_type = RTM_DELROUTE;
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));
}
END_TEST

/* One that somebody made up: attributes that are not ours to set, or not whole. */
START_TEST(test_attributes)
{
	const struct nhmsg h = {.nh_family = AF_INET6};
	const struct rtmsg route = {.rtm_family = AF_INET6};
	struct said s;
	struct nlmsghdr *m = begin(&s, RTM_NEWNEXTHOP, &h, sizeof(h));

	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	add_number(m, NHA_OIF, 2);
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	m->nlmsg_len -= 2;
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));
	m->nlmsg_len += 2;
	add_number(m, NHA_MASTER, 2);
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));

	m = begin(&s, RTM_NEWROUTE, &route, sizeof(route));
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));
	add_number(m, RTA_NH_ID, 1);
	add_number(m, RTA_EXPIRES, 30);
	ck_assert(nexthop_request_valid(m, m->nlmsg_len));
	add_number(m, RTA_OIF, 2);
	ck_assert(!nexthop_request_valid(m, m->nlmsg_len));
}
END_TEST

/* A length that says nothing about what is there. */
START_TEST(test_filter_lengths)
{
	static const uint32_t lengths[] = {0, 15, 17, 64, 0x7fffffff, 0xfffffffc, 0xfffffffd, ~0U};
	_Alignas(NLMSG_ALIGNTO) char saved[4 + 2 * sizeof(struct nlmsghdr)] = {0};
	const uint32_t magic = 0x45311224;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(saved, &magic, 4);
		memcpy(saved + 4, &lengths[i], 4);
		ck_assert_uint_eq(nexthop_filter_saved(saved, sizeof(saved)), sizeof(saved));
	}
}
END_TEST

/* What is left of plain, by nexthop, plain, and what is behind the last whole message. */
START_TEST(test_filter)
{
	struct said plain, by;
	const struct nlmsghdr *p = say_route(&plain, false), *b = say_route(&by, true);
	const uint32_t magic = 0x45311224;
	_Alignas(NLMSG_ALIGNTO) char saved[1024], wanted[1024];
	size_t len = 0, want = 0;

	memcpy(saved, &magic, 4);
	memcpy(saved + 4, p, p->nlmsg_len);
	memcpy(saved + 4 + p->nlmsg_len, b, b->nlmsg_len);
	memcpy(saved + 4 + p->nlmsg_len + b->nlmsg_len, p, p->nlmsg_len);
	len = 4 + 2 * p->nlmsg_len + b->nlmsg_len;
	memcpy(saved + len, "tail", 4);
	len += 4;
	memcpy(wanted, &magic, 4);
	memcpy(wanted + 4, p, p->nlmsg_len);
	memcpy(wanted + 4 + p->nlmsg_len, p, p->nlmsg_len);
	want = 4 + 2 * p->nlmsg_len;
	memcpy(wanted + want, "tail", 4);
	want += 4;

	ck_assert_uint_eq(nexthop_filter_saved(saved, len), want);
	ck_assert_mem_eq(saved, wanted, want);
	/* again changes nothing, nor where it is no such file */
	ck_assert_uint_eq(nexthop_filter_saved(saved, want), want);
	saved[0] ^= 1;
	ck_assert_uint_eq(nexthop_filter_saved(saved, want), want);
	ck_assert_uint_eq(nexthop_filter_saved(saved, 3), 3);
}
END_TEST

Suite *nexthops_suite(void)
{
	Suite *s = suite_create("nexthops");
	TCase *t = tcase_create("nexthop");

	tcase_add_test(t, test_nexthop);
	tcase_add_test(t, test_route);
	tcase_add_test(t, test_others);
	tcase_add_test(t, test_valid);
	tcase_add_test(t, test_attributes);
	tcase_add_test(t, test_filter);
	tcase_add_test(t, test_filter_lengths);
	suite_add_tcase(s, t);
	return s;
}
