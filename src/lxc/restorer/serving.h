/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_SERVING_H
#define LXCCKPT_RESTORER_SERVING_H

/* The command socket: LXC's tools are answered while the stages are worked on. */

#include "util/error.h"

struct restore;

int socket_begin(struct restore *r, struct error **reterr) _must_check_;
void socket_undo(struct restore *r);

int serving_begin(struct restore *r, struct error **reterr) _must_check_;

/* When stages have found out more of what is served. */
void serving_update(struct restore *r);

/* Until fd polls as readable; userdata is the restore. */
void serving_until(int fd, void *userdata);

/* -ECANCELED: somebody wants the container stopped, or the restore has been taken back. */
int serving_check(struct restore *r, struct error **reterr) _must_check_;

#endif
