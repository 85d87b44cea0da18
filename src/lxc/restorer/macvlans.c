/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks the host's links that the container's macvlans are on, and waits until their addresses are
 * free. Runs in the monitor, as root on the host; a child of it tries the addresses in a network
 * namespace of its own.
 */
#include "config.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "restorer/macvlans.h"
#include "restorer/restorer.h"
#include "sys/link.h"
#include "sys/process.h"
#include "sys/rtnl.h"
#include "util/fd.h"

#define ADDRESS_MS   5000
#define NO_IPV6	     "/proc/sys/net/ipv6/conf/default/disable_ipv6"
#define PROBE_PERIOD 20

static int check_parent(const struct nic *nic, struct error **reterr)
{
	if (!nic->parent || if_nametoindex(nic->parent) != 0)
		return 0;
	error_refuse(reterr, ENODEV,
		     "the interface %s, on which %s of the container was a macvlan, is missing",
		     nic->parent, nic->name);
	error_set_hint(reterr, "make that interface and restore again");
	return -ENODEV;
}

/* EINVAL: another macvlan has the whole link (passthru). */
static bool is_taken(int error)
{
	return error == -EADDRINUSE || error == -EINVAL;
}

/*
 * The kernel frees a stopped container's network namespace some time later, and its macvlans keep
 * their addresses until then. Only a macvlan that is up shows whether an address is free. The
 * child's namespace has no addresses, so nothing there sends or answers a packet.
 */
_Noreturn static void try_addresses(const struct container_facts *facts)
{
	int host = rtnl_open(), waited = 0;

	if (host < 0 || unshare(CLONE_NEWNET) < 0)
		_exit(EXIT_FAILURE);
	ignore_result(write_file_at(AT_FDCWD, NO_IPV6, "1"));
	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];

		while (nic->parent && nic->mac && waited < ADDRESS_MS &&
		       is_taken(link_try_macvlan(host, nic->parent, nic->mac))) {
			poll(NULL, 0, PROBE_PERIOD);
			waited += PROBE_PERIOD;
		}
	}
	_exit(EXIT_SUCCESS);
}

int macvlans_begin(const struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	bool needed = false;
	pid_t pid;

	for (size_t i = 0; i < facts->n_nics; i++) {
		int e = check_parent(&facts->nics[i], reterr);

		if (e < 0)
			return e;
		needed = needed || facts->nics[i].parent;
	}
	if (!needed)
		return 0;
	pid = fork();
	if (pid == 0)
		try_addresses(facts);
	/* if an address is still taken, CRIU says so */
	if (pid > 0)
		wait_status(pid);
	return 0;
}
