/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads and writes the image's file "keyring". Parsing is pure; runs in the command and in the
 * monitor.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "carry/keyring.h"
#include "util/hex.h"
#include "util/mem.h"

#define N_FIELDS 8
#define NOTHING	 "-"

void key_entry_clear(struct key_entry *key)
{
	free(key->description);
	if (key->payload)
		explicit_bzero(key->payload, key->payload_len);
	free(key->payload);
	*key = (struct key_entry){0};
}

const char *key_type_carried(const char *type)
{
	static const char *const types[] = {KEYRING_TYPE, "user", "big_key"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return types[i];
	return NULL;
}

static char *encode(const void *bytes, size_t len)
{
	return len > 0 ? hex_encode(bytes, len) : xstrdup(NOTHING);
}

int key_entry_write(FILE *f, const struct key_entry *key)
{
	_cleanup_free_ char *description = encode(key->description, strlen(key->description));
	_cleanup_free_ char *payload = encode(key->payload, key->payload_len);
	int n = fprintf(f, "%u %s %x %u %u %llu %s %s\n", key->depth, key->type, key->permissions,
			key->uid, key->gid, (unsigned long long)key->expiry, description, payload);

	explicit_bzero(payload, strlen(payload));
	return n < 0 ? -EIO : 0;
}

/* A number of digits alone, as it is written. */
static bool number(const char *text, int base, uint64_t max, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(text);

	if (len == 0 || len > 16 || strspn(text, digits) != len ||
	    (base == 10 && strpbrk(text, "abcdef")) || (len > 1 && *text == '0'))
		return false;
	*ret = strtoull(text, NULL, base);
	return *ret <= max;
}

static bool decode(const char *text, size_t max, void **ret, size_t *ret_len)
{
	*ret = NULL;
	*ret_len = 0;
	if (strcmp(text, NOTHING) == 0)
		return true;
	*ret = hex_decode(text, ret_len);
	return *ret && *ret_len <= max;
}

static bool numbers(char *fields[], struct key_entry *key)
{
	uint64_t depth, permissions, uid, gid;

	if (!number(fields[0], 10, KEY_DEPTH_MAX, &depth) ||
	    !number(fields[2], 16, UINT32_MAX, &permissions) ||
	    !number(fields[3], 10, UINT32_MAX - 1, &uid) ||
	    !number(fields[4], 10, UINT32_MAX - 1, &gid) ||
	    !number(fields[5], 10, INT64_MAX, &key->expiry))
		return false;
	key->depth = (unsigned int)depth;
	key->permissions = (unsigned int)permissions;
	key->uid = (uid_t)uid;
	key->gid = (gid_t)gid;
	return true;
}

static bool texts(char *fields[], struct key_entry *key)
{
	_cleanup_free_ void *description = NULL;
	size_t len;

	key->type = key_type_carried(fields[1]);
	if (!key->type || !decode(fields[6], KEY_DESCRIPTION_MAX, &description, &len) ||
	    (description && memchr(description, '\0', len)))
		return false;
	/* a keyring has none, and of the others there is none without */
	if (!decode(fields[7], KEY_PAYLOAD_MAX, &key->payload, &key->payload_len) ||
	    !key->payload != (strcmp(key->type, KEYRING_TYPE) == 0))
		return false;
	key->description = xstrndup(description ? description : "", len);
	return true;
}

bool key_entry_parse(char *line, struct key_entry *ret)
{
	struct key_entry key = {0};
	char *fields[N_FIELDS];

	for (size_t i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&line, " ");
		if (!fields[i])
			return false;
	}
	if (line || !numbers(fields, &key) || !texts(fields, &key)) {
		key_entry_clear(&key);
		return false;
	}
	*ret = key;
	return true;
}
