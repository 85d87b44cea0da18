/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_MONITOR_FRAME_H
#define LXCCKPT_MONITOR_FRAME_H

/*
 * The bytes on LXC's command socket, unchanged since LXC 1.0: tools and monitors of different
 * versions meet on every upgraded host. Nothing here does I/O, except to connect, and nothing that
 * a client sent is used before a function below has checked its size.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "monitor/monitor.h"

enum command_id {
	CMD_GET_TTY_FD,
	CMD_TERMINAL_WINCH,
	CMD_STOP,
	CMD_GET_STATE,
	CMD_GET_INIT_PID,
	CMD_GET_CLONE_FLAGS,
	CMD_GET_CGROUP,
	CMD_GET_CONFIG_ITEM,
	CMD_GET_NAME,
	CMD_GET_LXCPATH,
	CMD_ADD_STATE_CLIENT,
	CMD_CONSOLE_LOG,
	CMD_SERVE_STATE_CLIENTS,
	CMD_SECCOMP_NOTIFY_ADD_LISTENER,
	CMD_ADD_BPF_DEVICE_CGROUP,
	CMD_FREEZE,
	CMD_UNFREEZE,
	CMD_GET_CGROUP2_FD,
	CMD_GET_INIT_PIDFD,
	CMD_GET_LIMIT_CGROUP,
	CMD_GET_LIMIT_CGROUP2_FD,
	CMD_GET_DEVPTS_FD,
	CMD_GET_SECCOMP_NOTIFY_FD,
	CMD_GET_CGROUP_CTX,
	CMD_GET_CGROUP_FD,
	CMD_GET_LIMIT_CGROUP_FD,
	CMD_GET_SYSTEMD_SCOPE,
	N_COMMANDS,
};
_Static_assert(N_COMMANDS == 27 && CMD_GET_SYSTEMD_SCOPE == 26, "commands go by number");
_Static_assert(CMD_GET_INIT_PID == 4 && CMD_CONSOLE_LOG == 11 && CMD_GET_INIT_PIDFD == 18,
	       "commands go by number");
_Static_assert(N_STATES == 8 && STATE_RUNNING == 2 && STATE_THAWED == 7, "states go by number");

/*
 * Only ours: returns the whole console buffer, which stays in it. (CMD_CONSOLE_LOG removes what it
 * returns.) LXC's monitor answers that it does not know this command.
 */
#define CMD_PEEK_CONSOLE_LOG 0x6c636b70

/* The limit for the console buffer, in answers and in an image. */
#define SCROLLBACK_MAX ((size_t)64 * 1024 * 1024)

/*
 * A larger request costs its sender the connection. LXC has no limit for CMD_CONSOLE_LOG alone: the
 * excess is read and discarded.
 */
#define REQUEST_DATA_MAX 8192

/* Byte order and alignment are native: both ends run on one kernel. */
struct wire_request {
	int32_t cmd;
	int32_t datalen;
	int64_t data; /* an int argument; with datalen > 0 a meaningless pointer of the client */
};
_Static_assert(sizeof(struct wire_request) == 16, "request");
_Static_assert(offsetof(struct wire_request, datalen) == 4, "request.datalen");
_Static_assert(offsetof(struct wire_request, data) == 8, "request.data");

struct wire_response {
	int32_t ret;
	int32_t datalen;
	int64_t data; /* an int result, otherwise 0: old clients free() this pointer */
};
_Static_assert(sizeof(struct wire_response) == 16, "response");
_Static_assert(offsetof(struct wire_response, datalen) == 4, "response.datalen");
_Static_assert(offsetof(struct wire_response, data) == 8, "response.data");

enum message_type { MESSAGE_STATE, MESSAGE_PRIORITY, MESSAGE_EXIT_CODE };

/* A message to state clients and lxc-monitord's FIFO. */
struct wire_message {
	int32_t type;
	char name[256];
	int32_t value;
};
_Static_assert(sizeof(struct wire_message) == 264, "message");
_Static_assert(offsetof(struct wire_message, name) == 4, "message.name");
_Static_assert(offsetof(struct wire_message, value) == 260, "message.value");

/*
 * The flags are bool on the wire; uint8_t here, because another program's bool may hold any byte.
 */
struct wire_console_log {
	uint8_t clear;
	uint8_t read;
	uint64_t read_max;
	uint8_t write_logfile;
};
_Static_assert(sizeof(struct wire_console_log) == 24, "console log");
_Static_assert(offsetof(struct wire_console_log, read) == 1, "console_log.read");
_Static_assert(offsetof(struct wire_console_log, read_max) == 8, "console_log.read_max");
_Static_assert(offsetof(struct wire_console_log, write_logfile) == 16, "console_log.write_logfile");

#define CGROUP_LAYOUT_UNIFIED	2
#define CGROUP_UTILITY_DEVICES	0x1
#define CGROUP_UTILITY_FREEZER	0x2
#define CGROUP_TYPE_ANY		0
#define CGROUP_TYPE_CGROUP2	0x63677270
#define CGROUP_CTX_FDS_MAX	20
#define CGROUP_CONTROLLER_BYTES 64

struct wire_cgroup_ctx {
	int32_t layout;
	uint32_t utilities;
	uint32_t fd_len;
	int32_t fd[CGROUP_CTX_FDS_MAX]; /* the receiver stores its own descriptors here */
	int32_t pad;
};
_Static_assert(sizeof(struct wire_cgroup_ctx) == 96, "cgroup ctx");
_Static_assert(offsetof(struct wire_cgroup_ctx, utilities) == 4, "cgroup_ctx.utilities");
_Static_assert(offsetof(struct wire_cgroup_ctx, fd_len) == 8, "cgroup_ctx.fd_len");
_Static_assert(offsetof(struct wire_cgroup_ctx, fd) == 12, "cgroup_ctx.fd");

struct wire_cgroup_fd {
	_Alignas(8) int32_t layout;
	uint32_t utilities;
	int32_t type;
	int32_t fd;
	char controller[CGROUP_CONTROLLER_BYTES];
};
_Static_assert(sizeof(struct wire_cgroup_fd) == 80, "cgroup fd");
_Static_assert(offsetof(struct wire_cgroup_fd, utilities) == 4, "cgroup_fd.utilities");
_Static_assert(offsetof(struct wire_cgroup_fd, type) == 8, "cgroup_fd.type");
_Static_assert(offsetof(struct wire_cgroup_fd, fd) == 12, "cgroup_fd.fd");
_Static_assert(offsetof(struct wire_cgroup_fd, controller) == 16, "cgroup_fd.controller");

struct wire_device_rule {
	char type; /* 'a', 'b', 'c' */
	int32_t major, minor;
	char access[4]; /* out of "rwm", NUL behind it */
	int32_t allow;
	uint64_t list[2]; /* meaningless list pointers of the client */
};
_Static_assert(sizeof(struct wire_device_rule) == 40, "device rule");
_Static_assert(offsetof(struct wire_device_rule, major) == 4, "device_rule.major");
_Static_assert(offsetof(struct wire_device_rule, minor) == 8, "device_rule.minor");
_Static_assert(offsetof(struct wire_device_rule, access) == 12, "device_rule.access");
_Static_assert(offsetof(struct wire_device_rule, allow) == 16, "device_rule.allow");
_Static_assert(offsetof(struct wire_device_rule, list) == 24, "device_rule.list");

/*
 * Parses a request header. datalen is 0 or more; -EMSGSIZE if the client announces more than its
 * command may have.
 */
int request_parse(const unsigned char buf[static sizeof(struct wire_request)],
		  struct wire_request *ret);

/* The int argument; clients sign-extend it, but only 32 bits count. */
int request_int(const struct wire_request *req);

/*
 * Whether a sender may send commands: root of our user namespace, and the user who runs the
 * monitor.
 */
bool credentials_allow(uid_t uid, gid_t gid, uid_t own_uid, gid_t own_gid);

/* The payload if it is exactly one NUL-terminated string, otherwise NULL. */
const char *payload_string(const void *payload, size_t len);

/* These copy and check a payload. They return 0, or -EINVAL and leave *ret untouched. */
int payload_states(const void *payload, size_t len, int32_t ret[static N_STATES]);
int payload_console_log(const void *payload, size_t len, struct wire_console_log *ret);
int payload_cgroup_fd(const void *payload, size_t len, struct wire_cgroup_fd *ret);
int payload_device_rule(const void *payload, size_t len, struct wire_device_rule *ret);

/* -ENAMETOOLONG if the name does not fit: such containers have no messages in LXC either. */
int message_build(enum message_type type, const char *name, int value, struct wire_message *ret);

/* Reads "frozen N" from a cgroup.events file. Returns 0 or 1, or -ENODATA. */
int cgroup_events_frozen(const char *text);

/* Whether a cgroup.controllers file names this controller; an empty name matches an empty file. */
bool cgroup_controllers_have(const char *text, const char *name);

/* "SIGRTMIN+3", "SIGTERM", "TERM" or "15" as a number, -EINVAL for anything else. */
int signal_parse(const char *text);

/* FNV-1a, 64 bit: LXC's hash of names that are too long for a socket address. */
uint64_t fnv1a_64(const char *text);

#define SOCKET_NAME_BYTES 108

/*
 * The abstract address of a container's command socket, with the leading NUL and without a trailing
 * one. Only the returned length belongs to the name.
 */
size_t command_socket_name(const char *lxcpath, const char *name,
			   char buf[static SOCKET_NAME_BYTES]);

/*
 * Connects to it, with a timeout in seconds for both directions (0: none; negative: does not wait
 * for the connection itself either). Returns a descriptor or -errno; -EPERM: the listener is
 * neither root nor the caller's user. Anybody may take the name of a container that does not run.
 */
int command_socket_connect(const char *lxcpath, const char *name, int patience_s);

#endif
