/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_DIR_H
#define LXCCKPT_IMAGE_DIR_H

/*
 * The life of an image directory. While it is written it holds a file "incomplete". The manifest,
 * added last and atomically, makes it a checkpoint. Whoever has it open holds a lock on the
 * directory, which ends with the process.
 */

#include <stdbool.h>
#include <stdint.h>

#include "image/manifest.h"
#include "image/image_place.h"
#include "util/error.h"

struct image {
	char *path;	   /* absolute: where CRIU works */
	char *final_path;  /* absolute: where the checkpoint will be; differs from path with replace
			    */
	int dirfd;	   /* holds the lock */
	unsigned int made; /* the last of its directories that did not exist before; 0: none */
	bool exchanged;	   /* path now holds the checkpoint that was replaced */
	struct follower *follower; /* see follow.h; NULL: none */
};

/*
 * For a dump. Makes the directory (0700) and its parents. Refuses a directory that holds a
 * checkpoint (with replace, it makes the new one beside it instead; in a shared directory also if
 * the old one was restored since its container was stopped), that holds other files, or on which
 * another process works. Clears what an unfinished dump of ours left. owner: see guard_way().
 */
int image_create(const struct image_place *place, bool replace, long owner, struct image **ret,
		 struct error **reterr) _must_check_;

/*
 * Whether image_create() would refuse the directory; makes and locks nothing. An existing
 * checkpoint sets *ret_holds_one unless it would be replaced, and is not an error; what would be
 * replaced is one if the new checkpoint could not take its place.
 */
int image_check(const struct image_place *place, bool replace, long owner, bool *ret_holds_one,
		struct error **reterr) _must_check_;

/*
 * For a restore, or a pre-dump. Opens a complete checkpoint, reads its manifest and checks the
 * sizes of its files, but does not read them: see image_verify(). Refuses a checkpoint that
 * somebody other than root could have changed or replaced.
 */
int image_open(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr) _must_check_;

/* The same without a check of its files. */
int image_peek(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr) _must_check_;

/* The same without a check of which files exist: callers use guard_each() to learn of all. */
int image_peek_manifest(const char *path, struct image **ret, struct manifest *ret_manifest,
			struct error **reterr) _must_check_;

struct image_verify {
	bool sums; /* read all files; false: only stat() them */
	/* All of them; of large files of pages sizes alone; or the sums of these alone. */
	enum { VERIFY_ALL, VERIFY_BUT_PAGES, VERIFY_PAGES } parts;
	/* Called for each damaged file, with the error that it would be alone. */
	void (*damaged)(const char *file, const struct error *e, void *userdata);
	/* Called before each large file; true: stop with -ECANCELED. NULL: not called. */
	bool (*cancelled)(void *userdata);
	void *userdata;
};

/*
 * Verifies the files against the manifest. Returns the error of the first damaged file, as a
 * refusal. The checksums are those of the manifest, which in schema 1 has none.
 */
int image_verify(const struct image *img, const struct manifest *m, const struct image_verify *v,
		 struct error **reterr) _must_check_;

/* Whether VERIFY_BUT_PAGES leaves anything out. */
bool image_has_large_pages(const struct manifest *m);

/* Sets the hint for an error of image_verify(). */
void image_verify_hint(const struct image *img, struct error **reterr);

/* Call before CRIU starts a dump: computes the checksums that image_seal() needs meanwhile. */
void image_follow(struct image *img);

/* Writes a file into the directory atomically (temporary name, fsync, rename). */
int image_write(struct image *img, const char *name, const char *text,
		struct error **reterr) _must_check_;

int image_write_bytes(struct image *img, const char *name, const void *data, size_t len,
		      struct error **reterr) _must_check_;

/*
 * Reads a file of a checkpoint; *ret is NULL if its manifest does not name it. The file must have
 * the size that the manifest states, and at most max bytes. Caller frees.
 */
int image_read(const struct image *img, const struct manifest *m, const char *name, size_t max,
	       char **ret, size_t *ret_len, struct error **reterr) _must_check_;

/*
 * Commits the checkpoint: lists the files in m, flushes everything to disk, and writes the
 * manifest. From then on the directory is a checkpoint, and has replaced the old one.
 */
int image_seal(struct image *img, struct manifest *m, struct error **reterr) _must_check_;

/* Returns the bytes of all files so far; cheap enough for a progress line. */
uint64_t image_bytes(const struct image *img);

/*
 * After a failed dump: removes everything that looks like a checkpoint, puts back the one that was
 * to be replaced, keeps CRIU's log. keep_log false: as if nothing had begun.
 */
void image_abandon(struct image *img, bool keep_log);

/* After a successful dump: removes the replaced checkpoint. */
void image_finish(struct image *img);

void image_free(struct image *img);

static inline void image_freep(struct image **img)
{
	image_free(*img);
}
#define _cleanup_image_ __attribute__((cleanup(image_freep)))

#endif
