/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_RTNL_MESSAGE_H
#define LXCCKPT_SYS_RTNL_MESSAGE_H

/* Builds one request for rtnl_request() or rtnl_ask(). */

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>

#define RTNL_MESSAGE_MAX 1024

struct rtnl_message {
	struct nlmsghdr h;
	char body[RTNL_MESSAGE_MAX];
	bool too_long; /* an attribute did not fit */
};

/* Begins a request of that type with the header that follows the message's own. */
void rtnl_begin(struct rtnl_message *m, unsigned short type, const void *header, size_t len);

void rtnl_put(struct rtnl_message *m, unsigned short type, const void *value, size_t len);

/* Begins an attribute that contains the following ones; returns what rtnl_close() ends. */
size_t rtnl_nest(struct rtnl_message *m, unsigned short type);
void rtnl_close(struct rtnl_message *m, size_t nest);

/*
 * A request of the same type as a message of the kernel, with its header and, of its attributes,
 * only those of these types; 0 ends them. Caller frees.
 */
struct nlmsghdr *rtnl_request_from(const struct nlmsghdr *said, size_t header,
				   const unsigned short *types);

/*
 * Opens a socket, sends the request and waits for the answer. Returns 0 or -errno; -EMSGSIZE: an
 * attribute did not fit.
 */
int rtnl_send(const struct rtnl_message *m);

#endif
