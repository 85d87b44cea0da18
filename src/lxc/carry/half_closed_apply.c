/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * CRIU restores a connection that its peer has closed by sending it a FIN in the peer's name,
 * through the container's loopback interface, by a raw socket, while the network is locked.
 *
 * Of IPv6 the kernel makes a route of its own for such a packet, which the connection then keeps,
 * and by that route the interface with the address: as long as there is the connection the
 * interface cannot be removed. lxc-stop took minutes, and all other network namespaces of the host
 * that ended meanwhile waited with it. So while CRIU works, a program on the loopback interface
 * takes that route from the packet.
 *
 * The container also acknowledges that FIN, and asks for its peer's or router's link address, which
 * is lost. It would ask again after a second, and until then all that it sends there would wait.
 *
 * Runs in the monitor, as root on the host. It sees to the container's own network namespace, and
 * to none inside; and kernels before 6.6 have no such programs.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "criu/image_sockets.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/bpf.h"
#include "sys/neighbour.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define CRIU_MARK 0xc114 /* of all that CRIU sends while it has the network locked */

static int load_program(void *userdata)
{
	(void)userdata;
	return bpf_forget_loopback_routes(CRIU_MARK);
}

static void guard_routes(struct restore *r)
{
	int program = netns_call(r->carried.half_closed.netns, load_program, NULL);

	r->carried.half_closed.loopback_program = program;
	if (program < 0)
		log_at(LOG_LEVEL_INFO,
		       "The end of this container may take minutes: it has IPv6 connections that "
		       "their peers have closed: %s",
		       strerror(-program));
}

/* Logs a failure, and goes on. */
int half_closed_prepare(struct restore *r, pid_t init, struct error **reterr)
{
	bool ipv6;

	(void)reterr;
	if (r->manifest->facts.host_network || !criu_sockets_closed_by_peer(r->image->dirfd, &ipv6))
		return 0;
	r->carried.half_closed.netns = netns_open(init);
	if (r->carried.half_closed.netns >= 0 && ipv6)
		guard_routes(r);
	return 0;
}

int half_closed_complete(struct restore *r, pid_t init, struct error **reterr)
{
	pid_t pid = r->carried.half_closed.netns < 0 ? -1 : fork_quietly();

	if (pid == 0)
		_exit(setns(r->carried.half_closed.netns, CLONE_NEWNET) == 0 &&
				      neighbours_forget_unanswered() == 0
			      ? EXIT_SUCCESS
			      : EXIT_FAILURE);
	if (pid > 0)
		wait_status(pid);
	return half_closed_release(r, init, reterr);
}

int half_closed_release(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	fd_close(&r->carried.half_closed.netns);
	fd_close(&r->carried.half_closed.loopback_program);
	return 0;
}
