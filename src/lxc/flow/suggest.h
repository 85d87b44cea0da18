/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_SUGGEST_H
#define LXCCKPT_FLOW_SUGGEST_H

/* Commands that messages suggest: whole, so that they can be copied into a shell. */

#include <lxc/lxccontainer.h>
#include <stdbool.h>

/* What names c to an LXC tool: "-n web", "-P '/srv/my lxc' -n web". Caller frees. */
char *container_words(struct lxc_container *c);

/* What was just asked for; directory and force may be NULL. */
struct asked {
	bool restore, stop, replace;
	const char *directory, *force;
};

/* "lxc-checkpoint -r --check -n web -D /srv/web": the check of it. Caller frees. */
char *check_command(struct lxc_container *c, const struct asked *asked);

#endif
