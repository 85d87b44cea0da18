/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_MONITOR_PRIVATE_H
#define LXCCKPT_MONITOR_MONITOR_PRIVATE_H

/* Shared by the files of this folder. No other folder includes it. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "monitor/frame.h"
#include "monitor/logfile.h"
#include "monitor/monitor.h"
#include "monitor/ring.h"

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * An event source of the loop. Handlers may be called once too often: every descriptor is
 * non-blocking.
 */
struct source;
typedef void source_ready(struct monitor *m, struct source *s, uint32_t events);

struct source {
	int fd;		 /* -1: not in use */
	uint32_t events; /* 0: not in the epoll set, not even for hang-ups */
	source_ready *ready;
};

int source_add(struct monitor *m, struct source *s, int fd, uint32_t events, source_ready *ready);
int source_want(struct monitor *m, struct source *s, uint32_t events);
void source_remove(struct monitor *m, struct source *s); /* does not close the descriptor */
void source_close(struct monitor *m, struct source *s);

/* ---- client.c: one connection ---- */

enum client_phase {
	PHASE_HEADER,
	PHASE_PAYLOAD,
	PHASE_SEND,
	PHASE_WAIT,
	PHASE_HELD,
	PHASE_DRAIN,
	PHASE_CLOSED,
};

struct client {
	struct source source;
	struct client *next;
	struct client **link; /* the pointer to this client */

	enum client_phase phase;
	bool refused; /* a part of the header came from another user */
	bool kept;    /* must not be closed when descriptors run out */
	bool reap;    /* close after the answer */
	size_t drain; /* bytes that the client still sends and that are ignored */

	unsigned char header[sizeof(struct wire_request)];
	struct wire_request request;
	char *payload;
	size_t got;	/* of the header, then of the payload */
	size_t skipped; /* of the payload, after the part that is kept */

	char *out; /* not sent yet */
	size_t out_len;
	int out_fd; /* goes with the first byte of out; ours */

	int tty; /* slot that this connection holds, -1: none */

	bool registered;
	int32_t states[N_STATES]; /* 0 no, 1 yes, STATE_NEXT_TIME */

	bool wants_frozen; /* PHASE_WAIT: waits until the cgroup is frozen, or not */
	int64_t deadline;  /* ms of CLOCK_MONOTONIC, -1 none */
};

int clients_start(struct monitor *m); /* -errno */
void clients_stop(struct monitor *m);
void clients_accept(struct monitor *m, struct source *s, uint32_t events);
void client_send(struct monitor *m, struct client *c, const void *buf, size_t len, int fd);
void client_answer(struct monitor *m, struct client *c, int ret);
void client_close(struct monitor *m, struct client *c);
void clients_bury(struct monitor *m);
void clients_release_held(struct monitor *m);
void clients_close_all(struct monitor *m);
void clients_close_but_patient(struct monitor *m);

/* ---- command.c: what is answered ---- */

struct reply {
	int ret;
	int data;
	int fd; /* borrowed; -1 none */
	const void *body;
	size_t body_len;
	char *heap; /* a body that is freed after sending */
	union {	    /* space for a small body */
		struct wire_cgroup_ctx ctx;
		struct wire_cgroup_fd cgroup_fd;
	} room;
};

enum verdict {
	ANSWER,	     /* and close */
	ANSWER_KEEP, /* the connection holds something that lasts */
	SILENT_KEEP,
	SILENT_CLOSE,
	ANSWER_LATER, /* PHASE_WAIT */
	HOLD,	      /* tried again when there is an init */
};

enum verdict command_dispatch(struct monitor *m, struct client *c, struct reply *reply);

/* ---- state.c ---- */

/* Not satisfied by the current state, and kept over a reboot. */
#define STATE_NEXT_TIME 2

int state_serve(struct monitor *m, enum container_state state);
bool state_register(struct monitor *m, struct client *c, const int32_t states[static N_STATES]);

/* ---- cgroup.c: the payload's cgroup2 directory ---- */

struct freeze_watch {
	struct source source; /* cgroup.events */
	size_t waiting;	      /* clients in PHASE_WAIT */
};

int cgroup_limit_fd(const struct monitor *m); /* the payload's if there is no other */
bool cgroup_has(struct monitor *m, const char *controller);
uint32_t cgroup_utilities(struct monitor *m);
int cgroup_set_frozen(int cgroup_fd, bool frozen);
int cgroup_wait_frozen(struct monitor *m, struct client *c, bool frozen, int timeout_ms);
void cgroup_wait_over(struct monitor *m);
int cgroup_next_timeout(struct monitor *m);
void cgroup_check_waiting(struct monitor *m);

/* ---- devices.c ---- */

int devices_add_rule(struct monitor *m, const struct wire_device_rule *rule);

/* ---- console.c, foreground.c ---- */

/* Bytes on their way into the container, held while its console takes no more. */
struct inflow {
	struct source source;
	bool unpollable; /* a regular file: always ready, refused by epoll */
	size_t off, len;
	char buf[1024];
};

/* At most one client has a tty, as long as its connection lasts. */
struct tty_slot {
	struct client *owner;
};

struct console {
	struct source master;

	struct inflow proxy; /* slave end of the pty whose master the client holds */
	int proxy_master;
	struct winsize proxy_size;
	struct tty_slot *slots; /* tty 0 ... n_ttys */

	struct inflow foreground;
	int out;		/* -1: nobody shows the console */
	struct termios restore; /* of setup.foreground_in, when raw */
	bool raw;
	bool paused;		  /* a background job: the terminal belongs to the shell */
	bool unsignalled;	  /* a terminal that does not announce changes of its size */
	struct winsize peer_size; /* the last size that was passed on */

	struct ring scrollback; /* the last output, for clients that ask */
	struct logfile log;
};

void console_init(struct monitor *m);
int console_start(struct monitor *m, struct error **reterr) _must_check_;
void console_drain(struct monitor *m);
void console_stop(struct monitor *m);
void console_finish(struct monitor *m); /* no client is served any more */
int console_attach(struct monitor *m, struct client *c, int tty, int *ret_fd);
void console_release(struct monitor *m, struct client *c);
void inflow_pump(struct monitor *m, struct inflow *in);
void inflow_rearm(struct monitor *m, struct inflow *in);

/*
 * Things that nothing announces: checks them in each round of the loop, at the latest after so many
 * ms.
 */
int console_next_timeout(struct monitor *m);
void console_look(struct monitor *m);

int foreground_start(struct monitor *m);
void foreground_write(struct monitor *m, const char *buf, size_t len, int patience_ms);
void foreground_resize(struct monitor *m);
bool foreground_pause(struct monitor *m); /* after a failed read: whether that was the reason */
void foreground_continue(struct monitor *m);
void foreground_look(struct monitor *m);
bool foreground_is_terminal(struct monitor *m);
void foreground_stop(struct monitor *m);

/* ---- monitor.c ---- */

struct monitor {
	struct monitor_setup
		setup; /* the caller owns what it points to, which outlives the monitor */
	enum container_state state;

	int epoll_fd;
	struct source listener, signals, init, watched;
	bool listener_closed;
	struct source accept_again; /* a timer: when to accept again after a failure */
	unsigned int accept_pause_ms;
	bool accept_paused;
	int reserve; /* a descriptor to close for one more connection; -1: closed */
	bool init_dead;
	bool stop_wanted; /* before there was an init */

	struct client *clients; /* newest first */
	struct client *closed;	/* freed when no event of this round can point to them */

	struct freeze_watch freeze;
	struct console console;
};

/* The value in LXC's configuration; NULL: not set. */
const char *monitor_config(const struct monitor *m, const char *key);

#endif
