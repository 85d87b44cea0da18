/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_SUGGEST_H
#define LXCCKPT_FLOW_SUGGEST_H

/* Commands for messages, complete, so that users can copy them into a shell. */

#include <lxc/lxccontainer.h>
#include <stdbool.h>

/* The options that name c to an LXC tool: "-n web", "-P '/srv/my lxc' -n web". Caller frees. */
char *container_words(struct lxc_container *c);

/* The current request; directory and force may be NULL. */
struct asked {
	bool restore, stop, replace, drop_outside;
	const char *directory, *force;
};

/* The command that checks it: "lxc-checkpoint -r --check -n web -D /srv/web". Caller frees. */
char *check_command(struct lxc_container *c, const struct asked *asked);

#endif
