/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_ASKING_H
#define LXCCKPT_INSPECT_ASKING_H

/*
 * Questions to a container's monitor. Any user can take the name of the command socket of a stopped
 * container, and answer anything, or nothing; liblxc believes such an answer, and waits without
 * end. These functions believe only root's monitor, or the caller's own, verify the process that it
 * names as the container's init, and do not wait long.
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
 * One exchange; each step may take patience_s seconds. -ECONNREFUSED: there is no monitor; -EPIPE:
 * it has exited; -EPERM: somebody else is in its place. Sets no error text.
 */
int ask_monitor(const char *lxcpath, const char *name, int cmd, const void *payload, size_t len,
		int patience_s, struct monitor_answer *ret);

/* "STOPPED" if there is no monitor. */
int asked_state(struct lxc_container *c, const char **ret, struct error **reterr) _must_check_;

/*
 * An item of its monitor's configuration; *ret is NULL if there is no such item, or no monitor.
 * Caller frees.
 */
int asked_config(struct lxc_container *c, const char *key, char **ret,
		 struct error **reterr) _must_check_;

/* The PID of the container's init on the host; 0: not running. */
int asked_init_pid(struct lxc_container *c, pid_t *ret, struct error **reterr) _must_check_;

#endif
