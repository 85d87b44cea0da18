/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_CHECK_H
#define LXCCKPT_FLOW_CHECK_H

#include <lxc/lxccontainer.h>

#include "criu.h"
#include "image/dir.h"
#include "inspect/settings.h"
#include "preflight/findings.h"

struct check_options {
	const char *directory; /* NULL: the default */
	bool stop;	       /* the checkpoint would stop the container */
	bool replace;	       /* ... and replace the checkpoint that is there */
	bool restore;	       /* of a restore from there, not of a checkpoint to there */
	const char *force;     /* see findings_force() */
	/* once, before the checks, where there is a CRIU that works here */
	void (*criu)(const struct criu_program *criu, void *userdata);
	void (*found)(const struct finding *f, void *userdata);
	void *userdata;
};

/*
 * Would a checkpoint or restore of it go through? Takes no lock that another would
 * have to wait for, and changes nothing. 0, or the refusal that it would
 * end with. Each finding is told before.
 */
int check_container(struct lxc_container *c, const struct check_options *o, struct error **reterr);

/* What a restore is made of, as far as it is there. */
struct restore_parts {
	struct criu_program criu;
	struct image *image;
	struct manifest manifest;
	char *rootfs;
	struct settings settings;
	bool hooks; /* pre-start hooks come first: its files can only be looked at then */
};

/*
 * Looks at all that a restore from that directory needs. wait: a container that is
 * just stopping is waited for.
 */
void check_restore(struct lxc_container *c, const char *directory, bool wait,
		   struct restore_parts *ret, struct findings *found);

void restore_parts_clear(struct restore_parts *p);
#define _cleanup_restore_parts_ __attribute__((cleanup(restore_parts_clear)))

#endif
