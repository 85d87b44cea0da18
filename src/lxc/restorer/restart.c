/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reboots a restored container: the restored processes are gone, and lxc-start starts the container
 * as usual, with a network, cgroups and a monitor of its own. Runs in the monitor, as root, on the
 * host.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/frame.h"
#include "restorer/restorer.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

/* How often to try again until lxc-start has its socket. */
#define LOOK_MS 20

/* Caller frees; -ENOENT: there is no lxc-start. */
static int start_command(const struct restore *r, bool foreground, struct strv *ret,
			 struct error **reterr)
{
	const struct restore_plan *p = r->plan;
	_cleanup_free_ char *start = system_program("lxc-start");
	_cleanup_free_ char *usual = xasprintf("%s/%s/config", p->lxcpath, p->name);

	if (!start)
		return error_set(reterr, ENOENT, "lxc-start is not installed");
	strv_add(ret, "%s", start);
	strv_add(ret, foreground ? "-F" : "-d");
	strv_add(ret, "-n");
	strv_add(ret, "%s", p->name);
	strv_add(ret, "-P");
	strv_add(ret, "%s", p->lxcpath);
	/* it continues the same log */
	strv_add(ret, "-o");
	strv_add(ret, "%s", p->log_file ? p->log_file : "none");
	strv_add(ret, "-l");
	strv_add(ret, "%s", p->log_level);
	if (strcmp(usual, p->config_file) != 0) {
		strv_add(ret, "-f");
		strv_add(ret, "%s", p->config_file);
	}
	return 0;
}

int restart_container(const struct restore *r, struct error **reterr)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_free_ char *output = NULL;
	_cleanup_free_ char *how = NULL;
	int status = start_command(r, false, &argv, reterr);

	if (status < 0)
		return status;
	/* it exits when the container runs, or cannot run */
	status = run_users((const char *const *)argv.v, &output, NULL, NULL);
	if (status == 0)
		return 0;
	if (status < 0)
		return error_set(reterr, -status, "cannot run lxc-start: %s", strerror(-status));
	how = status_text(status);
	error_set(reterr, EIO, "lxc-start %s", how);
	error_set_detail(reterr, output);
	return -EIO;
}

/* Waits until fd is readable. False: end of file, or lxc-start has exited. */
static bool receive(int fd, int starting, void *buf, size_t len)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = starting, .events = POLLIN}};

	if (poll(p, 2, -1) < 0 || p[1].revents)
		return false;
	return recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

/* Whether the container runs before lxc-start exits. */
static bool comes_to_run(const struct restore *r, int starting)
{
	const int32_t states[N_STATES] = {[STATE_RUNNING] = 1};
	const struct wire_request request = {CMD_ADD_STATE_CLIENT, sizeof(states), 0};
	struct pollfd p = {.fd = starting, .events = POLLIN};
	_cleanup_close_ int fd = -1;
	struct wire_response answer;
	struct wire_message message;

	while ((fd = command_socket_connect(r->plan->lxcpath, r->plan->name, 0)) < 0)
		if (poll(&p, 1, LOOK_MS) != 0)
			return false;
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 ||
	    send(fd, states, sizeof(states), MSG_NOSIGNAL) < 0 ||
	    !receive(fd, starting, &answer, sizeof(answer)))
		return false;
	return answer.ret == STATE_RUNNING ||
	       (answer.ret == N_STATES && receive(fd, starting, &message, sizeof(message)) &&
		message.value == STATE_RUNNING);
}

/* In a process of its own, with nothing of the terminal. */
_Noreturn static void tell_who_waits(const struct restore *r, int starting)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (comes_to_run(r, starting))
		monitor_resumed(r->serving);
	/* without a message: the end of their connections means that it does not run */
	_exit(0);
}

/* Forks twice, so that lxc-start gets no unknown child. */
static void leave_teller(const struct restore *r)
{
	_cleanup_close_ int self = pidfd_open_pid(getpid());
	pid_t pid = self < 0 ? -1 : fork();

	if (pid == 0) {
		if (fork() == 0)
			tell_who_waits(r, self);
		_exit(0);
	}
	if (pid > 0)
		wait_status(pid);
}

int restart_in_foreground(struct restore *r, void (*begin)(const struct restore *r),
			  struct error **reterr)
{
	_cleanup_strv_ struct strv argv = {0};
	int e = start_command(r, true, &argv, reterr);

	if (e < 0)
		return e;
	leave_teller(r);
	monitor_free(TAKE_PTR(r->serving));
	begin(r);
	reset_signals();
	limits_put_back();
	execv(argv.v[0], argv.v);
	return error_errno(reterr, "cannot run %s", argv.v[0]);
}
