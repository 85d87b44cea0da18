/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_IP_LINKS_H
#define LXCCKPT_TOOLS_IP_LINKS_H

/* What CRIU does not carry of a link, as the requests that set it, and offloads beside them. */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "tools/ip_state.h"

#define IP_NEW_LINKPROP 108 /* RTM_NEWLINKPROP */
/* No request: the message has the names of a link's offloads, see link_features.h. */
#define IP_FEATURES RTM_GETLINK

/* m: a link, as the kernel lists it. userdata: a struct ip_out. */
void ip_link_tell(const struct nlmsghdr *m, void *userdata);

/* Sets what a message tells. Returns 0 or -errno, and in *ret_what what it is, for an error. */
int ip_link_make(int sock, const struct nlmsghdr *m, const char **ret_what);
int ip_link_switch(const struct nlmsghdr *m);

#endif
