/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-ip: CRIU runs it instead of `ip` (CR_IP_TOOL), in the network namespace that CRIU
 * saves or makes, with CRIU's privileges there. It implements only the calls that CRIU makes. Its
 * files have ip's format, so that each program can read the other's. They also contain the routes
 * of all tables, neighbours, rules of IPv6 (see ip_saved.h), and more (see ip_state.h). They do not
 * contain routes by nexthop objects, which CRIU could not restore and lxc-checkpoint restores (see
 * carry/nexthops.h). At a restore it makes addresses and routes in a form that the kernel accepts.
 */
#include "config.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carry/ip_saved.h"
#include "carry/nexthops.h"
#include "sys/link.h"
#include "sys/rtnl.h"
#include "tools/ip_state.h"
#include "util/fd.h"
#include "util/mem.h"

#define SAVED_MAX  (256 * 1024 * 1024)
#define SAVED_STEP (64 * 1024)
/* How often to list a table that changes meanwhile; the last result must do, as for ip. */
#define TRIES 10

static int fail(const char *what, int e)
{
	fprintf(stderr, "lxc-checkpoint-ip: %s: %s\n", what, strerror(e));
	return EXIT_FAILURE;
}

/* --- saving ---------------------------------------------------------------------------------- */

struct saved {
	char *bytes;
	size_t len, size;
	int family;
	bool too_large;
};

static void append(struct saved *s, const void *bytes, size_t len)
{
	size_t all = s->len + NLMSG_ALIGN(len);

	if (all > SAVED_MAX) {
		s->too_large = true;
		return;
	}
	while (all > s->size) {
		s->size = s->size ? 2 * s->size : SAVED_STEP;
		s->bytes = xreallocarray(s->bytes, s->size, 1);
	}
	memset(s->bytes + s->len, 0, all - s->len);
	memcpy(s->bytes + s->len, bytes, len);
	s->len = all;
}

static void take(const struct nlmsghdr *m, void *userdata)
{
	struct saved *s = userdata;

	if (ip_saved_wants(m, s->family))
		append(s, m, m->nlmsg_len);
}

/* A table is empty if this kernel has no IPv6, or no such table. */
static int list(int sock, struct saved *s, unsigned short type, const void *header, size_t len)
{
	size_t before = s->len;
	int e = -EINTR;

	for (int i = 0; e == -EINTR && i < TRIES; i++) {
		s->len = before;
		e = rtnl_list(sock, type, header, len, take, s);
	}
	if (s->too_large)
		return -EFBIG;
	return e == -EINTR || e == -EAFNOSUPPORT || e == -EOPNOTSUPP ? 0 : e;
}

static int list_addresses(int sock, struct saved *s, int family)
{
	const struct ifaddrmsg h = {.ifa_family = AF_UNSPEC};

	(void)family;
	s->family = AF_UNSPEC;
	return list(sock, s, RTM_GETADDR, &h, sizeof(h));
}

static int list_routes(int sock, struct saved *s, int family)
{
	const struct rtmsg route = {.rtm_family = (unsigned char)family};
	const struct ndmsg neighbour = {.ndm_family = (unsigned char)family};
	int e;

	s->family = family;
	e = list(sock, s, RTM_GETROUTE, &route, sizeof(route));
	return e < 0 ? e : list(sock, s, RTM_GETNEIGH, &neighbour, sizeof(neighbour));
}

static void take_state(const struct nlmsghdr *m, void *userdata)
{
	append(userdata, m, m->nlmsg_len);
}

static int list_state(int sock, struct saved *s)
{
	size_t before = s->len;
	int e = -EINTR;

	for (int i = 0; e == -EINTR && i < TRIES; i++) {
		s->len = before;
		e = ip_state_list(sock, take_state, s);
	}
	return s->too_large ? -EFBIG : e == -EINTR ? 0 : e;
}

static int list_rules(int sock, struct saved *s, int family)
{
	struct fib_rule_hdr h = {.family = AF_INET};
	int e;

	(void)family;
	s->family = AF_INET;
	e = list(sock, s, RTM_GETRULE, &h, sizeof(h));
	h.family = AF_INET6;
	s->family = AF_INET6;
	return e < 0 ? e : list(sock, s, RTM_GETRULE, &h, sizeof(h));
}

/* CRIU saves and restores the rules last of all. */
static int list_rules_and_state(int sock, struct saved *s, int family)
{
	int e = list_rules(sock, s, family);

	return e < 0 ? e : list_state(sock, s);
}

/* --- making anew ----------------------------------------------------------------------------- */

/* lo has its addresses already, and a link that is up its fe80:: address. */
static int make_address(int sock, const struct nlmsghdr *said)
{
	_cleanup_free_ struct nlmsghdr *request = ip_saved_request(said);
	bool unskip = request && ip_saved_skip_dad(request);
	int e = request ? rtnl_request(sock, request, request->nlmsg_len) : 0;

	if (e == -EEXIST)
		return 0;
	if (e < 0 || !unskip)
		return e;
	ip_saved_unskip_dad(request);
	return rtnl_request(sock, request, request->nlmsg_len);
}

static bool link_number_is_up(int ifindex)
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned int)ifindex, name) && link_is_up(name);
}

/*
 * The kernel makes no route by a link that is down, and omits that link from a route with several.
 */
static int make_route(int sock, const struct nlmsghdr *said)
{
	_cleanup_free_ struct nlmsghdr *request = ip_saved_request(said);
	int e = request ? rtnl_request(sock, request, request->nlmsg_len) : -EBADMSG;

	if (request && e < 0 && e != -EEXIST &&
	    ip_saved_drop_nexthops(request, link_number_is_up)) {
		fprintf(stderr, "lxc-checkpoint-ip: a route goes without a link that is down\n");
		e = rtnl_request(sock, request, request->nlmsg_len);
	}
	return e == -EEXIST ? 0 : e;
}

/*
 * The kernel lists the newest IPv6 address of an interface first, and prefers it if nothing else
 * decides. So the last one is made first.
 */
static int make_addresses(int sock, void *saved, size_t len)
{
	_cleanup_free_ struct nlmsghdr **ipv6 = NULL;
	size_t offset = 0, n = 0;
	struct nlmsghdr *m;
	int e = 0;

	while (e == 0 && (m = ip_saved_next(saved, len, &offset))) {
		if (ip_saved_is_ipv6_address(m))
			*ARRAY_ADD(ipv6, n) = m;
		else if (m->nlmsg_type == RTM_NEWADDR)
			e = make_address(sock, m);
	}
	while (e == 0 && n > 0)
		e = make_address(sock, ipv6[--n]);
	return e;
}

static int make_routes(int sock, void *saved, size_t len)
{
	int e = 0;

	for (int rank = 0; rank < IP_SAVED_RANKS; rank++) {
		struct nlmsghdr *m;
		size_t offset = 0;

		while (e == 0 && (m = ip_saved_next(saved, len, &offset)))
			if (m->nlmsg_type == RTM_NEWROUTE && ip_saved_rank(m) == rank)
				e = make_route(sock, m);
	}
	return e;
}

/* A lost neighbour costs the container some packets; a failed restore costs it everything. */
static void make_neighbour(int sock, const struct nlmsghdr *said)
{
	_cleanup_free_ struct nlmsghdr *request = ip_saved_request(said);
	int e = request ? rtnl_request(sock, request, request->nlmsg_len) : -EBADMSG;

	if (e < 0)
		fail("a neighbour is lost", -e);
}

static void make_neighbours(int sock, void *saved, size_t len)
{
	struct nlmsghdr *m;
	size_t offset = 0;

	while ((m = ip_saved_next(saved, len, &offset)))
		if (m->nlmsg_type == RTM_NEWNEIGH)
			make_neighbour(sock, m);
}

static int make_routes_and_neighbours(int sock, void *saved, size_t len)
{
	int e = make_routes(sock, saved, len);

	if (e == 0)
		make_neighbours(sock, saved, len);
	return e;
}

/* The next rule of a family. */
static struct nlmsghdr *next_rule(const struct saved *s, size_t *offset, int family)
{
	struct nlmsghdr *m;

	while ((m = ip_saved_next(s->bytes, s->len, offset)))
		if (m->nlmsg_type == RTM_NEWRULE && ip_saved_wants(m, family))
			break;
	return m;
}

static bool same_rule(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	return a->nlmsg_len == b->nlmsg_len &&
	       memcmp((const char *)a + NLMSG_HDRLEN, (const char *)b + NLMSG_HDRLEN,
		      a->nlmsg_len - NLMSG_HDRLEN) == 0;
}

static bool same_rules(const struct saved *a, const struct saved *b, int family)
{
	size_t at_a = 0, at_b = 0;

	for (;;) {
		const struct nlmsghdr *x = next_rule(a, &at_a, family);
		const struct nlmsghdr *y = next_rule(b, &at_b, family);

		if (!x || !y)
			return !x && !y;
		if (!same_rule(x, y))
			return false;
	}
}

static int delete_rules(int sock, const struct saved *present, int family)
{
	struct nlmsghdr *m;
	size_t offset = 0;
	int e = 0;

	while (e == 0 && (m = next_rule(present, &offset, family))) {
		m->nlmsg_type = RTM_DELRULE;
		m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		e = rtnl_request(sock, m, m->nlmsg_len);
		e = e == -ENOENT ? 0 : e;
	}
	return e;
}

/*
 * Makes all rules of a family again, because nothing says which of the kernel's own rules existed.
 * Rules that equal those of a new namespace stay: the first change makes all look-ups slower.
 */
static int make_rules_of(int sock, const struct saved *wanted, const struct saved *present,
			 int family)
{
	struct nlmsghdr *m;
	size_t offset = 0;
	int e;

	if (same_rules(wanted, present, family))
		return 0;
	e = delete_rules(sock, present, family);
	while (e == 0 && (m = next_rule(wanted, &offset, family))) {
		_cleanup_free_ struct nlmsghdr *request = ip_saved_request(m);

		e = rtnl_request(sock, request, request->nlmsg_len);
	}
	return e;
}

/* An image of ip's has no IPv6 rules; without rules there is no IPv6 either. */
static int make_rules(int sock, void *saved, size_t len)
{
	const struct saved wanted = {.bytes = saved, .len = len};
	const uint32_t magic = IP_SAVED_RULES;
	struct saved present = {0};
	size_t offset = 0;
	int e;

	append(&present, &magic, sizeof(magic));
	e = list_rules(sock, &present, AF_UNSPEC);
	if (e == 0)
		e = make_rules_of(sock, &wanted, &present, AF_INET);
	if (e == 0 && next_rule(&wanted, &offset, AF_INET6))
		e = make_rules_of(sock, &wanted, &present, AF_INET6);
	free(present.bytes);
	return e;
}

static int make_rules_and_state(int sock, void *saved, size_t len)
{
	int e = make_rules(sock, saved, len);

	return e < 0 ? e : ip_state_make(sock, saved, len);
}

/* --- CRIU's calls ---------------------------------------------------------------------------- */

static const struct kind {
	const char *name, *what;
	uint32_t magic;
	int (*list)(int sock, struct saved *s, int family);
	int (*make)(int sock, void *saved, size_t len);
} kinds[] = {
	{"addr", "addresses", IP_SAVED_ADDRESSES, list_addresses, make_addresses},
	{"route", "routes", IP_SAVED_ROUTES, list_routes, make_routes_and_neighbours},
	{"rule", "rules", IP_SAVED_RULES, list_rules_and_state, make_rules_and_state},
};

static int failed(const char *cannot, const struct kind *k, int e)
{
	_cleanup_free_ char *what = xasprintf("cannot %s the %s", cannot, k->what);

	return fail(what, e);
}

static int save(const struct kind *k, int family)
{
	struct saved s = {0};
	_cleanup_close_ int sock = rtnl_open();
	int e = sock < 0 ? sock : 0;

	append(&s, &k->magic, sizeof(k->magic));
	if (e == 0)
		e = k->list(sock, &s, family);
	if (e == 0) {
		ip_saved_mend_routes(s.bytes, s.len);
		s.len = nexthop_filter_saved(s.bytes, s.len);
		e = write_all(STDOUT_FILENO, s.bytes, s.len);
	}
	free(s.bytes);
	return e < 0 ? failed("save", k, -e) : EXIT_SUCCESS;
}

static int restore(const struct kind *k)
{
	_cleanup_free_ char *saved = NULL;
	ssize_t len = read_all(STDIN_FILENO, SAVED_MAX, &saved);
	_cleanup_close_ int sock = rtnl_open();
	int e;

	if (len < 0 || sock < 0)
		return failed("make", k, len < 0 ? (int)-len : -sock);
	if (!ip_saved_is(saved, (size_t)len, k->magic))
		return failed("read", k, EBADMSG);
	e = k->make(sock, saved, (size_t)len);
	return e < 0 ? failed("make", k, -e) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	bool ipv6 = argc > 1 && strcmp(argv[1], "-6") == 0;
	int at = ipv6 ? 2 : 1;
	const char *name = at < argc ? argv[at] : "", *verb = at + 1 < argc ? argv[at + 1] : "";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];

		if (strcmp(name, k->name) != 0)
			continue;
		if (strcmp(verb, "save") == 0)
			return save(k, ipv6 ? AF_INET6 : AF_INET);
		if (strcmp(verb, "restore") == 0)
			return restore(k);
		/* before it restores rules, which does this too */
		if (strcmp(name, "rule") == 0 &&
		    (strcmp(verb, "flush") == 0 || strcmp(verb, "delete") == 0))
			return EXIT_SUCCESS;
	}
	fprintf(stderr, "lxc-checkpoint-ip: CRIU does not call ip like this: %s %s\n", name, verb);
	return EXIT_FAILURE;
}
