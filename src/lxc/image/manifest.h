/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_MANIFEST_H
#define LXCCKPT_IMAGE_MANIFEST_H

#include <stdint.h>

#include "facts/config_item.h"
#include "facts/facts.h"
#include "util/error.h"

#define MANIFEST_NAME	"manifest.json"
#define MANIFEST_SCHEMA 3 /* what is written; earlier ones are read, too */

/* What was on the console last: the bytes of its monitor's buffer. Not there: it had none. */
#define SCROLLBACK_NAME "console-buffer"

struct image_file {
	char *name; /* plain file name in the image directory */
	uint64_t size;
	char *xxh3_128; /* its checksum, see checksum.h; NULL: not known (schema 1) */
};

struct manifest {
	unsigned int schema;
	char *created;	    /* UTC, "2026-01-31T12:00:00Z" */
	bool stopped;	    /* the container was stopped by it; not known before schema 3 */
	char *tool_version; /* of this project */
	char *lxc_version;
	char *criu_version; /* "4.2.1" */
	char *kernel;	    /* uname -r */
	char *arch;	    /* uname -m */
	unsigned int
		page_size; /* bytes; this and the next four: 0 and NULL where schema 1 had none */
	char *cpu_model;
	char *cpu_features;	   /* see sys/cpuinfo.h */
	struct config_item *items; /* what of the config is compared before a restore */
	size_t n_items;
	char *parent; /* image directory of the pre-dump it builds on, relative; NULL: none */
	struct container_facts facts; /* its init_pid is not kept */
	char *config;		  /* the container's config file, whole; NULL where it has none */
	struct image_file *files; /* sorted by name */
	size_t n_files;
};

/* As JSON text with a newline at its end; NULL where a string is not UTF-8. Caller frees. */
char *manifest_to_json(const struct manifest *m);

/*
 * Strict: unknown members, wrong types, missing members, names that are no
 * plain names (file, interface), relative paths, a newer schema, a checksum at its
 * end that does not fit: each an error that names the member. *ret is to be
 * emptied with manifest_clear().
 */
int manifest_from_json(const char *text, size_t len, struct manifest *ret, struct error **reterr);

/*
 * Whether what would be written could be read again: asked before a container is
 * touched, since names and paths in it are the container's. Refuses.
 */
int manifest_check(const struct manifest *m, struct error **reterr);

/* The list of the image's files, once nobody verifies them any more: it can be long. */
void manifest_forget_files(struct manifest *m);

void manifest_clear(struct manifest *m);
#define _cleanup_manifest_ __attribute__((cleanup(manifest_clear)))

#endif
