/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_DUMP_H
#define LXCCKPT_DUMP_H

#include <lxc/lxccontainer.h>

#include "util/error.h"

struct dump_options {
	const char *directory; /* NULL: the default */
	bool stop;
	bool replace;
	unsigned int verbosity; /* CRIU's; 0: CRIU_VERBOSITY */
	const char *action_script;
	bool no_skip_in_flight;
	uint64_t ghost_limit;
	void (*progress)(uint64_t bytes, void *userdata);
	bool (*cancelled)(void *userdata);
	void *userdata;
};

/*
 * The path of an action script as CRIU can use it: absolute, since CRIU works
 * elsewhere, and a program. NULL stays NULL. Caller frees *ret.
 */
int action_script_path(const char *script, char **ret, struct error **reterr);

/* LXCPATH/NAME/checkpoint where directory is NULL. Caller frees. */
char *checkpoint_directory(struct lxc_container *c, const char *directory);

int dump_container(struct lxc_container *c, const struct dump_options *o, struct error **reterr);

#endif
