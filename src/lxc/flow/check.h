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
	bool stop;	       /* check a checkpoint that stops the container */
	bool replace;	       /* ... and that replaces an existing checkpoint */
	bool drop_outside;     /* ... and that has /dev/null in the place of what is outside */
	bool restore;	       /* check a restore from there, not a checkpoint to there */
	const char *force;     /* see findings_force() */
	/* called once before the checks, if a CRIU works here */
	void (*criu)(const struct criu_program *criu, void *userdata);
	void (*found)(const struct finding *f, void *userdata);
	void *userdata;
};

/*
 * Checks whether a checkpoint or restore would work. Takes no lock on which another would have to
 * wait, and changes nothing. Returns 0, or the refusal that the operation would return. Reports
 * each finding before that.
 */
int check_container(struct lxc_container *c, const struct check_options *o,
		    struct error **reterr) _must_check_;

/* The parts of a restore, as far as they exist. */
struct restore_parts {
	struct criu_program criu;
	struct image *image;
	struct manifest manifest;
	char *rootfs;
	struct settings settings;
	bool hooks; /* pre-start hooks run first: its files can only be checked afterwards */
};

/*
 * Checks everything that a restore from that directory needs. wait: wait for a container that is
 * just stopping.
 */
void check_restore(struct lxc_container *c, const char *directory, bool wait,
		   struct restore_parts *ret, struct findings *found);

void restore_parts_clear(struct restore_parts *p);
#define _cleanup_restore_parts_ __attribute__((cleanup(restore_parts_clear)))

#endif
