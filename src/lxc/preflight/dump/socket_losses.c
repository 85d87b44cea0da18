/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Warns of what CRIU restores a socket without: the user who made its other end, and data and
 * connections that wait in the kernel. Runs before a dump, in the caller's process, as root, in the
 * host's namespaces. It asks copies of the container's sockets, which changes nothing and does not
 * wait.
 */
#include "config.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "preflight/survey.h"

/* The host's id of the container's root, who makes all sockets at a restore. */
static uid_t container_root(const struct survey *s)
{
	const struct container_facts *facts = s->p->facts;

	for (size_t i = 0; i < facts->n_idmaps; i++)
		if (*facts->idmaps[i].kind == 'u' && facts->idmaps[i].inside == 0)
			return facts->idmaps[i].outside;
	return 0;
}

bool gains_rights(uid_t peer, uid_t holder, uid_t root)
{
	return peer != (uid_t)-1 && peer != root && peer != holder;
}

void check_peer_user(struct survey *s, const struct process *p, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);
	pid_t holder = field_nth(p->status, "Uid", 1);

	/* a listening socket tells of itself */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer) ||
	    socket_number(fd, SO_ACCEPTCONN) == 1 ||
	    !gains_rights(peer.uid, (uid_t)holder, container_root(s)))
		return;
	findings_add(s->found,
		     FINDING("peer-user", FINDING_WARNING,
			     "if that program asks for the user again (SO_PEERCRED) after it has "
			     "accepted a connection, restart it after a restore",
			     OF_PROCESS(s, p)),
		     "has a Unix socket whose other end another user made: after a restore the "
		     "kernel names root");
}

static unsigned int port_of(const struct socket_answers *a)
{
	/* the same place in both families */
	return ntohs(((const struct sockaddr_in *)&a->local)->sin_port);
}

static void found_loss(struct survey *s, const struct process *p, ino_t inode, const char *remedy,
		       const char *what, const struct socket_answers *answers)
{
	/* processes that share the socket lose it together */
	if (map_add(&s->lossy_sockets, inode, 0))
		findings_add(
			s->found, FINDING("lost-data", FINDING_WARNING, remedy, OF_PROCESS(s, p)),
			"%s on port %u, which a restored process loses", what, port_of(answers));
}

void check_waiting_data(struct survey *s, const struct process *p, ino_t inode,
			const struct socket_answers *answers)
{
	static const char wait[] = "wait until that program has gone on, if the data matter";

	if (answers->waiting > 0)
		found_loss(s, p, inode,
			   "wait until that program has accepted them, or restart it if it hangs",
			   "has TCP connections that it has not accepted", answers);
	if (answers->unread > 0)
		found_loss(s, p, inode, wait, "has datagrams that it has not read", answers);
	else if (answers->unsent > 0)
		found_loss(s, p, inode, wait, "has a datagram that is not sent yet (MSG_MORE)",
			   answers);
}
