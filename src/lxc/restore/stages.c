/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "restore/restore.h"
#include "util/fd.h"
#include "util/mem.h"

/*
 * The order matters:
 *  - the socket first: bound, it is the lock that keeps lxc-start out, and a
 *    container that runs already is noticed before anything is made;
 *  - terminals before cgroups, so that at the end they are closed after them:
 *    whoever is connected to one sees its end only when the rest is gone;
 *  - cgroups before AppArmor before the network, so that they go in the order
 *    in which lxc-start's monitor removes them: interfaces, profile, cgroups;
 *  - mounts after cgroups, of which they have one;
 *  - the tree of processes last: all that CRIU refers to must be there.
 */
static const struct restore_stage stages[] = {
	{"command socket", stage_socket, unstage_socket},
	{"terminals", stage_terminals, unstage_terminals},
	{"cgroups", stage_cgroups, unstage_cgroups},
	{"mounts", stage_mounts, unstage_mounts},
	{"AppArmor", stage_lsm, unstage_lsm},
	{"network", stage_network, unstage_network},
	{"processes", stage_tree, unstage_tree},
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

static void undo_first(struct restore *r, size_t n)
{
	while (n-- > 0)
		stages[n].undo(r);
}

int restore_apply(struct restore *r, struct error **reterr)
{
	for (size_t i = 0; i < N_STAGES; i++) {
		int e = stages[i].apply(r, reterr);

		if (e < 0) {
			/* its own half-made part included: undos take what is there */
			undo_first(r, i + 1);
			return e;
		}
	}
	return 0;
}

void restore_undo(struct restore *r)
{
	undo_first(r, N_STAGES);
}

void restore_init(struct restore *r, struct restore_plan *plan)
{
	*r = (struct restore){
		.plan = plan,
		.listen_fd = -1,
		.cgroups_fd = -1,
		.images_fd = -1,
		.rootfs_fd = -1,
		.cgroup_root = -1,
		.cgroup_fd = -1,
		.console = {.master = -1, .slave = -1},
		.console_peer = -1,
		.network_fd = -1,
		.netns_fd = -1,
		.init_pidfd = -1,
		.devpts_fd = -1,
	};
}

void restore_clear(struct restore *r)
{
	image_free(r->image);
	manifest_clear(&r->manifest);
	free(r->payload);
	free(r->monitor);
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
	return 0;
}

void unstage_socket(struct restore *r)
{
	if (r->serving)
		monitor_close_listener(r->serving);
	fd_close(&r->listen_fd);
}
