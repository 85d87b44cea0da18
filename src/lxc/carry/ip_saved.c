/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and writes the files of `ip route save` and its kind, in the format of ip. Runs in
 * lxc-checkpoint-ip, in the container's network namespace; parsing is pure.
 */
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
#include "util/mem.h"

/* The states of a link, in the flags of a route or nexthop. */
#define LINK_STATES ((unsigned int)(RTNH_F_DEAD | RTNH_F_LINKDOWN))

bool ip_saved_is(const void *saved, size_t len, unsigned int magic)
{
	uint32_t found;

	if (len < sizeof(found))
		return false;
	memcpy(&found, saved, sizeof(found));
	return found == magic;
}

struct nlmsghdr *ip_saved_next(void *saved, size_t len, size_t *offset)
{
	struct nlmsghdr *m;
	size_t left;

	if (*offset == 0)
		*offset = sizeof(uint32_t);
	left = *offset < len ? len - *offset : 0;
	if (left < sizeof(*m))
		return NULL;
	m = (void *)((char *)saved + *offset);
	/* before it is rounded up, which is done in 32 bits and may make it 0 */
	if (m->nlmsg_len < sizeof(*m) || m->nlmsg_len > left)
		return NULL;
	*offset += NLMSG_ALIGN(m->nlmsg_len);
	return m;
}

/* The macros of older headers for these drop a const. */
static const void *body(const struct nlmsghdr *m)
{
	return (const char *)m + NLMSG_HDRLEN;
}

static const void *value(const struct rtattr *a)
{
	return (const char *)a + RTA_LENGTH(0);
}

/* The size of the header that follows the message's own; 0: it is none of those that are kept. */
static size_t header_size(const struct nlmsghdr *m)
{
	size_t n = m->nlmsg_type == RTM_NEWROUTE   ? sizeof(struct rtmsg)
		   : m->nlmsg_type == RTM_NEWADDR  ? sizeof(struct ifaddrmsg)
		   : m->nlmsg_type == RTM_NEWRULE  ? sizeof(struct fib_rule_hdr)
		   : m->nlmsg_type == RTM_NEWNEIGH ? sizeof(struct ndmsg)
						   : 0;

	return m->nlmsg_len >= NLMSG_SPACE(n) ? n : 0;
}

/* All of these headers begin with it. */
int ip_saved_family(const struct nlmsghdr *m)
{
	return *(const unsigned char *)body(m);
}

static bool wants_route(const struct rtmsg *h)
{
	bool automatic = h->rtm_table == RT_TABLE_LOCAL && h->rtm_protocol == RTPROT_KERNEL;

	return !automatic && !(h->rtm_flags & RTM_F_CLONED);
}

static bool wants_neighbour(const struct ndmsg *h)
{
	return (h->ndm_state & NUD_PERMANENT) && !(h->ndm_flags & NTF_PROXY);
}

bool ip_saved_wants(const struct nlmsghdr *m, int family)
{
	if (!header_size(m) || (family != AF_UNSPEC && ip_saved_family(m) != family))
		return false;
	switch (m->nlmsg_type) {
	case RTM_NEWROUTE:
		return wants_route(body(m));
	case RTM_NEWNEIGH:
		return wants_neighbour(body(m));
	default:
		return true;
	}
}

/* Attributes, or nexthops, which begin alike with their length: as far as they are whole. */
struct attributes {
	char *p;
	size_t left;
};

static struct attributes attributes_of(const struct nlmsghdr *m)
{
	size_t n = NLMSG_SPACE(header_size(m));

	return (struct attributes){(char *)(uintptr_t)m + n, m->nlmsg_len - n};
}

static void *take(struct attributes *a, size_t least)
{
	unsigned short len;
	char *p = a->p;
	size_t n;

	if (a->left < least)
		return NULL;
	memcpy(&len, p, sizeof(len));
	if (len < least || len > a->left)
		return NULL;
	n = RTA_ALIGN(len) < a->left ? RTA_ALIGN(len) : a->left;
	a->p += n;
	a->left -= n;
	return p;
}

static struct rtattr *find(const struct nlmsghdr *m, unsigned short type, size_t least)
{
	struct attributes all = attributes_of(m);
	struct rtattr *a;

	while ((a = take(&all, sizeof(*a))))
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= least)
			return a;
	return NULL;
}

static struct attributes nexthops_of(const struct rtattr *multipath)
{
	return (struct attributes){(char *)(uintptr_t)multipath + RTA_LENGTH(0),
				   RTA_PAYLOAD(multipath)};
}

static void clear_link_states(struct nlmsghdr *m)
{
	struct rtattr *multipath = find(m, RTA_MULTIPATH, 0);
	struct attributes nexthops = {0};
	struct rtmsg *h = NLMSG_DATA(m);
	struct rtnexthop *nexthop;

	h->rtm_flags &= ~LINK_STATES;
	if (multipath)
		nexthops = nexthops_of(multipath);
	while ((nexthop = take(&nexthops, sizeof(*nexthop))))
		nexthop->rtnh_flags &= (unsigned char)~LINK_STATES;
}

void ip_saved_mend_routes(void *saved, size_t len)
{
	struct nlmsghdr *m;
	size_t offset = 0;

	if (!ip_saved_is(saved, len, IP_SAVED_ROUTES))
		return;
	while ((m = ip_saved_next(saved, len, &offset)))
		if (m->nlmsg_type == RTM_NEWROUTE && header_size(m))
			clear_link_states(m);
}

/*
 * How long a route is still good for: told as ticks, and set in seconds. Without it the kernel
 * would also have the route of an address's network, which it makes itself, be there for ever.
 */
static void add_expiry(struct nlmsghdr *request, const struct nlmsghdr *said)
{
	const struct rtattr *a = find(said, RTA_CACHEINFO, sizeof(struct rta_cacheinfo));
	struct {
		struct rtattr header;
		uint32_t seconds;
	} expires = {{sizeof(expires), RTA_EXPIRES}, 0};
	struct rta_cacheinfo info;

	if (!a || ((const struct rtmsg *)body(said))->rtm_family != AF_INET6)
		return;
	memcpy(&info, (const char *)a + RTA_LENGTH(0), sizeof(info));
	expires.seconds = info.rta_expires > 0
				  ? (uint32_t)info.rta_expires / (uint32_t)sysconf(_SC_CLK_TCK)
				  : 0;
	if (expires.seconds == 0)
		return;
	memcpy((char *)request + NLMSG_ALIGN(request->nlmsg_len), &expires, sizeof(expires));
	request->nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->nlmsg_len) + sizeof(expires));
}

/* Without a priority the kernel would choose one: it tells none where that is 0. */
static void mend_rule(struct nlmsghdr *request)
{
	static const struct {
		struct rtattr header;
		uint32_t priority;
	} first = {{sizeof(first), FRA_PRIORITY}, 0};
	const uint32_t told = FIB_RULE_UNRESOLVED | FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED;
	struct fib_rule_hdr *h = NLMSG_DATA(request);

	h->flags &= ~told;
	if (find(request, FRA_PRIORITY, sizeof(first.priority)))
		return;
	memcpy((char *)request + NLMSG_ALIGN(request->nlmsg_len), &first, sizeof(first));
	request->nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->nlmsg_len) + sizeof(first));
}

/* Only what may be set: the rest is told. */
static void mend_neighbour(struct nlmsghdr *request)
{
	struct attributes all = attributes_of(request);
	struct ndmsg *h = NLMSG_DATA(request);
	char *to = all.p;
	struct rtattr *a;

	h->ndm_state &= NUD_PERMANENT;
	h->ndm_flags &= NTF_ROUTER;
	while ((a = take(&all, sizeof(*a)))) {
		int type = a->rta_type & NLA_TYPE_MASK;
		size_t n = a->rta_len;

		if (type != NDA_DST && type != NDA_LLADDR && type != NDA_PROTOCOL)
			continue;
		memmove(to, a, n);
		to += RTA_ALIGN(n);
	}
	request->nlmsg_len = (uint32_t)(to - (char *)request);
}

struct nlmsghdr *ip_saved_request(const struct nlmsghdr *said)
{
	struct nlmsghdr *m;

	if (!header_size(said))
		return NULL;
	/* with room for one attribute that it does not have */
	m = xcalloc(1, NLMSG_ALIGN((size_t)said->nlmsg_len) + RTA_SPACE(sizeof(uint32_t)));
	memcpy(m, said, said->nlmsg_len);
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	m->nlmsg_seq = 0;
	m->nlmsg_pid = 0;
	switch (m->nlmsg_type) {
	case RTM_NEWROUTE:
		clear_link_states(m);
		add_expiry(m, said);
		break;
	case RTM_NEWRULE:
		mend_rule(m);
		break;
	case RTM_NEWNEIGH:
		m->nlmsg_flags |= NLM_F_REPLACE;
		mend_neighbour(m);
		break;
	default:
		m->nlmsg_flags |= NLM_F_EXCL;
	}
	return m;
}

static uint32_t address_flags(const struct nlmsghdr *m, struct rtattr **ret)
{
	const struct ifaddrmsg *h = body(m);
	uint32_t flags = h->ifa_flags;

	*ret = find(m, IFA_FLAGS, sizeof(flags));
	if (*ret)
		memcpy(&flags, RTA_DATA(*ret), sizeof(flags));
	return flags;
}

static void set_address_flags(struct nlmsghdr *m, uint32_t flags)
{
	struct ifaddrmsg *h = NLMSG_DATA(m);
	struct rtattr *a;

	address_flags(m, &a);
	h->ifa_flags = (uint8_t)flags;
	if (a)
		memcpy(RTA_DATA(a), &flags, sizeof(flags));
}

bool ip_saved_is_ipv6_address(const struct nlmsghdr *m)
{
	return m->nlmsg_type == RTM_NEWADDR && header_size(m) &&
	       ((const struct ifaddrmsg *)body(m))->ifa_family == AF_INET6;
}

/* One that others may have has to be asked for again; the rest were, when they were new. */
bool ip_saved_skip_dad(struct nlmsghdr *request)
{
	struct rtattr *a;
	uint32_t flags;

	if (!ip_saved_is_ipv6_address(request))
		return false;
	flags = address_flags(request, &a);
	if (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_NODAD))
		return false;
	set_address_flags(request, flags | IFA_F_NODAD);
	return true;
}

void ip_saved_unskip_dad(struct nlmsghdr *request)
{
	struct rtattr *a;

	set_address_flags(request, address_flags(request, &a) & ~(uint32_t)IFA_F_NODAD);
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE;
}

static bool is_own(const struct rtattr *source, const struct rtattr *destination)
{
	return destination && RTA_PAYLOAD(source) == RTA_PAYLOAD(destination) &&
	       memcmp(value(source), value(destination), RTA_PAYLOAD(source)) == 0;
}

int ip_saved_rank(const struct nlmsghdr *route)
{
	const struct rtattr *source = find(route, RTA_PREFSRC, 0);

	if (find(route, RTA_GATEWAY, 0) || find(route, RTA_VIA, 0) || find(route, RTA_MULTIPATH, 0))
		return 2;
	return source && !is_own(source, find(route, RTA_DST, 0)) ? 1 : 0;
}

bool ip_saved_drop_nexthops(struct nlmsghdr *request, bool (*is_up)(int ifindex))
{
	struct rtattr *multipath =
		request->nlmsg_type == RTM_NEWROUTE ? find(request, RTA_MULTIPATH, 0) : NULL;
	struct attributes all;
	struct rtnexthop *nexthop;
	char *to, *end = (char *)request + request->nlmsg_len;
	bool dropped = false;
	size_t rest;

	if (!multipath)
		return false;
	all = nexthops_of(multipath);
	to = all.p;
	while ((nexthop = take(&all, sizeof(*nexthop)))) {
		size_t n = (size_t)(all.p - (char *)nexthop);

		if (!is_up(nexthop->rtnh_ifindex)) {
			dropped = true;
			continue;
		}
		memmove(to, nexthop, n);
		to += n;
	}
	if (!dropped || to == (char *)RTA_DATA(multipath))
		return false;
	/* what comes behind the nexthops moves up */
	rest = (size_t)(end - (all.p + all.left));
	memmove(to, all.p + all.left, rest);
	multipath->rta_len = (unsigned short)(to - (char *)multipath);
	request->nlmsg_len = (uint32_t)(to + rest - (char *)request);
	return true;
}
