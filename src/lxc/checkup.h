/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CHECKUP_H
#define LXCCKPT_CHECKUP_H

#include <lxc/lxccontainer.h>

#include "criu.h"
#include "preflight/findings.h"

struct check_options {
	const char *directory; /* NULL: the default */
	/* once, before the checks, where there is a CRIU that works here */
	void (*criu)(const struct criu_program *criu, void *userdata);
	void (*found)(const struct finding *f, void *userdata);
	void *userdata;
};

/*
 * Would a checkpoint of it go through? Takes no lock and changes nothing. 0, or
 * the refusal that the checkpoint would end with. Each finding is told before.
 */
int check_container(struct lxc_container *c, const struct check_options *o, struct error **reterr);

#endif
