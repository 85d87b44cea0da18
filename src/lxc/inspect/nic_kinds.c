/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which kinds of links CRIU makes again by itself, in any network namespace of a container. Runs in
 * the caller's process.
 */
#include "config.h"

#include <net/if_arp.h>
#include <string.h>

#include "inspect/nic_kinds.h"
#include "util/mem.h"

static const struct {
	const char *type, *name;
	bool left_out; /* CRIU leaves it to the kernel, with all that was set there */
} fallbacks[] = {
	{"sit", "sit0", true},	      {"gre", "gre0", true},	    {"gretap", "gretap0", true},
	{"erspan", "erspan0", false}, {"ipip", "tunl0", false},	    {"vti", "ip_vti0", false},
	{"vti6", "ip6_vti0", false},  {"ip6tnl", "ip6tnl0", false}, {"ip6gre", "ip6gre0", false},
};

static int find_fallback(const struct nic_kind *k)
{
	for (int i = 0; i < (int)(sizeof(fallbacks) / sizeof(fallbacks[0])); i++)
		if (strcmp(k->type, fallbacks[i].type) == 0 &&
		    strcmp(k->name, fallbacks[i].name) == 0)
			return i;
	return -1;
}

bool nic_is_fallback(const struct nic_kind *k)
{
	return find_fallback(k) >= 0;
}

bool nic_is_made(const struct nic_kind *k)
{
	int fallback = find_fallback(k);

	if (fallback >= 0)
		return fallbacks[fallback].left_out && !k->is_up;
	if (strcmp(k->type, "sit") == 0)
		return k->hardware == ARPHRD_SIT;
	/* a program can give a tap any hardware type */
	if (strcmp(k->type, "tun") == 0)
		return k->hardware == ARPHRD_ETHER || k->hardware == ARPHRD_NONE;
	return strcmp(k->type, "bridge") == 0;
}

void nic_add_obstacle(struct container_facts *facts, const struct nic_kind *k,
		      enum inner_nic_fault fault, pid_t pid)
{
	struct obstacles *o = &facts->obstacles;
	struct inner_nic *nic;

	if (o->n_nics == INNER_NICS_MAX)
		return;
	nic = ARRAY_ADD(o->nics, o->n_nics);
	nic->fault = fault;
	nic->pid = pid;
	nic->name = xstrdup(k->name);
	nic->type = xstrdup(k->type);
}
