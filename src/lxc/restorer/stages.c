/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "restorer/restorer.h"
#include "util/fd.h"
#include "util/mem.h"

static void unstage_nothing(struct restore *r)
{
	(void)r;
}

/*
 * The order matters:
 *  - the socket before all that others may notice: bound, it is the lock that keeps
 *    lxc-start out, and tells whether the container runs already;
 *  - terminals and post-stop hooks still before it, so that at the end they are
 *    closed and run after it: whoever is connected to a terminal sees its end only when
 *    the rest is gone;
 *  - pre-start hooks when nothing else is made, as they may make what the others need;
 *  - what they may have made is looked at when they have run, and nothing else is there yet;
 *  - cgroups before AppArmor before stop hooks before the network, so that they go in the
 *    order in which lxc-start's monitor has them: interfaces, hooks, profile, cgroups;
 *  - mounts after cgroups, of which they have one;
 *  - what an earlier restore has left of deleted files when hooks have made the rootfs, and before
 *    CRIU makes the same files;
 *  - the tree of processes last: all that CRIU refers to must be there.
 */
static const struct restore_stage stages[] = {
	{"terminals", stage_terminals, unstage_terminals},
	{"post-stop hooks", stage_nothing, unstage_post_stop},
	{"command socket", stage_socket, unstage_socket},
	{"pre-start hooks", stage_pre_start, unstage_nothing},
	{"what hooks make", stage_made, unstage_nothing},
	{"cgroups", stage_cgroups, unstage_cgroups},
	{"mounts", stage_mounts, unstage_mounts},
	{"block devices", stage_block_filesystems, unstage_block_filesystems},
	{"leftovers", stage_leftovers, unstage_nothing},
	{"AppArmor", stage_lsm, unstage_lsm},
	{"stop hooks", stage_nothing, unstage_stop_hooks},
	{"network", stage_network, unstage_network},
	{"processes", stage_tree, unstage_tree},
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

int restore_apply(struct restore *r, struct error **reterr)
{
	for (size_t i = 0; i < N_STAGES; i++) {
		int e = serving_check(r, reterr);

		if (e == 0)
			e = stages[i].apply(r, reterr);
		if (e < 0) {
			e = caller_explain(r, e, reterr);
			if (r->serving)
				monitor_set_state(r->serving, STATE_ABORTING);
			/* a hook has run: what it did is not known, and perhaps not undone */
			if (r->begun && r->plan->hooks && reterr && *reterr)
				(*reterr)->refused = false;
			restore_undo(r);
			return e;
		}
	}
	return 0;
}

/* Undos take what is there: also where a stage was not come to, or half made. */
void restore_undo(struct restore *r)
{
	r->ending = true;
	for (size_t n = N_STAGES; n-- > 0;)
		stages[n].undo(r);
}

void restore_init(struct restore *r, struct restore_plan *plan)
{
	*r = (struct restore){
		.plan = plan,
		.caller_fd = -1,
		.lock_fd = -1,
		.listen_fd = -1,
		.cgroups_fd = -1,
		.images_fd = -1,
		.rootfs_fd = -1,
		.cgroup_root = -1,
		.cgroup_spare = -1,
		.cgroup_fd = -1,
		.inner_fd = -1,
		.console = {.master = -1, .slave = -1},
		.console_peer = -1,
		.network_fd = -1,
		.netns_fd = -1,
		.half_closed_fd = -1,
		.verified_fd = -1,
		.loopback_program = -1,
		.init_pidfd = -1,
		.devpts_fd = -1,
	};
	for (size_t i = 0; i < N_NAMESPACES; i++)
		r->ns_fds[i] = -1;
}

void restore_clear(struct restore *r)
{
	image_free(r->image);
	manifest_clear(&r->manifest);
	free(r->payload);
	free(r->monitor);
	free(r->lock_name);
	record_clear(&r->record);
	*r = (struct restore){0};
}

int stage_socket(struct restore *r, struct error **reterr)
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

void unstage_socket(struct restore *r)
{
	if (r->serving && r->rebooting)
		monitor_pause(r->serving);
	else if (r->serving)
		monitor_close_listener(r->serving);
	fd_close(&r->listen_fd);
}
