/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inspect/scrollback.h"
#include "monitor/frame.h"
#include "util/fd.h"
#include "util/mem.h"

/* The container's processes stand still meanwhile: a monitor that hangs is not waited for. */
#define PATIENCE_S 5

static int receive(int fd, void *buf, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = recv(fd, (char *)buf + got, len - got, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		got += (size_t)n;
	}
	return 0;
}

static int ask(int fd, int cmd, const void *payload, size_t len)
{
	struct wire_request head = {.cmd = cmd, .datalen = (int32_t)len};
	struct iovec iov[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)payload, len}};
	const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);

	return n == (ssize_t)(sizeof(head) + len) ? 0 : -EIO;
}

/* One exchange. The monitor's answer, or -errno where there was none that can be used. */
static int exchange(const char *lxcpath, const char *name, int cmd, const void *payload, size_t len,
		    char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = command_socket_connect(lxcpath, name, PATIENCE_S);
	_cleanup_free_ char *body = NULL;
	struct wire_response head;
	int r = fd < 0 ? fd : ask(fd, cmd, payload, len);

	if (r == 0)
		r = receive(fd, &head, sizeof(head));
	if (r < 0)
		return r;
	if (head.ret < 0 || head.datalen <= 0)
		return head.ret;
	if ((size_t)head.datalen > SCROLLBACK_MAX)
		return -EMSGSIZE;
	body = xcalloc(1, (size_t)head.datalen);
	r = receive(fd, body, (size_t)head.datalen);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(body);
	*ret_len = (size_t)head.datalen;
	return 0;
}

/* LXC's monitor writes a line into its log about a command that it does not know. */
static bool has_buffer(const char *lxcpath, const char *name)
{
	static const char key[] = "lxc.console.buffer.size";
	_cleanup_free_ char *value = NULL;
	size_t len;

	exchange(lxcpath, name, CMD_GET_CONFIG_ITEM, key, sizeof(key), &value, &len);
	return value && *value != '0';
}

void scrollback_read(const char *lxcpath, const char *name, bool take, char **ret, size_t *ret_len)
{
	const struct wire_console_log log = {.read = 1};

	*ret = NULL;
	*ret_len = 0;
	if (!has_buffer(lxcpath, name))
		return;
	if (exchange(lxcpath, name, CMD_PEEK_CONSOLE_LOG, NULL, 0, ret, ret_len) == -ENOSYS && take)
		exchange(lxcpath, name, CMD_CONSOLE_LOG, &log, sizeof(log), ret, ret_len);
}

void scrollback_clear(const char *lxcpath, const char *name)
{
	const struct wire_console_log log = {.clear = 1};
	_cleanup_free_ char *nothing = NULL;
	size_t len;

	exchange(lxcpath, name, CMD_CONSOLE_LOG, &log, sizeof(log), &nothing, &len);
}
