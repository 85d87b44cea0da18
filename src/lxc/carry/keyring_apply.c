/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The session keyring, which all of the container's processes get from CRIU's: read by the
 * monitor, made in CRIU's process before its exec, in the place of the keyring that this one has.
 * Both are root on the host.
 */
#include "config.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "carry/keyring.h"
#include "restorer/restorer.h"
#include "util/mem.h"

struct made {
	long id;
	struct key_entry key;
};

struct making {
	struct made *made;
	size_t n;
	long open[KEY_DEPTH_MAX + 1]; /* the keyring of each depth that is being filled */
	unsigned int n_open;	      /* how many of them there are: the next key's deepest place */
};

static int complain(const char *what, const struct key_entry *key)
{
	dprintf(STDERR_FILENO, "cannot make the container's keys: %s%s%s: %s%s\n", what,
		key ? " " : "", key ? key->description : "", strerror(errno),
		errno == EDQUOT ? " (see kernel.keys.maxkeys and .maxbytes)" : "");
	return -1;
}

int keyring_load(struct restore *r, pid_t init, struct error **reterr)
{
	size_t len;

	(void)init;
	return image_read(r->image, r->manifest, KEYRING_NAME, KEYRING_MAX, &r->carried.keyring,
			  &len, reterr);
}

int keyring_forget(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	free_secret(TAKE_PTR(r->carried.keyring));
	return 0;
}

/* Its time is up, or that of a keyring that it was in. The outermost one is made at any rate. */
static bool has_ended(const struct making *m, const struct key_entry *key)
{
	return key->depth > m->n_open ||
	       (key->depth > 0 && key->expiry && key->expiry <= (uint64_t)time(NULL));
}

static int make_key(struct making *m, const struct key_entry *key, long session)
{
	long id = key->depth == 0 ? session
				  : syscall(SYS_add_key, key->type, key->description, key->payload,
					    key->payload_len, m->open[key->depth - 1]);

	if (id < 0)
		return complain("key", key);
	m->n_open = key->depth;
	if (strcmp(key->type, KEYRING_TYPE) == 0)
		m->open[m->n_open++] = id;
	ARRAY_ADD(m->made, m->n)->id = id;
	return 0;
}

/* The key becomes the list's, or goes. */
static int take_line(struct making *m, char *line, long session)
{
	struct key_entry key = {0};
	int r = 0;

	/* the first is the keyring itself, and no other is */
	if (!key_entry_parse(line, &key) || (key.depth == 0) != (m->n == 0) ||
	    (key.depth == 0 && strcmp(key.type, KEYRING_TYPE) != 0)) {
		key_entry_clear(&key);
		errno = EINVAL;
		return complain("the image's file " KEYRING_NAME, NULL);
	}
	if (has_ended(m, &key)) {
		/* and with it what is in it */
		m->n_open = key.depth < m->n_open ? key.depth : m->n_open;
		key_entry_clear(&key);
		return 0;
	}
	r = make_key(m, &key, session);
	if (r < 0)
		key_entry_clear(&key);
	else
		m->made[m->n - 1].key = key;
	return r;
}

static long change(int operation, long id, long a, long b)
{
	return syscall(SYS_keyctl, operation, id, a, b, 0);
}

/* Permissions last: they may forbid the rest. */
static int settle(const struct made *made)
{
	const struct key_entry *key = &made->key;
	uint64_t now = (uint64_t)time(NULL);

	if ((key->uid || key->gid) && change(KEYCTL_CHOWN, made->id, key->uid, key->gid) < 0)
		return complain("owner of", key);
	if (key->expiry && change(KEYCTL_SET_TIMEOUT, made->id,
				  key->expiry > now ? (long)(key->expiry - now) : 1, 0) < 0)
		return complain("end of", key);
	if (change(KEYCTL_SETPERM, made->id, (long)key->permissions, 0) < 0)
		return complain("permissions of", key);
	return 0;
}

static int fill(long session, const char *file)
{
	char *text = xstrdup(file);
	struct making m = {0};
	char *save = NULL;
	int r = 0;

	for (char *l = strtok_r(text, "\n", &save); l && r == 0; l = strtok_r(NULL, "\n", &save))
		r = take_line(&m, l, session);
	/* what is in a keyring can be reached only while that permits it */
	for (size_t n = m.n; n-- > 0; key_entry_clear(&m.made[n].key))
		if (r == 0)
			r = settle(&m.made[n]);
	free(m.made);
	free(text);
	return r;
}

/* Gives the keyring to the container's root, as lxc-start's. A full quota is no failure. */
static void give(const struct restore *r, long session)
{
	long uid = facts_root_id(&r->manifest->facts, "u");
	long gid = facts_root_id(&r->manifest->facts, "g");

	if (uid > 0 && gid >= 0)
		change(KEYCTL_CHOWN, session, uid, gid);
}

int keyring_make(struct restore *r, pid_t init, struct error **reterr)
{
	long session = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	(void)init;
	(void)reterr;
	if (session >= 0 && r->carried.keyring)
		return fill(session, r->carried.keyring);
	if (session >= 0)
		give(r, session);
	/* a kernel without keys has none to keep from the container, or a filter does */
	else if (r->carried.keyring || (errno != ENOSYS && errno != EPERM && errno != EACCES))
		return complain("the keyring itself", NULL);
	return 0;
}
