/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_FEATURES_H
#define LXCCKPT_SYS_LINK_FEATURES_H

/*
 * What ethtool sets of a link: offloads and queues. The offloads of a link of this network
 * namespace, which `ethtool -K` switches. The kernel numbers them anew in each version, so they are
 * told by name: each ends with a null byte.
 */

#include <stddef.h>
#include <stdint.h>

struct link_features {
	char *on, *off; /* what is wanted of those that can be switched */
	size_t on_len, off_len;
};

/* Returns 0 or -errno; -EOPNOTSUPP: it has none. */
int link_features_read(const char *link, struct link_features *ret);

/*
 * Switches those that differ, and leaves alone what this kernel does not have or does not let
 * anybody switch. Returns 0 or -errno.
 */
int link_features_apply(const char *link, const struct link_features *wanted);

/*
 * How many queues are in use, of those that the link was made with (`ethtool -L`). Returns 0 or
 * -errno; -EOPNOTSUPP: it tells of none.
 */
struct link_queues {
	uint32_t rx, tx;
};
int link_queues_read(const char *link, struct link_queues *ret);

/* As many as wanted, or as the link has now. Returns 0 or -errno. */
int link_queues_apply(const char *link, const struct link_queues *wanted);

void link_features_clear(struct link_features *f);
#define _cleanup_link_features_ __attribute__((cleanup(link_features_clear)))

#endif
