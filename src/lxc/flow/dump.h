/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_DUMP_H
#define LXCCKPT_FLOW_DUMP_H

#include <lxc/lxccontainer.h>

#include "image/image_place.h"
#include "preflight/findings.h"
#include "util/error.h"

/*
 * CRIU would not save a deleted file of more than a megabyte that a process still
 * has open, which a log or a database's temporary file soon is. Room for it is
 * looked for before.
 */
#define GHOST_LIMIT ((uint64_t)1 << 40)

struct dump_options {
	const char *directory; /* NULL: the default */
	bool stop;
	bool replace;
	bool drop_outside;	/* /dev/null in the place of what has its other end outside */
	unsigned int verbosity; /* CRIU's; 0: CRIU_VERBOSITY */
	const char *action_script;
	unsigned int timeout; /* seconds for stopping the processes; 0: CRIU_TIMEOUT */
	bool no_skip_in_flight;
	uint64_t ghost_limit; /* bytes; 0: GHOST_LIMIT */
	void (*progress)(uint64_t bytes, void *userdata);
	bool (*cancelled)(void *userdata);
	void *userdata;
	/* what the checkpoint goes on with all the same; NULL: not told */
	void (*found)(const struct finding *f, void *userdata);
	void *found_userdata;
};

/*
 * The path of an action script as CRIU can use it: absolute, since CRIU works
 * elsewhere, and a program. NULL stays NULL. Caller frees *ret.
 */
int action_script_path(const char *script, char **ret, struct error **reterr) _must_check_;

/* Where its checkpoint goes: by default, with directory NULL, to LXCPATH/NAME/checkpoint. */
void checkpoint_place(struct lxc_container *c, const char *directory, struct image_place *ret);

/* Where a restore finds it. Caller frees. */
char *restore_directory(struct lxc_container *c, const char *directory);

/* Refuses a container that is not running, or is frozen. */
int dump_check_state(struct lxc_container *c, struct error **reterr) _must_check_;

/* The value of an option, as CRIU takes it. */
uint64_t ghost_limit(uint64_t asked);

int dump_container(struct lxc_container *c, const struct dump_options *o,
		   struct error **reterr) _must_check_;

#endif
