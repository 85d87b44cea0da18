/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists queueing disciplines and classes. Runs in lxc-checkpoint-ip at a dump, and in the command
 * before it, with a socket in a network namespace of the container. Only reads. The container
 * chooses kinds and numbers.
 */
#include "config.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "sys/traffic_control.h"
#include "util/error.h"
#include "util/mem.h"

#define QDISCS_MAX    1024
#define KIND_LEN      16
#define HTB_VERSION   3 /* what the kernel accepts; it reports more */
#define INGRESS_MINOR 0xfff2U
#define EGRESS_MINOR  0xfff3U

/*
 * The kinds whose reports are complete. Not red, sfb, choke and gred, whose tables the kernel does
 * not report; not those that classes and filters define.
 */
static const char *const carried_kinds[] = {
	"bfifo", "cake",       "clsact",	  "codel", "fq",     "fq_codel", "fq_pie",
	"hhf",	 "htb",	       "ingress",	  "mq",	   "multiq", "netem",	 "noqueue",
	"pfifo", "pfifo_fast", "pfifo_head_drop", "pie",   "prio",   "sfq",	 "skbprio",
	"tbf",
};

struct qdisc {
	struct tcmsg header;
	char kind[KIND_LEN];
	struct nlmsghdr *request; /* NULL: it cannot be made again */
};

struct qdiscs {
	struct qdisc *v;
	size_t n;
	bool too_many;
};

static void free_qdiscs(struct qdiscs *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->v[i].request);
	free(q->v);
}

static const struct rtattr *attribute(const struct nlmsghdr *m, unsigned short type, size_t least)
{
	return rtnl_attribute(m, sizeof(struct tcmsg), type, least);
}

static bool is_carried_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(carried_kinds) / sizeof(carried_kinds[0]); i++)
		if (strcmp(carried_kinds[i], kind) == 0)
			return true;
	return false;
}

/* The kernel reports another version of htb than it accepts, and a counter. */
static void mend_htb(struct nlmsghdr *request)
{
	const struct rtattr *init = rtnl_within(attribute(request, TCA_OPTIONS, 0), TCA_HTB_INIT,
						sizeof(struct tc_htb_glob));
	struct tc_htb_glob global;

	if (!init)
		return;
	memcpy(&global, rtnl_value(init), sizeof(global));
	global.version = HTB_VERSION;
	global.direct_pkts = 0;
	memcpy((char *)request + ((const char *)rtnl_value(init) - (const char *)request), &global,
	       sizeof(global));
}

static struct nlmsghdr *make_request(const struct nlmsghdr *said)
{
	static const unsigned short types[] = {TCA_KIND, TCA_OPTIONS, 0};
	struct nlmsghdr *request = rtnl_request_from(said, sizeof(struct tcmsg), types);
	struct tcmsg *header = NLMSG_DATA(request);

	/* a count of users, or the handle of what a class contains */
	header->tcm_info = 0;
	return request;
}

static void take_kind(const struct nlmsghdr *m, char ret[KIND_LEN])
{
	const struct rtattr *a = attribute(m, TCA_KIND, 1);
	size_t len = a ? strnlen(rtnl_value(a), RTA_PAYLOAD(a)) : 0;

	memset(ret, 0, KIND_LEN);
	memcpy(ret, a ? rtnl_value(a) : "", len < KIND_LEN ? len : KIND_LEN - 1);
}

/* The kernel's default ones have no handle. A size table (stab) is not reported. */
static void take_qdisc(const struct nlmsghdr *m, void *userdata)
{
	struct qdiscs *all = userdata;
	struct tcmsg header;
	struct qdisc *q;

	if (m->nlmsg_type != RTM_NEWQDISC || m->nlmsg_len < NLMSG_SPACE(sizeof(header)))
		return;
	memcpy(&header, (const char *)m + NLMSG_HDRLEN, sizeof(header));
	if (header.tcm_handle == 0)
		return;
	if (all->n == QDISCS_MAX) {
		all->too_many = true;
		return;
	}
	q = ARRAY_ADD(all->v, all->n);
	q->header = header;
	take_kind(m, q->kind);
	if (!is_carried_kind(q->kind) || attribute(m, TCA_STAB, 0))
		return;
	q->request = make_request(m);
	if (strcmp(q->kind, "htb") == 0)
		mend_htb(q->request);
}

static bool has_parent(const struct qdiscs *all, const struct qdisc *q)
{
	const uint32_t major = TC_H_MAJ(q->header.tcm_parent);

	/* at the root, or in one of the kernel's */
	if (q->header.tcm_parent == TC_H_ROOT || q->header.tcm_parent == TC_H_INGRESS || major == 0)
		return true;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].header.tcm_ifindex == q->header.tcm_ifindex &&
		    TC_H_MAJ(all->v[i].header.tcm_handle) == major)
			return all->v[i].request;
	return false;
}

/* One that is in another goes with that. */
static void drop_orphans(struct qdiscs *all)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < all->n; i++) {
			if (!all->v[i].request || has_parent(all, &all->v[i]))
				continue;
			free(TAKE_PTR(all->v[i].request));
			again = true;
		}
	}
}

/* --- classes --------------------------------------------------------------------------------- */

struct class_requests {
	struct nlmsghdr **v;
	size_t n;
};

/* Those of the other carried kinds are there with their discipline. */
static void take_class(const struct nlmsghdr *m, void *userdata)
{
	struct class_requests *all = userdata;
	char kind[KIND_LEN];

	if (m->nlmsg_type != RTM_NEWTCLASS || m->nlmsg_len < NLMSG_SPACE(sizeof(struct tcmsg)))
		return;
	take_kind(m, kind);
	if (strcmp(kind, "htb") == 0)
		*ARRAY_ADD(all->v, all->n) = make_request(m);
}

static unsigned int level_of(const struct nlmsghdr *request)
{
	const struct rtattr *a = rtnl_within(attribute(request, TCA_OPTIONS, 0), TCA_HTB_PARMS,
					     sizeof(struct tc_htb_opt));
	struct tc_htb_opt options = {0};

	if (a)
		memcpy(&options, rtnl_value(a), sizeof(options));
	return options.level < TC_HTB_MAXDEPTH ? options.level : 0;
}

/*
 * From the highest level down: with a parent that is missing the kernel puts a class at the root.
 */
static int list_classes(int sock, const struct qdisc *q, const struct tc_listing *l)
{
	/* of one discipline: the kernel compares the parent with its handle */
	const struct tcmsg header = {
		.tcm_ifindex = q->header.tcm_ifindex,
		.tcm_parent = q->header.tcm_handle,
	};
	struct class_requests all = {0};
	int e = strcmp(q->kind, "htb") == 0
			? rtnl_list(sock, RTM_GETTCLASS, &header, sizeof(header), take_class, &all)
			: 0;

	for (unsigned int level = TC_HTB_MAXDEPTH; level-- > 0;)
		for (size_t i = 0; e == 0 && i < all.n; i++)
			if (level_of(all.v[i]) == level)
				l->carried(all.v[i], l->userdata);
	for (size_t i = 0; i < all.n; i++)
		free(all.v[i]);
	free(all.v);
	return e;
}

/* --- filters --------------------------------------------------------------------------------- */

static void note_filter(const struct nlmsghdr *m, void *userdata)
{
	*(bool *)userdata = *(bool *)userdata || m->nlmsg_type == RTM_NEWTFILTER;
}

static bool has_filters_at(int sock, int link, uint32_t parent)
{
	const struct tcmsg header = {.tcm_ifindex = link, .tcm_parent = parent};
	bool found = false;

	ignore_result(
		rtnl_list(sock, RTM_GETTFILTER, &header, sizeof(header), note_filter, &found));
	return found;
}

struct classes {
	uint32_t *v;
	size_t n;
};

static void note_class(const struct nlmsghdr *m, void *userdata)
{
	struct classes *all = userdata;
	struct tcmsg header;

	if (m->nlmsg_type != RTM_NEWTCLASS || m->nlmsg_len < NLMSG_SPACE(sizeof(header)) ||
	    all->n == QDISCS_MAX)
		return;
	memcpy(&header, (const char *)m + NLMSG_HDRLEN, sizeof(header));
	*ARRAY_ADD(all->v, all->n) = header.tcm_handle;
}

/* A discipline has a list of them, clsact two, and htb another one for each class. */
static bool has_filters(int sock, const struct qdisc *q)
{
	const uint32_t major = TC_H_MAJ(q->header.tcm_handle);
	const struct tcmsg header = {
		.tcm_ifindex = q->header.tcm_ifindex,
		.tcm_parent = q->header.tcm_handle,
	};
	struct classes classes = {0};
	bool found;

	*ARRAY_ADD(classes.v, classes.n) = major;
	if (strcmp(q->kind, "clsact") == 0) {
		*ARRAY_ADD(classes.v, classes.n) = major | INGRESS_MINOR;
		*ARRAY_ADD(classes.v, classes.n) = major | EGRESS_MINOR;
	} else {
		ignore_result(rtnl_list(sock, RTM_GETTCLASS, &header, sizeof(header), note_class,
					&classes));
	}
	found = false;
	for (size_t i = 0; i < classes.n && !found; i++)
		found = has_filters_at(sock, q->header.tcm_ifindex, classes.v[i]);
	free(classes.v);
	return found;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* The distribution of a delay is not reported, and only a delay that varies has one. */
static bool varies(const struct qdisc *q)
{
	const struct rtattr *options =
		q->request ? attribute(q->request, TCA_OPTIONS, sizeof(struct tc_netem_qopt))
			   : NULL;
	struct tc_netem_qopt netem;

	if (!options || strcmp(q->kind, "netem") != 0)
		return false;
	memcpy(&netem, rtnl_value(options), sizeof(netem));
	return netem.jitter != 0;
}

static void tell_lost(int sock, const struct qdisc *q, const struct tc_listing *l)
{
	_cleanup_free_ char *what = xasprintf("the queueing discipline %s", q->kind);

	if (!q->request)
		l->lost(q->header.tcm_ifindex, what, l->userdata);
	else if (varies(q))
		l->lost(q->header.tcm_ifindex, "a delay that varies (netem), whose distribution",
			l->userdata);
	if (has_filters(sock, q))
		l->lost(q->header.tcm_ifindex, "filters of tc", l->userdata);
}

static int tell(int sock, const struct qdiscs *all, const struct tc_listing *l)
{
	int e = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct qdisc *q = &all->v[i];

		if (l->lost)
			tell_lost(sock, q, l);
		if (l->carried && q->request) {
			l->carried(q->request, l->userdata);
			e = e == 0 ? list_classes(sock, q, l) : e;
		}
	}
	if (all->too_many && l->lost)
		l->lost(all->v[all->n - 1].header.tcm_ifindex,
			"more queueing disciplines than can be carried", l->userdata);
	return e;
}

int tc_list(int sock, const struct tc_listing *l)
{
	const struct tcmsg any = {0};
	struct qdiscs all = {0};
	int e = rtnl_list(sock, RTM_GETQDISC, &any, sizeof(any), take_qdisc, &all);

	drop_orphans(&all);
	if (e == 0)
		e = tell(sock, &all, l);
	free_qdiscs(&all);
	/* the kernel has no traffic control */
	return e == -EOPNOTSUPP ? 0 : e;
}
