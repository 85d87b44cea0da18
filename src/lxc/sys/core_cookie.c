/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and makes core scheduling cookies. Runs in the command, in the monitor and in the
 * monitor's child, as the host's root.
 */
#include "config.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/core_cookie.h"
#include "sys/process.h"
#include "util/mem.h"

static int core_call(int command, pid_t tid, uint64_t *ret)
{
	/* of one thread, in any process */
	int r = prctl(PR_SCHED_CORE, (unsigned long)command, (unsigned long)tid,
		      (unsigned long)PR_SCHED_CORE_SCOPE_THREAD, ret);

	return r < 0 ? -errno : 0;
}

int core_cookie_check(void)
{
	uint64_t cookie = 0;

	return core_call(PR_SCHED_CORE_GET, 0, &cookie);
}

uint64_t core_cookie_get(pid_t tid)
{
	uint64_t cookie = 0;

	return core_call(PR_SCHED_CORE_GET, tid, &cookie) < 0 ? 0 : cookie;
}

void core_cookie_drop(void)
{
	/* no call removes a cookie, but a thread can copy that of a thread without one */
	if (core_cookie_get(0) != 0 && core_cookie_get(1) == 0)
		core_call(PR_SCHED_CORE_SHARE_FROM, 1, NULL);
}

static int make_and_share(const pid_t *tids, size_t n)
{
	int r = core_call(PR_SCHED_CORE_CREATE, 0, NULL);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = core_call(PR_SCHED_CORE_SHARE_TO, tids[i], NULL);
	return r;
}

int core_cookie_give(const pid_t *tids, size_t n)
{
	pid_t child = fork_quietly();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(-make_and_share(tids, n));
	status = wait_status(child);
	if (status < 0)
		return status;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

int core_cookie_number(uint64_t cookie, uint64_t **known, size_t *n)
{
	if (cookie == 0)
		return 0;
	for (size_t i = 0; i < *n; i++)
		if ((*known)[i] == cookie)
			return (int)i + 1;
	*ARRAY_ADD(*known, *n) = cookie;
	return (int)*n;
}
