/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_PREFLIGHT_PREFLIGHT_H
#define LXCCKPT_PREFLIGHT_PREFLIGHT_H

/*
 * Will it work? Asked before anything is touched; changes nothing. A check adds
 * what stands in the way to a list.
 */

#include <stdint.h>

#include "criu.h"
#include "facts/config_item.h"
#include "facts/facts.h"
#include "image/manifest.h"
#include "preflight/findings.h"
#include "util/error.h"

/* Before anything else: root, the capabilities, CRIU. Fills *ret_criu. */
int preflight_host(struct criu_program *ret_criu, struct error **reterr);

/* The first half of that. */
int preflight_privileges(struct error **reterr);

/* A dump that is about to be made. */
struct preflight {
	const struct container_facts *facts;
	const struct criu_program *criu;
	const char *config_file; /* to be named in a remedy */
	const char *directory;	 /* of the image; need not be there */
	uint64_t ghost_limit;	 /* bytes, as CRIU will be told */
	bool stop;		 /* the container is to be stopped */
};

/* All that can be seen from here to stand in the way of the dump, or is worth a warning. */
void preflight_find(const struct preflight *p, struct findings *found);

/* The same, as a refusal if anything blocks. found is empty before. */
int preflight_dump(const struct preflight *p, struct findings *found, struct error **reterr);

/*
 * Of mounts that show something deleted alone, when the container's processes stand still: what
 * was there before may not be. Of p the facts are wanted.
 */
int preflight_deleted_mounts(const struct preflight *p, struct error **reterr);

/* A restore that is about to be made: what is in the manifest against what there is now. */
struct restore_check {
	const struct manifest *manifest;
	int image; /* the directory; -1: none, and CRIU's part of it is not looked at */
	const char *image_path;
	const struct criu_program *criu; /* without a path: there is none */
	const char *name;
	const char *lxcpath;
	const char *config_file;
	const char *lxc_version;
	const char *rootfs; /* the host's directory; NULL: it is not there */
	const struct config_item *config;
	size_t n_config;
	bool hooks; /* pre-start hooks come first, and may make what is not there yet */
};

/* All that can be seen from here to stand in the way of the restore, or is worth a warning. */
void preflight_find_restore(const struct restore_check *r, struct findings *found);

/* The part of it that pre-start hooks have to come before. */
void preflight_find_made(const struct restore_check *r, struct findings *found);

/* The rootfs as the config names it, see inspect_rootfs(). */
struct rootfs_check {
	const char *name;
	const char *config_file;
	const char *path; /* NULL: not set */
	enum rootfs_kind kind;
	bool made_later; /* by a hook: it need not be there yet */
};

/* Adds what stands in the way of a dump or a restore, "rootfs". */
void preflight_rootfs(const struct rootfs_check *c, struct findings *found);

/* Whether an item of the config is one that is compared: those are kept in the manifest. */
bool preflight_config_matters(const char *key);

#endif
