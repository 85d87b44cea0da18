/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_SURVEY_H
#define LXCCKPT_PREFLIGHT_SURVEY_H

/*
 * Shared by the checks before a dump: one look at all processes of the container, which costs a few
 * milliseconds, and its results.
 */

#include <libmount/libmount.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "preflight/preflight.h"
#include "sys/process_fields.h"
#include "sys/scout.h"
#include "sys/scout_sockets.h"
#include "util/map.h"

enum namespace_kind {
	NS_PID, /* beneath the container's where it is another */
	NS_PID_CHILDREN,
	NS_USER,
	NS_UTS,
	NS_IPC,
	NS_CGROUP,
	NS_TIME,
	NS_TIME_CHILDREN,
	NS_NET,
	NS_MNT,
	N_NAMESPACES,
};

struct process {
	pid_t pid;
	char *status; /* text of /proc/PID/status */
	pid_t parent;
	const struct process *above; /* the same, where it is one of these; or NULL */
	pid_t container_pid;	     /* as the container's init sees it */
	pid_t session;		     /* the same of its session; 0: outside */
	char name[64];
	char state;   /* 'S', 'Z', ... */
	bool in_tree; /* init or a descendant, which is what CRIU saves */
	ino_t ns[N_NAMESPACES];
};

/* A mount in one of the container's mount namespaces. */
struct mount {
	ino_t ns;
	const struct process *process; /* one that sees it */
	int id, parent;
	dev_t dev;
	char *type, *root, *target;
	char *source;  /* as it was given to mount() */
	bool external; /* of the host */
	bool idmapped;
	bool covered;	    /* another is mounted on its root */
	bool noexec, nodev; /* options */
	int shared, master; /* peer groups; 0: none */
};

/* An end of a pty and the process that opened it first, or a process's /dev/tty. */
struct terminal {
	const struct process *process;
	enum { TERMINAL_SLAVE, TERMINAL_MASTER, TERMINAL_CURRENT } kind;
	unsigned int index; /* of the pty */
	int fd;
};

struct unix_socket {
	const struct process *process;
	int fd; /* there */
	dev_t dev;
	ino_t inode;
};

#define ACCESS_READ  1U
#define ACCESS_WRITE 2U

/* A pipe or FIFO that processes have open. */
struct held_pipe {
	const struct process *process; /* the first one that was seen with it ... */
	int fd;			       /* ... there */
	dev_t dev;
	ino_t inode;
	unsigned int access; /* the ends that processes of the container have: ACCESS_* */
	bool named;	     /* a FIFO */
};

/* CRIU makes it anew, and empty. */
static inline bool loses_content(const struct mount *m)
{
	return !m->external && (strcmp(m->type, "ramfs") == 0 || strcmp(m->type, "hugetlbfs") == 0);
}

/* A cached answer. */
enum answer { ANSWER_UNKNOWN, ANSWER_YES, ANSWER_NO };

/* The addresses of a network namespace; IPv4 mapped into IPv6. */
struct addresses {
	ino_t ns;	    /* 0: of none */
	bool known;	    /* they could be read */
	bool any4, any6;    /* sockets may be bound to any (ip_nonlocal_bind) */
	struct in6_addr *v; /* sorted */
	size_t n;
	struct address_network {
		struct in6_addr address;
		unsigned int bits;
	} *networks; /* all of which is here */
	size_t n_networks;
};

struct survey {
	const struct preflight *p;
	int descriptor;		      /* that is looked at, and 1; 0: none */
	int descriptor_limit;	      /* 0: unknown */
	unsigned long mappings_limit; /* of a process; 0: unknown */
	struct findings *found;
	int dispatch_left;  /* milliseconds: see dispatch_is_on() */
	struct scout scout; /* for places where the container can block us */
	struct process *processes;
	size_t n_processes;
	struct map namespaces; /* that a process is in, of any kind */
	const char **outside;  /* mount points of what is the host's */
	size_t n_outside;
	struct mount *mounts;
	size_t n_mounts;
	struct map mounts_by_id;
	struct map mount_points;      /* see survey_mount_over() */
	struct map mounts_by_target;  /* see survey_mount_by_path() */
	const struct mount **by_root; /* the mounts, sorted where they are wanted so; or NULL */
	size_t n_by_root;
	struct map devices;	    /* the first mount of each filesystem */
	struct map noexec_devices;  /* of mounts with that option */
	struct map outside_devices; /* of mounts that are the host's */
	struct map
		whole_devices; /* devices that are mounted as a whole, with the first such mount */
	struct map part_devices; /* of mounts that show a part of a filesystem, see watches.c ... */
	struct map root_inodes;	 /* ... and of namespaces' roots: the mount */
	struct map shown_devices; /* whether a mount shows all of a filesystem and is not hidden */
	bool roots_known;
	bool automounts;
	struct map automount_pipes; /* to which the kernel writes, by inode */
	bool keeps_no_content;	    /* a mount of the container's own is of such a filesystem */
	size_t watches_read;	    /* bytes of what is told of watches */
	struct watching {
		pid_t pid;
		int fd;
	} *watching; /* descriptors with many watches that were read, as kcmp() sorts files */
	size_t n_watching;
	size_t maps_read;	 /* bytes of what is told of memory */
	struct map mapped_files; /* by mapped_file(): whether it is a device */
	enum answer has_null, knows_bpf, has_plugins, any_is_passed;
	enum answer shows_cgroups; /* all of the container's are mounted somewhere */
	struct terminal *terminals;
	size_t n_terminals;
	struct map terminals_by_end;
	struct unix_socket *unix_sockets; /* those that processes have open */
	size_t n_unix_sockets;
	struct map unix_by_inode;
	struct held_pipe *pipes;
	size_t n_pipes;
	struct map pipes_by_key; /* see sought_key() */
	struct map watched;	 /* what epolls watch, see sought_key() */
	bool watched_is_known;
	struct map lossy_sockets;   /* with data that get lost, by inode */
	struct map deleted_folders; /* by their paths: their inodes */
	unsigned int waits;	    /* for what passes in a moment: no more than so many in all */
	ino_t own_network;	    /* the network namespace of init */
	enum answer connections;    /* whether there is harmless */
	struct map harmless;	    /* TCP connections, by inode, that were found harmless */
	struct addresses addresses; /* of the one that was looked at last */
	uint64_t private_bytes;	    /* memory that is in no file: at least this goes to the image */
	uint64_t resident_bytes;
	uint64_t deleted_bytes; /* files that are nowhere but in processes */
};

/* Further designator of FINDING(): a process of the survey, at the descriptor looked at. */
#define OF_PROCESS(s, p)                                                                           \
	.process = &(struct finding_process)                                                       \
	{                                                                                          \
		(p)->pid, (p)->container_pid, (p)->name, (s)->descriptor                           \
	}

/* Whether this CRIU has what makes something no reason any more. */
static inline bool is_fixed(const struct survey *s, enum criu_feature since)
{
	return criu_has(&s->p->criu->version, since);
}

bool have_cap(cap_value_t cap);

/*
 * LXC, too, decides by this mount which cgroups it uses: with anything else, LXC gives the
 * container a cgroup in each v1 hierarchy, with its limits and devices.
 */
#define CGROUP_MOUNT "/sys/fs/cgroup"
#define CGROUP_V1_REMEDY                                                                           \
	"boot the host with systemd.unified_cgroup_hierarchy=1, or without what turns it off"
bool is_unified_cgroup(const char *path);

/* --- mount_checks.c ------------------------------------------------------------------------------
 */

const struct mount *survey_mount(const struct survey *s, int id);
/* The mount of a filesystem on which a process sees a path; NULL: none. */
const struct mount *survey_mount_by_path(const struct survey *s, const struct process *p, dev_t dev,
					 const char *path);
/* Returns the mount that hides a path on m, over it or a folder above it; NULL: none. */
const struct mount *survey_mount_over(const struct survey *s, const struct mount *m,
				      const char *path);
bool is_tracefs(const struct mount *m);
/* The mounts of all mount namespaces, those of init first. */
void survey_mounts(struct survey *s);
void check_mounts(struct survey *s);

/* --- propagation.c -------------------------------------------------------------------------------
 */

/* rootfs: its superblock. */
void check_propagation(struct survey *s, dev_t rootfs, ino_t init_ns);

/* Whether the path of a mount leads to it, and not to another on top. */
bool survey_shows(struct survey *s, const struct mount *m);

/* --- argument_limit.c ----------------------------------------------------------------------------
 */

void check_arguments(struct survey *s);

/* --- deleted_mounts.c ----------------------------------------------------------------------------
 */

void check_deleted_mount(struct survey *s, const struct mount *m);

/* The same of all, for which the processes are known. */
void check_deleted_mounts(struct survey *s);

/* --- block_devices.c -----------------------------------------------------------------------------
 */

void check_block_filesystem(struct survey *s, const struct mount *m);

/* --- process_checks.c ----------------------------------------------------------------------------
 */

void survey_processes(struct survey *s);
void check_processes(struct survey *s);

/* Runs last: drops findings about processes that have exited since. */
void forget_ended(struct survey *s);
const struct process *process_of(const struct survey *s, pid_t pid);
bool is_ancestor(const struct survey *s, pid_t ancestor, const struct process *process);

/* --- proc_files.c --------------------------------------------------------------------------------
 */

/* m: the mount that link is on. how: "has ... open:". */
void check_proc_file(struct survey *s, const struct process *process, const struct mount *m,
		     const char *how, const char *link);

/* Returns what CRIU could not open again, or NULL. path: below the proc filesystem. Pure. */
const char *lost_proc_file(const char *path);

/* --- deleted_places.c ----------------------------------------------------------------------------
 */

/* m: the mount of what has that path, as /proc tells it whole. how: "has a folder open". */
void check_deleted_place(struct survey *s, const struct process *process, const struct mount *m,
			 const char *path, const struct statx *st, const char *how);

/* A socket that others can connect to. fd: our copy; name: its bound name. */
void check_socket_folder(struct survey *s, const struct process *process, int fd, const char *name);

/*
 * Cuts the relative name that a socket was bound to off the path of its file, as CRIU does.
 * false: it is not there. Pure.
 */
bool cut_relative_name(char *path, const char *name);

/* --- frozen.c ------------------------------------------------------------------------------------
 */

void check_frozen(struct survey *s);

/* --- threads.c -----------------------------------------------------------------------------------
 */

void check_threads(struct survey *s, const struct process *process);

/* A class that CRIU restores. policy: as sched_getscheduler() has it. Pure. */
bool scheduling_is_known(int policy);

/* --- files.c -------------------------------------------------------------------------------------
 */

void check_files(struct survey *s, const struct process *process);

/* --- mappings.c ----------------------------------------------------------------------------------
 */

void check_mappings(struct survey *s, const struct process *process);

/* A number for the file of a line of /proc/PID/maps; 0: it is not one. Pure. */
uint64_t mapped_file(const char *line, size_t len);

/* --- file_kinds.c --------------------------------------------------------------------------------
 */

/*
 * What CRIU does with an anonymous kernel file. link is the file's name in /proc/PID/fd,
 * "anon_inode:[eventfd]". Pure.
 */
struct file_kind {
	const char *link; /* NULL: it is not a known one */
	const char *what; /* NULL: CRIU saves it */
	enum criu_feature since;
	const char *remedy; /* beside another CRIU */
};
const struct file_kind *file_kind(const char *link);

/* --- sockets.c -----------------------------------------------------------------------------------
 */

/* inode: the socket's. */
void check_socket(struct survey *s, const struct process *process, int fd, ino_t inode);
void check_unix_peers(struct survey *s);

/* Whether there may be descriptors in messages that nobody has received. */
bool descriptors_are_passed(struct survey *s);

/* A number that the socket tells (SOL_SOCKET); -1: it does not. */
int socket_number(int fd, int name);

/*
 * Whether a socket's file has another name than the one it was bound to. found: as in /proc.
 * has_links: it has a name. Pure.
 */
bool has_another_name(const char *bound, const char *found, bool has_links);

#define SOCKET_LOCKED_HINT                                                                         \
	"stop the process whose system call waits, or the one that serves the memory it waits "    \
	"for (FUSE, userfaultfd)"

/* Returns which part of domain, type and protocol CRIU cannot save, or NULL. Pure. */
const char *unsupported_socket(int domain, int type, int protocol, const char **ret_remedy);

/* --- unread_messages.c ---------------------------------------------------------------------------
 */

/* fd: our own descriptor for one of its Unix sockets. */
void check_unread_senders(struct survey *s, const struct process *process, int fd);
void found_unaccepted_data(struct survey *s, const struct process *process);

/* Waits a moment for what should pass in one. False: all waits together were too long. */
bool survey_waits(struct survey *s);

/* --- socket_losses.c -----------------------------------------------------------------------------
 */

/* A Unix socket; fd: our copy. */
void check_peer_user(struct survey *s, const struct process *process, int fd);

/* An IPv4 or IPv6 socket. */
void check_waiting_data(struct survey *s, const struct process *process, ino_t inode,
			const struct socket_answers *answers);

/*
 * Whether the holder of a socket could grant rights that the peer did not have, if it took the
 * peer for root. The holder's own user has them anyway. -1: the socket has no peer. Pure.
 */
bool gains_rights(uid_t peer, uid_t holder, uid_t root);

/* --- addresses.c ---------------------------------------------------------------------------------
 */

/* number: the socket's descriptor in the process; fd: ours for the same. */
void check_socket_address(struct survey *s, const struct process *process, int number, int fd,
			  const struct socket_answers *answers);

/*
 * Records those of init's connections for which the checks of sockets would find nothing: with
 * thousands, copying and checking each would cost too much.
 */
void survey_connections(struct survey *s);
void addresses_clear(struct addresses *a);

/* Pure. */
struct in6_addr mapped_address(int family, const void *address);
bool addresses_have(const struct addresses *all, const struct in6_addr *a);

/* --- lost_settings.c -----------------------------------------------------------------------------
 */

/* What a process itself has. */
void check_process_losses(struct survey *s, const struct process *process);

/* --- watches.c -----------------------------------------------------------------------------------
 */

/* Those of an inotify or fanotify descriptor. */
void check_watches(struct survey *s, const struct process *process, int fd);

/* Pure. A line of a fanotify's fdinfo tells of a whole filesystem that is watched. */
bool watches_filesystem(const char *line);

/* Pure. A line of its fdinfo tells of a file that only its own path leads to, as overlays' do. */
bool has_overlay_handle(const char *line, size_t len);

/* Pure. The filesystem of the file that a line of its fdinfo tells of; false: it is of none. */
bool watched_device(const char *line, size_t len, dev_t *ret);

/* --- terminal_checks.c ---------------------------------------------------------------------------
 */

void check_terminals(struct survey *s);

/* --- outside_pipes.c -----------------------------------------------------------------------------
 */

void check_outside_pipes(struct survey *s);

/* --- holders.c -----------------------------------------------------------------------------------
 */

/* One key for a file. Those of two files may be the same, though that takes 2^32 files. */
static inline uint64_t sought_key(dev_t dev, uint64_t inode)
{
	return map_key((uint64_t)dev, (uint32_t)(inode ^ inode >> 32));
}

/* A pipe, FIFO or socket whose holders are looked for. */
struct sought {
	uint64_t key;
	unsigned int wanted; /* ACCESS_*: the ends that somebody has to have */
	unsigned int access; /* those that were found in the container */
	pid_t holder;	     /* on the host, with an end that was not; 0: none was found */
	pid_t left_out;	     /* the same, of the container, but not a descendant of its init */
	size_t index;	     /* the caller's */
};

/*
 * Looks for them in the container once more, and again after a moment for those that are not found:
 * processes come, go and pass descriptors on.
 */
void look_again(const struct survey *s, struct sought *v, size_t n);

/* Looks for them in all other processes, for a limited time. */
void look_outside(const struct survey *s, struct sought *v, size_t n);

/* ", in process 812 (tee)", or "". Caller frees. */
char *holder_text(const struct sought *v);

/* --- sharing.c -----------------------------------------------------------------------------------
 */

void check_sharing(struct survey *s);

/* --- caller_checks.c -----------------------------------------------------------------------------
 */

void check_caller(struct survey *s);

/* --- container.c ---------------------------------------------------------------------------------
 */

void check_nics(struct survey *s);
void check_links(struct survey *s);
void check_confinement(struct survey *s);
void check_ephemeral(struct survey *s);
void check_cgroups(struct survey *s);
void check_network_lock(struct survey *s);
void check_nobody(struct survey *s);
void check_space(struct survey *s);

/* --- outside.c
 * ------------------------------------------------------------------------------------
 */

void check_storage(struct survey *s);
void check_starter(struct survey *s);
void check_device_rules(struct survey *s);
void check_odd_mounts(struct survey *s);

/* --- place.c -------------------------------------------------------------------------------------
 */

void check_image_place(struct survey *s);

#endif
