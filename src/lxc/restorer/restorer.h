/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_RESTORER_RESTORER_H
#define LXCCKPT_RESTORER_RESTORER_H

/*
 * A restore is a table of stages (stages.c), run in the monitor's process. Each has an
 * undo. On a failure the stages done so far are undone in reverse; when the
 * container ends, the same undos take it down in the same order.
 */

#include <sys/stat.h>

#include "carry/table_apply.h"
#include "criu/argv.h"
#include "image/dir.h"
#include "lock/record.h"
#include "monitor/monitor.h"
#include "restorer/plan.h"

#define N_NAMESPACES 8

/* When something of a stage is done, in the order of time. */
enum restore_moment {
	BEGIN,		       /* before CRIU starts: see begin of struct restore_stage */
	IN_CRIU,	       /* in CRIU's process, before its exec */
	POST_SETUP_NAMESPACES, /* from here on CRIU's names: the namespaces and links are there, */
	POST_RESTORE,	       /* all processes are, and CRIU's mounts and files, */
	NETWORK_UNLOCK,	       /* connections go on, */
	PRE_RESUME,	       /* CRIU is through with all, and nothing runs, */
	POST_RESUME,	       /* the container runs */
	CRIU_ENDED,	       /* however it did, with or without all of these */
	N_MOMENTS,
};

struct restore {
	struct restore_plan *plan; /* stages set what they decide in its config items */
	struct image *image;
	struct manifest manifest;

	time_t locks_looked, locks_waiting; /* see locks_watch() */
	pid_t half_made_init;		    /* as CRIU's stages have named it; 0: not yet */

	int caller_fd; /* the command's, see plan.h; -1: it has no more to be told */
	enum {
		FATE_OPEN,
		FATE_TAKEN_BACK, /* the caller has asked for that: nothing of it will run */
		FATE_COMMITTED,	 /* whatever the caller says: it runs, or fails */
	} fate;
	enum restore_moment commits_at; /* when that has been */
	bool unlocked;			/* CRIU is about to let its connections go on */

	int lock_fd;	      /* the operation's, shared with CRIU; -1 once the restore is over */
	char *lock_name;      /* the lock's file name; NULL: nothing can be written down */
	struct record record; /* the operation's, which the monitor adds to; notes.c */
	bool links_noted;     /* there is a record of the running container's links */
	int listen_fd;

	int cgroups_fd; /* detached mounts: cgroup2 ... */
	int images_fd;	/* ... and, with the container's ids, the images and its rootfs; -1: none */
	int rootfs_fd;
	char **mount_points;	 /* one per facts' mount: the host's mount that its source is in */
	char **mount_sources;	 /* ... and where CRIU finds the source */
	struct stat *mount_pins; /* ... and what the source is, which it has to be in the end */
	const char
		*images_path; /* where the container's root may read the images; NULL: as it is */
	const char *cgroup_yard;

	int cgroup_root;   /* O_PATH of the cgroup2 mount */
	int cgroup_spare;  /* ... and one to leave the monitor's cgroup with */
	int cgroup_fd;	   /* O_PATH of the payload cgroup */
	int inner_fd;	   /* ... and of the one beneath it where its processes are; -1: none */
	char *controllers; /* of the cgroup that these are named from, when they were made */
	char *payload;	   /* paths from the cgroup2 root without leading slash, as they became */
	char *inner;	   /* NULL: none */
	char *monitor;
	pid_t leaving; /* of cgroups_leave_soon(); 0: none */

	struct terminal console;
	struct terminal *ttys; /* tty 1 ... n_ttys */
	size_t n_ttys;
	struct terminal *others; /* terminals that are no console and no tty<n> */
	size_t n_others;
	int console_peer;	  /* the host's terminal that lxc.console.path names; -1: none */
	struct tty_end *tty_ends; /* one per facts' tty; borrows from the above, and from ... */
	char **tty_sources;	  /* ... where CRIU finds it, with its options; NULL: on the host */

	char **host_veths;	    /* one per NIC; NULL where it is no veth */
	unsigned int *host_numbers; /* of these links; 0: CRIU has not made it yet */
	int network_fd;		    /* memfd: the network file with the names of now */
	int netns_fd;		    /* the network namespace that CRIU runs in; -1: the host's */

	pid_t settling;	 /* of network_settle(); 0: none */
	pid_t verifying; /* of pages_verify(); 0: none */
	int verified_fd; /* ... and what it says; -1: nothing */

	pid_t init_pid;
	int init_pidfd;
	unsigned int clone_flags;
	int devpts_fd;

	bool completed;		  /* what is to be done at pre-resume has been done */
	bool begun;		  /* pre-start hooks have run: those of the end are due */
	size_t n_scripts_up;	  /* of the interfaces' scripts, the first so many */
	struct error *refusal;	  /* a hook's, or another that forbids that the container runs */
	int ns_fds[N_NAMESPACES]; /* the container's, for hooks at its end; -1: none */
	bool ending;		  /* it is being taken down */
	bool rebooting;		  /* the end is a reboot's: it is to be started anew */

	struct carried carried;	 /* of the kinds of state that CRIU does not carry */
	struct monitor *serving; /* from when there is the socket to the end; main.c frees it */
};

/* A row of the table in stages.c; all but the name can be missing. */
struct restore_stage {
	const char *name;
	/* Before CRIU starts. If it fails, its own undo is called too. */
	int (*begin)(struct restore *r, struct error **reterr);
	/* After a failed restore and when the container ends: takes what is there. */
	void (*undo)(struct restore *r);
	/*
	 * At moments from IN_CRIU on; init is the container's, 0 where there is none. IN_CRIU says
	 * on stderr what fails. At CRIU_ENDED nothing can fail any more.
	 */
	int (*at[N_MOMENTS])(struct restore *r, pid_t init, struct error **reterr);
	/* For the kinds of state that CRIU does not carry it is then that moment. */
	enum apply_moment carried[N_MOMENTS];
};

/* What the stages do at a moment, until one of them fails. */
int stages_at(struct restore *r, enum restore_moment moment, pid_t init, struct error **reterr);

int restore_apply(struct restore *r, struct error **reterr);

/* Takes down what restore_apply() made, the last first. */
void restore_undo(struct restore *r);

void restore_init(struct restore *r, struct restore_plan *plan);
void restore_clear(struct restore *r);

/* ---- notes.c: what is written down for the day when the monitor is killed ---- */

/* Takes over the operation's record from the command. */
void notes_begin(struct restore *r);

/* That this monitor restores; what it makes; number 0: CRIU is about to make the link. */
void notes_write(const struct restore *r);
void notes_add_cgroup(struct restore *r, const char *path);
void notes_add_link(struct restore *r, const char *name, unsigned int number);

/* The container's links, for as long as it runs; and when they are deleted. */
void notes_restored(struct restore *r);
void notes_links_gone(struct restore *r);

/* The restore is over, however it went: another operation on the container may begin. */
void notes_end(struct restore *r);

/* ---- serving.c: LXC's tools are answered while the stages are worked on ---- */

int serving_begin(struct restore *r, struct error **reterr);

/* When stages have found out more of what is served. */
void serving_update(struct restore *r);

/* Until fd polls as readable; userdata is the restore. */
void serving_until(int fd, void *userdata);

/* -ECANCELED: somebody wants the container stopped, or the restore has been taken back. */
int serving_check(struct restore *r, struct error **reterr);

/* ---- verify_pages.c: the image's large files, while CRIU restores from them ---- */

/* Begins it, in a process of its own. */
int pages_verify(struct restore *r, struct error **reterr);

/*
 * Waits for its end, if it was begun: 0, or why nothing of the container may run. One who wants
 * the restore taken back, or the container stopped, is heard meanwhile (-ECANCELED).
 */
int pages_verified(struct restore *r, pid_t init, struct error **reterr);

/* Ends it: the restore has failed. */
void pages_forget(struct restore *r);

/* ---- caller.c: what is said to the command, and what it says ---- */

void caller_report(const struct restore *r, struct restore_report report);

/* Whether the caller wants it taken back. It is, or is not, from when this has been asked. */
bool caller_takes_back(struct restore *r);

/* From here on it is not, and the caller is told so. Doing it again is harmless. */
void caller_commit(struct restore *r);

/* Of a restore that is taken back that is why it fails, whatever went wrong meanwhile. */
int caller_explain(const struct restore *r, int e, struct error **reterr);

/* Ends a wait for a lock that somebody else has; lock_wait.c. */
int locks_watch(struct restore *r, struct error **reterr);

/* ---- the stages; stages.c has their order and the reasons for it ---- */

int socket_begin(struct restore *r, struct error **reterr);
void socket_undo(struct restore *r);

/* hooks.c: of the config's hooks and scripts those that run on the host. */
int pre_start_begin(struct restore *r, struct error **reterr);
void stop_hooks_undo(struct restore *r);
void post_stop_undo(struct restore *r);

/* script.up and start-host; when all of the container is there, and nothing in it runs. */
int hooks_before_run(struct restore *r, pid_t init, struct error **reterr);
void scripts_down(struct restore *r);

/* Has the container's namespaces outlive it. */
void namespaces_keep(struct restore *r);

/* after_hooks.c: what the command could not look at before the hooks ran. */
int made_begin(struct restore *r, struct error **reterr);

int terminals_begin(struct restore *r, struct error **reterr);
void terminals_undo(struct restore *r);

int cgroups_begin(struct restore *r, struct error **reterr);
void cgroups_undo(struct restore *r);

/* Begins a part of that. */
void cgroups_leave_soon(struct restore *r);

int mounts_begin(struct restore *r, struct error **reterr);
void mounts_undo(struct restore *r);

/* Makes the mount namespace in which CRIU finds what mounts_begin() has prepared. */
int mounts_lay_out(struct restore *r, pid_t init, struct error **reterr);

/*
 * CRIU finds the sources by their paths, in which others than root may write: refuses where
 * one has become something else meanwhile. To be done at CRIU's post-restore: earlier init is
 * not where the mounts are, and later something runs.
 */
int mounts_check(struct restore *r, pid_t init, struct error **reterr);

int mounts_release(struct restore *r, pid_t init, struct error **reterr);

/* leftovers_remove.c: what CRIU or the machine has left when it died in an earlier restore. */
int leftovers_begin(struct restore *r, struct error **reterr);

int network_begin(struct restore *r, struct error **reterr);
void network_undo(struct restore *r);

/* The N of the config's lxc.net.N of interface i, -1 where it has none. */
int network_number(const struct restore *r, size_t i);

/* CRIU goes on where the callback failed at network-unlock: whether it did its work is seen here.
 */
int network_check(const struct restore *r, struct error **reterr);

int network_enter(struct restore *r, pid_t init, struct error **reterr);

/*
 * The host's ends of the container's links come to the host, where CRIU runs in a
 * network namespace of its own. And:
 * A link gets an fe80:: address from the kernel when its carrier comes. In a
 * container whose DHCP client had flushed that, it would be a new one. So such
 * a link gets its carrier early, while it is on no bridge and nothing runs that
 * could see it, and the address is removed again. The kernel also makes nexthops
 * only where there is a carrier. This is done in a process of its own, beside CRIU.
 */
int network_settle(struct restore *r, pid_t init, struct error **reterr);

/* Waits for that process. Doing it again is harmless. */
int network_settled(struct restore *r, pid_t init, struct error **reterr);

/* The same at the end, when one child is searched for, and that is init. */
int network_settled_at_last(struct restore *r, pid_t init, struct error **reterr);

/* Notes links that CRIU has made, if it has; init is the container's. */
void network_note_made(struct restore *r, pid_t init);

int processes_begin(struct restore *r, struct error **reterr);
void processes_undo(struct restore *r);

/* Before anything runs that could have it wait, with a filesystem that does not answer. */
int devpts_open(struct restore *r, pid_t init, struct error **reterr);

/* ---- the end ---- */

/*
 * After restore_undo(), has lxc-start start the container as if it had never been
 * checkpointed, and waits until it runs. Nothing of this process stays with it.
 */
int restart_container(const struct restore *r, struct error **reterr);

/*
 * The same where the container's console is on this process's terminal: lxc-start takes
 * this process's place. Who waits for the container to run is told by another one.
 * begin is called when nothing stands in the way any more. Returns if something does.
 */
int restart_in_foreground(struct restore *r, void (*begin)(const struct restore *r),
			  struct error **reterr);

/*
 * lxc.ephemeral: after the end of a container, not of one that reboots, its rootfs
 * and its directory in lxcpath go.
 */
void ephemeral_destroy(const struct restore *r);

#endif
