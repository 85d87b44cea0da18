/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Addresses, routes and neighbours of the host's end of a veth (lxc.net.N.veth.ipv4.route,
 * lxc.net.N.veth.mode = router). Runs in the command, which reads them, and in lxc-checkpoint-link,
 * which makes them again; as root with CAP_NET_ADMIN, in the host's network namespace.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>

#include "sys/link_routes.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "sys/setting_text.h"
#include "util/fd.h"
#include "util/mem.h"

#define TRIES 10

/* The rest is what the kernel says of an address, and cannot be given to it. */
#define ADDRESS_FLAGS (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/* --- text ------------------------------------------------------------------------------------ */

static void append_ip(char **text, const char *key, int family, const void *bytes)
{
	char s[INET6_ADDRSTRLEN];

	if (inet_ntop(family, bytes, s, sizeof(s)))
		str_append(text, "%s%s", key, s);
}

static void append_attribute(char **text, const char *key, int family, const struct rtattr *a)
{
	if (a && RTA_PAYLOAD(a) == ip_len(family))
		append_ip(text, key, family, rtnl_value(a));
}

static void put_ip(struct rtnl_message *m, unsigned short type, const char *word)
{
	struct ip ip;

	if (word && setting_ip(word, &ip))
		rtnl_put(m, type, ip.bytes, ip_len(ip.family));
}

static void put_number(struct rtnl_message *m, unsigned short type, uint32_t value)
{
	rtnl_put(m, type, &value, sizeof(value));
}

/* --- addresses ------------------------------------------------------------------------------- */

static const struct setting_key address_keys[] = {
	{"peer", SETTING_IP, 0},
	{"broadcast", SETTING_IP, 0},
	{"scope", SETTING_NUMBER, UINT8_MAX},
	{"flags", SETTING_NUMBER, UINT32_MAX},
	{0},
};

static int make_address(const char *link, const struct setting_words *w)
{
	const struct ifaddrmsg header = {
		.ifa_family = (unsigned char)w->ip.family,
		.ifa_prefixlen = w->ip.prefix,
		.ifa_scope = (unsigned char)setting_word_number(w, "scope"),
		.ifa_index = if_nametoindex(link),
	};
	const char *peer = setting_word(w, "peer");
	struct rtnl_message m;
	int e;

	if (header.ifa_index == 0)
		return -ENODEV;
	rtnl_begin(&m, RTM_NEWADDR, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	rtnl_put(&m, IFA_LOCAL, w->ip.bytes, ip_len(w->ip.family));
	if (peer)
		put_ip(&m, IFA_ADDRESS, peer);
	else
		rtnl_put(&m, IFA_ADDRESS, w->ip.bytes, ip_len(w->ip.family));
	put_ip(&m, IFA_BROADCAST, setting_word(w, "broadcast"));
	put_number(&m, IFA_FLAGS, setting_word_number(w, "flags") & ADDRESS_FLAGS);
	e = rtnl_send(&m);
	return e == -EEXIST ? 0 : e;
}

struct found {
	link_setting_fn fn;
	void *userdata;
	unsigned int number; /* of the link */
};

static uint32_t attribute_number(const struct rtattr *a, uint32_t otherwise)
{
	uint32_t n = otherwise;

	if (a && RTA_PAYLOAD(a) >= sizeof(n))
		memcpy(&n, rtnl_value(a), sizeof(n));
	return n;
}

/* Not those that the kernel makes itself, or that come by router advertisements. */
static bool wants_address(const struct ifaddrmsg *h, uint32_t flags)
{
	if (h->ifa_family != AF_INET && h->ifa_family != AF_INET6)
		return false;
	return (flags & IFA_F_PERMANENT) &&
	       !(h->ifa_family == AF_INET6 && h->ifa_scope == RT_SCOPE_LINK);
}

static void take_address(const struct nlmsghdr *m, void *userdata)
{
	const size_t size = sizeof(struct ifaddrmsg);
	const struct found *f = userdata;
	const struct rtattr *local = rtnl_attribute(m, size, IFA_LOCAL, 4);
	const struct rtattr *peer = rtnl_attribute(m, size, IFA_ADDRESS, 4);
	_cleanup_free_ char *text = xstrdup("");
	struct ifaddrmsg h;
	uint32_t flags;

	if (m->nlmsg_type != RTM_NEWADDR || m->nlmsg_len < NLMSG_LENGTH(size) || (!local && !peer))
		return;
	memcpy(&h, (const char *)m + NLMSG_HDRLEN, size);
	flags = attribute_number(rtnl_attribute(m, size, IFA_FLAGS, 4), h.ifa_flags);
	if (h.ifa_index != f->number || !wants_address(&h, flags))
		return;
	append_attribute(&text, "", h.ifa_family, local ? local : peer);
	str_append(&text, "/%u", h.ifa_prefixlen);
	if (local && peer &&
	    memcmp(rtnl_value(local), rtnl_value(peer),
		   MIN(RTA_PAYLOAD(local), RTA_PAYLOAD(peer))) != 0)
		append_attribute(&text, " peer ", h.ifa_family, peer);
	append_attribute(&text, " broadcast ", h.ifa_family,
			 rtnl_attribute(m, size, IFA_BROADCAST, 4));
	str_append(&text, " scope %u flags %u", h.ifa_scope, flags & ADDRESS_FLAGS);
	f->fn("address", text, f->userdata);
}

/* --- routes ---------------------------------------------------------------------------------- */

static const struct setting_key route_keys[] = {
	{"via", SETTING_IP, 0},
	{"src", SETTING_IP, 0},
	{"metric", SETTING_NUMBER, UINT32_MAX},
	{"table", SETTING_NUMBER, UINT32_MAX},
	{"proto", SETTING_NUMBER, UINT8_MAX},
	{"scope", SETTING_NUMBER, UINT8_MAX},
	{"type", SETTING_NUMBER, UINT8_MAX},
	{"tos", SETTING_NUMBER, UINT8_MAX},
	{"flags", SETTING_NUMBER, UINT32_MAX},
	{0},
};

static int make_route(const char *link, const struct setting_words *w)
{
	const struct rtmsg header = {
		.rtm_family = (unsigned char)w->ip.family,
		.rtm_dst_len = w->ip.prefix,
		.rtm_tos = (unsigned char)setting_word_number(w, "tos"),
		.rtm_protocol = (unsigned char)setting_word_number(w, "proto"),
		.rtm_scope = (unsigned char)setting_word_number(w, "scope"),
		.rtm_type = (unsigned char)setting_word_number(w, "type"),
		.rtm_flags = setting_word_number(w, "flags") & RTNH_F_ONLINK,
	};
	uint32_t oif = if_nametoindex(link);
	struct rtnl_message m;
	int e;

	if (oif == 0)
		return -ENODEV;
	rtnl_begin(&m, RTM_NEWROUTE, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_APPEND;
	if (w->ip.prefix)
		rtnl_put(&m, RTA_DST, w->ip.bytes, ip_len(w->ip.family));
	put_ip(&m, RTA_GATEWAY, setting_word(w, "via"));
	put_ip(&m, RTA_PREFSRC, setting_word(w, "src"));
	put_number(&m, RTA_OIF, oif);
	put_number(&m, RTA_TABLE, setting_word_number(w, "table"));
	if (setting_word(w, "metric"))
		put_number(&m, RTA_PRIORITY, setting_word_number(w, "metric"));
	e = rtnl_send(&m);
	/* the kernel has made it with the address */
	return e == -EEXIST ? 0 : e;
}

/* Not those that the kernel makes itself or learns, and none by several links. */
static bool wants_route(const struct rtmsg *h)
{
	if (h->rtm_family != AF_INET && h->rtm_family != AF_INET6)
		return false;
	return !(h->rtm_flags & RTM_F_CLONED) && h->rtm_protocol != RTPROT_KERNEL &&
	       h->rtm_protocol != RTPROT_RA && h->rtm_protocol != RTPROT_REDIRECT;
}

static void append_number(char **text, const char *key, const struct rtattr *a)
{
	if (a)
		str_append(text, " %s %u", key, attribute_number(a, 0));
}

static void take_route(const struct nlmsghdr *m, void *userdata)
{
	static const unsigned char none[sizeof(struct in6_addr)];
	const size_t size = sizeof(struct rtmsg);
	const struct found *f = userdata;
	const struct rtattr *to = rtnl_attribute(m, size, RTA_DST, 4);
	const struct rtattr *oif = rtnl_attribute(m, size, RTA_OIF, sizeof(uint32_t));
	_cleanup_free_ char *text = xstrdup("");
	struct rtmsg h;

	if (m->nlmsg_type != RTM_NEWROUTE || m->nlmsg_len < NLMSG_LENGTH(size) || !oif ||
	    attribute_number(oif, 0) != f->number)
		return;
	memcpy(&h, (const char *)m + NLMSG_HDRLEN, size);
	if (!wants_route(&h) || rtnl_attribute(m, size, RTA_NH_ID, 4))
		return;
	append_ip(&text, "", h.rtm_family, to ? rtnl_value(to) : none);
	str_append(&text, "/%u", h.rtm_dst_len);
	append_attribute(&text, " via ", h.rtm_family, rtnl_attribute(m, size, RTA_GATEWAY, 4));
	append_attribute(&text, " src ", h.rtm_family, rtnl_attribute(m, size, RTA_PREFSRC, 4));
	append_number(&text, "metric", rtnl_attribute(m, size, RTA_PRIORITY, 4));
	str_append(&text, " table %u",
		   attribute_number(rtnl_attribute(m, size, RTA_TABLE, 4), h.rtm_table));
	str_append(&text, " proto %u scope %u type %u", h.rtm_protocol, h.rtm_scope, h.rtm_type);
	if (h.rtm_tos)
		str_append(&text, " tos %u", h.rtm_tos);
	if (h.rtm_flags & RTNH_F_ONLINK)
		str_append(&text, " flags %u", h.rtm_flags & RTNH_F_ONLINK);
	f->fn("route", text, f->userdata);
}

/* --- neighbours ------------------------------------------------------------------------------ */

static const struct setting_key neighbour_keys[] = {
	{"lladdr", SETTING_MAC, 0},
	{"proxy", SETTING_NUMBER, 1},
	{"flags", SETTING_NUMBER, UINT8_MAX},
	{0},
};

static int make_neighbour(const char *link, const struct setting_words *w)
{
	struct ndmsg header = {
		.ndm_family = (unsigned char)w->ip.family,
		.ndm_ifindex = (int)if_nametoindex(link),
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = (unsigned char)(setting_word_number(w, "flags") & NTF_ROUTER),
	};
	const char *lladdr = setting_word(w, "lladdr");
	unsigned char mac[MAC_LEN];
	struct rtnl_message m;

	if (header.ndm_ifindex == 0)
		return -ENODEV;
	if (!lladdr)
		header.ndm_flags |= NTF_PROXY;
	rtnl_begin(&m, RTM_NEWNEIGH, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	rtnl_put(&m, NDA_DST, w->ip.bytes, ip_len(w->ip.family));
	if (lladdr && setting_take_mac(&lladdr, mac))
		rtnl_put(&m, NDA_LLADDR, mac, sizeof(mac));
	return rtnl_send(&m);
}

static void take_neighbour(const struct nlmsghdr *m, void *userdata)
{
	const size_t size = sizeof(struct ndmsg);
	const struct found *f = userdata;
	const struct rtattr *to = rtnl_attribute(m, size, NDA_DST, 4);
	const struct rtattr *mac = rtnl_attribute(m, size, NDA_LLADDR, MAC_LEN);
	_cleanup_free_ char *text = xstrdup("");
	struct ndmsg h;

	if (m->nlmsg_type != RTM_NEWNEIGH || m->nlmsg_len < NLMSG_LENGTH(size) || !to)
		return;
	memcpy(&h, (const char *)m + NLMSG_HDRLEN, size);
	if ((unsigned int)h.ndm_ifindex != f->number ||
	    (h.ndm_family != AF_INET && h.ndm_family != AF_INET6))
		return;
	append_attribute(&text, "", h.ndm_family, to);
	if (h.ndm_flags & NTF_PROXY) {
		str_append(&text, " proxy 1");
	} else if ((h.ndm_state & NUD_PERMANENT) && mac) {
		str_append(&text, " lladdr ");
		setting_append_mac(&text, rtnl_value(mac));
	} else {
		return;
	}
	str_append(&text, " flags %u", h.ndm_flags & NTF_ROUTER);
	f->fn("neighbour", text, f->userdata);
}

/* --- values ---------------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	bool network;
	const struct setting_key *keys;
	int (*make)(const char *link, const struct setting_words *w);
} kinds[] = {
	{"address", true, address_keys, make_address},
	{"route", true, route_keys, make_route},
	{"neighbour", false, neighbour_keys, make_neighbour},
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* A neighbour has either a MAC or a proxy. */
static bool is_complete(const struct setting_words *w)
{
	const char *proxy = setting_word(w, "proxy");

	return setting_word(w, "lladdr") ? !proxy : proxy && strcmp(proxy, "1") == 0;
}

static bool parse(const struct kind *k, const char *value, struct setting_words *ret)
{
	return setting_split(value, k->network, k->keys, ret) &&
	       (k->keys != neighbour_keys || is_complete(ret));
}

bool link_route_valid(const char *name, const char *value)
{
	const struct kind *k = find_kind(name);
	struct setting_words w = {0};
	bool valid = k && parse(k, value, &w);

	free(w.copy);
	return valid;
}

int link_route_apply(const char *link, const char *name, const char *value)
{
	const struct kind *k = find_kind(name);
	struct setting_words w = {0};
	int e = k && parse(k, value, &w) ? k->make(link, &w) : -EINVAL;

	free(w.copy);
	return e;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Asks the kernel for what belongs to one link alone, of the many of a router. */
struct filter {
	struct rtattr attribute;
	uint32_t number;
};

static int list_neighbours(int sock, struct found *f, unsigned char flags)
{
	const struct {
		struct ndmsg h;
		struct filter only;
	} wanted = {
		.h.ndm_family = AF_UNSPEC,
		.h.ndm_flags = flags,
		.only = {{sizeof(struct filter), NDA_IFINDEX}, f->number},
	};

	return rtnl_list(sock, RTM_GETNEIGH, &wanted, sizeof(wanted), take_neighbour, f);
}

static int list_routes(int sock, struct found *f, unsigned char family)
{
	const struct {
		struct rtmsg h;
		struct filter only;
	} wanted = {
		.h.rtm_family = family,
		.only = {{sizeof(struct filter), RTA_OIF}, f->number},
	};
	int e = rtnl_list(sock, RTM_GETROUTE, &wanted, sizeof(wanted), take_route, f);

	/* the kernel has no IPv6, or no such route */
	return e == -EAFNOSUPPORT || e == -EOPNOTSUPP || e == -ENOENT ? 0 : e;
}

static int list_all(int sock, struct found *f)
{
	const struct ifaddrmsg address = {.ifa_family = AF_UNSPEC, .ifa_index = f->number};
	int e = rtnl_list(sock, RTM_GETADDR, &address, sizeof(address), take_address, f);

	if (e == 0)
		e = list_routes(sock, f, AF_INET);
	if (e == 0)
		e = list_routes(sock, f, AF_INET6);
	if (e == 0)
		e = list_neighbours(sock, f, 0);
	return e == 0 ? list_neighbours(sock, f, NTF_PROXY) : e;
}

/* Keeps what it finds until the tables are complete: a table that changes is listed again. */
struct kept {
	struct strv names, values;
};

static void keep(const char *name, const char *value, void *userdata)
{
	struct kept *k = userdata;

	strv_add(&k->names, "%s", name);
	strv_add(&k->values, "%s", value);
}

static bool has_gateway(const char *name, const char *value)
{
	return strcmp(name, "route") == 0 && strstr(value, " via ");
}

/* Routes by a gateway last: the gateway must be known to be there. */
static void tell(const struct kept *kept, link_setting_fn fn, void *userdata)
{
	for (size_t i = 0; i < kept->names.n; i++)
		if (!has_gateway(kept->names.v[i], kept->values.v[i]))
			fn(kept->names.v[i], kept->values.v[i], userdata);
	for (size_t i = 0; i < kept->names.n; i++)
		if (has_gateway(kept->names.v[i], kept->values.v[i]))
			fn(kept->names.v[i], kept->values.v[i], userdata);
}

int link_routes_read(const char *link, link_setting_fn fn, void *userdata)
{
	const int yes = 1;
	_cleanup_close_ int sock = rtnl_open();
	int e = sock < 0 ? sock : -EINTR;

	/* before Linux 4.20 the kernel lists everything */
	if (sock >= 0)
		setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes, sizeof(yes));
	for (int i = 0; e == -EINTR && i < TRIES; i++) {
		struct kept kept = {0};
		struct found f = {keep, &kept, if_nametoindex(link)};

		e = f.number ? list_all(sock, &f) : -ENODEV;
		if (e == 0)
			tell(&kept, fn, userdata);
		strv_free(&kept.names);
		strv_free(&kept.values);
	}
	return e;
}
