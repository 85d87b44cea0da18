/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who made the container's Unix sockets listen. Runs in the command, as root on the host: a thread
 * reads the sockets while CRIU dumps (socket_states_save.c), on copies of the descriptors.
 */
#include "config.h"

#include <sys/socket.h>

#include "carry/unix_listeners_save.h"
#include "sys/process.h"
#include "util/mem.h"

bool listener_read(int fd, struct listener *ret)
{
	int listens = 0;
	socklen_t len = sizeof(listens), cred_len = sizeof(struct ucred);
	struct ucred cred;

	/* a listening socket tells of itself */
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) < 0 ||
	    cred_len != sizeof(cred))
		return false;
	ret->uid = cred.uid;
	ret->gid = cred.gid;
	ret->by = cred.pid;
	return true;
}

int listeners_write(struct saving *s, const struct listeners *found, struct error **reterr)
{
	_cleanup_listeners_ struct listeners differ = {0};
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < found->n; i++) {
		struct listener l = found->v[i];

		l.uid = id_inside(s->facts, 'u', l.uid);
		l.gid = id_inside(s->facts, 'g', l.gid);
		l.by = l.by > 0 ? process_inner_id(l.by) : 0;
		if (l.uid == (uid_t)-1 || l.gid == (gid_t)-1)
			continue;
		if (l.uid != 0 || l.gid != 0 || (l.by != 0 && l.by != l.pid))
			*ARRAY_ADD(differ.v, differ.n) = l;
	}
	if (differ.n == 0)
		return 0;
	text = listeners_format(&differ);
	return image_write(s->image, LISTENERS_NAME, text, reterr);
}
