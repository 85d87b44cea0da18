/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_MONITOR_H
#define LXCCKPT_MONITOR_MONITOR_H

/*
 * The services of a restored container's monitor while the container lives: LXC's command socket,
 * the console and ttys, state clients, signals. One thread, one event loop. The program that
 * restored the container fills a monitor_setup, and calls the functions below in LXC's order to
 * take it down.
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

/* A pty of which the monitor holds both ends: no getty ever sees a hang-up. */
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
	unsigned int clone_flags; /* the CLONE_NEW* namespaces of the container */

	const char *payload_cgroup; /* in cgroup2, without leading slash: "lxc.payload.c1" */
	int payload_cgroup_fd;	    /* O_PATH directory; -1: none */
	const char
		*controllers; /* as in cgroup.controllers, of the cgroup from which it is named */
	const char *limit_cgroup; /* the one above it with the limits; NULL: the same one */
	int limit_cgroup_fd;	  /* unused then */
	int devpts_fd;		  /* root of the container's devpts; -1: none */

	struct terminal console;     /* tty 0 */
	const struct terminal *ttys; /* tty 1 ... n_ttys */
	size_t n_ttys;

	/* the initial content of the console buffer; not needed after monitor_new() */
	const char *scrollback;
	size_t scrollback_len;

	/* -F: the terminal (or pipe) that shows the console; -1: detached */
	int foreground_in, foreground_out;
};

struct monitor;

/*
 * Binds and listens on @<lxcpath>/<name>/command (or its hashed form), which is LXC's lock on a
 * running container. Returns the descriptor, or -EADDRINUSE if somebody else listens there.
 */
int command_socket_bind(const char *lxcpath, const char *name);

/*
 * The monitor begins in STATE_STARTING and without an init. Until monitor_run() it serves whenever
 * monitor_turn() is called: it answers at once what does not need a container, and lets clients
 * wait for the rest.
 */
int monitor_new(const struct monitor_setup *setup, struct monitor **ret,
		struct error **reterr) _must_check_;

/* Polls as readable when monitor_turn() has something to do. monitor_turn() does not wait. */
int monitor_fd(const struct monitor *m);
void monitor_turn(struct monitor *m);

/*
 * Makes monitor_fd() poll as readable for this descriptor of the caller as well, once for each
 * arrival; the caller reads it. -1: no more.
 */
int monitor_watch(struct monitor *m, int fd);

/* Whether somebody (lxc-stop -k) wants to kill a container that has no init yet. */
bool monitor_stop_wanted(const struct monitor *m);

/* Sets what exists by now. Before monitor_run() it must have the init. */
void monitor_update(struct monitor *m, const struct monitor_setup *setup);

/* Sets the state, serves the clients that wait for it, tells lxc-monitord's FIFO. */
void monitor_set_state(struct monitor *m, enum container_state state);

/*
 * Serves until init is dead, and reaps it. *ret_status is waitpid()'s. While it runs, all signals
 * are blocked and read from a signalfd; they stay blocked afterwards.
 */
int monitor_run(struct monitor *m, int *ret_status, struct error **reterr) _must_check_;

/* Sends the raw status to lxc-monitord's FIFO. */
void monitor_publish_exit(struct monitor *m, int status);

/* Makes the container's socket refuse connections: everybody sees STOPPED, without a message. */
void monitor_close_listener(struct monitor *m);

/*
 * For a reboot instead: sends STOPPED to clients that wait for it, and closes all connections but
 * those that wait for the next RUNNING. The name of the socket is free from now on.
 */
void monitor_pause(struct monitor *m);

/* Tells the waiting clients that the container runs again. Its new monitor has told the FIFO. */
void monitor_resumed(struct monitor *m);

/* Closes every connection (the EOF says that the teardown is complete) and frees. NULL is fine. */
void monitor_free(struct monitor *m);

#endif
