/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FACTS_IDMAP_H
#define LXCCKPT_FACTS_IDMAP_H

#include "facts/facts.h"
#include "util/error.h"

/*
 * Pure. Adds the ranges in text to facts and keeps them sorted. Lines are those of
 * /proc/PID/uid_map ("0 100000 65536") with kind "u" or "g", or, with NULL, those
 * of lxc.idmap ("u 0 100000 65536").
 */
int idmap_parse(const char *text, const char *kind, struct container_facts *facts,
		struct error **reterr) _must_check_;

/* Pure. "u 0 100000 65536, g 0 100000 65536"; "none". Caller frees. */
char *idmap_text(const struct container_facts *facts);

#endif
