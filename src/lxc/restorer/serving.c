/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command socket from the first moment: who asks while a restore goes on is answered. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "util/mem.h"

/* A terminal that the config names for the console takes precedence, as under lxc-start. */
static int foreground_fd(const struct restore *r, int standard)
{
	if (r->terminals.console_peer >= 0)
		return r->terminals.console_peer;
	return r->plan->foreground ? standard : -1;
}

/* The monitor's setup, as far as it is known by now. */
static struct monitor_setup setup_of(const struct restore *r)
{
	return (struct monitor_setup){
		.name = r->plan->name,
		.lxcpath = r->plan->lxcpath,
		.config = r->plan->config,
		.n_config = r->plan->n_config,
		.listen_fd = r->listen_fd,
		.init_pid = r->processes.init_pid,
		.init_pidfd = r->processes.init_pidfd,
		.clone_flags = r->processes.clone_flags,
		.payload_cgroup = r->cgroups.inner ? r->cgroups.inner : r->cgroups.payload,
		.payload_cgroup_fd = r->cgroups.inner ? r->cgroups.inner_fd : r->cgroups.payload_fd,
		.controllers = r->cgroups.controllers,
		.limit_cgroup = r->cgroups.inner ? r->cgroups.payload : NULL,
		.limit_cgroup_fd = r->cgroups.payload_fd,
		.devpts_fd = r->processes.devpts_fd,
		.console = r->terminals.console,
		.ttys = r->terminals.ttys,
		.n_ttys = r->terminals.n_ttys,
		.scrollback = r->carried.scrollback.data,
		.scrollback_len = r->carried.scrollback.len,
		.foreground_in = foreground_fd(r, STDIN_FILENO),
		.foreground_out = foreground_fd(r, STDOUT_FILENO),
	};
}

int serving_begin(struct restore *r, struct error **reterr)
{
	const struct monitor_setup setup = setup_of(r);
	int e = monitor_new(&setup, &r->serving, reterr);

	scrollback_forget(r);
	if (e < 0)
		return e;
	monitor_set_state(r->serving, STATE_STARTING);
	e = monitor_watch(r->serving, r->caller.fd);
	return e < 0 ? error_set(reterr, -e, "cannot listen to the command: %s", strerror(-e)) : 0;
}

void serving_update(struct restore *r)
{
	const struct monitor_setup setup = setup_of(r);

	monitor_update(r->serving, &setup);
}

int serving_check(struct restore *r, struct error **reterr)
{
	if (r->serving && monitor_stop_wanted(r->serving))
		return error_set(reterr, ECANCELED, "%s was stopped while it was being restored",
				 r->plan->name);
	return caller_takes_back(r) ? caller_explain(r, 0, reterr) : 0;
}

void serving_until(int fd, void *userdata)
{
	struct restore *r = userdata;

	for (;;) {
		struct pollfd p[2] = {
			{.fd = fd, .events = POLLIN},
			{.fd = monitor_fd(r->serving), .events = POLLIN},
		};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			return;
		if (p[1].revents)
			monitor_turn(r->serving);
	}
}
