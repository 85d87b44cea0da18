/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_MONITOR_H
#define LXCCKPT_MONITOR_MONITOR_H

/*
 * What a restored container's monitor serves while the container lives: LXC's
 * command socket, the console and ttys, state clients, signals. One thread,
 * one event loop. Who made the container (restorer/) fills a monitor_setup;
 * who takes it down again calls the functions below in LXC's order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "facts/config_item.h"
#include "util/error.h"

enum container_state {
	STATE_STOPPED,
	STATE_STARTING,
	STATE_RUNNING,
	STATE_STOPPING,
	STATE_ABORTING,
	STATE_FREEZING,
	STATE_FROZEN,
	STATE_THAWED,
	N_STATES,
};

/* A pty the monitor holds both ends of: no getty ever sees a hang-up. */
struct terminal {
	int master; /* -1: none */
	int slave;
	char *path; /* "/dev/pts/7" */
};

struct monitor_setup {
	const char *name;
	const char *lxcpath;
	const struct config_item *config; /* answers GET_CONFIG_ITEM */
	size_t n_config;

	int listen_fd;		  /* command_socket_bind(); the monitor does not close it */
	pid_t init_pid;		  /* 0 while there is none */
	int init_pidfd;		  /* -1 then */
	unsigned int clone_flags; /* CLONE_NEW* that the container has */

	const char *payload_cgroup; /* in cgroup2, without leading slash: "lxc.payload.c1" */
	int payload_cgroup_fd;	    /* O_PATH directory; -1: none */
	const char *controllers;    /* as in cgroup.controllers, of the cgroup it was named from */
	const char *limit_cgroup;   /* the one above it that has the limits; NULL: the same one */
	int limit_cgroup_fd;	    /* of no meaning then */
	int devpts_fd;		    /* root of the container's devpts; -1: none */

	struct terminal console;     /* tty 0 */
	const struct terminal *ttys; /* tty 1 ... n_ttys */
	size_t n_ttys;

	/* what the console's buffer holds at the beginning; not needed after monitor_new() */
	const char *scrollback;
	size_t scrollback_len;

	/* -F: the terminal (or pipe) the console is shown on; -1 detached */
	int foreground_in, foreground_out;
};

struct monitor;

/*
 * Binds and listens on @<lxcpath>/<name>/command (or its hashed form). This is
 * LXC's running-lock. Returns the descriptor, -EADDRINUSE when one is there.
 */
int command_socket_bind(const char *lxcpath, const char *name);

/*
 * The monitor begins in STATE_STARTING, and without an init. Until monitor_run() it serves
 * whenever monitor_turn() is called: what can be said of a container that is not there
 * yet is said at once, for the rest clients wait until it is.
 */
int monitor_new(const struct monitor_setup *setup, struct monitor **ret, struct error **reterr);

/* Polls as readable when there is something for monitor_turn() to do, which waits for nothing. */
int monitor_fd(const struct monitor *m);
void monitor_turn(struct monitor *m);

/*
 * monitor_fd() polls as readable for this descriptor of the caller's as well, once each time
 * that something comes; the caller reads it. -1: no more.
 */
int monitor_watch(struct monitor *m, int fd);

/* Somebody (lxc-stop -k) wants a container ended that has no init yet. */
bool monitor_stop_wanted(const struct monitor *m);

/* What there is by now. Before monitor_run() it has to have the init. */
void monitor_update(struct monitor *m, const struct monitor_setup *setup);

/* Sets the state, serves the clients that wait for it, tells lxc-monitord's FIFO. */
void monitor_set_state(struct monitor *m, enum container_state state);

/*
 * Serves until init is dead; reaps it. *ret_status is waitpid()'s. All signals
 * are blocked and taken from a signalfd while it runs, and stay blocked after it.
 */
int monitor_run(struct monitor *m, int *ret_status, struct error **reterr);

/* The raw status for lxc-monitord's FIFO. */
void monitor_publish_exit(struct monitor *m, int status);

/* The container's socket refuses from now on: STOPPED to all who look, without a message. */
void monitor_close_listener(struct monitor *m);

/*
 * A reboot in the place of that: STOPPED is a message to those who wait for it, and all
 * but those who wait for the next RUNNING are closed. The socket's name is free from now on.
 */
void monitor_pause(struct monitor *m);

/* Tells those who have waited that it runs again. Who serves it by now has told the FIFO. */
void monitor_resumed(struct monitor *m);

/* Closes every connection (their EOF says that teardown is complete) and frees. NULL is fine. */
void monitor_free(struct monitor *m);

#endif
