/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_FEATURES_H
#define LXCCKPT_CRIU_FEATURES_H

/* Versions of CRIU, and what each that matters here can do. Pure. */

#include <stdbool.h>

struct criu_version {
	unsigned int major, minor, patch;
};

/* Reads "Version: 4.2.1" (and what may stand around it) as numbers. 0 or -EINVAL. */
int criu_version_parse(const char *text, struct criu_version *ret);

/* < 0, 0, > 0 as strcmp; 3.9 is older than 3.17 */
int criu_version_cmp(const struct criu_version *a, const struct criu_version *b);

/* "4.2.1". Caller frees. */
char *criu_version_text(const struct criu_version *v);

/* features.c has the version and the meaning of each. */
enum criu_feature {
	CRIU_NEVER, /* no version has it */
	CRIU_WORKS,
	CRIU_LOCK_BY_NFTABLES,
	CRIU_SKIP_RWX_CHECK,
	CRIU_LOCK_NOTHING,
	CRIU_NO_NEW_PRIVS,
	CRIU_AMBIENT_CAPS,
	CRIU_PIDFDS,
	CRIU_CHANGED_MOUNTS,
	CRIU_NO_PASSCRED,
	CRIU_UNMAPPED_NOBODY,
	CRIU_N_FEATURES,
};

/* Whether a CRIU of that version has it. */
bool criu_has(const struct criu_version *v, enum criu_feature feature);

/* The first version that has it, "4.1"; NULL: none has. Caller frees. */
char *criu_feature_since(enum criu_feature feature);

/* "install CRIU 4.1 or later"; NULL: no version helps. Caller frees. */
char *criu_feature_remedy(enum criu_feature feature);

#endif
