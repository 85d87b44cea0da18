/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_H
#define LXCCKPT_PREFLIGHT_H

/*
 * Will it work? Asked before anything is touched; changes nothing. A check of a
 * dump adds what stands in the way to a list; one of a restore refuses.
 */

#include <stdint.h>

#include "criu.h"
#include "facts.h"
#include "image/manifest.h"
#include "preflight/findings.h"
#include "util/error.h"

/* Before anything else: root, the capabilities, CRIU. Fills *ret_criu. */
int preflight_host(struct criu_program *ret_criu, struct error **reterr);

/* The first half of that. */
int preflight_privileges(struct error **reterr);

/* A dump that is about to be made. */
struct preflight {
	const struct container_facts *facts;
	const struct criu_program *criu;
	const char *directory; /* of the image; need not be there */
	uint64_t ghost_limit;  /* bytes, as CRIU will be told */
};

/* All that can be seen from here to stand in the way of the dump, or is worth a warning. */
void preflight_find(const struct preflight *p, struct findings *found);

/* The same, as a refusal if anything blocks. */
int preflight_dump(const struct preflight *p, struct error **reterr);

/* Before a restore into the container of that name, of what is in the manifest against this host.
 */
int preflight_restore(const struct manifest *m, const char *name, struct error **reterr);

#endif
