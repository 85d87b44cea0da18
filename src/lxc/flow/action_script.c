/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads in CRIU's log how the user's action script has failed without any consequence. Runs in the
 * caller's process, as root, in the host's namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/log.h"
#include "flow/action_script.h"
#include "flow/lxclog.h"
#include "util/fd.h"
#include "util/mem.h"

/* These stages are CRIU's last: little comes behind them. */
#define TAIL_MAX (1024 * 1024)

static ssize_t read_tail(int dirfd, const char *log, char **ret)
{
	_cleanup_close_ int fd =
		openat(dirfd, log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	if (st.st_size > TAIL_MAX && lseek(fd, st.st_size - TAIL_MAX, SEEK_SET) < 0)
		return -1;
	return read_all(fd, TAIL_MAX, ret);
}

void action_script_tell(struct lxc_container *c, const struct script_run *run)
{
	_cleanup_findings_ struct findings found = {0};
	_cleanup_strv_ struct strv failures = {0};
	_cleanup_free_ char *text = NULL;
	ssize_t n = run->script ? read_tail(run->image_fd, run->log, &text) : -1;

	if (n > 0)
		criu_log_script_failures(text, (size_t)n, run->script, &failures);
	for (size_t i = 0; i < failures.n; i++)
		findings_add(&found, FINDING("action-script", FINDING_WARNING, NULL),
			     "the action script %s %s (CRIU ignores that)", run->script,
			     failures.v[i]);
	for (size_t i = 0; i < found.n; i++) {
		lxclog_finding(c, run->lxc_log, &found.v[i]);
		if (run->found)
			run->found(&found.v[i], run->userdata);
	}
}
