/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_INSPECT_H
#define LXCCKPT_INSPECT_INSPECT_H

/*
 * Reads a running container: everything comes from /proc, netlink and liblxc's getters, and nothing
 * of the container is touched.
 */

#include <lxc/lxccontainer.h>

#include "facts/facts.h"
#include "inspect/settings.h"
#include "util/error.h"

/* settings: of the running container. */
int inspect_container(struct lxc_container *c, const struct settings *settings,
		      struct container_facts *ret, struct error **reterr) _must_check_;

/* Refuses one that is not defined. */
int inspect_defined(struct lxc_container *c, struct error **reterr) _must_check_;

/* The container's state as liblxc names it, "STOPPED"; refuses one that is not defined. */
int inspect_state(struct lxc_container *c, const char **ret, struct error **reterr) _must_check_;

/* The directory that lxc.rootfs.path names. *ret: without "dir:"; untouched if it is not set. */
enum rootfs_kind inspect_rootfs(const struct settings *settings, char **ret);

#endif
