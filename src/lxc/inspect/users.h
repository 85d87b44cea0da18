/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_USERS_H
#define LXCCKPT_INSPECT_USERS_H

#include "facts/facts.h"
#include "inspect/settings.h"
#include "util/error.h"

/*
 * Pure. Adds the ranges in text to facts and keeps them sorted. Lines are those of
 * /proc/PID/uid_map ("0 100000 65536") with kind "u" or "g", or, with NULL, those
 * of lxc.idmap ("u 0 100000 65536").
 */
int idmap_parse(const char *text, const char *kind, struct container_facts *facts,
		struct error **reterr);

/*
 * Fills idmaps of facts from the user namespace that the container's init is in.
 * Refuses a container that was started by another user than root: what holds it
 * (cgroups, network, monitor) is that user's, and could not be made again.
 */
int inspect_users(struct container_facts *facts, struct error **reterr);

/* Before a restore: whether the container's config has the map that is in facts. */
int inspect_config_idmap(const struct settings *settings, const struct container_facts *facts,
			 struct error **reterr);

#endif
