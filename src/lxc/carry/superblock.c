/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The few bytes of a superblock by which one filesystem is told from another. Pure. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "carry/superblock.h"
#include "util/checksum.h"
#include "util/hex.h"
#include "util/mem.h"

#define UUID_LEN 16

enum identity_kind {
	IDENTITY_UUID,
	IDENTITY_SERIAL,
	IDENTITY_SUM, /* of read-only filesystems alone: nothing in theirs ever changes */
};

static const struct superblock {
	const char *type;
	size_t magic_at;
	const char *magic;
	size_t magic_len;
	enum identity_kind kind;
	size_t at, len; /* of what tells it */
} superblocks[] = {
	{"ext2", 1080, "\x53\xef", 2, IDENTITY_UUID, 1128, UUID_LEN},
	{"ext3", 1080, "\x53\xef", 2, IDENTITY_UUID, 1128, UUID_LEN},
	{"ext4", 1080, "\x53\xef", 2, IDENTITY_UUID, 1128, UUID_LEN},
	{"xfs", 0, "XFSB", 4, IDENTITY_UUID, 32, UUID_LEN},
	{"btrfs", 65600, "_BHRfS_M", 8, IDENTITY_UUID, 65568, UUID_LEN},
	{"f2fs", 1024, "\x10\x20\xf5\xf2", 4, IDENTITY_UUID, 1132, UUID_LEN},
	{"jfs", 32768, "JFS1", 4, IDENTITY_UUID, 32904, UUID_LEN},
	{"erofs", 1024, "\xe2\xe1\xf5\xe0", 4, IDENTITY_SUM, 1024, 128},
	{"squashfs", 0, "hsqs", 4, IDENTITY_SUM, 0, 96},
	{"iso9660", 32769, "CD001", 5, IDENTITY_SUM, 32768, 2048},
	{"vfat", 82, "FAT32", 5, IDENTITY_SERIAL, 67, 4},
	{"vfat", 54, "FAT1", 4, IDENTITY_SERIAL, 39, 4},
	{"msdos", 54, "FAT1", 4, IDENTITY_SERIAL, 39, 4},
	{"exfat", 3, "EXFAT   ", 8, IDENTITY_SERIAL, 100, 4},
	{"ntfs3", 3, "NTFS    ", 8, IDENTITY_SERIAL, 72, 8},
};

#define N_SUPERBLOCKS (sizeof(superblocks) / sizeof(superblocks[0]))

static const char uuid_word[] = "uuid:";

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static char *identity_text(const struct superblock *s, const uint8_t *bytes)
{
	_cleanup_free_ char *word =
		s->kind == IDENTITY_SUM ? checksum_of(bytes, s->len) : hex_encode(bytes, s->len);

	if (s->kind == IDENTITY_SUM)
		return xasprintf("sum:%s", word);
	if (s->kind == IDENTITY_SERIAL)
		return xasprintf("serial:%s", word);
	return xasprintf("%s%.8s-%.4s-%.4s-%.4s-%s", uuid_word, word, word + 8, word + 12,
			 word + 16, word + 20);
}

char *superblock_identity(const char *type, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < N_SUPERBLOCKS; i++) {
		const struct superblock *s = &superblocks[i];

		if (strcmp(s->type, type) != 0 || s->at + s->len > len ||
		    s->magic_at + s->magic_len > len ||
		    memcmp(p + s->magic_at, s->magic, s->magic_len) != 0)
			continue;
		return is_zero(p + s->at, s->len) ? NULL : identity_text(s, p + s->at);
	}
	return NULL;
}

const char *superblock_uuid(const char *identity)
{
	size_t len = sizeof(uuid_word) - 1;

	return identity && strncmp(identity, uuid_word, len) == 0 ? identity + len : NULL;
}
