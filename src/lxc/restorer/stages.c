/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a restore does, in its order: the table of stages, and the stage of the command socket.
 * Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <string.h>

#include "restorer/restorer.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * Each moment goes through the table from the top, and the undos from the bottom. The order
 * matters:
 *  - the socket before all that others may notice: bound, it is the lock that keeps
 *    lxc-start out, and tells whether the container runs already;
 *  - terminals and post-stop hooks still before it, so that at the end they are
 *    closed and run after it: whoever is connected to a terminal sees its end only when
 *    the rest is gone;
 *  - pre-start hooks when nothing else is made, as they may make what the others need;
 *  - the rootfs after them, and before anything looks at its files;
 *  - what they may have made is looked at when they have run, and nothing else is there yet;
 *  - cgroups before AppArmor (carried) before stop hooks before the network, so that they go in
 *    the order in which lxc-start's monitor has them: interfaces, hooks, profile, cgroups;
 *  - mounts after cgroups, of which they have one;
 *  - what an earlier restore has left of deleted files when hooks have made the rootfs, and before
 *    CRIU makes the same files;
 *  - the tree of processes last: all that CRIU refers to must be there.
 *
 * At CRIU's moments:
 *  - post-setup-namespaces: the settings that links and sockets copy come first. Then a child
 * brings the links up, and the cgroups are completed meanwhile;
 *  - post-restore: the checks come first, because nothing has to be undone for them; the device
 *    rules come last, because they forbid;
 *  - pre-resume: the hooks come first, because they can refuse; the processes are held last;
 *  - post-resume: the processes are let go, and nothing else happens.
 *
 * No stage acts at network-unlock. There the callback only asks whether this process is alive: if
 * it is not, the container's processes die, and their connections must not show it.
 */
static const struct restore_stage stages[] = {
	{
		.name = "terminals",
		.begin = terminals_begin,
		.undo = terminals_undo,
		.carried = {[BEGIN] = APPLY_TERMINALS},
	},
	{
		.name = "post-stop hooks",
		.undo = post_stop_undo,
	},
	{
		.name = "command socket",
		.begin = socket_begin,
		.undo = socket_undo,
	},
	{
		.name = "hooks of the start",
		.begin = pre_start_begin,
		.at = {[PRE_RESUME] = hooks_before_run},
	},
	{
		.name = "rootfs",
		.begin = rootfs_begin,
		.undo = rootfs_undo,
		.at = {[CRIU_ENDED] = rootfs_release},
	},
	{
		.name = "what hooks make",
		.begin = made_begin,
	},
	{
		.name = "cgroups",
		.begin = cgroups_begin,
		.undo = cgroups_undo,
		.carried = {[BEGIN] = APPLY_CGROUP},
	},
	{
		/* CRIU has read all pages by then; nothing runs before their checksums are known */
		.name = "pages of memory",
		.at = {[POST_RESTORE] = pages_verified},
	},
	{
		.name = "mounts",
		.begin = mounts_begin,
		.undo = mounts_undo,
		.at = {[IN_CRIU] = mounts_lay_out,
		       [POST_RESTORE] = mounts_check,
		       [CRIU_ENDED] = mounts_release},
	},
	{
		.name = "carried state",
		.undo = carry_undo,
		.carried = {[BEGIN] = APPLY_PREPARE,
			    [IN_CRIU] = APPLY_IN_CRIU,
			    [POST_SETUP_NAMESPACES] = APPLY_NAMESPACES,
			    [POST_RESTORE] = APPLY_MOUNTED,
			    [PRE_RESUME] = APPLY_BEFORE_RUN,
			    [CRIU_ENDED] = APPLY_ENDED},
	},
	{
		.name = "leftovers",
		.begin = leftovers_begin,
	},
	{
		.name = "stop hooks",
		.undo = stop_hooks_undo,
	},
	{
		.name = "network",
		.begin = network_begin,
		.undo = network_undo,
		.at = {[IN_CRIU] = network_enter,
		       [POST_SETUP_NAMESPACES] = network_settle,
		       [POST_RESTORE] = network_settled,
		       [CRIU_ENDED] = network_settled_at_last},
		.carried = {[BEGIN] = APPLY_BEFORE_CRIU, [POST_SETUP_NAMESPACES] = APPLY_CGROUPS},
	},
	{
		.name = "processes",
		.begin = processes_begin,
		.undo = processes_undo,
		.at = {[POST_RESTORE] = devpts_open,
		       [PRE_RESUME] = processes_hold,
		       [POST_RESUME] = processes_let_go},
		.carried = {[POST_RESTORE] = APPLY_RESTORED},
	},
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

static int carry_on(struct restore *r, const struct restore_stage *s, enum restore_moment moment,
		    pid_t init, struct error **reterr)
{
	return s->carried[moment] ? carry_apply(r, init, s->carried[moment], reterr) : 0;
}

int stages_at(struct restore *r, enum restore_moment moment, pid_t init, struct error **reterr)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < N_STAGES; i++) {
		if (stages[i].at[moment])
			e = stages[i].at[moment](r, init, reterr);
		if (e == 0)
			e = carry_on(r, &stages[i], moment, init, reterr);
	}
	return e;
}

static int begin(struct restore *r, const struct restore_stage *s, struct error **reterr)
{
	int e = serving_check(r, reterr);

	if (e == 0 && s->begin)
		e = s->begin(r, reterr);
	return e < 0 ? e : carry_on(r, s, BEGIN, 0, reterr);
}

static void give_up(struct restore *r, struct error **reterr)
{
	if (r->serving)
		monitor_set_state(r->serving, STATE_ABORTING);
	/* a hook has run: what it did is not known, and perhaps not undone */
	if (r->hooks.begun && r->plan->hooks && reterr && *reterr)
		(*reterr)->refused = false;
	restore_undo(r);
}

int restore_apply(struct restore *r, struct error **reterr)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < N_STAGES; i++)
		e = begin(r, &stages[i], reterr);
	if (e == 0)
		return 0;
	e = caller_explain(r, e, reterr);
	give_up(r, reterr);
	return e;
}

/* Undos take what is there: also where a stage was not come to, or half made. */
void restore_undo(struct restore *r)
{
	r->ending = true;
	for (size_t n = N_STAGES; n-- > 0;)
		if (stages[n].undo)
			stages[n].undo(r);
}

void restore_init(struct restore *r, struct restore_plan *plan, const struct manifest *manifest)
{
	*r = (struct restore){
		.plan = plan,
		.manifest = manifest,
		.notes = {.lock_fd = -1},
		.caller = {.fd = -1},
		.terminals = {.console = {.master = -1, .slave = -1}, .console_peer = -1},
		.listen_fd = -1,
		.cgroups = {.root = -1, .spare = -1, .payload_fd = -1, .inner_fd = -1},
		.rootfs = {.fd = -1},
		.mounts = {.cgroups_fd = -1, .images_fd = -1, .rootfs_fd = -1},
		.pages = {.said_fd = -1},
		.network = {.file_fd = -1, .netns_fd = -1},
		.processes = {.held_fd = -1, .init_pidfd = -1, .devpts_fd = -1},
		.carried = {.half_closed = {.netns = -1, .loopback_program = -1}},
	};
	for (size_t i = 0; i < N_NAMESPACES; i++)
		r->hooks.ns_fds[i] = -1;
}

void restore_clear(struct restore *r)
{
	image_free(r->image);
	free(r->cgroups.payload);
	free(r->cgroups.monitor);
	free(r->notes.lock_name);
	record_clear(&r->notes.record);
	*r = (struct restore){0};
}

int socket_begin(struct restore *r, struct error **reterr)
{
	int fd = command_socket_bind(r->plan->lxcpath, r->plan->name);

	if (fd == -EADDRINUSE)
		return error_refuse(reterr, EBUSY, "%s is already running", r->plan->name);
	if (fd < 0)
		return error_set(reterr, -fd, "cannot make the command socket of %s: %s",
				 r->plan->name, strerror(-fd));
	r->listen_fd = fd;
	return serving_begin(r, reterr);
}

void socket_undo(struct restore *r)
{
	if (r->serving && r->rebooting)
		monitor_pause(r->serving);
	else if (r->serving)
		monitor_close_listener(r->serving);
	fd_close(&r->listen_fd);
}
