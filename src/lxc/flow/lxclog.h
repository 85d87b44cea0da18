/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FLOW_LXCLOG_H
#define LXCCKPT_FLOW_LXCLOG_H

/*
 * Writes the reason for callers of ->checkpoint and ->restore, which only return true or false: to
 * LXC's log, and to CRIU's, where tools for CRIU look for errors.
 */

#include <lxc/lxccontainer.h>

#include "preflight/findings.h"
#include "util/error.h"

/* To LXC's log, in LXC's format, one line for each line of the error. */
void lxclog_failure(struct lxc_container *c, const struct error *e);

/* The same for a warning. file: lxc.log.file; NULL: not set. */
void lxclog_finding(struct lxc_container *c, const char *file, const struct finding *f);

/* The same for a checkpoint that is tried again: what was in the way. */
void lxclog_again(struct lxc_container *c, const struct error *e);

/*
 * Appends "Error (lxc-checkpoint): REASON" to a log of CRIU's in the image directory. Makes the log
 * if CRIU did not.
 */
void criu_log_reason(int dirfd, const char *log_file, const struct error *e);

#endif
