/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "criu.h"
#include "operation.h"
#include "recover.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/runtime.h"

#define CONTENT_MAX 65536
#define NAME_LEN    200

/* Two that share a name after this exclude each other, which does no harm. */
static char *file_name(struct lxc_container *c)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", c->get_config_path(c), c->name);
	size_t len = strlen(full);

	for (char *p = full; *p; p++)
		if (*p == '/')
			*p = '-';
	return xasprintf("%s.lock", len > NAME_LEN ? full + len - NAME_LEN : full);
}

static int refuse_busy(const struct operation *op, const char *name, struct error **reterr)
{
	_cleanup_free_ char *content = NULL;
	const char *pid = "";

	/* "# 4711", the first line */
	if (read_file_at(AT_FDCWD, op->path, CONTENT_MAX, &content) > 2) {
		content[strcspn(content, "\n")] = '\0';
		pid = content + 2;
	}
	error_refuse(reterr, EBUSY, "another checkpoint or restore of %s is under way%s%s%s", name,
		     *pid ? " (process " : "", pid, *pid ? ")" : "");
	error_set_hint(reterr, "wait until that is done");
	return -EBUSY;
}

/* What is still in the file was left by processes that are all dead. */
static int heal(struct operation *op, struct lxc_container *c, struct error **reterr)
{
	_cleanup_free_ char *content = NULL;
	pid_t init;

	if (read_file_at(AT_FDCWD, op->path, CONTENT_MAX, &content) <= 0)
		return 0;
	init = c->init_pid(c);
	if (init <= 0)
		return 0; /* it is gone, and its interfaces with it */
	recover_connections(init);
	recover_firewall(init);
	if (strstr(content, "\nveth ") && criu_network_unlock(op->path, reterr) < 0)
		return error_wrap(
			reterr, EIO,
			"an earlier checkpoint of %s was killed with its network detached, "
			"which cannot be put back",
			c->name);
	return 0;
}

int operation_begin(struct lxc_container *c, struct operation *ret, struct error **reterr)
{
	_cleanup_free_ char *name = file_name(c);
	_cleanup_close_ int dir = runtime_dir_open();
	struct operation op = {.fd = -1};
	int r = 0;

	if (dir < 0)
		return error_set(reterr, -dir, "cannot use %s: %s", RUNTIME_DIR, strerror(-dir));
	op.path = xasprintf(RUNTIME_DIR "/%s", name);
	op.fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (op.fd < 0 || fd_above_standard(&op.fd) < 0)
		r = error_errno(reterr, "cannot open %s", op.path);
	else if (flock(op.fd, LOCK_EX | LOCK_NB) < 0)
		r = refuse_busy(&op, c->name, reterr);
	else
		r = heal(&op, c, reterr);
	if (r == 0)
		r = operation_set_network(&op, "", reterr);
	if (r < 0) {
		fd_close(&op.fd);
		free(op.path);
		return r;
	}
	*ret = op;
	return 0;
}

int operation_set_network(struct operation *op, const char *network, struct error **reterr)
{
	_cleanup_free_ char *text = xasprintf("# %d\n%s", (int)getpid(), network);
	int r = ftruncate(op->fd, 0) < 0 || lseek(op->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	if (r == 0)
		r = write_all(op->fd, text, strlen(text));
	return r < 0 ? error_set(reterr, -r, "cannot write %s: %s", op->path, strerror(-r)) : 0;
}

/* The file stays: who removed it would take the lock from under another that has just opened it. */
void operation_end(struct operation *op)
{
	if (op->fd >= 0 && ftruncate(op->fd, 0) < 0)
		(void)operation_set_network(op, "", NULL);
	fd_close(&op->fd);
	free(TAKE_PTR(op->path));
}
