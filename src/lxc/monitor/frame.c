/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Validates the bytes on LXC's command socket, and makes addresses and messages; see frame.h. Pure
 * but for connecting; runs in the monitor and in the command.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "monitor/frame.h"

int request_parse(const unsigned char buf[static sizeof(struct wire_request)],
		  struct wire_request *ret)
{
	struct wire_request req;

	memcpy(&req, buf, sizeof(req));
	if (req.datalen > REQUEST_DATA_MAX && req.cmd != CMD_CONSOLE_LOG)
		return -EMSGSIZE;
	if (req.datalen < 0)
		req.datalen = 0;
	*ret = req;
	return 0;
}

int request_int(const struct wire_request *req)
{
	return (int)(int32_t)(uint32_t)(uint64_t)req->data;
}

bool credentials_allow(uid_t uid, gid_t gid, uid_t own_uid, gid_t own_gid)
{
	return uid == 0 || (uid == own_uid && gid == own_gid);
}

const char *payload_string(const void *payload, size_t len)
{
	const char *s = payload;

	if (len == 0 || memchr(s, '\0', len) != s + len - 1)
		return NULL;
	return s;
}

int payload_states(const void *payload, size_t len, int32_t ret[static N_STATES])
{
	if (len != N_STATES * sizeof(*ret))
		return -EINVAL;
	memcpy(ret, payload, len);
	return 0;
}

int payload_console_log(const void *payload, size_t len, struct wire_console_log *ret)
{
	if (len < sizeof(*ret))
		return -EINVAL;
	memcpy(ret, payload, sizeof(*ret));
	return 0;
}

int payload_cgroup_fd(const void *payload, size_t len, struct wire_cgroup_fd *ret)
{
	struct wire_cgroup_fd req;

	if (len != sizeof(req))
		return -EINVAL;
	memcpy(&req, payload, len);
	if (req.controller[0] == '\0' || !memchr(req.controller, '\0', sizeof(req.controller)))
		return -EINVAL;
	*ret = req;
	return 0;
}

int payload_device_rule(const void *payload, size_t len, struct wire_device_rule *ret)
{
	struct wire_device_rule rule;

	if (len != sizeof(rule))
		return -EINVAL;
	memcpy(&rule, payload, len);
	if (rule.type != 'a' && rule.type != 'b' && rule.type != 'c')
		return -EINVAL;
	if (rule.major < -1 || rule.minor < -1)
		return -EINVAL;
	if (!memchr(rule.access, '\0', sizeof(rule.access)) ||
	    rule.access[strspn(rule.access, "rwm")] != '\0')
		return -EINVAL;
	if (rule.allow != 0 && rule.allow != 1)
		return -EINVAL;
	*ret = rule;
	return 0;
}

int message_build(enum message_type type, const char *name, int value, struct wire_message *ret)
{
	struct wire_message msg = {.type = (int32_t)type, .value = value};
	size_t len = strlen(name);

	if (len >= sizeof(msg.name))
		return -ENAMETOOLONG;
	memcpy(msg.name, name, len);
	*ret = msg;
	return 0;
}

int cgroup_events_frozen(const char *text)
{
	static const char key[] = "frozen ";

	for (const char *line = text; *line;) {
		if (strncmp(line, key, sizeof(key) - 1) == 0)
			return line[sizeof(key) - 1] == '1';
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return -ENODATA;
}

bool cgroup_controllers_have(const char *text, const char *name)
{
	const char *blanks = " \n";
	size_t len = strlen(name);

	text += strspn(text, blanks);
	if (len == 0)
		return *text == '\0';
	while (*text) {
		size_t word = strcspn(text, blanks);

		if (word == len && memcmp(text, name, len) == 0)
			return true;
		text += word;
		text += strspn(text, blanks);
	}
	return false;
}

static int number_parse(const char *text, int min, int max)
{
	char *end;
	long n;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return -EINVAL;
	return (int)n;
}

int signal_parse(const char *text)
{
	int n;

	if (*text >= '0' && *text <= '9')
		return number_parse(text, 1, SIGRTMAX);
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *name = sigabbrev_np(sig);

		if (name && strcasecmp(text, name) == 0)
			return sig;
	}
	if (strcasecmp(text, "RTMIN") == 0)
		return SIGRTMIN;
	if (strcasecmp(text, "RTMAX") == 0)
		return SIGRTMAX;
	if (strncasecmp(text, "RTMIN+", 6) == 0) {
		n = number_parse(text + 6, 0, SIGRTMAX - SIGRTMIN);
		return n < 0 ? n : SIGRTMIN + n;
	}
	if (strncasecmp(text, "RTMAX-", 6) == 0) {
		n = number_parse(text + 6, 0, SIGRTMAX - SIGRTMIN);
		return n < 0 ? n : SIGRTMAX - n;
	}
	return -EINVAL;
}
