/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carry/ip_saved.h"
#include "unit.h"
#include "util/mem.h"

/* What ip writes: the word, then messages. */
struct saved {
	_Alignas(NLMSG_ALIGNTO) char bytes[1024];
	size_t len;
	struct nlmsghdr *last;
};

static void begin(struct saved *s, uint32_t magic)
{
	*s = (struct saved){.len = sizeof(magic)};
	memcpy(s->bytes, &magic, sizeof(magic));
}

static void add_message(struct saved *s, unsigned short type, const void *header, size_t size)
{
	s->last = (void *)(s->bytes + s->len);
	*s->last = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_SPACE(size),
				     .nlmsg_type = type,
				     .nlmsg_flags = NLM_F_MULTI,
				     .nlmsg_seq = 7,
				     .nlmsg_pid = 8};
	memcpy(NLMSG_DATA(s->last), header, size);
	s->len += NLMSG_SPACE(size);
}

static void add(struct saved *s, unsigned short type, const void *value, size_t len)
{
	struct rtattr a = {(unsigned short)RTA_LENGTH(len), type};

	memcpy(s->bytes + s->len, &a, sizeof(a));
	memcpy(s->bytes + s->len + RTA_LENGTH(0), value, len);
	s->len += RTA_SPACE(len);
	s->last->nlmsg_len += (uint32_t)RTA_SPACE(len);
}

static void add_address(struct saved *s, int family, uint32_t flags)
{
	const struct ifaddrmsg m = {.ifa_family = (unsigned char)family,
				    .ifa_prefixlen = 64,
				    .ifa_flags = (unsigned char)flags,
				    .ifa_index = 2};

	add_message(s, RTM_NEWADDR, &m, sizeof(m));
	add(s, IFA_ADDRESS, "0123456789abcdef", family == AF_INET ? 4 : 16);
	add(s, IFA_FLAGS, &flags, sizeof(flags));
}

/* The nexthops by links 2, 3 and 4; attributes before and behind them. */
static void add_multipath(struct saved *s)
{
	const struct rtmsg m = {.rtm_family = AF_INET,
				.rtm_flags = RTNH_F_LINKDOWN | RTNH_F_ONLINK};
	struct {
		struct rtnexthop nexthop;
		struct rtattr gateway;
		char address[4];
	} n[3];

	for (int i = 0; i < 3; i++) {
		n[i].nexthop = (struct rtnexthop){.rtnh_len = sizeof(n[i]),
						  .rtnh_flags = RTNH_F_DEAD | RTNH_F_LINKDOWN |
								RTNH_F_ONLINK,
						  .rtnh_ifindex = i + 2};
		n[i].gateway = (struct rtattr){RTA_LENGTH(4), RTA_GATEWAY};
		memset(n[i].address, '0' + i, 4);
	}
	add_message(s, RTM_NEWROUTE, &m, sizeof(m));
	add(s, RTA_DST, "abcd", 4);
	add(s, RTA_MULTIPATH, n, sizeof(n));
	add(s, RTA_PRIORITY, "wxyz", 4);
}

static uint32_t flags_of(const struct nlmsghdr *m)
{
	uint32_t flags;

	/* behind the address */
	memcpy(&flags,
	       (const char *)m + NLMSG_SPACE(sizeof(struct ifaddrmsg)) + RTA_SPACE(16) +
		       RTA_LENGTH(0),
	       sizeof(flags));
	ck_assert_uint_eq(((const struct ifaddrmsg *)(const void *)((const char *)m + NLMSG_HDRLEN))
				  ->ifa_flags,
			  flags & 0xff);
	return flags;
}

START_TEST(test_address)
{
	struct saved s;
	struct nlmsghdr *m;

	begin(&s, IP_SAVED_ADDRESSES);
	add_address(&s, AF_INET6, IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR);
	ck_assert(ip_saved_is_ipv6_address(s.last));
	m = ip_saved_request(s.last);
	ck_assert_uint_eq(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	ck_assert_uint_eq(m->nlmsg_seq, 0);
	ck_assert(ip_saved_skip_dad(m));
	ck_assert_uint_eq(flags_of(m), IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR | IFA_F_NODAD);
	ip_saved_unskip_dad(m);
	ck_assert_uint_eq(flags_of(m), IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR);
	ck_assert_uint_eq(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE);
	free(m);
}
END_TEST

/* One that was not known to be good is asked for again, and one that had the mark keeps it. */
START_TEST(test_other_addresses)
{
	static const uint32_t flags[] = {IFA_F_TENTATIVE, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC,
					 IFA_F_DADFAILED, IFA_F_NODAD};
	struct nlmsghdr *m;
	struct saved s;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		begin(&s, IP_SAVED_ADDRESSES);
		add_address(&s, AF_INET6, flags[i]);
		m = ip_saved_request(s.last);
		ck_assert(!ip_saved_skip_dad(m));
		ck_assert_uint_eq(flags_of(m), flags[i]);
		free(m);
	}
	begin(&s, IP_SAVED_ADDRESSES);
	add_address(&s, AF_INET, IFA_F_PERMANENT);
	ck_assert(!ip_saved_is_ipv6_address(s.last));
	m = ip_saved_request(s.last);
	ck_assert(!ip_saved_skip_dad(m));
	free(m);
}
END_TEST

/* Found anew, for its place is not aligned. */
static const struct rtnexthop *nexthop_of(const struct nlmsghdr *m, size_t i, size_t size)
{
	return (const void *)((const char *)m + NLMSG_SPACE(sizeof(struct rtmsg)) + RTA_SPACE(4) +
			      RTA_LENGTH(0) + i * size);
}

#define NEXTHOP_SIZE (sizeof(struct rtnexthop) + RTA_LENGTH(4))

START_TEST(test_mend)
{
	struct saved s, wrong;
	struct nlmsghdr *m;

	begin(&s, IP_SAVED_ROUTES);
	add_multipath(&s);
	add_multipath(&s);
	wrong = s;
	ip_saved_mend_routes(s.bytes, s.len);
	for (size_t offset = 0; (m = ip_saved_next(s.bytes, s.len, &offset));) {
		ck_assert_uint_eq(((struct rtmsg *)NLMSG_DATA(m))->rtm_flags, RTNH_F_ONLINK);
		for (size_t i = 0; i < 3; i++)
			ck_assert_uint_eq(nexthop_of(m, i, NEXTHOP_SIZE)->rtnh_flags,
					  RTNH_F_ONLINK);
	}
	/* what is no such file stays, and what is cut off is not read */
	wrong.bytes[0] ^= 1;
	s = wrong;
	ip_saved_mend_routes(s.bytes, s.len);
	ck_assert_mem_eq(s.bytes, wrong.bytes, s.len);
	for (size_t len = 0; len < s.len; len++) {
		char *copy = xcalloc(1, len + 1);

		memcpy(copy, s.bytes, len);
		copy[0] ^= 1;
		ip_saved_mend_routes(copy, len);
		free(copy);
	}
}
END_TEST

static int up;

static bool is_up(int ifindex)
{
	return up >> ifindex & 1;
}

START_TEST(test_nexthops)
{
	struct nlmsghdr *m;
	struct saved s;
	const char *behind;

	begin(&s, IP_SAVED_ROUTES);
	add_multipath(&s);
	ck_assert_int_eq(ip_saved_rank(s.last), 2);
	m = ip_saved_request(s.last);
	up = 1 << 2 | 1 << 3 | 1 << 4;
	ck_assert(!ip_saved_drop_nexthops(m, is_up));
	up = 1 << 2 | 1 << 4;
	ck_assert(ip_saved_drop_nexthops(m, is_up));
	ck_assert_int_eq(nexthop_of(m, 0, NEXTHOP_SIZE)->rtnh_ifindex, 2);
	ck_assert_int_eq(nexthop_of(m, 1, NEXTHOP_SIZE)->rtnh_ifindex, 4);
	ck_assert_uint_eq(m->nlmsg_len, s.last->nlmsg_len - NEXTHOP_SIZE);
	behind = (const char *)m + m->nlmsg_len - 4;
	ck_assert_mem_eq(behind, "wxyz", 4);
	/* a route without any is none */
	up = 0;
	ck_assert(!ip_saved_drop_nexthops(m, is_up));
	free(m);
}
END_TEST

START_TEST(test_route)
{
	const struct rtmsg v6 = {.rtm_family = AF_INET6}, v4 = {.rtm_family = AF_INET};
	const struct rta_cacheinfo info = {.rta_expires = (int)(30 * sysconf(_SC_CLK_TCK))};
	struct nlmsghdr *m;
	struct saved s;
	uint32_t seconds;

	begin(&s, IP_SAVED_ROUTES);
	add_message(&s, RTM_NEWROUTE, &v6, sizeof(v6));
	add(&s, RTA_CACHEINFO, &info, sizeof(info));
	ck_assert_int_eq(ip_saved_rank(s.last), 0);
	m = ip_saved_request(s.last);
	ck_assert_uint_eq(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
	ck_assert_uint_eq(m->nlmsg_len, s.last->nlmsg_len + RTA_SPACE(4));
	memcpy(&seconds, (char *)m + m->nlmsg_len - 4, 4);
	ck_assert_uint_eq(seconds, 30);
	free(m);

	add_message(&s, RTM_NEWROUTE, &v4, sizeof(v4));
	add(&s, RTA_CACHEINFO, &info, sizeof(info));
	add(&s, RTA_DST, "abcd", 4);
	add(&s, RTA_PREFSRC, "abcd", 4);
	ck_assert_int_eq(ip_saved_rank(s.last), 0);
	m = ip_saved_request(s.last);
	ck_assert_uint_eq(m->nlmsg_len, s.last->nlmsg_len);
	free(m);
	add_message(&s, RTM_NEWROUTE, &v4, sizeof(v4));
	add(&s, RTA_DST, "abcd", 4);
	add(&s, RTA_PREFSRC, "efgh", 4);
	ck_assert_int_eq(ip_saved_rank(s.last), 1);
	add(&s, RTA_GATEWAY, "efgh", 4);
	ck_assert_int_eq(ip_saved_rank(s.last), 2);
	/* any other message */
	add_message(&s, RTM_NEWLINK, &v4, sizeof(v4));
	ck_assert_ptr_null(ip_saved_request(s.last));
}
END_TEST

START_TEST(test_wants)
{
	static const struct {
		struct rtmsg route;
		bool wanted;
	} routes[] = {
		{{.rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_KERNEL}, true},
		{{.rtm_table = RT_TABLE_COMPAT, .rtm_protocol = RTPROT_BOOT}, true},
		{{.rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_BOOT}, true},
		{{.rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_KERNEL}, false},
		{{.rtm_table = RT_TABLE_MAIN, .rtm_flags = RTM_F_CLONED}, false},
	};
	static const struct {
		struct ndmsg neighbour;
		bool wanted;
	} neighbours[] = {
		{{.ndm_state = NUD_PERMANENT}, true},
		{{.ndm_state = NUD_PERMANENT, .ndm_flags = NTF_PROXY}, false},
		{{.ndm_state = NUD_REACHABLE}, false},
		{{.ndm_state = NUD_NOARP}, false},
	};
	struct saved s;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		begin(&s, IP_SAVED_ROUTES);
		add_message(&s, RTM_NEWROUTE, &routes[i].route, sizeof(routes[i].route));
		ck_assert(ip_saved_wants(s.last, AF_UNSPEC) == routes[i].wanted);
		ck_assert(!ip_saved_wants(s.last, AF_INET6));
	}
	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		begin(&s, IP_SAVED_ROUTES);
		add_message(&s, RTM_NEWNEIGH, &neighbours[i].neighbour,
			    sizeof(neighbours[i].neighbour));
		ck_assert(ip_saved_wants(s.last, AF_UNSPEC) == neighbours[i].wanted);
	}
	/* cut off, and anything else */
	s.last->nlmsg_len = NLMSG_HDRLEN + 4;
	ck_assert(!ip_saved_wants(s.last, AF_UNSPEC));
	add_message(&s, RTM_NEWLINK, &routes[0].route, sizeof(routes[0].route));
	ck_assert(!ip_saved_wants(s.last, AF_UNSPEC));
}
END_TEST

/* The kernel tells no priority where that is 0, and would choose another. */
START_TEST(test_rule)
{
	const struct fib_rule_hdr rule = {.family = AF_INET6,
					  .flags = FIB_RULE_INVERT | FIB_RULE_IIF_DETACHED |
						   FIB_RULE_UNRESOLVED};
	const uint32_t table = 100, priority = 5;
	const struct fib_rule_hdr *h;
	struct nlmsghdr *m;
	struct saved s;
	uint32_t last;

	begin(&s, IP_SAVED_RULES);
	add_message(&s, RTM_NEWRULE, &rule, sizeof(rule));
	add(&s, FRA_TABLE, &table, sizeof(table));
	m = ip_saved_request(s.last);
	h = NLMSG_DATA(m);
	ck_assert_uint_eq(h->flags, FIB_RULE_INVERT);
	ck_assert_uint_eq(m->nlmsg_len, s.last->nlmsg_len + RTA_SPACE(4));
	memcpy(&last, (char *)m + m->nlmsg_len - 4, 4);
	ck_assert_uint_eq(last, 0);
	free(m);
	add(&s, FRA_PRIORITY, &priority, sizeof(priority));
	m = ip_saved_request(s.last);
	ck_assert_uint_eq(m->nlmsg_len, s.last->nlmsg_len);
	free(m);
}
END_TEST

START_TEST(test_neighbour)
{
	const struct ndmsg neighbour = {.ndm_family = AF_INET,
					.ndm_ifindex = 2,
					.ndm_state = NUD_PERMANENT,
					.ndm_flags = NTF_ROUTER | NTF_EXT_LEARNED};
	const struct nda_cacheinfo info = {0};
	const struct rtattr *address;
	const struct ndmsg *h;
	struct nlmsghdr *m;
	struct saved s;

	begin(&s, IP_SAVED_ROUTES);
	add_message(&s, RTM_NEWNEIGH, &neighbour, sizeof(neighbour));
	add(&s, NDA_CACHEINFO, &info, sizeof(info));
	add(&s, NDA_DST, "abcd", 4);
	add(&s, NDA_LLADDR, "uvwxyz", 6);
	m = ip_saved_request(s.last);
	h = NLMSG_DATA(m);
	ck_assert_uint_eq(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	ck_assert_uint_eq(h->ndm_flags, NTF_ROUTER);
	ck_assert_uint_eq(m->nlmsg_len,
			  NLMSG_SPACE(sizeof(neighbour)) + RTA_SPACE(4) + RTA_SPACE(6));
	address = (const void *)((const char *)m + NLMSG_SPACE(sizeof(neighbour)));
	ck_assert_uint_eq(address->rta_type, NDA_DST);
	free(m);
}
END_TEST

Suite *ip_saved_suite(void)
{
	Suite *s = suite_create("ip_saved");
	TCase *t = tcase_create("ip_saved");

	tcase_add_test(t, test_address);
	tcase_add_test(t, test_other_addresses);
	tcase_add_test(t, test_mend);
	tcase_add_test(t, test_nexthops);
	tcase_add_test(t, test_route);
	tcase_add_test(t, test_wants);
	tcase_add_test(t, test_rule);
	tcase_add_test(t, test_neighbour);
	suite_add_tcase(s, t);
	return s;
}
