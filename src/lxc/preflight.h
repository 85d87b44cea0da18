/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_H
#define LXCCKPT_PREFLIGHT_H

/*
 * Will it work? Asked before anything is touched; changes nothing. Each check
 * of the tables in preflight.c either passes or refuses with the reason and
 * the remedy.
 */

#include "criu.h"
#include "facts.h"
#include "image/manifest.h"
#include "util/error.h"

/* Before anything else: root, the capabilities, CRIU. Fills *ret_criu. */
int preflight_host(struct criu_program *ret_criu, struct error **reterr);

/* Before a dump with that CRIU. */
int preflight_dump(const struct container_facts *facts, const struct criu_version *criu,
		   struct error **reterr);

/* Before a restore into the container of that name, of what is in the manifest against this host.
 */
int preflight_restore(const struct manifest *m, const char *name, struct error **reterr);

#endif
