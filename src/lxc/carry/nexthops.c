/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads, writes and validates nexthop objects and the routes that use them, as netlink messages.
 * Pure; runs in the command and in the monitor.
 */
#include "config.h"

#include <limits.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "carry/nexthops.h"
#include "util/mem.h"

/* The magic number that `ip route save` puts before the messages. */
#define SAVED_MAGIC 0x45311224

/* The attributes that may be set, of those that the kernel tells. */
static const unsigned short nexthop_attributes[] = {
	NHA_ID,	     NHA_GROUP,	     NHA_GROUP_TYPE, NHA_BLACKHOLE, NHA_OIF,
	NHA_GATEWAY, NHA_ENCAP_TYPE, NHA_ENCAP,	     NHA_FDB,
};

/* The rest, which is the nexthop's, is refused beside a nexthop. */
static const unsigned short route_attributes[] = {
	RTA_DST, RTA_SRC, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS, RTA_TABLE, RTA_PREF, RTA_NH_ID,
};

static const struct kind {
	unsigned short type;
	size_t header; /* what follows the message's own */
	const unsigned short *attributes;
	size_t n;
} kinds[] = {
	{RTM_NEWNEXTHOP, sizeof(struct nhmsg), nexthop_attributes,
	 sizeof(nexthop_attributes) / sizeof(nexthop_attributes[0])},
	{RTM_NEWROUTE, sizeof(struct rtmsg), route_attributes,
	 sizeof(route_attributes) / sizeof(route_attributes[0])},
};

static const struct kind *find_kind(const struct nlmsghdr *m)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (m->nlmsg_type == kinds[i].type && m->nlmsg_len >= NLMSG_SPACE(kinds[i].header))
			return &kinds[i];
	return NULL;
}

static const struct rtattr *first_attribute(const struct nlmsghdr *m, const struct kind *kind,
					    size_t *ret_left)
{
	*ret_left = m->nlmsg_len - NLMSG_SPACE(kind->header);
	return (const void *)((const char *)m + NLMSG_SPACE(kind->header));
}

static bool attribute_ok(const struct rtattr *a, size_t left)
{
	return left >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= left;
}

static const struct rtattr *next_attribute(const struct rtattr *a, size_t *left)
{
	size_t len = RTA_ALIGN(a->rta_len);

	*left -= len < *left ? len : *left;
	return (const void *)((const char *)a + len);
}

static const struct rtattr *find_attribute(const struct nlmsghdr *m, unsigned short type)
{
	const struct kind *kind = find_kind(m);
	size_t left = 0;

	for (const struct rtattr *a = kind ? first_attribute(m, kind, &left) : NULL;
	     attribute_ok(a, left); a = next_attribute(a, &left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static bool may_be_set(const struct kind *kind, unsigned short type)
{
	for (size_t i = 0; i < kind->n; i++)
		if (kind->attributes[i] == (type & NLA_TYPE_MASK))
			return true;
	return false;
}

static bool by_nexthop(const struct nlmsghdr *m)
{
	return m->nlmsg_type == RTM_NEWROUTE && find_attribute(m, RTA_NH_ID);
}

static void append(struct nlmsghdr *m, const struct rtattr *a)
{
	memcpy((char *)m + m->nlmsg_len, a, a->rta_len);
	m->nlmsg_len += RTA_ALIGN(a->rta_len);
}

/* How long a route is still good for: told as ticks, and set in seconds. */
static void append_expiry(struct nlmsghdr *to, const struct nlmsghdr *said)
{
	const struct rtattr *a = find_attribute(said, RTA_CACHEINFO);
	struct {
		struct rtattr header;
		uint32_t seconds;
	} expires = {{sizeof(expires), RTA_EXPIRES}, 0};
	struct rta_cacheinfo info;

	if (!a || a->rta_len < RTA_LENGTH(sizeof(info)))
		return;
	memcpy(&info, (const char *)a + RTA_LENGTH(0), sizeof(info));
	if (info.rta_expires <= 0)
		return;
	expires.seconds = (uint32_t)info.rta_expires / (uint32_t)sysconf(_SC_CLK_TCK);
	append(to, &expires.header);
}

struct nlmsghdr *nexthop_request(const struct nlmsghdr *said)
{
	const struct kind *kind = find_kind(said);
	struct nlmsghdr *m;
	size_t left = 0;

	if (!kind || (said->nlmsg_type == RTM_NEWROUTE && !by_nexthop(said)))
		return NULL;
	/* with room for one attribute that it does not have */
	m = xcalloc(1, said->nlmsg_len + 2 * NLMSG_ALIGNTO + RTA_SPACE(sizeof(uint32_t)));
	*m = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_SPACE(kind->header),
		.nlmsg_type = kind->type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
	};
	memcpy(NLMSG_DATA(m), (const char *)said + NLMSG_HDRLEN, kind->header);
	if (kind->type == RTM_NEWNEXTHOP) {
		struct nhmsg *h = NLMSG_DATA(m);

		h->nh_scope = 0; /* only told, like all flags but this */
		h->nh_flags &= RTNH_F_ONLINK;
	} else {
		((struct rtmsg *)NLMSG_DATA(m))->rtm_flags = 0;
	}
	for (const struct rtattr *a = first_attribute(said, kind, &left); attribute_ok(a, left);
	     a = next_attribute(a, &left))
		if (may_be_set(kind, a->rta_type))
			append(m, a);
	if (kind->type == RTM_NEWROUTE)
		append_expiry(m, said);
	return m;
}

/* Nothing but what nexthop_request() puts into one. */
static bool attributes_valid(const struct nlmsghdr *m)
{
	const struct kind *kind = find_kind(m);
	size_t left = 0;

	for (const struct rtattr *a = first_attribute(m, kind, &left); left > 0;
	     a = next_attribute(a, &left)) {
		bool expires;

		if (!attribute_ok(a, left))
			return false;
		expires = kind->type == RTM_NEWROUTE && a->rta_type == RTA_EXPIRES;
		if (!expires && !may_be_set(kind, a->rta_type))
			return false;
	}
	return kind->type == RTM_NEWNEXTHOP || by_nexthop(m);
}

bool nexthop_request_valid(const void *bytes, size_t len)
{
	_cleanup_free_ struct nlmsghdr *m = NULL;

	if (len < sizeof(*m) || len > UINT16_MAX)
		return false;
	/* aligned */
	m = xcalloc(1, len);
	memcpy(m, bytes, len);
	return m->nlmsg_len == len && find_kind(m) &&
	       m->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL) &&
	       attributes_valid(m);
}

size_t nexthop_filter_saved(void *saved, size_t len)
{
	char *from = saved, *to = saved, *end = from + len;
	uint32_t magic;

	if (len < sizeof(magic))
		return len;
	memcpy(&magic, saved, sizeof(magic));
	if (magic != SAVED_MAGIC)
		return len;
	from += sizeof(magic);
	to += sizeof(magic);
	while ((size_t)(end - from) >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *m = (const void *)from;
		size_t left = (size_t)(end - from), n;
		bool drop;

		/* before it is rounded up, which is done in 32 bits and may make it 0 */
		if (m->nlmsg_len < sizeof(*m) || m->nlmsg_len > left)
			break;
		n = NLMSG_ALIGN(m->nlmsg_len);
		if (n > left)
			break;
		drop = by_nexthop(m);
		if (!drop) {
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	memmove(to, from, (size_t)(end - from));
	return (size_t)(to - (char *)saved) + (size_t)(end - from);
}
