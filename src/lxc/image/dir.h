/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_DIR_H
#define LXCCKPT_IMAGE_DIR_H

/*
 * The image directory's life. While it is written it holds a file "incomplete";
 * the manifest, put there last and at once, makes it a checkpoint. Whoever has
 * it open holds a lock on the directory, which ends with the process.
 */

#include <stdbool.h>
#include <stdint.h>

#include "image/manifest.h"
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
 * For a dump. Makes the directory (0700) with its parents; refuses one that
 * holds a checkpoint (unless replace: then the new one is made beside it), one
 * with other things in it, and one that another process works on. What an
 * unfinished dump of ours left is cleared away. owner: see guard_way().
 */
int image_create(const char *path, bool replace, long owner, struct image **ret,
		 struct error **reterr);

/*
 * Whether image_create() would refuse the directory; makes and locks nothing. One
 * that holds a checkpoint is told by *ret_holds_one, and is no error; with replace it is one
 * where that could not take its place.
 */
int image_check(const char *path, bool replace, long owner, bool *ret_holds_one,
		struct error **reterr);

/*
 * A pre-dump's or a restore's: opens a complete checkpoint, reads its manifest and
 * looks at its files, but not into them: see image_verify(). Refuses one that somebody
 * else than root could have changed, or could exchange for another.
 */
int image_open(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr);

/* The same without a look at its files. */
int image_peek(const char *path, struct image **ret, struct manifest *ret_manifest,
	       struct error **reterr);

/* And without a look at which files there are: guard_each() is for who wants to know of all. */
int image_peek_manifest(const char *path, struct image **ret, struct manifest *ret_manifest,
			struct error **reterr);

struct image_verify {
	bool sums; /* read all of them; false: only what stat() shows */
	/* All of them; of large files of pages sizes alone; or the sums of these alone. */
	enum { VERIFY_ALL, VERIFY_BUT_PAGES, VERIFY_PAGES } parts;
	/* Called for each file that is not as it was, with the error that it would be alone. */
	void (*damaged)(const char *file, const struct error *e, void *userdata);
	/* Asked before each large file: true: an error, -ECANCELED. NULL: not asked. */
	bool (*cancelled)(void *userdata);
	void *userdata;
};

/*
 * Whether the files are what the manifest says. The error, a refusal, is that of the
 * first that is not. Checksums are those of the manifest, which in schema 1 has none.
 */
int image_verify(const struct image *img, const struct manifest *m, const struct image_verify *v,
		 struct error **reterr);

/* Whether there is something that VERIFY_BUT_PAGES leaves out. */
bool image_has_large_pages(const struct manifest *m);

/* What can be done about what image_verify() has found. */
void image_verify_hint(const struct image *img, struct error **reterr);

/* Before CRIU is started for a dump: the sums that image_seal() needs are made meanwhile. */
void image_follow(struct image *img);

/* Writes a file into it at once (temporary name, fsync, rename). */
int image_write(struct image *img, const char *name, const char *text, struct error **reterr);

int image_write_bytes(struct image *img, const char *name, const void *data, size_t len,
		      struct error **reterr);

/*
 * A file of a checkpoint, where its manifest names it; *ret is NULL where it does not. It
 * has to have the size that the manifest says, and at most max bytes. Caller frees.
 */
int image_read(const struct image *img, const struct manifest *m, const char *name, size_t max,
	       char **ret, size_t *ret_len, struct error **reterr);

/*
 * Lists the files into m, forces everything to disk, and writes the manifest:
 * from here on the directory is a checkpoint, in the place of the one that it
 * replaces.
 */
int image_seal(struct image *img, struct manifest *m, struct error **reterr);

/* Bytes of all files so far; cheap enough for a progress line. */
uint64_t image_bytes(const struct image *img);

/*
 * After a dump that failed: nothing that looks like a checkpoint stays, the one
 * that was to be replaced is back, CRIU's log is kept. keep_log false: as if
 * nothing had been begun.
 */
void image_abandon(struct image *img, bool keep_log);

/* After a dump that worked: the replaced one goes. */
void image_finish(struct image *img);

void image_free(struct image *img);

static inline void image_freep(struct image **img)
{
	image_free(*img);
}
#define _cleanup_image_ __attribute__((cleanup(image_freep)))

#endif
