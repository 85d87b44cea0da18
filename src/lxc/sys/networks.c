/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the network namespaces of a container's processes, and what IDs they have for one another.
 * Runs in the command, as root of the host, and only reads. The container chooses how many there
 * are.
 */
#include "config.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sys/networks.h"
#include "sys/process.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "util/map.h"
#include "util/mem.h"

struct walk {
	pid_t *found;
	size_t n;
	bool more;
	struct map known; /* inodes */
};

static int add_network(pid_t pid, void *userdata)
{
	struct walk *w = userdata;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (stat(path, &st) < 0 || map_get(&w->known, st.st_ino, NULL))
		return 0;
	w->more = w->n == NETWORKS_MAX;
	if (w->more)
		return 1;
	map_add(&w->known, st.st_ino, 0);
	*ARRAY_ADD(w->found, w->n) = pid;
	return 0;
}

size_t networks_find(pid_t init, pid_t **ret, bool *ret_more)
{
	struct walk w = {0};

	for_each_process(init, add_network, &w);
	map_clear(&w.known);
	*ret = w.found;
	*ret_more = w.more;
	return w.n;
}

static void take_id(const struct nlmsghdr *m, void *userdata)
{
	const struct rtattr *a =
		rtnl_attribute(m, sizeof(struct rtgenmsg), NETNSA_NSID, sizeof(int32_t));

	if (a)
		memcpy(userdata, rtnl_value(a), sizeof(int32_t));
}

/* -1: it has none. */
static int32_t id_of(int sock, pid_t pid)
{
	const struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
	const uint32_t number = (uint32_t)pid;
	struct rtnl_message m;
	int32_t id = -1;

	rtnl_begin(&m, RTM_GETNSID, &header, sizeof(header));
	rtnl_put(&m, NETNSA_PID, &number, sizeof(number));
	return rtnl_ask(sock, &m, m.h.nlmsg_len, take_id, &id) < 0 ? -1 : id;
}

bool network_ids_have(struct network_ids *ids, int32_t id, size_t *budget)
{
	if (id < 0)
		return false;
	for (size_t i = 0; i < ids->n; i++) {
		if (i == ids->asked) {
			if (*budget == 0)
				return false;
			(*budget)--;
			ids->ids[ids->asked++] = id_of(ids->sock, ids->all[i]);
		}
		if (ids->ids[i] == id)
			return true;
	}
	return false;
}
