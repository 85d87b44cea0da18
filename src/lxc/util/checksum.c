/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Computes XXH3-128 checksums of bytes and of parts of files. Runs in the command, with no
 * privileges of its own.
 */
#include "config.h"

#include <errno.h>
#include <sys/param.h>
#include <unistd.h>
#include <xxhash.h>

#include "util/checksum.h"
#include "util/hex.h"
#include "util/mem.h"

/*
 * A piece that fits into a core's cache beside the data that is read: larger pieces are read from
 * memory twice.
 */
#define PIECE (256 * 1024)

struct checksum {
	XXH3_state_t *state;
	char *piece; /* made at the first file */
};

struct checksum *checksum_new(void)
{
	struct checksum *c = xcalloc(1, sizeof(*c));

	c->state = XXH3_createState();
	if (!c->state)
		abort();
	XXH3_128bits_reset(c->state);
	return c;
}

void checksum_add(struct checksum *c, const void *data, size_t len)
{
	XXH3_128bits_update(c->state, data, len);
}

int checksum_add_file(struct checksum *c, int fd, uint64_t from, uint64_t to)
{
	if (!c->piece)
		c->piece = xcalloc(1, PIECE);
	while (from < to) {
		ssize_t n = pread(fd, c->piece, (size_t)MIN(to - from, PIECE), (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		checksum_add(c, c->piece, (size_t)n);
		from += (uint64_t)n;
	}
	return 0;
}

char *checksum_text(const struct checksum *c)
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(c->state));
	return hex_encode(canonical.digest, sizeof(canonical.digest));
}

void checksum_free(struct checksum *c)
{
	if (!c)
		return;
	XXH3_freeState(c->state);
	free(c->piece);
	free(c);
}

char *checksum_of(const void *data, size_t len)
{
	_cleanup_checksum_ struct checksum *c = checksum_new();

	checksum_add(c, data, len);
	return checksum_text(c);
}
