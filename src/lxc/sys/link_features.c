/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and sets a link's offloads and number of queues. Runs in lxc-checkpoint-ip, in the network
 * namespace of the link, with CRIU's privileges there; for the host's end of a veth in the command
 * and in lxc-checkpoint-link, in the host's.
 */
#include "config.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys/link_features.h"
#include "util/fd.h"
#include "util/mem.h"

#define FEATURES_MAX 512 /* Linux has about 60 */
#define IN_BLOCK     32

/* What the kernel tells of one link. */
struct table {
	int sock;
	struct ifreq request;
	uint32_t n;
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *state;
};

static void table_clear(struct table *t)
{
	fd_close(&t->sock);
	free(t->names);
	free(t->state);
}

static int ask(struct table *t, void *command)
{
	t->request.ifr_data = command;
	return ioctl(t->sock, SIOCETHTOOL, &t->request) < 0 ? -errno : 0;
}

static int count(struct table *t)
{
	_cleanup_free_ struct ethtool_sset_info *sets =
		xcalloc(1, sizeof(*sets) + sizeof(sets->data[0]));
	int e;

	sets->cmd = ETHTOOL_GSSET_INFO;
	sets->sset_mask = 1ULL << ETH_SS_FEATURES;
	e = ask(t, sets);
	t->n = sets->data[0];
	if (e == 0 && (sets->sset_mask == 0 || t->n == 0 || t->n > FEATURES_MAX))
		e = -EOPNOTSUPP;
	return e;
}

static size_t blocks(const struct table *t)
{
	return (t->n + IN_BLOCK - 1) / IN_BLOCK;
}

static int begin(const char *link, struct table *t)
{
	size_t len = strlen(link);

	*t = (struct table){.sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	if (t->sock < 0)
		return -errno;
	if (len >= sizeof(t->request.ifr_name))
		return -ENODEV;
	memcpy(t->request.ifr_name, link, len + 1);
	return 0;
}

static int table_read(const char *link, struct table *t)
{
	int e = begin(link, t);

	if (e == 0)
		e = count(t);
	if (e < 0)
		return e;
	t->names = xcalloc(1, sizeof(*t->names) + (size_t)t->n * ETH_GSTRING_LEN);
	t->names->cmd = ETHTOOL_GSTRINGS;
	t->names->string_set = ETH_SS_FEATURES;
	t->names->len = t->n;
	t->state = xcalloc(1, sizeof(*t->state) + blocks(t) * sizeof(t->state->features[0]));
	t->state->cmd = ETHTOOL_GFEATURES;
	t->state->size = (uint32_t)blocks(t);
	e = ask(t, t->names);
	return e == 0 ? ask(t, t->state) : e;
}

static bool can_be_switched(const struct table *t, size_t i)
{
	const struct ethtool_get_features_block *b = &t->state->features[i / IN_BLOCK];

	return (b->available & ~b->never_changed) >> i % IN_BLOCK & 1;
}

static bool is_wanted(const struct table *t, size_t i)
{
	return t->state->features[i / IN_BLOCK].requested >> i % IN_BLOCK & 1;
}

static const char *name_of(const struct table *t, size_t i)
{
	char *name = (char *)t->names->data + i * ETH_GSTRING_LEN;

	name[ETH_GSTRING_LEN - 1] = '\0';
	return name;
}

static void add_name(const char *name, char **list, size_t *len)
{
	size_t n = strlen(name) + 1;

	*list = xreallocarray(*list, *len + n, 1);
	memcpy(*list + *len, name, n);
	*len += n;
}

int link_features_read(const char *link, struct link_features *ret)
{
	struct table t;
	int e = table_read(link, &t);

	*ret = (struct link_features){0};
	for (size_t i = 0; e == 0 && i < t.n; i++) {
		if (!can_be_switched(&t, i))
			continue;
		if (is_wanted(&t, i))
			add_name(name_of(&t, i), &ret->on, &ret->on_len);
		else
			add_name(name_of(&t, i), &ret->off, &ret->off_len);
	}
	table_clear(&t);
	return e;
}

static bool is_among(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name) + 1;

	while (len > 0) {
		size_t here = strnlen(list, len) + 1;

		if (here > len)
			return false;
		if (here == n && memcmp(list, name, n) == 0)
			return true;
		list += here;
		len -= here;
	}
	return false;
}

static int switch_all(struct table *t, const struct link_features *wanted)
{
	_cleanup_free_ struct ethtool_sfeatures *set =
		xcalloc(1, sizeof(*set) + blocks(t) * sizeof(set->features[0]));
	bool differs = false;
	int e;

	set->cmd = ETHTOOL_SFEATURES;
	set->size = (uint32_t)blocks(t);
	for (size_t i = 0; i < t->n; i++) {
		struct ethtool_set_features_block *b = &set->features[i / IN_BLOCK];
		bool on = is_among(wanted->on, wanted->on_len, name_of(t, i));

		if (!can_be_switched(t, i) || on == is_wanted(t, i) ||
		    (!on && !is_among(wanted->off, wanted->off_len, name_of(t, i))))
			continue;
		differs = true;
		b->valid |= 1U << i % IN_BLOCK;
		b->requested |= (uint32_t)on << i % IN_BLOCK;
	}
	if (!differs)
		return 0;
	/* a result above 0 says that some depend on others, which is no failure */
	e = ask(t, set);
	return e < 0 ? e : 0;
}

int link_features_apply(const char *link, const struct link_features *wanted)
{
	struct table t;
	int e = table_read(link, &t);

	if (e == 0)
		e = switch_all(&t, wanted);
	table_clear(&t);
	return e;
}

int link_queues_read(const char *link, struct link_queues *ret)
{
	struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};
	struct table t;
	int e = begin(link, &t);

	if (e == 0)
		e = ask(&t, &c);
	table_clear(&t);
	if (e == 0)
		*ret = (struct link_queues){c.rx_count + c.combined_count,
					    c.tx_count + c.combined_count};
	return e;
}

static uint32_t as_many(uint32_t wanted, uint32_t max)
{
	return wanted < max ? wanted : max;
}

int link_queues_apply(const char *link, const struct link_queues *wanted)
{
	struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS}, old;
	struct table t;
	int e = begin(link, &t);

	if (e == 0)
		e = ask(&t, &c);
	old = c;
	c.cmd = ETHTOOL_SCHANNELS;
	c.rx_count = as_many(wanted->rx, c.max_rx);
	c.tx_count = as_many(wanted->tx, c.max_tx);
	/* a link whose queues are both at once is none that CRIU makes */
	if (e == 0 && c.max_combined == 0 &&
	    (c.rx_count != old.rx_count || c.tx_count != old.tx_count))
		e = ask(&t, &c);
	table_clear(&t);
	return e;
}

void link_features_clear(struct link_features *f)
{
	free(TAKE_PTR(f->on));
	free(TAKE_PTR(f->off));
}
