/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Addresses, routes and neighbours of the host's end of a veth (lxc.net.N.veth.ipv4.route,
 * lxc.net.N.veth.mode = router). Runs in the command, which reads them, and in lxc-checkpoint-link,
 * which makes them again; as root with CAP_NET_ADMIN, in the host's network namespace. Parsing is
 * pure.
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
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/bridge_port.h"
#include "sys/link_routes.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "util/fd.h"
#include "util/mem.h"

#define TRIES	  10
#define PAIRS_MAX 10
#define ADDR_MAX  sizeof(struct in6_addr)
#define MAC_LEN	  6

/* The rest is what the kernel says of an address, and cannot be given to it. */
#define ADDRESS_FLAGS (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/* --- text ------------------------------------------------------------------------------------ */

/* A first word, and pairs of a key and a value. */
struct words {
	char *copy;
	const char *first;
	struct {
		const char *key, *value;
	} pairs[PAIRS_MAX];
	size_t n;
};

static char *next_word(char **rest)
{
	char *word = *rest, *space = word ? strchr(word, ' ') : NULL;

	if (space)
		*space = '\0';
	*rest = space ? space + 1 : NULL;
	return word && *word ? word : NULL;
}

static bool is_key(const char *const *keys, const char *key)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

static const char *word_of(const struct words *w, const char *key)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->pairs[i].key, key) == 0)
			return w->pairs[i].value;
	return NULL;
}

/* The caller frees w->copy, whatever this returns. */
static bool split(const char *text, const char *const *keys, struct words *w)
{
	char *rest;

	*w = (struct words){.copy = xstrdup(text)};
	rest = w->copy;
	w->first = next_word(&rest);
	if (!w->first)
		return false;
	while (rest) {
		const char *key = next_word(&rest), *value = key ? next_word(&rest) : NULL;

		if (!value || w->n == PAIRS_MAX || !is_key(keys, key) || word_of(w, key))
			return false;
		w->pairs[w->n].key = key;
		w->pairs[w->n++].value = value;
	}
	return true;
}

struct ip {
	int family;
	unsigned char bytes[ADDR_MAX];
	unsigned char prefix;
};

static size_t ip_len(int family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

static bool ip_parse(const char *text, struct ip *ret)
{
	*ret = (struct ip){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	ret->prefix = (unsigned char)(8 * ip_len(ret->family));
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

static bool prefix_parse(const char *text, struct ip *ret)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *address = slash ? xstrndup(text, (size_t)(slash - text)) : NULL;
	long long bits;

	if (!address || !ip_parse(address, ret))
		return false;
	bits = setting_number(slash + 1, 8 * ip_len(ret->family));
	ret->prefix = (unsigned char)bits;
	return bits >= 0;
}

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

static bool ip_or_nothing(const char *word, int family)
{
	struct ip ip;

	return !word || (ip_parse(word, &ip) && ip.family == family);
}

static bool number_or_nothing(const char *word, unsigned long long max)
{
	return !word || setting_number(word, max) >= 0;
}

static uint32_t number(const struct words *w, const char *key)
{
	const char *word = word_of(w, key);

	return word ? (uint32_t)setting_number(word, UINT32_MAX) : 0;
}

static void put_ip(struct rtnl_message *m, unsigned short type, const char *word)
{
	struct ip ip;

	if (word && ip_parse(word, &ip))
		rtnl_put(m, type, ip.bytes, ip_len(ip.family));
}

static void put_number(struct rtnl_message *m, unsigned short type, uint32_t value)
{
	rtnl_put(m, type, &value, sizeof(value));
}

/* --- addresses ------------------------------------------------------------------------------- */

static const char *const address_keys[] = {"peer", "broadcast", "scope", "flags", NULL};

static bool parse_address(const char *value, struct words *w, struct ip *ret)
{
	return split(value, address_keys, w) && prefix_parse(w->first, ret) &&
	       ip_or_nothing(word_of(w, "peer"), ret->family) &&
	       ip_or_nothing(word_of(w, "broadcast"), ret->family) &&
	       number_or_nothing(word_of(w, "scope"), UINT8_MAX) &&
	       number_or_nothing(word_of(w, "flags"), UINT32_MAX);
}

bool link_address_valid(const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	bool valid = parse_address(value, &w, &ip);

	(void)name;
	free(w.copy);
	return valid;
}

static int make_address(const char *link, const struct words *w, const struct ip *ip)
{
	const struct ifaddrmsg header = {
		.ifa_family = (unsigned char)ip->family,
		.ifa_prefixlen = ip->prefix,
		.ifa_scope = (unsigned char)number(w, "scope"),
		.ifa_index = if_nametoindex(link),
	};
	const char *peer = word_of(w, "peer");
	struct rtnl_message m;
	int e;

	if (header.ifa_index == 0)
		return -ENODEV;
	rtnl_begin(&m, RTM_NEWADDR, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	rtnl_put(&m, IFA_LOCAL, ip->bytes, ip_len(ip->family));
	if (peer)
		put_ip(&m, IFA_ADDRESS, peer);
	else
		rtnl_put(&m, IFA_ADDRESS, ip->bytes, ip_len(ip->family));
	put_ip(&m, IFA_BROADCAST, word_of(w, "broadcast"));
	put_number(&m, IFA_FLAGS, number(w, "flags") & ADDRESS_FLAGS);
	e = rtnl_send(&m);
	return e == -EEXIST ? 0 : e;
}

int link_address_apply(const char *link, const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	int e = parse_address(value, &w, &ip) ? make_address(link, &w, &ip) : -EINVAL;

	(void)name;
	free(w.copy);
	return e;
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
	if (local && peer && memcmp(local, peer, local->rta_len) != 0 &&
	    memcmp(rtnl_value(local), rtnl_value(peer), ip_len(h.ifa_family)) != 0)
		append_attribute(&text, " peer ", h.ifa_family, peer);
	append_attribute(&text, " broadcast ", h.ifa_family,
			 rtnl_attribute(m, size, IFA_BROADCAST, 4));
	str_append(&text, " scope %u flags %u", h.ifa_scope, flags & ADDRESS_FLAGS);
	f->fn("address", text, f->userdata);
}

/* --- routes ---------------------------------------------------------------------------------- */

static const char *const route_keys[] = {"via",	  "src",  "metric", "table", "proto",
					 "scope", "type", "tos",    "flags", NULL};

static bool parse_route(const char *value, struct words *w, struct ip *ret)
{
	return split(value, route_keys, w) && prefix_parse(w->first, ret) &&
	       ip_or_nothing(word_of(w, "via"), ret->family) &&
	       ip_or_nothing(word_of(w, "src"), ret->family) &&
	       number_or_nothing(word_of(w, "metric"), UINT32_MAX) &&
	       number_or_nothing(word_of(w, "table"), UINT32_MAX) &&
	       number_or_nothing(word_of(w, "proto"), UINT8_MAX) &&
	       number_or_nothing(word_of(w, "scope"), UINT8_MAX) &&
	       number_or_nothing(word_of(w, "type"), UINT8_MAX) &&
	       number_or_nothing(word_of(w, "tos"), UINT8_MAX) &&
	       number_or_nothing(word_of(w, "flags"), UINT32_MAX);
}

bool link_route_valid(const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	bool valid = parse_route(value, &w, &ip);

	(void)name;
	free(w.copy);
	return valid;
}

static int make_route(const char *link, const struct words *w, const struct ip *ip)
{
	const struct rtmsg header = {
		.rtm_family = (unsigned char)ip->family,
		.rtm_dst_len = ip->prefix,
		.rtm_tos = (unsigned char)number(w, "tos"),
		.rtm_protocol = (unsigned char)number(w, "proto"),
		.rtm_scope = (unsigned char)number(w, "scope"),
		.rtm_type = (unsigned char)number(w, "type"),
		.rtm_flags = number(w, "flags") & RTNH_F_ONLINK,
	};
	uint32_t oif = if_nametoindex(link);
	struct rtnl_message m;
	int e;

	if (oif == 0)
		return -ENODEV;
	rtnl_begin(&m, RTM_NEWROUTE, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_APPEND;
	if (ip->prefix)
		rtnl_put(&m, RTA_DST, ip->bytes, ip_len(ip->family));
	put_ip(&m, RTA_GATEWAY, word_of(w, "via"));
	put_ip(&m, RTA_PREFSRC, word_of(w, "src"));
	put_number(&m, RTA_OIF, oif);
	put_number(&m, RTA_TABLE, number(w, "table"));
	if (word_of(w, "metric"))
		put_number(&m, RTA_PRIORITY, number(w, "metric"));
	e = rtnl_send(&m);
	/* the kernel has made it with the address */
	return e == -EEXIST ? 0 : e;
}

int link_route_apply(const char *link, const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	int e = parse_route(value, &w, &ip) ? make_route(link, &w, &ip) : -EINVAL;

	(void)name;
	free(w.copy);
	return e;
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
	static const unsigned char none[ADDR_MAX];
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

static const char *const neighbour_keys[] = {"lladdr", "proxy", "flags", NULL};

static bool parse_mac(const char *text, unsigned char mac[MAC_LEN])
{
	_cleanup_free_ char *entry = xasprintf("%s static", text);

	if (!bridge_port_fdb_valid("fdb", entry) || strlen(text) != sizeof("00:11:22:33:44:55") - 1)
		return false;
	for (size_t i = 0; i < MAC_LEN; i++)
		mac[i] = (unsigned char)strtoul(text + 3 * i, NULL, 16);
	return true;
}

static bool parse_neighbour(const char *value, struct words *w, struct ip *ret)
{
	unsigned char mac[MAC_LEN];
	const char *lladdr, *proxy;

	if (!split(value, neighbour_keys, w) || !ip_parse(w->first, ret))
		return false;
	lladdr = word_of(w, "lladdr");
	proxy = word_of(w, "proxy");
	return (lladdr ? !proxy && parse_mac(lladdr, mac) : proxy && strcmp(proxy, "1") == 0) &&
	       number_or_nothing(word_of(w, "flags"), UINT8_MAX);
}

bool link_neighbour_valid(const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	bool valid = parse_neighbour(value, &w, &ip);

	(void)name;
	free(w.copy);
	return valid;
}

static int make_neighbour(const char *link, const struct words *w, const struct ip *ip)
{
	struct ndmsg header = {
		.ndm_family = (unsigned char)ip->family,
		.ndm_ifindex = (int)if_nametoindex(link),
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = (unsigned char)(number(w, "flags") & NTF_ROUTER),
	};
	const char *lladdr = word_of(w, "lladdr");
	unsigned char mac[MAC_LEN];
	struct rtnl_message m;

	if (header.ndm_ifindex == 0)
		return -ENODEV;
	if (!lladdr)
		header.ndm_flags |= NTF_PROXY;
	rtnl_begin(&m, RTM_NEWNEIGH, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	rtnl_put(&m, NDA_DST, ip->bytes, ip_len(ip->family));
	if (lladdr && parse_mac(lladdr, mac))
		rtnl_put(&m, NDA_LLADDR, mac, sizeof(mac));
	return rtnl_send(&m);
}

int link_neighbour_apply(const char *link, const char *name, const char *value)
{
	struct words w;
	struct ip ip;
	int e = parse_neighbour(value, &w, &ip) ? make_neighbour(link, &w, &ip) : -EINVAL;

	(void)name;
	free(w.copy);
	return e;
}

static void take_neighbour(const struct nlmsghdr *m, void *userdata)
{
	const size_t size = sizeof(struct ndmsg);
	const struct found *f = userdata;
	const struct rtattr *to = rtnl_attribute(m, size, NDA_DST, 4);
	const struct rtattr *mac = rtnl_attribute(m, size, NDA_LLADDR, MAC_LEN);
	_cleanup_free_ char *text = xstrdup("");
	const unsigned char *b;
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
		b = rtnl_value(mac);
		str_append(&text, " lladdr %02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
			   b[4], b[5]);
	} else {
		return;
	}
	str_append(&text, " flags %u", h.ndm_flags & NTF_ROUTER);
	f->fn("neighbour", text, f->userdata);
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

/* What was found, until all of it is: a table that changes is listed again. */
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
