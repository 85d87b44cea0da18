/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The settings of the host's end of a veth, as names and values. Runs in the command, which reads
 * them, and in lxc-checkpoint-link, which gives them to a restored link; as root with
 * CAP_NET_ADMIN, in the host's network namespace. Checking names and values is pure.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/bridge_port.h"
#include "sys/link_features.h"
#include "sys/link_routes.h"
#include "sys/link_settings.h"
#include "sys/link_sysctls.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "sys/setting_text.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define QUEUES_MAX 4096

/* Constants of kernels later than the oldest headers that we build with. */
#define PROP_LIST	  52  /* IFLA_PROP_LIST */
#define ALT_IFNAME	  53  /* IFLA_ALT_IFNAME */
#define NEW_LINKPROP	  108 /* RTM_NEWLINKPROP */
#define GRO_MAX_SIZE	  58  /* IFLA_GRO_MAX_SIZE */
#define GSO_IPV4_MAX_SIZE 63  /* IFLA_GSO_IPV4_MAX_SIZE */
#define GRO_IPV4_MAX_SIZE 64  /* IFLA_GRO_IPV4_MAX_SIZE */
#define ALTNAME_MAX	  127
#define ALIAS_MAX	  255

/* --- net.ipv4.conf and net.ipv6.conf --------------------------------------------------------- */

static bool sysctl4_valid(const char *name, const char *value)
{
	return link_sysctl_valid("ipv4", name, value);
}

static bool sysctl6_valid(const char *name, const char *value)
{
	return link_sysctl_valid("ipv6", name, value);
}

static int sysctl4_apply(const char *link, const char *name, const char *value)
{
	return link_sysctl_apply("ipv4", link, name, value);
}

static int sysctl6_apply(const char *link, const char *name, const char *value)
{
	return link_sysctl_apply("ipv6", link, name, value);
}

/* --- attributes of the link ------------------------------------------------------------------ */

/* Checks for printable characters: the value is one line of the network file, and JSON. */
static bool is_one_line(const char *value, size_t max)
{
	size_t len = strlen(value);

	if (len == 0 || len > max || *value == ' ')
		return false;
	while (len > 0) {
		size_t n = printable_length(value, len);

		if (n == 0)
			return false;
		value += n;
		len -= n;
	}
	return true;
}

static bool alias_valid(const char *name, const char *value)
{
	(void)name;
	return is_one_line(value, ALIAS_MAX);
}

static bool altname_valid(const char *name, const char *value)
{
	(void)name;
	return is_one_line(value, ALTNAME_MAX) && !strpbrk(value, " /:%");
}

static bool number_valid(const char *name, const char *value)
{
	(void)name;
	return setting_number(value, INT32_MAX) >= 0;
}

static int set_attribute(const char *link, unsigned short type, const void *value, size_t len)
{
	const struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(link)};
	struct rtnl_message m;

	if (header.ifi_index == 0)
		return -ENODEV;
	rtnl_begin(&m, RTM_SETLINK, &header, sizeof(header));
	rtnl_put(&m, type, value, len);
	return rtnl_send(&m);
}

static int alias_apply(const char *link, const char *name, const char *value)
{
	(void)name;
	return set_attribute(link, IFLA_IFALIAS, value, strlen(value));
}

/* One that another link has by now is lost: it is a second name. */
static int altname_apply(const char *link, const char *name, const char *value)
{
	const struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(link)};
	struct rtnl_message m;
	size_t nest;
	int e;

	(void)name;
	rtnl_begin(&m, NEW_LINKPROP, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
	nest = rtnl_nest(&m, PROP_LIST);
	rtnl_put(&m, ALT_IFNAME, value, strlen(value) + 1);
	rtnl_close(&m, nest);
	e = rtnl_send(&m);
	return e == -EEXIST ? 0 : e;
}

static const struct number {
	const char *name;
	unsigned short type;
	uint32_t usual;
} numbers[] = {
	{"mtu", IFLA_MTU, 0}, /* see link_settings_read() */
	{"group", IFLA_GROUP, 0},
	{"txqueuelen", IFLA_TXQLEN, 1000},
	/* the first of these changes that of IPv4 */
	{"gso_max_size", IFLA_GSO_MAX_SIZE, 65536},
	{"gso_max_segs", IFLA_GSO_MAX_SEGS, 65535},
	{"gro_max_size", GRO_MAX_SIZE, 65536},
	{"gso_ipv4_max_size", GSO_IPV4_MAX_SIZE, 65536},
	{"gro_ipv4_max_size", GRO_IPV4_MAX_SIZE, 65536},
};

static int number_apply(const char *link, const char *name, const char *value)
{
	uint32_t n = (uint32_t)setting_number(value, INT32_MAX);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, name) == 0)
			return set_attribute(link, numbers[i].type, &n, sizeof(n));
	return -EINVAL;
}

/* "4:1", of receiving and of sending; false: another form. */
static bool parse_queues(const char *value, struct link_queues *ret)
{
	_cleanup_free_ char *text = xstrdup(value);
	char *colon = strchr(text, ':');
	long rx, tx;

	if (!colon)
		return false;
	*colon = '\0';
	rx = (long)setting_number(text, QUEUES_MAX);
	tx = (long)setting_number(colon + 1, QUEUES_MAX);
	*ret = (struct link_queues){(uint32_t)rx, (uint32_t)tx};
	return rx > 0 && tx > 0;
}

static bool queues_valid(const char *name, const char *value)
{
	struct link_queues queues;

	(void)name;
	return parse_queues(value, &queues);
}

static int queues_apply(const char *link, const char *name, const char *value)
{
	struct link_queues queues;

	(void)name;
	return parse_queues(value, &queues) ? link_queues_apply(link, &queues) : -EINVAL;
}

static void read_queues(const char *link, link_setting_fn fn, void *userdata)
{
	_cleanup_free_ char *value = NULL;
	struct link_queues queues;

	/* a new veth uses one of each */
	if (link_queues_read(link, &queues) < 0 || (queues.rx <= 1 && queues.tx <= 1))
		return;
	value = xasprintf("%u:%u", queues.rx, queues.tx);
	if (queues_valid(NULL, value))
		fn("queues", value, userdata);
}

struct found {
	link_setting_fn fn;
	void *userdata;
	unsigned int mtu;
	struct link_usual *usual;
	struct bridge_port port;
};

static void tell_text(const struct rtattr *a, const char *name, const struct found *f)
{
	_cleanup_free_ char *text = xstrndup(rtnl_value(a), RTA_PAYLOAD(a));

	if (link_setting_valid(name, text))
		f->fn(name, text, f->userdata);
}

static void tell_altnames(const struct rtattr *list, const struct found *f)
{
	const void *p = list ? rtnl_value(list) : NULL;
	size_t left = list ? RTA_PAYLOAD(list) : 0;
	const struct rtattr *a;

	while ((a = rtnl_take(&p, &left, ALT_IFNAME, 1)))
		tell_text(a, "altname", f);
}

static void tell_number(const struct nlmsghdr *m, const struct number *number,
			const struct found *f)
{
	const struct rtattr *a =
		rtnl_attribute(m, sizeof(struct ifinfomsg), number->type, sizeof(uint32_t));
	uint32_t usual = number->type == IFLA_MTU ? f->mtu : number->usual, n = usual;
	_cleanup_free_ char *value = NULL;

	if (a)
		memcpy(&n, rtnl_value(a), sizeof(n));
	if (n == usual || n > INT32_MAX)
		return;
	value = xasprintf("%u", n);
	f->fn(number->name, value, f->userdata);
}

static void take_attributes(const struct nlmsghdr *m, void *userdata)
{
	struct found *f = userdata;
	const struct rtattr *alias = rtnl_attribute(m, sizeof(struct ifinfomsg), IFLA_IFALIAS, 1);

	if (m->nlmsg_type != RTM_NEWLINK)
		return;
	link_sysctls_take(m, f->usual, f->fn, f->userdata);
	if (alias)
		tell_text(alias, "alias", f);
	tell_altnames(rtnl_attribute(m, sizeof(struct ifinfomsg), PROP_LIST, 0), f);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		tell_number(m, &numbers[i], f);
	bridge_port_take(m, &f->port, f->fn, f->userdata);
}

static int read_attributes(int sock, const char *link, struct found *f)
{
	const struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(link)};
	struct rtnl_message m;

	rtnl_begin(&m, RTM_GETLINK, &header, sizeof(header));
	return rtnl_ask(sock, &m, m.h.nlmsg_len, take_attributes, f);
}

/* --- all of them ----------------------------------------------------------------------------- */

static const struct kind {
	const char *name; /* with a dot at its end: the beginning */
	bool of_port, early;
	bool (*valid)(const char *name, const char *value);
	int (*apply)(const char *link, const char *name, const char *value);
} kinds[] = {
	{"ipv4.", false, true, sysctl4_valid, sysctl4_apply},
	{"ipv6.", false, true, sysctl6_valid, sysctl6_apply},
	{"alias", false, false, alias_valid, alias_apply},
	{"altname", false, false, altname_valid, altname_apply},
	{"group", false, false, number_valid, number_apply},
	{"txqueuelen", false, false, number_valid, number_apply},
	{"mtu", false, true, number_valid, number_apply},
	{"gso_max_size", false, false, number_valid, number_apply},
	{"gso_max_segs", false, false, number_valid, number_apply},
	{"gro_max_size", false, false, number_valid, number_apply},
	{"gso_ipv4_max_size", false, false, number_valid, number_apply},
	{"gro_ipv4_max_size", false, false, number_valid, number_apply},
	{"queues", false, true, queues_valid, queues_apply},
	{"port.", true, false, bridge_port_option_valid, bridge_port_option_apply},
	{"vlans", true, false, bridge_port_vlans_valid, bridge_port_vlans_apply},
	{"address", false, false, link_route_valid, link_route_apply},
	{"route", false, false, link_route_valid, link_route_apply},
	{"neighbour", false, false, link_route_valid, link_route_apply},
	{"fdb", true, false, bridge_port_fdb_valid, bridge_port_fdb_apply},
};

/* rest: behind the dot. */
static const struct kind *find_kind(const char *name, const char **rest)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].name);
		bool dotted = kinds[i].name[len - 1] == '.';

		*rest = dotted ? name + len : name;
		if (dotted ? strncmp(name, kinds[i].name, len) == 0
			   : strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool link_setting_valid(const char *name, const char *value)
{
	const char *rest;
	const struct kind *k = find_kind(name, &rest);

	return k && strlen(value) <= LINK_SETTING_MAX && k->valid(rest, value);
}

int link_setting_apply(const char *link, const char *name, const char *value)
{
	const char *rest;
	const struct kind *k = find_kind(name, &rest);

	return link_setting_valid(name, value) ? k->apply(link, rest, value) : -EINVAL;
}

bool link_setting_is_of_port(const char *name)
{
	const char *rest;
	const struct kind *k = find_kind(name, &rest);

	return k && k->of_port;
}

bool link_setting_is_early(const char *name)
{
	const char *rest;
	const struct kind *k = find_kind(name, &rest);

	return k && k->early;
}

int link_settings_read(const char *link, unsigned int mtu, struct link_usual *usual,
		       link_setting_fn fn, void *userdata)
{
	struct found f = {.fn = fn, .userdata = userdata, .mtu = mtu, .usual = usual};
	_cleanup_close_ int sock = rtnl_open();
	int e = sock;

	read_queues(link, fn, userdata);
	if (sock >= 0)
		e = read_attributes(sock, link, &f);
	if (e == 0 && f.port.number)
		e = bridge_port_read_tables(sock, link, &f.port, fn, userdata);
	return e < 0 ? e : link_routes_read(link, fn, userdata);
}
