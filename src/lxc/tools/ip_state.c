/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Saves and makes the state of a network namespace for which CRIU calls no program. Runs in
 * lxc-checkpoint-ip, in that network namespace, with CRIU's privileges there. The container chooses
 * names and numbers.
 */
#include "config.h"

#include <errno.h>
#include <linux/if_addrlabel.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "carry/ip_saved.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "sys/traffic_control.h"
#include "tools/ip_links.h"
#include "tools/ip_state.h"
#include "util/error.h"
#include "util/mem.h"

/* --- labels of addresses, and proxied neighbours --------------------------------------------- */

static void take_label(const struct nlmsghdr *m, void *userdata)
{
	static const unsigned short types[] = {IFAL_ADDRESS, IFAL_LABEL, 0};
	_cleanup_free_ struct nlmsghdr *request = NULL;
	const struct ip_out *out = userdata;
	struct ifaddrlblmsg *header;

	if (m->nlmsg_type != RTM_NEWADDRLABEL || m->nlmsg_len < NLMSG_SPACE(sizeof(*header)))
		return;
	request = rtnl_request_from(m, sizeof(*header), types);
	header = NLMSG_DATA(request);
	header->ifal_seq = 0;
	out->fn(request, out->userdata);
}

static void take_proxy(const struct nlmsghdr *m, void *userdata)
{
	static const unsigned short types[] = {NDA_DST, NDA_PROTOCOL, 0};
	_cleanup_free_ struct nlmsghdr *request = NULL;
	const struct ip_out *out = userdata;
	struct ndmsg *header;

	if (m->nlmsg_type != RTM_NEWNEIGH || m->nlmsg_len < NLMSG_SPACE(sizeof(*header)))
		return;
	request = rtnl_request_from(m, sizeof(*header), types);
	header = NLMSG_DATA(request);
	if (header->ndm_flags & NTF_PROXY)
		out->fn(request, out->userdata);
}

static int list_labels(int sock, struct ip_out *out)
{
	const struct ifaddrlblmsg header = {.ifal_family = AF_INET6};
	int e = rtnl_list(sock, RTM_GETADDRLABEL, &header, sizeof(header), take_label, out);

	/* the kernel has no IPv6 */
	return e == -EOPNOTSUPP || e == -EAFNOSUPPORT ? 0 : e;
}

static int list_proxies(int sock, struct ip_out *out)
{
	const struct ndmsg header = {.ndm_family = AF_UNSPEC, .ndm_flags = NTF_PROXY};

	return rtnl_list(sock, RTM_GETNEIGH, &header, sizeof(header), take_proxy, out);
}

/* Before the labels: all others are to go. */
static void tell_labels_follow(const struct ip_out *out)
{
	const struct ifaddrlblmsg header = {.ifal_family = AF_INET6};
	struct rtnl_message m;

	rtnl_begin(&m, RTM_GETADDRLABEL, &header, sizeof(header));
	out->fn(&m.h, out->userdata);
}

int ip_state_list(int sock, void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata)
{
	const struct tc_listing tc = {.carried = fn, .userdata = userdata};
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	struct ip_out out = {fn, userdata};
	int e = rtnl_list(sock, RTM_GETLINK, &any, sizeof(any), ip_link_tell, &out);

	tell_labels_follow(&out);
	if (e == 0)
		e = list_labels(sock, &out);
	if (e == 0)
		e = list_proxies(sock, &out);
	return e == 0 ? tc_list(sock, &tc) : e;
}

/* --- making ---------------------------------------------------------------------------------- */

/* The user accepts a container without some of this (--force=network). */
static bool may_fail(void)
{
	const char *value = getenv("LXC_CHECKPOINT_MAY_FAIL");

	return value && strcmp(value, "network") == 0;
}

static int failed(int link, const char *what, int e)
{
	char name[IF_NAMESIZE] = "no link";

	if_indextoname((unsigned int)link, name);
	fprintf(stderr, "lxc-checkpoint-ip: cannot set %s of %s: %s%s\n", what, name, strerror(-e),
		may_fail() ? ", which --force=network overrides"
			   : "; --force=network restores without it");
	return may_fail() ? 0 : e;
}

struct wanted {
	const struct nlmsghdr *m;
	bool made;
};

struct list {
	struct wanted *v;
	size_t n;
};

/* Those of a type, and of another one. */
static struct list find(void *saved, size_t len, unsigned short type, unsigned short other)
{
	struct list all = {0};
	struct nlmsghdr *m;
	size_t offset = 0;

	while ((m = ip_saved_next(saved, len, &offset)))
		if ((m->nlmsg_type == type || m->nlmsg_type == other) &&
		    m->nlmsg_len >= NLMSG_SPACE(sizeof(struct ifaddrlblmsg)))
			ARRAY_ADD(all.v, all.n)->m = m;
	return all;
}

int ip_state_request(int sock, unsigned short type, const struct nlmsghdr *m, unsigned int flags)
{
	_cleanup_free_ struct nlmsghdr *copy = xcalloc(1, m->nlmsg_len);

	memcpy(copy, m, m->nlmsg_len);
	copy->nlmsg_type = type;
	copy->nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags);
	copy->nlmsg_seq = 0;
	copy->nlmsg_pid = 0;
	return rtnl_request(sock, copy, copy->nlmsg_len);
}

/* The link's number follows the first word of all headers but the labels'. */
static int link_of(const struct nlmsghdr *m)
{
	int number;

	memcpy(&number, (const char *)m + NLMSG_HDRLEN + sizeof(uint32_t), sizeof(number));
	return number;
}

static int make_links(int sock, const struct list *all)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < all->n; i++) {
		const struct nlmsghdr *m = all->v[i].m;
		const char *what;
		int r = ip_link_make(sock, m, &what);

		if (r < 0)
			e = failed(link_of(m), what, r);
	}
	return e;
}

static int make_features(int sock, const struct list *all)
{
	int e = 0;

	(void)sock;
	for (size_t i = 0; e == 0 && i < all->n; i++) {
		int r = ip_link_switch(all->v[i].m);

		if (r < 0)
			e = failed(link_of(all->v[i].m), "offloads and queues (ethtool -K, -L)", r);
	}
	return e;
}

static bool is_same(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	return a->nlmsg_len == b->nlmsg_len &&
	       memcmp((const char *)a + NLMSG_HDRLEN, (const char *)b + NLMSG_HDRLEN,
		      a->nlmsg_len - NLMSG_HDRLEN) == 0;
}

static bool has_label(const struct list *all, const struct nlmsghdr *m)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_same(all->v[i].m, m))
			return true;
	return false;
}

static void keep_label(const struct nlmsghdr *m, void *userdata)
{
	struct list *all = userdata;
	struct nlmsghdr *copy = xcalloc(1, m->nlmsg_len);

	memcpy(copy, m, m->nlmsg_len);
	ARRAY_ADD(all->v, all->n)->m = copy;
}

/* The kernel gives a new namespace some. It would accept most of them a second time. */
static int change_labels(int sock, const struct list *wanted, const struct list *present)
{
	int e = 0;

	for (size_t i = 0; i < present->n; i++) {
		const struct nlmsghdr *m = present->v[i].m;
		int r = has_label(wanted, m) ? 0 : ip_state_request(sock, RTM_DELADDRLABEL, m, 0);

		e = r < 0 ? r : e;
	}
	for (size_t i = 0; i < wanted->n; i++) {
		const struct nlmsghdr *m = wanted->v[i].m;
		bool needed = m->nlmsg_type == RTM_NEWADDRLABEL && !has_label(present, m);
		int r = needed ? ip_state_request(sock, RTM_NEWADDRLABEL, m,
						  NLM_F_CREATE | NLM_F_EXCL)
			       : 0;

		e = r < 0 ? r : e;
	}
	return e;
}

static int make_labels(int sock, const struct list *all)
{
	struct list present = {0};
	struct ip_out out = {keep_label, &present};
	int e;

	/* an image of an earlier version has none, not even the first word of them */
	if (all->n == 0)
		return 0;
	e = list_labels(sock, &out);
	if (e == 0)
		e = change_labels(sock, all, &present);
	for (size_t i = 0; i < present.n; i++)
		free((void *)(uintptr_t)present.v[i].m);
	free(present.v);
	return e < 0 ? failed(0, "a label of an IPv6 address", e) : 0;
}

/*
 * The kernel forgets a link's proxied neighbours when it notices that the link has no carrier. From
 * Linux 6.8 on it notices that, at the latest, when it is asked about the link.
 */
static void notice_carrier(int sock, int number)
{
	const struct ifinfomsg header = {.ifi_index = number};
	struct rtnl_message m;

	rtnl_begin(&m, RTM_GETLINK, &header, sizeof(header));
	ignore_result(rtnl_request(sock, &m, m.h.nlmsg_len));
}

static int make_proxies(int sock, const struct list *all)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < all->n; i++) {
		struct ndmsg header;

		memcpy(&header, (const char *)all->v[i].m + NLMSG_HDRLEN, sizeof(header));
		/* the file has other neighbours elsewhere */
		if (!(header.ndm_flags & NTF_PROXY))
			continue;
		notice_carrier(sock, header.ndm_ifindex);
		e = ip_state_request(sock, RTM_NEWNEIGH, all->v[i].m, NLM_F_CREATE | NLM_F_REPLACE);
		e = e < 0 ? failed(header.ndm_ifindex, "a proxied neighbour", e) : 0;
	}
	return e;
}

/* A discipline may be in a class, and a class in another one: until no more can be made. */
static int make_tc(int sock, const struct list *all)
{
	const struct nlmsghdr *last = NULL;
	int e = 0;

	for (bool progress = true; progress;) {
		progress = false;
		last = NULL;
		for (size_t i = 0; i < all->n; i++) {
			const struct nlmsghdr *m = all->v[i].m;
			int r = all->v[i].made ? 0
					       : ip_state_request(sock, m->nlmsg_type, m,
								  NLM_F_CREATE | NLM_F_REPLACE);

			progress = progress || (r == 0 && !all->v[i].made);
			all->v[i].made = r == 0;
			last = r < 0 ? m : last;
			e = r < 0 ? r : e;
		}
	}
	return last ? failed(link_of(last), "a queueing discipline", e) : 0;
}

int ip_state_make(int sock, void *saved, size_t len)
{
	static const struct {
		unsigned short type, other;
		int (*make)(int sock, const struct list *all);
	} steps[] = {
		/* in this order: the length of a queue is also its discipline's */
		{RTM_SETLINK, IP_NEW_LINKPROP, make_links},
		{IP_FEATURES, IP_FEATURES, make_features},
		{RTM_NEWADDRLABEL, RTM_GETADDRLABEL, make_labels},
		{RTM_NEWNEIGH, RTM_NEWNEIGH, make_proxies},
		{RTM_NEWQDISC, RTM_NEWTCLASS, make_tc},
	};
	int e = 0;

	for (size_t i = 0; e == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct list all = find(saved, len, steps[i].type, steps[i].other);

		e = steps[i].make(sock, &all);
		free(all.v);
	}
	return e;
}
