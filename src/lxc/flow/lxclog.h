/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_LXCLOG_H
#define LXCCKPT_FLOW_LXCLOG_H

/*
 * The reason for those who only know ->checkpoint and ->restore, and get true or false: in LXC's
 * log, and in CRIU's, where tools for CRIU look for errors.
 */

#include <lxc/lxccontainer.h>

#include "preflight/findings.h"
#include "util/error.h"

/* In LXC's log, in LXC's form, a line for each line of the error. */
void lxclog_failure(struct lxc_container *c, const struct error *e);

/* The same for a warning. file: lxc.log.file; NULL where it is not set. */
void lxclog_finding(struct lxc_container *c, const char *file, const struct finding *f);

/*
 * "Error (lxc-checkpoint): REASON" at the end of a log of CRIU's in the image directory, which is
 * made where CRIU did not come to one.
 */
void criu_log_reason(int dirfd, const char *log_file, const struct error *e);

#endif
