/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORE_RESTORE_H
#define LXCCKPT_RESTORE_RESTORE_H

/*
 * A restore is a table of stages, run in the monitor's process. Each has an
 * undo. On a failure the stages done so far are undone in reverse; when the
 * container ends, the same undos take it down in the same order.
 */

#include "criu_argv.h"
#include "image/dir.h"
#include "monitor/monitor.h"
#include "restore/plan.h"

#define N_NAMESPACES 8

struct restore {
	struct restore_plan *plan; /* stages set what they decide in its config items */
	struct image *image;
	struct manifest manifest;

	int listen_fd;

	int cgroups_fd; /* detached mounts: cgroup2 ... */
	int images_fd;	/* ... and, with the container's ids, the images and its rootfs; -1: none */
	int rootfs_fd;
	char **mount_points;  /* one per facts' mount: the host's mount that its source is in */
	char **mount_sources; /* ... and where CRIU finds the source */
	const char
		*images_path; /* where the container's root may read the images; NULL: as it is */
	const char *cgroup_yard;

	int cgroup_root; /* O_PATH of the cgroup2 mount */
	int cgroup_fd;	 /* O_PATH of the payload cgroup */
	char *payload;	 /* paths from the cgroup2 root without leading slash, as they became */
	char *monitor;

	char *apparmor_path; /* the generated profile, once it is written */

	struct terminal console;
	struct terminal *ttys; /* tty 1 ... n_ttys */
	size_t n_ttys;
	struct terminal *others; /* terminals that are no console and no tty<n> */
	size_t n_others;
	int console_peer; /* the host's terminal that lxc.console.path names; -1: none */
	char *scrollback; /* what the image has of the console's output */
	size_t scrollback_len;
	struct tty_end *tty_ends; /* one per facts' tty; borrows from the above */

	char **host_veths; /* one per NIC; NULL where it is no veth */
	int network_fd;	   /* memfd: the network file with the names of now */
	int netns_fd;	   /* the network namespace that CRIU runs in; -1: the host's */

	pid_t settling; /* of network_settle(); 0: none */

	pid_t init_pid;
	int init_pidfd;
	unsigned int clone_flags;
	int devpts_fd;

	bool begun;		  /* the pre-start hooks are through: those of the end are due */
	size_t n_scripts_up;	  /* of the interfaces' scripts, the first so many */
	struct error *refusal;	  /* a hook's, which forbids that the container runs */
	int ns_fds[N_NAMESPACES]; /* the container's, for hooks at its end; -1: none */
	bool rebooting;		  /* the end is a reboot's: it is to be started anew */

	struct monitor *serving; /* from when it serves to its end; main.c's */
};

struct restore_stage {
	const char *name;
	int (*apply)(struct restore *r, struct error **reterr);
	void (*undo)(struct restore *r);
};

int restore_apply(struct restore *r, struct error **reterr);

/* Takes down what restore_apply() made, the last first. */
void restore_undo(struct restore *r);

void restore_init(struct restore *r, struct restore_plan *plan);
void restore_clear(struct restore *r);

/*
 * For CRIU's process, before its exec: makes the mount namespace in which it finds
 * what stage_mounts() has prepared. -1: why is on stderr.
 */
int mounts_lay_out(const struct restore *r);

/* When CRIU has ended. */
void mounts_release(struct restore *r);

/* The stages; stages.c has their order and the reasons for it. */
int stage_socket(struct restore *r, struct error **reterr);
void unstage_socket(struct restore *r);
/* hooks.c: of the config's hooks and scripts those that run on the host. */
int stage_pre_start(struct restore *r, struct error **reterr);
int stage_nothing(struct restore *r, struct error **reterr);
void unstage_stop_hooks(struct restore *r);
void unstage_post_stop(struct restore *r);

/* script.up and start-host; when all of the container is there, and nothing in it runs. */
int hooks_before_run(struct restore *r, pid_t init, struct error **reterr);
void scripts_down(struct restore *r);

/* Has the container's namespaces outlive it. */
void namespaces_keep(struct restore *r);

int stage_terminals(struct restore *r, struct error **reterr);
void unstage_terminals(struct restore *r);
int stage_cgroups(struct restore *r, struct error **reterr);
void unstage_cgroups(struct restore *r);

/* The settings of the container's own cgroup; part of the stage above. */
int cgroup_tree_begin(const struct restore *r, struct error **reterr);

/* The rest, and what is beneath: to be done at CRIU's post-setup-namespaces. */
int cgroup_tree_complete(const struct restore *r, struct error **reterr);

/*
 * A trigger that a process had set on a *.pressure file is not in CRIU's image.
 * Without it such a file polls as an error for ever, and whoever waits for it
 * spins. Sets them again and has epolls notice; to be done at CRIU's
 * post-restore, when all descriptors are there and nothing runs.
 */
void pressure_rearm(pid_t init);

/*
 * To be done once CRIU has made the container's device nodes and opened what was
 * open, and before its processes run: their rules may forbid them what CRIU does.
 */
int devices_attach(const struct restore *r, struct error **reterr);

/*
 * Timers that are files are what they would be, had the container not been stopped. To be
 * done when CRIU is through with them, and before their processes run. A timer that
 * cannot be mended stays as CRIU has made it.
 */
void timers_mend(const struct restore *r, pid_t init);

/*
 * Gives the container's threads back what CRIU does not; to be done when all of
 * them are there. What this machine cannot give (a CPU that it has not) they go without.
 */
void threads_mend(const struct restore *r, pid_t init);

int stage_mounts(struct restore *r, struct error **reterr);
void unstage_mounts(struct restore *r);
int stage_lsm(struct restore *r, struct error **reterr);
void unstage_lsm(struct restore *r);
int stage_network(struct restore *r, struct error **reterr);
void unstage_network(struct restore *r);

/* The N of the config's lxc.net.N of interface i, -1 where it has none. */
int network_number(const struct restore *r, size_t i);

/* CRIU goes on where the callback failed at network-unlock: whether it did its work is seen here.
 */
int network_check(const struct restore *r, struct error **reterr);

/* For CRIU's process, before its exec. -1: why is on stderr. */
int network_enter(const struct restore *r);

/*
 * The host's ends of the container's links come to the host, where CRIU runs in a
 * network namespace of its own. And:
 * A link gets an fe80:: address from the kernel when its carrier comes. In a
 * container whose DHCP client had flushed that, it would be a new one. So such
 * a link gets its carrier early, while it is on no bridge and nothing runs that
 * could see it, and the address is removed again. The kernel also makes nexthops
 * only where there is a carrier. This is done in a process of its own, beside CRIU.
 * Returns its pid, 0 where nothing is to be done, or -1; it ends with 0 or an errno.
 */
pid_t network_settle(const struct restore *r, pid_t init);

/*
 * Makes the container's nexthops and the routes by them; in its network
 * namespace, when its interfaces have a carrier. 0 or -errno.
 */
int nexthops_make(const struct restore *r);

/*
 * The settings in /proc/sys/net are as they were. To be done when there is the
 * network namespace and no socket in it: some are taken over by sockets when these are made.
 */
int sysctls_set(const struct restore *r, pid_t init, struct error **reterr);

/*
 * After restore_undo(), has lxc-start start the container as if it had never been
 * checkpointed, and waits until it runs. Nothing of this process stays with it.
 */
int restart_container(const struct restore *r, struct error **reterr);

int stage_tree(struct restore *r, struct error **reterr);
void unstage_tree(struct restore *r);

#endif
