/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The settings that a bridge keeps for one port: options, VLANs and static entries of its
 * forwarding table. Runs in the command, which reads, and in lxc-checkpoint-link, which sets them;
 * as root with CAP_NET_ADMIN, in the network namespace of the bridge.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/bridge_port.h"
#include "sys/link.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "sys/setting_text.h"
#include "util/fd.h"
#include "util/mem.h"

#define VLAN_MAX   4094
#define VLAN_FLAGS (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED)

/* Constants of kernels later than the oldest headers that we build with. */
#define VLANDB_ENTRY	   1 /* BRIDGE_VLANDB_ENTRY */
#define VLANDB_ENTRY_INFO  1
#define VLANDB_ENTRY_RANGE 2
#define GET_VLAN	   114 /* RTM_GETVLAN */

/* --- options --------------------------------------------------------------------------------- */

/* The numbers of IFLA_BRPORT_*, of which older headers lack the last ones. */
static const struct option {
	const char *name;
	unsigned short number;
	unsigned char size;
	uint32_t usual; /* of a new port of a veth */
} options[] = {
	{"priority", 2, 2, 32},
	{"cost", 3, 4, 2},
	{"hairpin", 4, 1, 0},
	{"bpdu_guard", 5, 1, 0},
	{"root_block", 6, 1, 0},
	{"fast_leave", 7, 1, 0},
	{"learning", 8, 1, 1},
	{"unicast_flood", 9, 1, 1},
	{"proxy_arp", 10, 1, 0},
	{"proxy_arp_wifi", 12, 1, 0},
	{"multicast_router", 25, 1, 1},
	{"multicast_flood", 27, 1, 1},
	{"multicast_to_unicast", 28, 1, 0},
	{"vlan_tunnel", 29, 1, 0},
	{"broadcast_flood", 30, 1, 1},
	{"group_fwd_mask", 31, 2, 0},
	{"neigh_suppress", 32, 1, 0},
	{"isolated", 33, 1, 0},
	{"multicast_hosts_limit", 37, 4, 512},
	{"locked", 39, 1, 0},
	{"mab", 40, 1, 0},
	{"multicast_max_groups", 42, 4, 0},
	{"neigh_vlan_suppress", 43, 1, 0},
	{"backup_nhid", 44, 4, 0},
};

#define BACKUP_PORT 34 /* by the name of the other port, since its number changes */
#define N_OPTIONS   (sizeof(options) / sizeof(options[0]))

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static unsigned long long largest(const struct option *o)
{
	return o->size == 4 ? UINT32_MAX : o->size == 2 ? UINT16_MAX : UINT8_MAX;
}

bool bridge_port_option_valid(const char *name, const char *value)
{
	const struct option *o = find_option(name);

	if (strcmp(name, "backup_port") == 0)
		return *value && strlen(value) < IFNAMSIZ && !strpbrk(value, "/ \t\n");
	return o && setting_number(value, largest(o)) >= 0;
}

/* In the machine's byte order, as the kernel has it. */
static uint32_t number_of(const struct rtattr *a, unsigned char size)
{
	uint16_t n16;
	uint32_t n32;

	if (size == 4) {
		memcpy(&n32, rtnl_value(a), sizeof(n32));
		return n32;
	}
	if (size == 2) {
		memcpy(&n16, rtnl_value(a), sizeof(n16));
		return n16;
	}
	return *(const uint8_t *)rtnl_value(a);
}

static void put_number(struct rtnl_message *m, const struct option *o, uint32_t value)
{
	uint16_t n16 = (uint16_t)value;
	uint8_t n8 = (uint8_t)value;

	rtnl_put(m, o->number,
		 o->size == 4	? (void *)&value
		 : o->size == 2 ? (void *)&n16
				: &n8,
		 o->size);
}

int bridge_port_option_apply(const char *link, const char *name, const char *value)
{
	const struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(link)};
	const struct option *o = find_option(name);
	uint32_t backup = o ? 0 : if_nametoindex(value);
	struct rtnl_message m;
	size_t info, data;

	if (header.ifi_index == 0 || (!o && backup == 0))
		return -ENODEV;
	rtnl_begin(&m, RTM_NEWLINK, &header, sizeof(header));
	info = rtnl_nest(&m, IFLA_LINKINFO);
	rtnl_put(&m, IFLA_INFO_SLAVE_KIND, "bridge", sizeof("bridge"));
	data = rtnl_nest(&m, IFLA_INFO_SLAVE_DATA);
	if (o)
		put_number(&m, o, (uint32_t)setting_number(value, UINT32_MAX));
	else
		rtnl_put(&m, BACKUP_PORT, &backup, sizeof(backup));
	rtnl_close(&m, data);
	rtnl_close(&m, info);
	return rtnl_send(&m);
}

struct found {
	link_setting_fn fn;
	void *userdata;
	struct bridge_port port;
	char *vlans;
};

static void tell_options(const struct rtattr *data, const struct found *f)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *o = &options[i];
		const struct rtattr *a = rtnl_within(data, o->number, o->size);
		_cleanup_free_ char *name = NULL, *value = NULL;
		uint32_t number = a ? number_of(a, o->size) : o->usual;

		if (number == o->usual)
			continue;
		name = xasprintf("port.%s", o->name);
		value = xasprintf("%u", number);
		f->fn(name, value, f->userdata);
	}
}

bool bridge_port_has_options(const struct rtattr *data)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct rtattr *a = rtnl_within(data, options[i].number, options[i].size);

		if (a && number_of(a, options[i].size) != options[i].usual)
			return true;
	}
	return false;
}

static void tell_backup_port(const struct rtattr *data, const struct found *f)
{
	const struct rtattr *a = rtnl_within(data, BACKUP_PORT, sizeof(uint32_t));
	char name[IF_NAMESIZE];

	if (a && if_indextoname(number_of(a, sizeof(uint32_t)), name))
		f->fn("port.backup_port", name, f->userdata);
}

void bridge_port_take(const struct nlmsghdr *link, struct bridge_port *ret, link_setting_fn fn,
		      void *userdata)
{
	const size_t size = sizeof(struct ifinfomsg);
	const struct rtattr *info = rtnl_attribute(link, size, IFLA_LINKINFO, 0);
	const struct rtattr *kind = rtnl_within(info, IFLA_INFO_SLAVE_KIND, sizeof("bridge"));
	const struct rtattr *data = rtnl_within(info, IFLA_INFO_SLAVE_DATA, 0);
	const struct rtattr *mac = rtnl_attribute(link, size, IFLA_ADDRESS, MAC_LEN);
	const struct found f = {.fn = fn, .userdata = userdata};
	struct ifinfomsg header;

	if (!kind || memcmp(rtnl_value(kind), "bridge", sizeof("bridge")) != 0)
		return;
	memcpy(&header, (const char *)link + NLMSG_HDRLEN, size);
	ret->number = (unsigned int)header.ifi_index;
	if (mac)
		memcpy(ret->mac, rtnl_value(mac), MAC_LEN);
	tell_options(data, &f);
	tell_backup_port(data, &f);
}

/* --- VLANs ----------------------------------------------------------------------------------- */

/* Digits alone, as far as they go. */
static bool take_vlan(const char **text, unsigned short *ret)
{
	size_t len = strspn(*text, "0123456789");
	_cleanup_free_ char *digits = len && len <= 4 ? xstrndup(*text, len) : NULL;
	long long n = digits ? setting_number(digits, VLAN_MAX) : -1;

	if (n < 1)
		return false;
	*ret = (unsigned short)n;
	*text += len;
	return true;
}

static bool take_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0)
		return false;
	*text += len;
	return true;
}

bool vlan_range_parse(const char **text, struct vlan_range *ret)
{
	const char *p = *text;
	struct vlan_range r = {0};

	if (!take_vlan(&p, &r.first))
		return false;
	r.last = r.first;
	if (take_word(&p, "-") && (!take_vlan(&p, &r.last) || r.last <= r.first))
		return false;
	if (take_word(&p, ":pvid"))
		r.flags |= BRIDGE_VLAN_INFO_PVID;
	if (take_word(&p, ":untagged"))
		r.flags |= BRIDGE_VLAN_INFO_UNTAGGED;
	/* a port has one VLAN for packets without a tag */
	if ((r.flags & BRIDGE_VLAN_INFO_PVID) && r.last != r.first)
		return false;
	if (take_word(&p, ",") ? *p == '\0' : *p != '\0')
		return false;
	*text = p;
	*ret = r;
	return true;
}

void vlan_range_append(char **text, const struct vlan_range *r)
{
	str_append(text, "%s%u", *text && **text ? "," : "", r->first);
	if (r->last != r->first)
		str_append(text, "-%u", r->last);
	str_append(text, "%s%s", r->flags & BRIDGE_VLAN_INFO_PVID ? ":pvid" : "",
		   r->flags & BRIDGE_VLAN_INFO_UNTAGGED ? ":untagged" : "");
}

bool bridge_port_vlans_valid(const char *name, const char *value)
{
	struct vlan_range r;
	unsigned int before = 0;

	(void)name;
	if (strcmp(value, "none") == 0)
		return true;
	if (!*value)
		return false;
	while (vlan_range_parse(&value, &r)) {
		if (r.first <= before)
			return false;
		before = r.last;
	}
	return *value == '\0';
}

/* An entry is one VLAN, or a range of VLANs with the same flags. */
static void take_vlan_entry(const struct rtattr *entry, struct found *f)
{
	const struct rtattr *info =
		rtnl_within(entry, VLANDB_ENTRY_INFO, sizeof(struct bridge_vlan_info));
	const struct rtattr *range = rtnl_within(entry, VLANDB_ENTRY_RANGE, sizeof(uint16_t));
	struct bridge_vlan_info vlan;
	struct vlan_range r;

	if (!info)
		return;
	memcpy(&vlan, rtnl_value(info), sizeof(vlan));
	r = (struct vlan_range){vlan.vid, vlan.vid, vlan.flags & VLAN_FLAGS};
	if (range)
		r.last = (unsigned short)number_of(range, sizeof(uint16_t));
	vlan_range_append(&f->vlans, &r);
}

static void take_vlans(const struct nlmsghdr *m, void *userdata)
{
	struct found *f = userdata;
	struct br_vlan_header {
		uint8_t family, reserved1;
		uint16_t reserved2;
		uint32_t number;
	} header;
	const void *p = (const char *)m + NLMSG_SPACE(sizeof(header));
	const struct rtattr *entry;
	size_t left;

	if (m->nlmsg_len < NLMSG_SPACE(sizeof(header)))
		return;
	memcpy(&header, (const char *)m + NLMSG_HDRLEN, sizeof(header));
	left = m->nlmsg_len - NLMSG_SPACE(sizeof(header));
	while (header.number == f->port.number && (entry = rtnl_take(&p, &left, VLANDB_ENTRY, 0)))
		take_vlan_entry(entry, f);
}

/* -EOPNOTSUPP: the kernel has no VLANs on bridges, or is older than Linux 5.6. */
static int list_vlans(int sock, struct found *f)
{
	const struct {
		uint8_t family, reserved1;
		uint16_t reserved2;
		uint32_t number;
	} header = {.family = AF_BRIDGE, .number = f->port.number};
	int e = -EINTR;

	for (int tries = 0; e == -EINTR && tries < 10; tries++) {
		free(f->vlans);
		f->vlans = xstrdup("");
		e = rtnl_list(sock, GET_VLAN, &header, sizeof(header), take_vlans, f);
	}
	return e;
}

/* The only VLAN of a new port. */
static char *usual_vlans(const char *link)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/master/bridge/default_pvid", link);
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, path, 64, &text) <= 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, "0") == 0 ? xstrdup("") : xasprintf("%s:pvid:untagged", text);
}

static int read_vlans(int sock, const char *link, struct found *f)
{
	_cleanup_free_ char *usual = usual_vlans(link);
	int e = usual ? list_vlans(sock, f) : 0;

	if (e == -EOPNOTSUPP || !usual)
		return 0;
	if (e == 0 && strcmp(f->vlans, usual) != 0)
		f->fn("vlans", *f->vlans ? f->vlans : "none", f->userdata);
	return e;
}

static int change_vlans(const char *link, unsigned short type, const struct vlan_range *r)
{
	const struct ifinfomsg header = {.ifi_family = AF_BRIDGE,
					 .ifi_index = (int)if_nametoindex(link)};
	struct bridge_vlan_info first = {.flags = r->flags, .vid = r->first};
	struct bridge_vlan_info last = {.flags = r->flags, .vid = r->last};
	struct rtnl_message m;
	size_t nest;

	if (header.ifi_index == 0)
		return -ENODEV;
	if (r->last != r->first) {
		first.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
		last.flags |= BRIDGE_VLAN_INFO_RANGE_END;
	}
	rtnl_begin(&m, type, &header, sizeof(header));
	nest = rtnl_nest(&m, IFLA_AF_SPEC);
	rtnl_put(&m, IFLA_BRIDGE_VLAN_INFO, &first, sizeof(first));
	if (r->last != r->first)
		rtnl_put(&m, IFLA_BRIDGE_VLAN_INFO, &last, sizeof(last));
	rtnl_close(&m, nest);
	return rtnl_send(&m);
}

static int change_all_vlans(const char *link, unsigned short type, const char *text)
{
	struct vlan_range r;
	int e = 0;

	while (e == 0 && vlan_range_parse(&text, &r))
		e = change_vlans(link, type, &r);
	return e;
}

/* The new port has the bridge's own VLAN by now, which goes first. */
int bridge_port_vlans_apply(const char *link, const char *name, const char *value)
{
	_cleanup_close_ int sock = rtnl_open();
	struct found f = {.port.number = if_nametoindex(link)};
	int e = sock < 0 ? sock : list_vlans(sock, &f);

	(void)name;
	if (e == 0)
		e = change_all_vlans(link, RTM_DELLINK, f.vlans);
	if (e == 0)
		e = change_all_vlans(link, RTM_SETLINK, value);
	free(f.vlans);
	return e;
}

/* --- the forwarding table -------------------------------------------------------------------- */

struct fdb_entry {
	unsigned char mac[MAC_LEN];
	unsigned short vlan; /* 0: none */
	bool permanent, sticky;
};

static char *fdb_to_text(const struct fdb_entry *e)
{
	char *text = xstrdup("");

	setting_append_mac(&text, e->mac);
	if (e->vlan)
		str_append(&text, " vlan %u", e->vlan);
	str_append(&text, "%s%s", e->permanent ? " permanent" : " static",
		   e->sticky ? " sticky" : "");
	return text;
}

static bool fdb_parse(const char *text, struct fdb_entry *ret)
{
	struct fdb_entry e = {0};

	if (!setting_take_mac(&text, e.mac) ||
	    (take_word(&text, " vlan ") && !take_vlan(&text, &e.vlan)))
		return false;
	e.permanent = take_word(&text, " permanent");
	if (!e.permanent && !take_word(&text, " static"))
		return false;
	e.sticky = take_word(&text, " sticky");
	*ret = e;
	return *text == '\0';
}

bool bridge_port_fdb_valid(const char *name, const char *value)
{
	struct fdb_entry e;

	(void)name;
	return fdb_parse(value, &e);
}

int bridge_port_fdb_apply(const char *link, const char *name, const char *value)
{
	struct ndmsg header = {.ndm_family = PF_BRIDGE,
			       .ndm_ifindex = (int)if_nametoindex(link),
			       .ndm_flags = NTF_MASTER};
	struct rtnl_message m;
	struct fdb_entry entry;
	int e;

	(void)name;
	if (header.ndm_ifindex == 0 || !fdb_parse(value, &entry))
		return header.ndm_ifindex == 0 ? -ENODEV : -EINVAL;
	header.ndm_state = entry.permanent ? NUD_PERMANENT : NUD_NOARP;
	header.ndm_flags |= entry.sticky ? NTF_STICKY : 0;
	rtnl_begin(&m, RTM_NEWNEIGH, &header, sizeof(header));
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	rtnl_put(&m, NDA_LLADDR, entry.mac, sizeof(entry.mac));
	if (entry.vlan)
		rtnl_put(&m, NDA_VLAN, &entry.vlan, sizeof(entry.vlan));
	e = rtnl_send(&m);
	return e == -EEXIST ? 0 : e;
}

/* Not what the bridge has learned, and not the port's own address, which it enters itself. */
static void take_fdb(const struct nlmsghdr *m, void *userdata)
{
	struct found *f = userdata;
	const struct rtattr *mac = rtnl_attribute(m, sizeof(struct ndmsg), NDA_LLADDR, MAC_LEN);
	const struct rtattr *vlan =
		rtnl_attribute(m, sizeof(struct ndmsg), NDA_VLAN, sizeof(uint16_t));
	const struct rtattr *master = rtnl_attribute(m, sizeof(struct ndmsg), NDA_MASTER, 4);
	_cleanup_free_ char *text = NULL;
	struct fdb_entry e = {0};
	struct ndmsg h;

	if (m->nlmsg_type != RTM_NEWNEIGH || !mac || !master)
		return;
	memcpy(&h, (const char *)m + NLMSG_HDRLEN, sizeof(h));
	memcpy(e.mac, rtnl_value(mac), MAC_LEN);
	if ((unsigned int)h.ndm_ifindex != f->port.number ||
	    !(h.ndm_state & (NUD_NOARP | NUD_PERMANENT)) ||
	    memcmp(e.mac, f->port.mac, MAC_LEN) == 0)
		return;
	e.vlan = vlan ? (unsigned short)number_of(vlan, sizeof(uint16_t)) : 0;
	e.permanent = h.ndm_state & NUD_PERMANENT;
	e.sticky = h.ndm_flags & NTF_STICKY;
	text = fdb_to_text(&e);
	f->fn("fdb", text, f->userdata);
}

static int read_fdb(int sock, struct found *f)
{
	/* in this form the kernel lists one port's entries */
	const struct ifinfomsg header = {.ifi_family = PF_BRIDGE, .ifi_index = (int)f->port.number};
	int e = rtnl_list(sock, RTM_GETNEIGH, &header, sizeof(header), take_fdb, f);

	/* changed meanwhile, by what it learns */
	return e == -EINTR || e == -EOPNOTSUPP ? 0 : e;
}

int bridge_port_read_tables(int sock, const char *link, const struct bridge_port *port,
			    link_setting_fn fn, void *userdata)
{
	struct found f = {.fn = fn, .userdata = userdata, .port = *port};
	int e = read_vlans(sock, link, &f);

	if (e == 0)
		e = read_fdb(sock, &f);
	free(f.vlans);
	return e;
}
