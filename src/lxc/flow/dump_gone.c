/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * After a checkpoint with stop: waits until the old monitor has taken down the rest of the
 * container. Runs in the caller's process, as root on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "flow/dump_private.h"
#include "flow/restore.h"
#include "flow/suggest.h"
#include "monitor/frame.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define GONE_MS		  30000
#define SOCKET_PATIENCE_S 1

static bool is_monitor(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 65536, &text) > 0 &&
	       strncmp(text, MONITOR_TITLE, strlen(MONITOR_TITLE)) == 0;
}

/* init's parent takes down the rest of the container after init's death. */
void dump_find_monitor(struct dump *d)
{
	pid_t pid = (pid_t)process_status_number(d->manifest.facts.init_pid, "PPid");

	if (pid <= 0)
		return;
	d->monitor = pidfd_open_pid(pid);
	d->monitor_pid = pid;
	d->own = is_monitor(pid);
}

static bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/*
 * liblxc would ask the monitor, and print to stderr if the monitor exits meanwhile. Another user
 * who has taken the name since is not a monitor.
 */
static bool socket_is_gone(const struct container_facts *facts)
{
	int fd = command_socket_connect(facts->lxcpath, facts->name, SOCKET_PATIENCE_S);

	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED || fd == -EPERM;
}

static bool is_gone(struct dump *d)
{
	const struct container_facts *facts = &d->manifest.facts;

	if (!socket_is_gone(facts))
		return false;
	for (size_t i = 0; i < facts->n_nics; i++) {
		_cleanup_free_ char *link =
			xasprintf("/sys/class/net/%s",
				  facts->nics[i].host_name ? facts->nics[i].host_name : "");

		if (facts->nics[i].host_name && path_exists(link))
			return false;
	}
	return true;
}

/*
 * The monitor takes the container down after its init's death: interfaces,
 * hooks, cgroups, socket. It ends when all is done; the one of a program that
 * lives on is told by what it leaves.
 */
int dump_wait_until_gone(struct dump *d, struct error **reterr)
{
	struct pollfd p = {.fd = d->monitor, .events = POLLIN};
	_cleanup_free_ char *words = container_words(d->c);

	for (int waited = 0; waited < GONE_MS; waited += 20) {
		if (poll(&p, 1, 20) > 0 && p.revents)
			return 0;
		if (d->monitor < 0 && is_gone(d))
			return 0;
		/* ask one that may stay, such as a library user's, now and then */
		if (!d->own && waited % 1000 == 980 && is_gone(d))
			return 0;
	}
	error_set(reterr, ETIMEDOUT,
		  "the checkpoint of %s is complete, but its monitor did not take the container "
		  "down within %d s",
		  d->c->name, GONE_MS / 1000);
	error_set_hint(reterr, "find out what its hooks do; `lxc-stop -k %s` kills it", words);
	return -ETIMEDOUT;
}
