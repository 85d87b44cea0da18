/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_MANIFEST_H
#define LXCCKPT_IMAGE_MANIFEST_H

#include <stdint.h>

#include "facts/config_item.h"
#include "facts/facts.h"
#include "util/error.h"

#define MANIFEST_NAME	"manifest.json"
#define MANIFEST_SCHEMA 3 /* what is written; earlier ones are read, too */

/* The console's last output: the bytes of its monitor's buffer. Absent: there was none. */
#define SCROLLBACK_NAME "console-buffer"

struct image_file {
	char *name; /* plain file name in the image directory */
	uint64_t size;
	char *xxh3_128; /* see checksum.h; NULL: unknown (schema 1) */
};

struct manifest {
	unsigned int schema;
	char *created;	    /* UTC, "2026-01-31T12:00:00Z" */
	bool stopped;	    /* the checkpoint stopped the container; unknown before schema 3 */
	char *tool_version; /* of this project */
	char *lxc_version;
	char *criu_version; /* "4.2.1" */
	char *kernel;	    /* uname -r */
	char *arch;	    /* uname -m */
	unsigned int
		page_size; /* bytes; this and the next four: 0 and NULL where schema 1 had none */
	char *cpu_model;
	char *cpu_features;	   /* see sys/cpuinfo.h */
	struct config_item *items; /* the part of the configuration that a restore compares */
	size_t n_items;
	char *parent; /* image directory of the pre-dump it builds on, relative; NULL: none */
	struct container_facts facts; /* its init_pid is not kept */
	char *config;		  /* the container's config file, whole; NULL where it has none */
	struct image_file *files; /* sorted by name */
	size_t n_files;
};

/*
 * Writes the manifest as JSON text with a newline at the end; NULL if a string is not UTF-8. Caller
 * frees.
 */
char *manifest_to_json(const struct manifest *m);

/*
 * Parses strictly: unknown or missing members, wrong types, names that are not plain (file,
 * interface), relative paths, a newer schema and a checksum mismatch are errors that name the
 * member. Free *ret with manifest_clear().
 */
int manifest_from_json(const char *text, size_t len, struct manifest *ret,
		       struct error **reterr) _must_check_;

/*
 * Verifies that the manifest could be read again; call this before touching a container, whose
 * names and paths it contains. Refuses.
 */
int manifest_check(const struct manifest *m, struct error **reterr) _must_check_;

/* Frees the list of the image's files when nobody verifies them any more: the list can be long. */
void manifest_forget_files(struct manifest *m);

void manifest_clear(struct manifest *m);
#define _cleanup_manifest_ __attribute__((cleanup(manifest_clear)))

#endif
