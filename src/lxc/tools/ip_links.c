/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Saves and sets what CRIU does not carry of a link: queue length, group, alias, other names, IPv6
 * token, sizes of segments, offloads, queues. Runs in lxc-checkpoint-ip, in the network namespace
 * of the link, with CRIU's privileges there. The container chooses names and numbers.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/link_features.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "tools/ip_links.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/mem.h"

#define QUEUE_USUAL 1000 /* of a new link; the same again does no harm */

/* From later kernels than the headers that this builds with. */
#define PROP_LIST	  52 /* IFLA_PROP_LIST */
#define ALT_IFNAME	  53 /* IFLA_ALT_IFNAME */
#define GRO_MAX_SIZE	  58 /* IFLA_GRO_MAX_SIZE */
#define GSO_IPV4_MAX_SIZE 63 /* IFLA_GSO_IPV4_MAX_SIZE */
#define GRO_IPV4_MAX_SIZE 64 /* IFLA_GRO_IPV4_MAX_SIZE */

/* Attributes of IP_FEATURES. */
enum { FEATURES_ON = 1, FEATURES_OFF, FEATURES_QUEUES };

static const struct rtattr *link_attribute(const struct nlmsghdr *m, unsigned short type,
					   size_t least)
{
	return rtnl_attribute(m, sizeof(struct ifinfomsg), type, least);
}

static void begin_link(struct rtnl_message *r, unsigned short type, const struct nlmsghdr *said)
{
	struct ifinfomsg link, header = {0};

	memcpy(&link, (const char *)said + NLMSG_HDRLEN, sizeof(link));
	header.ifi_index = link.ifi_index;
	rtnl_begin(r, type, &header, sizeof(header));
}

static void put_number(struct rtnl_message *r, const struct nlmsghdr *said, unsigned short type,
		       uint32_t usual)
{
	const struct rtattr *a = link_attribute(said, type, sizeof(usual));

	if (a && memcmp(rtnl_value(a), &usual, sizeof(usual)) != 0)
		rtnl_put(r, type, rtnl_value(a), sizeof(usual));
}

static void tell_attributes(const struct nlmsghdr *said, const struct ip_out *out)
{
	const struct rtattr *alias = link_attribute(said, IFLA_IFALIAS, 1);
	struct rtnl_message r;
	size_t empty;

	begin_link(&r, RTM_SETLINK, said);
	empty = r.h.nlmsg_len;
	put_number(&r, said, IFLA_TXQLEN, QUEUE_USUAL);
	put_number(&r, said, IFLA_GROUP, 0);
	/* without the NUL, with which the kernel takes the longest for too long */
	if (alias)
		rtnl_put(&r, IFLA_IFALIAS, rtnl_value(alias),
			 strnlen(rtnl_value(alias), RTA_PAYLOAD(alias)));
	if (r.h.nlmsg_len > empty)
		out->fn(&r.h, out->userdata);
}

static void tell_altnames(const struct nlmsghdr *said, const struct ip_out *out)
{
	const struct rtattr *list = link_attribute(said, PROP_LIST, 0), *a;
	const void *p = list ? rtnl_value(list) : NULL;
	size_t left = list ? RTA_PAYLOAD(list) : 0;

	while ((a = rtnl_take(&p, &left, ALT_IFNAME, 1))) {
		struct rtnl_message r;
		size_t nest;

		begin_link(&r, IP_NEW_LINKPROP, said);
		nest = rtnl_nest(&r, PROP_LIST);
		rtnl_put(&r, ALT_IFNAME, rtnl_value(a), RTA_PAYLOAD(a));
		rtnl_close(&r, nest);
		out->fn(&r.h, out->userdata);
	}
}

/* The interface identifier of the addresses that a router's advertisements make. */
static void tell_token(const struct nlmsghdr *said, const struct ip_out *out)
{
	static const struct in6_addr none;
	const struct rtattr *families = link_attribute(said, IFLA_AF_SPEC, 0);
	const struct rtattr *token =
		rtnl_within(rtnl_within(families, AF_INET6, 0), IFLA_INET6_TOKEN, sizeof(none));
	struct rtnl_message r;
	size_t all, ipv6;

	if (!token || memcmp(rtnl_value(token), &none, sizeof(none)) == 0)
		return;
	begin_link(&r, RTM_SETLINK, said);
	all = rtnl_nest(&r, IFLA_AF_SPEC);
	ipv6 = rtnl_nest(&r, AF_INET6);
	rtnl_put(&r, IFLA_INET6_TOKEN, rtnl_value(token), sizeof(none));
	rtnl_close(&r, ipv6);
	rtnl_close(&r, all);
	out->fn(&r.h, out->userdata);
}

/*
 * A veth has the usual sizes as long as nobody changes them. Other links take theirs from one that
 * they are on, as they do when CRIU makes them.
 */
static void tell_sizes(const struct nlmsghdr *said, const struct ip_out *out)
{
	static const struct {
		unsigned short type;
		uint32_t usual;
	} sizes[] = {
		/* the first one changes that of IPv4 */
		{IFLA_GSO_MAX_SIZE, 65536}, {IFLA_GSO_MAX_SEGS, 65535}, {GRO_MAX_SIZE, 65536},
		{GSO_IPV4_MAX_SIZE, 65536}, {GRO_IPV4_MAX_SIZE, 65536},
	};
	const struct rtattr *kind =
		rtnl_within(link_attribute(said, IFLA_LINKINFO, 0), IFLA_INFO_KIND, 5);
	struct rtnl_message r;
	size_t empty;

	if (!kind || memcmp(rtnl_value(kind), "veth", 5) != 0)
		return;
	begin_link(&r, RTM_SETLINK, said);
	empty = r.h.nlmsg_len;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		put_number(&r, said, sizes[i].type, sizes[i].usual);
	if (r.h.nlmsg_len > empty)
		out->fn(&r.h, out->userdata);
}

static void put(struct nlmsghdr *m, unsigned short type, const void *value, size_t len)
{
	struct rtattr a = {.rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type};
	char *at = (char *)m + NLMSG_ALIGN(m->nlmsg_len);

	memcpy(at, &a, sizeof(a));
	if (len)
		memcpy(at + RTA_LENGTH(0), value, len);
	m->nlmsg_len = (unsigned int)(NLMSG_ALIGN(m->nlmsg_len) + RTA_SPACE(len));
}

/* They fit: the kernel's names are short, and few. */
static void tell_features(const struct nlmsghdr *said, const struct ip_out *out)
{
	const struct rtattr *name = link_attribute(said, IFLA_IFNAME, 1);
	_cleanup_link_features_ struct link_features f = {0};
	_cleanup_free_ char *link = name ? xstrndup(rtnl_value(name), RTA_PAYLOAD(name)) : NULL;
	_cleanup_free_ struct nlmsghdr *m = NULL;
	struct rtnl_message header;
	struct link_queues queues;

	if (!link || link_features_read(link, &f) < 0)
		return;
	begin_link(&header, IP_FEATURES, said);
	m = xcalloc(1, header.h.nlmsg_len + RTA_SPACE(f.on_len) + RTA_SPACE(f.off_len) +
			       RTA_SPACE(sizeof(queues)));
	memcpy(m, &header.h, header.h.nlmsg_len);
	put(m, FEATURES_ON, f.on, f.on_len);
	put(m, FEATURES_OFF, f.off, f.off_len);
	if (link_queues_read(link, &queues) == 0)
		put(m, FEATURES_QUEUES, &queues, sizeof(queues));
	out->fn(m, out->userdata);
}

void ip_link_tell(const struct nlmsghdr *m, void *userdata)
{
	const struct ip_out *out = userdata;

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < NLMSG_SPACE(sizeof(struct ifinfomsg)))
		return;
	tell_attributes(m, out);
	tell_sizes(m, out);
	tell_altnames(m, out);
	tell_token(m, out);
	tell_features(m, out);
}

/* --- setting --------------------------------------------------------------------------------- */

static char *name_of(const struct nlmsghdr *m)
{
	char name[IF_NAMESIZE];
	struct ifinfomsg link;

	memcpy(&link, (const char *)m + NLMSG_HDRLEN, sizeof(link));
	return if_indextoname((unsigned int)link.ifi_index, name) ? xstrdup(name) : NULL;
}

/* Returns the old value, or NULL: it is not there. Caller frees. */
static char *exchange(const char *link, const char *setting, const char *value)
{
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/%s", link, setting);
	char *old = NULL;

	if (read_file_at(AT_FDCWD, path, 64, &old) > 0)
		ignore_result(write_file_at(AT_FDCWD, path, value));
	return old;
}

static void put_back(const char *link, const char *setting, const char *old)
{
	free(old ? exchange(link, setting, old) : NULL);
}

/*
 * The kernel takes a token only while the link accepts advertisements of routers and asks for them.
 * It keeps the token when that is switched off. No packet arrives meanwhile: the container's
 * network is not connected yet.
 */
static int set_token(int sock, const struct nlmsghdr *m)
{
	int e = ip_state_request(sock, m->nlmsg_type, m, 0);
	_cleanup_free_ char *link = e == -EINVAL ? name_of(m) : NULL;
	_cleanup_free_ char *accept = NULL, *solicit = NULL;

	if (!link)
		return e;
	accept = exchange(link, "accept_ra", "2");
	solicit = exchange(link, "router_solicitations", "1");
	e = ip_state_request(sock, m->nlmsg_type, m, 0);
	put_back(link, "router_solicitations", solicit);
	put_back(link, "accept_ra", accept);
	/* it does without ARP now, and the token has no effect */
	return e == -EINVAL ? 0 : e;
}

int ip_link_make(int sock, const struct nlmsghdr *m, const char **ret_what)
{
	int e;

	if (m->nlmsg_type == IP_NEW_LINKPROP) {
		*ret_what = "an alternative name";
		e = ip_state_request(sock, m->nlmsg_type, m,
				     NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND);
		return e == -EEXIST ? 0 : e;
	}
	if (link_attribute(m, IFLA_AF_SPEC, 0)) {
		*ret_what = "the IPv6 token";
		return set_token(sock, m);
	}
	*ret_what = "alias, group, txqueuelen and sizes of segments";
	return ip_state_request(sock, m->nlmsg_type, m, 0);
}

int ip_link_switch(const struct nlmsghdr *m)
{
	const struct rtattr *on = link_attribute(m, FEATURES_ON, 0);
	const struct rtattr *off = link_attribute(m, FEATURES_OFF, 0);
	const struct rtattr *many = link_attribute(m, FEATURES_QUEUES, sizeof(struct link_queues));
	_cleanup_free_ char *link = name_of(m);
	struct link_queues queues;
	struct link_features f;
	int e;

	/* another kernel may give such a link no features at all */
	if (!link || !on || !off)
		return 0;
	f.on = (char *)(uintptr_t)rtnl_value(on);
	f.on_len = RTA_PAYLOAD(on);
	f.off = (char *)(uintptr_t)rtnl_value(off);
	f.off_len = RTA_PAYLOAD(off);
	e = link_features_apply(link, &f);
	if (e == 0 && many) {
		memcpy(&queues, rtnl_value(many), sizeof(queues));
		e = link_queues_apply(link, &queues);
	}
	return e == -EOPNOTSUPP ? 0 : e;
}
