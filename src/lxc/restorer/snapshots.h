/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_SNAPSHOTS_H
#define LXCCKPT_RESTORER_SNAPSHOTS_H

/* The containers that a container was made of count it no more: it is about to be destroyed. */
void snapshots_forget(const char *lxcpath, const char *name);

/* Pure. The text of an lxc_snapshots without one of them; "" if none is left. Caller frees. */
char *snapshots_without(const char *text, const char *lxcpath, const char *name);

#endif
