/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_KEYRING_H
#define LXCCKPT_CARRY_KEYRING_H

/*
 * A file in the image: the container's session keyring, where there are keys in it. A key a
 * line, the keyring itself first, and each keyring before what is in it:
 *
 *   DEPTH TYPE PERMISSIONS UID GID EXPIRY DESCRIPTION PAYLOAD
 *
 * DEPTH is 0 for the keyring itself, 1 for what is in it; PERMISSIONS are in hexadecimal, as
 * keyctl_setperm() has them; UID and GID are the host's; EXPIRY is the time at which the key
 * ends, in seconds since 1970, 0 if never; DESCRIPTION and PAYLOAD are in hexadecimal, "-" if
 * empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define KEYRING_NAME "keyring"
#define KEYRING_MAX  (16 * 1024 * 1024)
#define KEYRING_TYPE "keyring" /* of a key that holds others */

#define KEY_DEPTH_MAX	    6		  /* the kernel looks no deeper */
#define KEY_DESCRIPTION_MAX 4095	  /* bytes */
#define KEY_PAYLOAD_MAX	    (1024 * 1024) /* bytes: a big_key's */

struct key_entry {
	unsigned int depth;
	const char *type;
	unsigned int permissions;
	uid_t uid;
	gid_t gid;
	uint64_t expiry;
	char *description;
	void *payload; /* NULL: none, as of a keyring */
	size_t payload_len;
};

/* Frees what the entry owns: not its type, which stays the table's. */
void key_entry_clear(struct key_entry *key);

/* The types that can be read and made again: a name that lasts, or NULL for another. */
const char *key_type_carried(const char *type);

int key_entry_write(FILE *f, const struct key_entry *key);

/*
 * One line, without its end. False for what is none, with nothing to be freed. Each line is
 * looked at alone: that a key is in one that is a keyring is the caller's to see.
 */
bool key_entry_parse(char *line, struct key_entry *ret);

#endif
