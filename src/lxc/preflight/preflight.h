/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_PREFLIGHT_H
#define LXCCKPT_PREFLIGHT_PREFLIGHT_H

/*
 * Checks whether a checkpoint or restore would work, before anything is touched. Changes nothing.
 * Each check adds its findings to a list.
 */

#include <stdint.h>

#include "criu.h"
#include "facts/config_item.h"
#include "facts/facts.h"
#include "image/manifest.h"
#include "preflight/findings.h"
#include "util/error.h"

/* The first check: root, the capabilities, CRIU. Fills *ret_criu. */
int preflight_host(struct criu_program *ret_criu, struct error **reterr) _must_check_;

/* The first half of that. */
int preflight_privileges(struct error **reterr) _must_check_;

/* A dump that is about to be made. */
struct preflight {
	const struct container_facts *facts;
	const struct criu_program *criu;
	const char *config_file; /* for remedies */
	const char *directory;	 /* of the image; need not exist */
	uint64_t ghost_limit;	 /* bytes, as CRIU will be told */
	bool stop;		 /* the container is to be stopped */
	bool drop_outside;	 /* /dev/null takes the place of what has its other end outside */
};

/* Finds everything that blocks the dump or deserves a warning. */
void preflight_find(const struct preflight *p, struct findings *found);

/* The same, and refuses if anything blocks. found must be empty. */
int preflight_dump(const struct preflight *p, struct findings *found,
		   struct error **reterr) _must_check_;

/*
 * Checks only mounts of deleted files again, when the container's processes are frozen: the place
 * may have been taken since. Uses only the facts of p.
 */
int preflight_deleted_mounts(const struct preflight *p, struct error **reterr) _must_check_;

/* A restore to be made: compares the manifest with this host. */
struct restore_check {
	const struct manifest *manifest;
	int image; /* the directory; -1: none, and CRIU's images are not checked */
	const char *image_path;
	const struct criu_program *criu; /* without a path: there is none */
	const char *name;
	const char *lxcpath;
	const char *config_file;
	const char *lxc_version;
	const char *rootfs; /* a path that leads to its files; NULL: they cannot be looked at */
	const char *rootfs_path; /* lxc.rootfs.path; NULL: it does not name one */
	const struct config_item *config;
	size_t n_config;
	bool hooks; /* pre-start hooks run first, and may make what is missing */
	const struct timespec *hooks_began; /* when they have run; NULL: they have not, or none */
};

/* Finds everything that blocks the restore or deserves a warning. */
void preflight_find_restore(const struct restore_check *r, struct findings *found);

/* The part of it that must wait for pre-start hooks. */
void preflight_find_made(const struct restore_check *r, struct findings *found);

/* The rootfs as the config names it, see inspect_rootfs(). */
struct rootfs_check {
	const char *name;
	const char *config_file;
	const char *path; /* NULL: not set */
	enum rootfs_kind kind;
	bool made_later;     /* a hook makes it: it need not exist yet */
	const char *differs; /* from what the container has for /; NULL: it does not */
	bool mapped;	     /* the container has an ID map */
	bool pre_mount;	     /* it was started with pre-mount hooks */
};

/* Finds what blocks a dump or a restore, "rootfs". */
void preflight_rootfs(const struct rootfs_check *c, struct findings *found);

/* Whether a restore compares this item of the configuration: the manifest keeps those. */
bool preflight_config_matters(const char *key);

#endif
