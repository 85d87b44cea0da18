/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_MACVLANS_H
#define LXCCKPT_RESTORER_MACVLANS_H

#include "util/error.h"

struct restore;

/* Before CRIU makes them: the links that they are on exist, and their MAC addresses are free. */
int macvlans_begin(const struct restore *r, struct error **reterr) _must_check_;

#endif
