/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of requests and their handlers, in LXC's words. Runs in the monitor, as root; frame.c
 * and client.c have checked the sender and the size of each request.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "monitor/monitor_private.h"
#include "util/mem.h"

/* The answer to ADD_STATE_CLIENT: not in that state yet, the message comes later. */
#define STATE_LATER N_STATES

static enum verdict answer_int(struct reply *reply, int data)
{
	reply->data = data;
	return ANSWER;
}

static enum verdict answer_fd(struct reply *reply, int fd)
{
	if (fd < 0)
		reply->ret = -EBADF;
	else
		reply->fd = fd;
	return ANSWER;
}

static enum verdict answer_body(struct reply *reply, const void *body, size_t len)
{
	reply->body = body;
	reply->body_len = len;
	return ANSWER;
}

static enum verdict answer_string(struct reply *reply, const char *s)
{
	return answer_body(reply, s, strlen(s) + 1);
}

static enum verdict fail(struct reply *reply, int ret)
{
	*reply = (struct reply){.ret = ret, .fd = -1};
	return ANSWER;
}

static enum verdict get_tty_fd(struct monitor *m, struct client *c, struct reply *reply)
{
	int tty = console_attach(m, c, request_int(&c->request), &reply->fd);

	if (tty < 0)
		return fail(reply, -EBADF);
	reply->data = tty;
	return ANSWER_KEEP;
}

static enum verdict terminal_winch(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)m;
	(void)c;
	(void)reply;
	return SILENT_CLOSE;
}

/* No answer: the end of the connection, when the teardown is complete, is the answer. */
static enum verdict stop(struct monitor *m, struct client *c, struct reply *reply)
{
	const char *name = monitor_config(m, "lxc.signal.stop");
	int sig = name ? signal_parse(name) : -EINVAL;

	(void)c;
	if (m->setup.init_pidfd < 0) {
		m->stop_wanted = true;
		return SILENT_KEEP;
	}
	if (pidfd_send_signal(m->setup.init_pidfd, sig < 0 ? SIGKILL : sig, NULL, 0) < 0)
		return fail(reply, -errno);
	/* A frozen init does not receive its signal. */
	cgroup_set_frozen(cgroup_limit_fd(m), false);
	return SILENT_KEEP;
}

static enum verdict get_state(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_int(reply, (int)m->state);
}

static enum verdict get_init_pid(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_int(reply, m->setup.init_pid > 0 ? m->setup.init_pid : -1);
}

static enum verdict get_clone_flags(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_int(reply, (int)m->setup.clone_flags);
}

/* LXC closes the connection without an answer for an unknown controller, and so do we. */
static enum verdict get_cgroup(struct monitor *m, struct client *c, struct reply *reply)
{
	if (!cgroup_has(m, c->got ? c->payload : NULL))
		return SILENT_CLOSE;
	return answer_string(reply, m->setup.payload_cgroup);
}

static enum verdict get_limit_cgroup(struct monitor *m, struct client *c, struct reply *reply)
{
	enum verdict verdict = get_cgroup(m, c, reply);

	if (verdict == ANSWER && m->setup.limit_cgroup)
		return answer_string(reply, m->setup.limit_cgroup);
	return verdict;
}

static enum verdict get_config_item(struct monitor *m, struct client *c, struct reply *reply)
{
	const char *value = monitor_config(m, c->payload);

	if (!value || !*value)
		return fail(reply, -1);
	return answer_string(reply, value);
}

static enum verdict get_name(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_string(reply, m->setup.name);
}

static enum verdict get_lxcpath(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_string(reply, m->setup.lxcpath);
}

/* Kept even if there is nothing to wait for: the client closes it. */
static enum verdict add_state_client(struct monitor *m, struct client *c, struct reply *reply)
{
	int32_t states[N_STATES];
	int r;

	r = payload_states(c->payload, c->got, states);
	if (r < 0)
		return fail(reply, r);
	reply->ret = state_register(m, c, states) ? (int)m->state : STATE_LATER;
	reply->data = reply->ret;
	return ANSWER_KEEP;
}

static void answer_scrollback(struct monitor *m, struct client *c, struct reply *reply, size_t off,
			      size_t len)
{
	int room = 4096 + (int)len;

	reply->heap = xcalloc(1, len);
	reply->body_len = ring_copy(&m->console.scrollback, off, reply->heap, len);
	reply->body = reply->heap;
	/* LXC's clients read a body with a single recv(): it must arrive as a whole */
	setsockopt(c->source.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
}

/* Reading removes what was read, and clear removes the rest too. */
static enum verdict console_log(struct monitor *m, struct client *c, struct reply *reply)
{
	struct ring *buffer = &m->console.scrollback;
	struct wire_console_log log;
	size_t len = buffer->used < SCROLLBACK_MAX ? buffer->used : SCROLLBACK_MAX;

	if (payload_console_log(c->payload, c->got, &log) < 0)
		return fail(reply, -EINVAL);
	if (!buffer->buf)
		return fail(reply, -EFAULT);
	if (log.read && len == 0)
		return fail(reply, -ENODATA);
	if (log.read_max > 0 && log.read_max < len)
		len = log.read_max;
	if (log.read)
		answer_scrollback(m, c, reply, 0, len);
	/* write_logfile is a remnant: LXC writes nothing, but removes what it would have written */
	if (log.clear)
		ring_drop(buffer, buffer->used);
	else if (log.read || log.write_logfile)
		ring_drop(buffer, len);
	return ANSWER;
}

static enum verdict peek_console_log(struct monitor *m, struct client *c, struct reply *reply)
{
	struct ring *buffer = &m->console.scrollback;
	size_t len = buffer->used < SCROLLBACK_MAX ? buffer->used : SCROLLBACK_MAX;

	if (!buffer->buf)
		return fail(reply, -EFAULT);
	if (len == 0)
		return fail(reply, -ENODATA);
	answer_scrollback(m, c, reply, buffer->used - len, len);
	return ANSWER;
}

static enum verdict serve_state_clients(struct monitor *m, struct client *c, struct reply *reply)
{
	int state = request_int(&c->request);

	if (state < 0 || state >= N_STATES)
		return fail(reply, -EINVAL);
	if (state_serve(m, (enum container_state)state) < 0)
		return SILENT_CLOSE;
	return ANSWER;
}

static enum verdict seccomp_add_listener(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)m;
	/* One byte with the listener follows the request. */
	c->drain = 1;
	return fail(reply, -EINVAL);
}

static enum verdict add_device_rule(struct monitor *m, struct client *c, struct reply *reply)
{
	struct wire_device_rule rule;

	if (payload_device_rule(c->payload, c->got, &rule) < 0)
		return fail(reply, -EINVAL);
	/* LXC answers no more than that */
	return devices_add_rule(m, &rule) < 0 ? fail(reply, -1) : ANSWER;
}

static enum verdict set_frozen(struct monitor *m, struct client *c, struct reply *reply,
			       bool frozen)
{
	int r;

	r = cgroup_set_frozen(m->setup.payload_cgroup_fd, frozen);
	if (r < 0)
		return fail(reply, r);
	r = cgroup_wait_frozen(m, c, frozen, request_int(&c->request));
	if (r < 0)
		return fail(reply, r);
	return r > 0 ? ANSWER : ANSWER_LATER;
}

static enum verdict freeze(struct monitor *m, struct client *c, struct reply *reply)
{
	return set_frozen(m, c, reply, true);
}

static enum verdict unfreeze(struct monitor *m, struct client *c, struct reply *reply)
{
	return set_frozen(m, c, reply, false);
}

static enum verdict get_cgroup2_fd(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_fd(reply, m->setup.payload_cgroup_fd);
}

static enum verdict get_limit_cgroup2_fd(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_fd(reply, cgroup_limit_fd(m));
}

static enum verdict get_init_pidfd(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_fd(reply, m->setup.init_pidfd);
}

static enum verdict get_devpts_fd(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)c;
	return answer_fd(reply, m->setup.devpts_fd);
}

static enum verdict get_seccomp_fd(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)m;
	(void)c;
	return fail(reply, -EBADF);
}

/* A client of another version may know a shorter or longer struct: it gets as much as fits. */
static enum verdict get_cgroup_ctx(struct monitor *m, struct client *c, struct reply *reply)
{
	struct wire_cgroup_ctx *ctx = &reply->room.ctx;
	size_t len = c->got < sizeof(*ctx) ? c->got : sizeof(*ctx);

	ctx->layout = CGROUP_LAYOUT_UNIFIED;
	for (size_t i = 0; i < CGROUP_CTX_FDS_MAX; i++)
		ctx->fd[i] = -1;
	if (m->setup.payload_cgroup_fd < 0) {
		reply->ret = -ENOENT;
	} else {
		ctx->utilities = cgroup_utilities(m);
		ctx->fd_len = 1;
		reply->fd = m->setup.payload_cgroup_fd;
	}
	return answer_body(reply, ctx, len);
}

static enum verdict get_directory(struct monitor *m, struct client *c, struct reply *reply, int fd)
{
	struct wire_cgroup_fd *answer = &reply->room.cgroup_fd;
	int r;

	r = payload_cgroup_fd(c->payload, c->got, answer);
	if (r < 0)
		return fail(reply, r);
	if (!cgroup_has(m, answer->controller))
		return fail(reply, -ENOENT);
	if (answer->type != CGROUP_TYPE_ANY && answer->type != CGROUP_TYPE_CGROUP2)
		return fail(reply, -EINVAL);
	answer->layout = CGROUP_LAYOUT_UNIFIED;
	answer->utilities = cgroup_utilities(m);
	answer->type = CGROUP_TYPE_CGROUP2;
	answer->fd = -1;
	reply->fd = fd;
	return answer_body(reply, answer, sizeof(*answer));
}

static enum verdict get_limit_directory(struct monitor *m, struct client *c, struct reply *reply)
{
	return get_directory(m, c, reply, cgroup_limit_fd(m));
}

static enum verdict get_payload_directory(struct monitor *m, struct client *c, struct reply *reply)
{
	return get_directory(m, c, reply, m->setup.payload_cgroup_fd);
}

/* Only monitors that a user's systemd started have a scope of their own. */
static enum verdict get_systemd_scope(struct monitor *m, struct client *c, struct reply *reply)
{
	(void)m;
	(void)c;
	return fail(reply, -EINVAL);
}

enum payload_rule {
	ANY_PAYLOAD, /* the handler checks it itself, or ignores it */
	NO_PAYLOAD,  /* an int argument; a payload would replace it by a pointer */
	A_STRING,    /* everything after its NUL is ignored */
	STRING_OR_NOTHING,
};

static const struct {
	enum payload_rule payload;
	enum verdict (*handle)(struct monitor *m, struct client *c, struct reply *reply);
	bool needs_init; /* the client waits until the container exists */
} commands[N_COMMANDS] = {
	[CMD_GET_TTY_FD] = {NO_PAYLOAD, get_tty_fd, true},
	[CMD_TERMINAL_WINCH] = {ANY_PAYLOAD, terminal_winch, false},
	[CMD_STOP] = {ANY_PAYLOAD, stop, false},
	[CMD_GET_STATE] = {ANY_PAYLOAD, get_state, false},
	[CMD_GET_INIT_PID] = {ANY_PAYLOAD, get_init_pid, false},
	[CMD_GET_CLONE_FLAGS] = {ANY_PAYLOAD, get_clone_flags, true},
	[CMD_GET_CGROUP] = {STRING_OR_NOTHING, get_cgroup, true},
	[CMD_GET_CONFIG_ITEM] = {A_STRING, get_config_item, false},
	[CMD_GET_NAME] = {ANY_PAYLOAD, get_name, false},
	[CMD_GET_LXCPATH] = {ANY_PAYLOAD, get_lxcpath, false},
	[CMD_ADD_STATE_CLIENT] = {ANY_PAYLOAD, add_state_client, false},
	[CMD_CONSOLE_LOG] = {ANY_PAYLOAD, console_log, true},
	[CMD_SERVE_STATE_CLIENTS] = {NO_PAYLOAD, serve_state_clients, true},
	[CMD_SECCOMP_NOTIFY_ADD_LISTENER] = {ANY_PAYLOAD, seccomp_add_listener, false},
	[CMD_ADD_BPF_DEVICE_CGROUP] = {ANY_PAYLOAD, add_device_rule, true},
	[CMD_FREEZE] = {NO_PAYLOAD, freeze, true},
	[CMD_UNFREEZE] = {NO_PAYLOAD, unfreeze, true},
	[CMD_GET_CGROUP2_FD] = {ANY_PAYLOAD, get_cgroup2_fd, true},
	[CMD_GET_INIT_PIDFD] = {ANY_PAYLOAD, get_init_pidfd, true},
	[CMD_GET_LIMIT_CGROUP] = {STRING_OR_NOTHING, get_limit_cgroup, true},
	[CMD_GET_LIMIT_CGROUP2_FD] = {ANY_PAYLOAD, get_limit_cgroup2_fd, true},
	[CMD_GET_DEVPTS_FD] = {ANY_PAYLOAD, get_devpts_fd, true},
	[CMD_GET_SECCOMP_NOTIFY_FD] = {ANY_PAYLOAD, get_seccomp_fd, false},
	[CMD_GET_CGROUP_CTX] = {ANY_PAYLOAD, get_cgroup_ctx, true},
	/* LXC swaps these two, and its tools rely on it. */
	[CMD_GET_CGROUP_FD] = {ANY_PAYLOAD, get_limit_directory, false},
	[CMD_GET_LIMIT_CGROUP_FD] = {ANY_PAYLOAD, get_payload_directory, false},
	[CMD_GET_SYSTEMD_SCOPE] = {ANY_PAYLOAD, get_systemd_scope, false},
};

static bool payload_fits(enum payload_rule rule, const struct client *c)
{
	switch (rule) {
	case ANY_PAYLOAD:
		return true;
	case NO_PAYLOAD:
		return c->got == 0;
	case A_STRING:
		return c->got > 0 && memchr(c->payload, '\0', c->got);
	case STRING_OR_NOTHING:
		return c->got == 0 || payload_string(c->payload, c->got) != NULL;
	}
	return false;
}

enum verdict command_dispatch(struct monitor *m, struct client *c, struct reply *reply)
{
	uint32_t id = (uint32_t)c->request.cmd;

	if (id == CMD_PEEK_CONSOLE_LOG)
		return peek_console_log(m, c, reply);
	if (id >= N_COMMANDS)
		return fail(reply, -ENOSYS);
	if (!payload_fits(commands[id].payload, c))
		return fail(reply, -EINVAL);
	if (commands[id].needs_init && m->setup.init_pidfd < 0)
		return HOLD;
	return commands[id].handle(m, c, reply);
}
