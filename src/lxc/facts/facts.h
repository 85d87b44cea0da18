/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_FACTS_FACTS_H
#define LXCCKPT_FACTS_FACTS_H

/*
 * The host's view of a container: plain data that inspect/ reads from a running container, image/
 * stores in the manifest, and criu/argv.c and restorer/ use.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* See link_settings.h. */
struct nic_setting {
	char *name, *value;
	bool may_fail; /* the user accepts a link without it; not in the manifest */
};

struct nic {
	unsigned int ifindex; /* in the container */
	char *type;	      /* kernel's link kind: "veth", "macvlan", ... */
	char *name;	      /* in the container */
	char *mac;	      /* "aa:bb:cc:dd:ee:ff" */
	unsigned int mtu;
	bool ipv6_link_local; /* it has an fe80:: address */
	char *parent;	      /* of a macvlan: the host's link that it is on; NULL: another kind */
	/* veth only; NULL/0 otherwise */
	char *host_name; /* the host's end */
	char *host_mac;
	char *bridge;	   /* NULL when the host's end is on none */
	bool special_port; /* it has settings that it would lose off its bridge, or the bridge is no
			    * plain one; not kept in the manifest */
	bool host_ipv6_disabled;	   /* net.ipv6.conf.<host_name>.disable_ipv6 */
	struct nic_setting *host_settings; /* of the host's end, in the order to give them in */
	size_t n_host_settings;
	int settings_error; /* -errno: why they are not known; not kept in the manifest */
};

/*
 * A mount whose content is on the host. CRIU gets its key at the dump and its source at the
 * restore.
 */
struct ext_mount {
	char *key;     /* unique in the container; letters, digits, '_', '-', '.' */
	char *target;  /* mount point in the container */
	char *source;  /* absolute host path without symlinks */
	char *options; /* of the mount alone, as in mountinfo: "ro,nosuid,relatime" */
	char *kind;    /* of the source: "directory" or "file"; NULL: not known */
	/* the filesystem of the source, see source_filesystem.h; NULL and 0: unknown */
	char *mount_point;
	char *filesystem; /* its type */
	char *identity;
	uint64_t inode;
};

#define TTY_INDEX_MAX 4095

/*
 * A filesystem on a block device that only the container has mounted. CRIU mounts it by the
 * device's name.
 */
struct block_filesystem {
	char *source;	/* "/dev/loop0" */
	char *type;	/* "ext4" */
	char *identity; /* see superblock.h; NULL: nothing identifies it */
	char *backing;	/* the file of a loop device; NULL: not a loop device */
};

/* A pty end in the container whose master the monitor holds. */
struct tty {
	int index;	   /* 0: console, n: /dev/tty<n> to TTY_INDEX_MAX, -1: another */
	char *key;	   /* as in ext_mount */
	char *target;	   /* mount point in the container, "/dev/console" */
	unsigned int rdev; /* st_rdev and st_dev of the target as CRIU prints them in tty[%x:%x] */
	unsigned int dev;
	uid_t uid; /* owner and mode of the device node */
	gid_t gid;
	mode_t mode;	/* permission bits only */
	char *settings; /* see sys/tty.h; CRIU saves them only if a process has it open */
	char *options;	/* of its mount, as in ext_mount; NULL: not known */
};

struct cgroup {
	char *controllers; /* "" for cgroup2, else as in /proc/PID/cgroup: "cpu,cpuacct" */
	char *path; /* of the container's top cgroup, from the hierarchy's root: "/lxc.payload.c1"
		     */
};

/* A limit, weight or set of a cgroup. */
struct cgroup_setting {
	char *file;  /* "memory.max" */
	char *value; /* without the last newline */
};

/* The owner of a cgroup's file, as the host sees it, if it is not root alone. */
struct cgroup_owner {
	char *file; /* ".": the cgroup itself, "*": all that have no entry */
	uid_t uid;
	gid_t gid;
	mode_t mode; /* permission bits only; of no meaning for "*" */
};

/* An extended attribute of a cgroup: systemd keeps a unit's invocation there. */
struct cgroup_attribute {
	char *name;  /* "trusted.invocation_id" */
	char *value; /* in hexadecimal */
};

/* State of a cgroup2 cgroup that CRIU does not carry: the container's own, or one below it. */
struct cgroup_node {
	char *path; /* from the container's own: "" for that, "system.slice/cron.service" */
	char *subtree_control; /* "cpu memory"; "": none */
	struct cgroup_setting *settings;
	size_t n_settings;
	struct cgroup_owner *owners;
	size_t n_owners;
	struct cgroup_attribute *attributes;
	size_t n_attributes;
};

/* A BPF program with the container's device rules. */
struct device_program {
	char *instructions; /* in hexadecimal, sixteen digits each */
};

/* A range of IDs: inside in the container is outside on the host. */
struct idmap {
	char *kind; /* "u" or "g", as lxc.idmap has it */
	unsigned int inside, outside, count;
};

/* The attributes of a thread that CRIU does not carry. */
struct thread_facts {
	int tid;    /* in the container */
	char *cpus; /* "0-3,8": the CPUs that it may run on; NULL: all of its cgroup's */
	unsigned int io_priority; /* as for ioprio_set(); 0: derived from the nice value */
	uint64_t timer_slack;	  /* nanoseconds; 0: the default */
	int coredump_filter;	  /* of the process, at its first thread; -1: the default */
	int core_group; /* threads with the same number share a core scheduling cookie; 0: none */
};

/* A nexthop object, or a route by one: see carry/nexthops.h. */
struct nexthop {
	char *message; /* the request that makes it, in hexadecimal */
};

/* The target of lxc.rootfs.path, as seen on the host. */
enum rootfs_kind {
	ROOTFS_DIRECTORY,
	ROOTFS_MISSING, /* it would be a directory */
	ROOTFS_UNSET,
	/* LXC mounts it when the container starts */
	ROOTFS_OVERLAY,
	ROOTFS_LOOP,
	ROOTFS_BLOCK_DEVICE,
	ROOTFS_OTHER,
};

/* A mount or terminal of the host's that is not among mounts and ttys. */
struct odd_mount {
	enum odd_mount_kind {
		ODD_SOURCE,	      /* no path of the host leads to what it shows */
		ODD_OPTIONS,	      /* it has options that are not known */
		ODD_UNSEEN,	      /* it could not be looked at, for err */
		ODD_TERMINAL_UNSEEN,  /* the same of a terminal */
		ODD_TERMINAL_COVERED, /* something else is in its place */
		ODD_BEYOND,	      /* it comes after OUTSIDE_MAX others, and was not looked at */
	} kind;
	int err; /* positive; 0: none */
	char *target, *root, *type, *options;
};

/*
 * All that CRIU is told of is one argument each, of its command line; and no container
 * was ever seen with a tenth of so many.
 */
#define OUTSIDE_MAX 5000

/*
 * A link that CRIU cannot make again. The container chooses the names of such links and how many
 * there are.
 */
struct inner_nic {
	enum inner_nic_fault {
		INNER_KIND,	    /* CRIU cannot make this kind, or not there */
		INNER_FALLBACK,	    /* the kernel made it, and it cannot be deleted */
		INNER_OTHER_END,    /* a veth whose other end is outside of the container */
		INNER_OPEN_VSWITCH, /* a veth on a bridge to which a restore cannot attach it */
		INNER_SAME_NAME,    /* a veth with the name of one that goes to the host */
	} fault;
	pid_t pid; /* a process in its network namespace; 0: it is in that of init */
	char *type, *name;
};

#define INNER_NICS_MAX 256 /* that are kept */

/* State that a checkpoint cannot carry, for the checks. The manifest does not have it. */
struct obstacles {
	enum rootfs_kind rootfs;
	char *rootfs_differs; /* how its root is not what the config names now; NULL: it is */
	bool pre_mount;	      /* it has lxc.hook.pre-mount */
	bool idmap_container; /* lxc.rootfs.options has idmap=container */
	bool own_users;	      /* it has a user namespace of its own */
	long starter;	      /* the user on the host that its monitor belongs to */
	struct odd_mount *mounts;
	size_t n_mounts;
	struct inner_nic *nics; /* those that are not carried */
	size_t n_nics;
	pid_t *networks; /* a process in each network namespace, that of init first */
	size_t n_networks;
	bool more_networks; /* there are others */
	int devices_err; /* why its rules for devices cannot be read, positive; 0: they can ... */
	unsigned int device_program; /* ... because of this BPF program; 0: none in particular */
};

/* A directory or file of the host that LXC makes a rootfs of. */
struct rootfs_layer {
	char *path;
	char *mount_point, *filesystem, *identity; /* as those of an ext_mount; NULL: not known */
	uint64_t inode;				   /* 0: not known */
};

struct container_facts {
	char *name;
	char *lxcpath;
	pid_t init_pid; /* 0: the container is not running */
	char *rootfs;	/* lxc.rootfs.path, without the kind before it; NULL: not set */
	struct obstacles obstacles;
	uint64_t rootfs_inode; /* of a directory; 0: not known */
	/* of a rootfs that LXC mounts */
	char *rootfs_kind;		    /* "overlay", "loop", "device"; NULL: LXC mounts none */
	struct rootfs_layer *rootfs_layers; /* overlay: the lower ones, the topmost first, and the
					       upper; loop: its file; else the directory */
	size_t n_rootfs_layers;
	char *rootfs_type, *rootfs_identity; /* the filesystem in the file or on the device */
	char *rootfs_options;		     /* of the mount: "rw,relatime" */
	bool ephemeral; /* LXC destroys its rootfs when it stops; not in the manifest */

	/*
	 * namespaces of others in which it was started, "lxc.namespace.share.net = c1"; not in the
	 * manifest
	 */
	char **shares;
	size_t n_shares;

	struct idmap *idmaps; /* sorted; none: it has no user namespace of its own */
	size_t n_idmaps;
	bool rootfs_idmapped; /* the mount of its rootfs translates ids by the same map */

	bool host_network; /* lxc.net.N.type = none: it has no network namespace of its own */
	struct nic *nics;
	size_t n_nics;
	struct nexthop *nexthops; /* in the order in which they are to be made */
	size_t n_nexthops;
	struct ext_mount *mounts;
	size_t n_mounts;
	struct block_filesystem *block_filesystems; /* in all mount namespaces of the container */
	size_t n_block_filesystems;
	struct tty *ttys;
	size_t n_ttys;
	struct cgroup *cgroups;
	size_t n_cgroups;
	/*
	 * the cgroup below its cgroup2 cgroup that holds its processes, so that they cannot change
	 * the limits, which the upper one has; NULL: there is no inner cgroup
	 */
	char *inner_cgroup;

	struct cgroup_node *cgroup_tree; /* each before those beneath it */
	size_t n_cgroup_tree;
	struct device_program *device_programs;
	size_t n_device_programs;
	struct thread_facts *threads;
	size_t n_threads;

	char *apparmor_label; /* of init, without its mode; NULL: unconfined, or no AppArmor */
	/* the profile that lxc-start generated: file name and text; NULL: another, or none */
	char *apparmor_file;
	char *apparmor_policy;
};

/* Frees the members; the caller owns the struct. */
void container_facts_clear(struct container_facts *f);

void nic_clear(struct nic *nic);
void cgroup_node_clear(struct cgroup_node *node);
void block_filesystem_clear(struct block_filesystem *f);

/* Frees only the cgroup tree. */
void facts_clear_cgroup_tree(struct container_facts *facts);

void facts_clear_threads(struct container_facts *facts);

void facts_clear_rootfs(struct container_facts *f); /* what is known of one that LXC mounts */
void facts_clear_block_filesystems(struct container_facts *facts);

/* Returns the cgroup2 entry, or NULL. */
const struct cgroup *facts_cgroup2(const struct container_facts *facts);

/*
 * The part of a cgroup2 path on the host that is below the cgroup that the container sees as the
 * root: "" for that cgroup, "/system.slice". NULL: the path is elsewhere.
 */
const char *facts_below_cgroup(const struct container_facts *facts, const char *path);

/*
 * Whether every interface of the container can leave its bridge for a while. If so, no packet
 * arrives, and CRIU need not lock the network. A port with settings of its own would lose them off
 * the bridge.
 */
bool facts_network_comes_off(const struct container_facts *facts);

/* Returns the ranges of that kind in the form of /proc/PID/uid_map. Caller frees. */
char *facts_id_map(const struct container_facts *facts, const char *kind);

/* Returns the host's ID for the container's root, of that kind; -1: the map has none. */
long facts_root_id(const struct container_facts *facts, const char *kind);

#define _cleanup_facts_ __attribute__((cleanup(container_facts_clear)))

#endif
