/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_ARGV_H
#define LXCCKPT_CRIU_ARGV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "criu/features.h"
#include "criu/null_files.h"
#include "facts/facts.h"
#include "util/mem.h"

/* What of a CPU counts: what CRIU looks at by itself; and with it CRIU writes down what there is.
 */
#define CRIU_CPU_CAP "--cpu-cap=fpu,ins"

enum criu_verb {
	CRIU_DUMP,
	CRIU_RESTORE,
};

/* How CRIU keeps packets away while connections are saved. */
enum network_lock {
	NETWORK_LOCK_DEFAULT, /* CRIU's own default: iptables */
	NETWORK_LOCK_NFTABLES,
	NETWORK_LOCK_SKIP, /* nothing: the callback has taken the veth off its bridge */
};

/* A pty that takes the place of facts->ttys[i] at a restore. */
struct tty_end {
	int slave_fd;	  /* inherited by CRIU */
	const char *path; /* "/dev/pts/7", or where it is in CRIU's mount namespace */
};

/*
 * Everything that decides a CRIU command line. Nothing is owned.
 * What a verb has no use for is ignored for it.
 */
struct criu_job {
	enum criu_verb verb;
	const char *criu; /* absolute path: argv[0] */
	struct criu_version version;
	const char *image_dir; /* of the images, and of all that CRIU writes */
	int image_fd; /* > 2: the same, and CRIU is told this, which is what was looked at */
	const char *log_file;		   /* relative to image_dir */
	unsigned int verbosity;		   /* 0-4 */
	const char *const *action_scripts; /* NULL-terminated, in the order they shall run */
	const struct container_facts *facts;
	const char *cgroup_yard; /* where cgroups are mounted for CRIU; NULL: it does it itself */

	/*
	 * CRIU finds lxc-checkpoint-iptables instead of iptables. Leave this out if CRIU locks the
	 * network by iptables or has tables to restore by it, and for a user's action script, which
	 * would find it too.
	 */
	bool firewall_quick;

	/* dump */
	bool leave_running;
	unsigned int timeout; /* seconds for stopping the processes; 0: CRIU's default */
	enum network_lock network_lock;
	bool no_skip_in_flight;	   /* do not pass --skip-in-flight */
	const char *freeze_cgroup; /* directory of the cgroup to be frozen first; NULL: none */
	uint64_t ghost_limit;	   /* bytes; 0: CRIU's default */
	const struct null_files *null_files; /* NULL: none */

	/* restore */
	const char *root;	 /* where the rootfs is bind-mounted */
	const char *cgroup_root; /* cgroup2 path of the new payload cgroup: "/lxc.payload.c1" */
	const char *images_path; /* where the images are to be read; NULL: image_dir */
	/* one per facts->mounts, in the place of its source; NULL: as they are */
	const char *const *mount_sources;
	/* one per facts->block_filesystems, the device to mount; NULL: as they are */
	const char *const *devices;
	const struct tty_end *tty_ends; /* one per facts->ttys */
	const char *const *host_veths;	/* one per facts->nics; NULL where it is no veth */
	const char *pidfile;		/* absolute; NULL: none */
	bool ignore_cpu;   /* of floating point state it restores what this processor has */
	bool ignore_files; /* no look at modes and build IDs; sizes have to be right all the same */
};

/* Pure: no I/O, nothing but the job decides. Caller frees with strv_free(). */
struct strv criu_argv(const struct criu_job *job);

/* Pure. Whether a line of `nft list tables` names a network lock, as a killed CRIU leaves it. */
bool criu_is_network_lock(const char *line, size_t len);

#endif
