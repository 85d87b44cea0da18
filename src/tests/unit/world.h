/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TESTS_WORLD_H
#define LXCCKPT_TESTS_WORLD_H

/*
 * A real monitor in a process of its own, whose child is "init": it exits with the
 * byte that it reads. The test is its clients and, on the slave ends of the ptys,
 * the container. Its cgroup is a directory with files.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "monitor/frame.h"
#include "monitor/monitor.h"

/* Generous: nothing here takes long unless it hangs. */
#define PATIENCE_MS 20000
#define N_TTYS	    2

struct world {
	char lxcpath[64];
	char cgroup[80];
	struct sockaddr_un addr;
	socklen_t addrlen;
	int control; /* what the monitor process says and is told */
	int init_fd; /* a byte here is init's exit code */
	pid_t monitor;
	pid_t init;
	char pts[N_TTYS + 1][32];
	int fg_in, fg_out;	/* the monitor's ends */
	const char *scrollback; /* what its buffer begins with; NULL: it has none */
	char log[80];
	bool early; /* the monitor serves before it has an init, until world_completes() */
};

extern struct world w;

/* ---- descriptors and files ---- */

void await(int fd, short events);
void get(int fd, void *buf, size_t len);
void put(int fd, const void *buf, size_t len);
void assert_eof(int fd);
bool is_quiet(int fd);
void pty_make(struct terminal *t, char path[static 32]);
void file_make(const char *name, const char *text);
void assert_freeze_file(const char *expect);

/* ---- its life ---- */

/* Between the two, w may be changed. */
void world_prepare(void);
void world_run(void);
/* Both. */
void world_start(void);
/* Then: it has an init and runs. */
void world_completes(void);
/* Then: whether it has been told to stop. */
bool world_is_unwanted(void);
/* Has init exit, or waits for its end (-1). Returns its status. */
int init_exits(int code);
/* The monitor's end in steps: 'l' closes the listener, 'f' is monitor_free() and the end. */
void step(char name);
/* Both, after init_exits(). */
void world_end(void);
/* What most tests end with. */
void world_stop(void);

/* ---- a client's side ---- */

int try_connect(void);
int dial(void);
void request(int fd, int cmd, int64_t data, const void *payload, int len);
/* As LXC's clients: the fd has to come with the header, the body in one piece. */
struct wire_response response(int fd, void *body, size_t room, int *ret_fd);
void assert_response(struct wire_response r, int ret, int data);
/* A whole exchange that ends with the connection. */
struct wire_response ask(int cmd, int64_t data, const void *payload, int len, void *body,
			 size_t room, int *ret_fd);
struct wire_response ask_int(int cmd, int64_t data);
void assert_silent(int cmd, const char *payload, int len);
/* It answers, so it takes signals, and the console is set up. */
void assert_serving(void);
/* 8 means: registered. */
int wait_state(const int32_t states[static N_STATES], int expect);
void assert_message(int fd, int state);

#endif
