/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Builds requests for rtnl.c. Pure, but for rtnl_send(), which acts in the caller's network
 * namespace and needs CAP_NET_ADMIN there for changes.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "util/fd.h"
#include "util/mem.h"

void rtnl_begin(struct rtnl_message *m, unsigned short type, const void *header, size_t len)
{
	*m = (struct rtnl_message){
		.h.nlmsg_len = (unsigned int)NLMSG_SPACE(len),
		.h.nlmsg_type = type,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	memcpy(m->body, header, len);
}

void rtnl_put(struct rtnl_message *m, unsigned short type, const void *value, size_t len)
{
	struct rtattr a = {.rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type};
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len) - sizeof(m->h);

	if (len > sizeof(m->body) || RTA_SPACE(len) > sizeof(m->body) - at) {
		m->too_long = true;
		return;
	}
	memcpy(m->body + at, &a, sizeof(a));
	if (len)
		memcpy(m->body + at + RTA_LENGTH(0), value, len);
	m->h.nlmsg_len = (unsigned int)(sizeof(m->h) + at + RTA_SPACE(len));
}

size_t rtnl_nest(struct rtnl_message *m, unsigned short type)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len) - sizeof(m->h);

	rtnl_put(m, (unsigned short)(type | NLA_F_NESTED), NULL, 0);
	return at;
}

void rtnl_close(struct rtnl_message *m, size_t nest)
{
	unsigned short len = (unsigned short)(m->h.nlmsg_len - sizeof(m->h) - nest);

	if (!m->too_long)
		memcpy(m->body + nest, &len, sizeof(len));
}

struct nlmsghdr *rtnl_request_from(const struct nlmsghdr *said, size_t header,
				   const unsigned short *types)
{
	/* each is put behind where it was, or before */
	struct nlmsghdr *m = xcalloc(1, NLMSG_ALIGN((size_t)said->nlmsg_len));
	size_t len = NLMSG_SPACE(header);

	memcpy(m, said, len);
	for (; *types; types++) {
		const struct rtattr *a = rtnl_attribute(said, header, *types, 0);

		if (!a)
			continue;
		memcpy((char *)m + len, a, a->rta_len);
		len += RTA_ALIGN(a->rta_len);
	}
	m->nlmsg_len = (unsigned int)len;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m->nlmsg_seq = 0;
	m->nlmsg_pid = 0;
	return m;
}

int rtnl_send(const struct rtnl_message *m)
{
	_cleanup_close_ int sock = m->too_long ? -EMSGSIZE : rtnl_open();

	return sock < 0 ? sock : rtnl_request(sock, m, m->h.nlmsg_len);
}
