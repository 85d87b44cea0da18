/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-ip: what CRIU runs for `ip` (CR_IP_TOOL) at the checkpoint of a
 * container with nexthop objects, in the container's network namespace. It is
 * `ip`, but that routes which go by such objects are not saved: CRIU could not
 * restore them, and lxc-checkpoint does (see nexthop.h).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nexthop.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#define SAVED_MAX (256 * 1024 * 1024)

static int fail(const char *what, int e)
{
	fprintf(stderr, "lxc-checkpoint-ip: %s: %s\n", what, strerror(e));
	return EXIT_FAILURE;
}

static bool saves_routes(char *const argv[])
{
	bool route = false, save = false;

	for (size_t i = 1; argv[i]; i++) {
		route = route || strcmp(argv[i], "route") == 0;
		save = save || strcmp(argv[i], "save") == 0;
	}
	return route && save;
}

/* What ip writes, whole. Its exit status, or -errno. */
static int capture(const char *ip, char *const argv[], char **ret, ssize_t *ret_len)
{
	int channel[2], status;
	pid_t pid;

	if (pipe2(channel, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (dup2(channel[1], STDOUT_FILENO) < 0)
			_exit(127);
		execv(ip, argv);
		_exit(127);
	}
	close(channel[1]);
	*ret_len = read_all(channel[0], SAVED_MAX, ret);
	close(channel[0]);
	status = wait_status(pid);
	if (status < 0)
		return status;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char *argv[])
{
	_cleanup_free_ char *ip = system_program("ip");
	_cleanup_free_ char *saved = NULL;
	ssize_t len = 0;
	int e;

	if (argc < 1 || !ip)
		return fail("ip", ENOENT);
	if (!saves_routes(argv)) {
		execv(ip, argv);
		return fail(ip, errno);
	}
	e = capture(ip, argv, &saved, &len);
	if (e < 0 || len < 0)
		return fail("cannot read the routes", e < 0 ? -e : (int)-len);
	if (e > 0)
		return e;
	e = write_all(STDOUT_FILENO, saved, nexthop_filter_saved(saved, (size_t)len));
	return e < 0 ? fail("cannot write the routes", -e) : EXIT_SUCCESS;
}
