/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_ASKING_H
#define LXCCKPT_INSPECT_ASKING_H

/*
 * Questions to a container's monitor. Anybody on the host can take the name of the command
 * socket of a container that does not run, and answer what they like, or nothing: liblxc
 * believes it, and waits for ever. Here only root's monitor, or the caller's own, is believed,
 * and what it names as the container's init has to be that; and no answer is waited for long.
 */

#include <lxc/lxccontainer.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

struct monitor_answer {
	int ret;
	int64_t data;
	char *body; /* a heap string; NULL: none */
	size_t body_len;
};

static inline void monitor_answer_clear(struct monitor_answer *a)
{
	free(a->body);
	a->body = NULL;
}
#define _cleanup_answer_ __attribute__((cleanup(monitor_answer_clear)))

/*
 * One exchange, of which each step may take patience_s seconds. -ECONNREFUSED: there is no
 * monitor; -EPIPE: it has ended; -EPERM: somebody else is in its place. No text is made.
 */
int ask_monitor(const char *lxcpath, const char *name, int cmd, const void *payload, size_t len,
		int patience_s, struct monitor_answer *ret);

/* "STOPPED" where there is no monitor. */
int asked_state(struct lxc_container *c, const char **ret, struct error **reterr);

/* As its monitor has it; *ret is NULL where there is no such item, or no monitor. Caller frees. */
int asked_config(struct lxc_container *c, const char *key, char **ret, struct error **reterr);

/* The container's init, on the host; 0 where it does not run. */
int asked_init_pid(struct lxc_container *c, pid_t *ret, struct error **reterr);

#endif
