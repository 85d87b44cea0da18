/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds connections that a container has with itself. Runs in the command, as root of the host; a
 * part of it while CRIU has frozen the container.
 */
#include "config.h"

#include <stdlib.h>
#include <xxhash.h>

#include "inspect/loopback.h"
#include "util/map.h"
#include "util/mem.h"

struct way {
	struct in6_addr from, to;
	uint16_t from_port, to_port;
};

/* Two that hash to the same value count as both ends: that costs an unneeded lock. */
static uint64_t way_there(const struct tcp_socket *s)
{
	const struct way w = {s->local, s->remote, s->local_port, s->remote_port};

	return XXH3_64bits(&w, sizeof(w));
}

static uint64_t way_back(const struct tcp_socket *s)
{
	const struct way w = {s->remote, s->local, s->remote_port, s->local_port};

	return XXH3_64bits(&w, sizeof(w));
}

bool loopback_in(const struct tcp_socket *v, size_t n)
{
	_cleanup_map_ struct map ways = {0};
	bool both = false;

	for (size_t i = 0; i < n && !both; i++) {
		map_add(&ways, way_there(&v[i]), 0);
		/* also for a socket that is connected to itself */
		both = map_get(&ways, way_back(&v[i]), NULL);
	}
	return both;
}

bool inspect_connected(pid_t init_pid)
{
	_cleanup_free_ struct tcp_socket *v = NULL;
	size_t n = 0;

	return tcp_sockets_list(init_pid, &v, &n) < 0 || n > 0;
}

bool inspect_loopback(pid_t init_pid)
{
	_cleanup_free_ struct tcp_socket *v = NULL;
	size_t n = 0;

	return tcp_sockets_list(init_pid, &v, &n) < 0 || loopback_in(v, n);
}
