/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flips DIRECTORY: changes an image, one byte of one file at a time, and has the code that a
 * restore runs look at it each time: all of them must be refused, with the file's name. Each
 * byte of files up to EACH bytes, and evenly spread ones of the others. It is built in a
 * box with what /build/obj has (see 64-bad-images.sh), and says how many it tried.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/dir.h"
#include "util/fd.h"
#include "util/mem.h"

#define EACH	1024
#define SAMPLES 256

static const char *directory;
static size_t tried, missed;

static int look(struct error **reterr)
{
	static const struct image_verify whole = {.sums = true};
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_image_ struct image *img = NULL;
	int r = image_open(directory, &img, &m, reterr);

	return r < 0 ? r : image_verify(img, &m, &whole, reterr);
}

static void expect_refused(const char *file, off_t at, unsigned char now)
{
	_cleanup_error_ struct error *e = NULL;
	int r = look(&e);

	tried++;
	if (r < 0 && e && e->refused && strstr(e->message, file))
		return;
	missed++;
	printf("%s with byte %lld as %02x: %s\n", file, (long long)at, now,
	       r == 0 ? "taken for good"
	       : e    ? e->message
		      : "refused without a word");
}

static void flip(const char *file, int fd, off_t at, unsigned int how)
{
	unsigned char was, now;

	if (pread(fd, &was, 1, at) != 1)
		exit(2);
	/* one bit, and all of them */
	now = how < 8 ? was ^ (unsigned char)(1U << how) : (unsigned char)~was;
	if (pwrite(fd, &now, 1, at) != 1)
		exit(2);
	expect_refused(file, at, now);
	if (pwrite(fd, &was, 1, at) != 1)
		exit(2);
}

static void flip_all(const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	off_t step;

	if (fd < 0 || fstat(fd, &st) < 0)
		exit(2);
	step = st.st_size <= EACH ? 1 : st.st_size / SAMPLES;
	for (off_t at = 0; at < st.st_size; at += step)
		flip(file, fd, at, (unsigned int)(at % 9));
	/* the ends, where headers and the last entries are */
	if (st.st_size > EACH)
		for (off_t i = 0; i < 16; i++) {
			flip(file, fd, i, 0);
			flip(file, fd, st.st_size - 1 - i, 7);
		}
}

int main(int argc, char **argv)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_error_ struct error *e = NULL;
	struct image *img = NULL;

	if (argc != 2)
		return 2;
	directory = argv[1];
	if (image_open(directory, &img, &m, &e) < 0 || look(&e) < 0) {
		printf("as it is it is refused: %s\n", e->message);
		return 2;
	}
	image_free(img);
	for (size_t i = 0; i < m.n_files; i++)
		flip_all(m.files[i].name);
	flip_all(MANIFEST_NAME);
	if (look(&e) < 0) {
		printf("in the end it is refused: %s\n", e->message);
		return 2;
	}
	printf("%zu files, %zu bytes changed, %zu not found out\n", m.n_files + 1, tried, missed);
	return missed > 0;
}
