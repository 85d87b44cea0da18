/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Saves the keys in the session keyring of the container's init. Runs in the caller's process at a
 * dump, as root; a child of it has init make the system call that hands the keyring over.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "carry/keyring.h"
#include "carry/table_save.h"
#include "inspect/settings.h"
#include "sys/inject.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define KEYS	 "/proc/keys"
#define KEYS_MAX (16 * 1024 * 1024)

/* Limits on what we read of keys, which the container's processes can make at will. */
#define VISITS_MAX   4096
#define CPU_SECONDS  20
#define READ_SECONDS 20

/* Permissions, see keyctl_setperm(): all that who has a key can do; others put keys in. */
#define POSSESSOR_ALL 0x3f000000
#define USER_WRITE    0x00040000
#define OTHER_WRITE   0x00000004

/* How the process that reads them ends: it has said why, and whether a key is at fault. */
#define EXIT_KEY   3
#define EXIT_OTHER 4

typedef int32_t key_id;

static long key_call(int operation, long a, long b, long c)
{
	long r = syscall(SYS_keyctl, operation, a, b, c, 0);

	return r < 0 ? -errno : r;
}

/* Asks the kernel about a key: bytes or ids. Caller frees; -errno. */
static ssize_t ask(int operation, key_id key, size_t max, char **ret)
{
	long len = key_call(operation, key, 0, 0), n;

	*ret = NULL;
	if (len < 0)
		return len;
	if ((size_t)len > max)
		return -EFBIG;
	*ret = xcalloc((size_t)len + 1, 1);
	n = key_call(operation, key, (long)(uintptr_t)*ret, len);
	/* it has been changed between */
	return n > len ? -EAGAIN : n;
}

static ssize_t ask_ids(key_id keyring, key_id **ret)
{
	ssize_t n = ask(KEYCTL_READ, keyring, KEYRING_MAX, (char **)ret);

	return n < 0 ? n : n / (ssize_t)sizeof(key_id);
}

/* "TYPE;UID;GID;PERMISSIONS;DESCRIPTION", cut in place: the rest of text is the description. */
static bool cut(char *text, char **ret_type, struct key_entry *key, char **ret_description)
{
	char *fields[4];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fields[i] = strsep(&text, ";");
		if (!text)
			return false;
	}
	*ret_type = fields[0];
	key->uid = (uid_t)strtoul(fields[1], NULL, 10);
	key->gid = (gid_t)strtoul(fields[2], NULL, 10);
	key->permissions = (unsigned int)strtoul(fields[3], NULL, 16);
	*ret_description = text;
	return true;
}

/* A line of /proc/keys. */
struct listed {
	char id[16], expiry[16], user[16], type[32];
	const char *description;
};

static bool parse_listed(const char *line, struct listed *ret)
{
	int at = 0;

	/* id, flags, usage, expiry, permissions, user, group, type, description */
	if (sscanf(line, "%15s %*s %*s %15s %*s %15s %*s %31s %n", ret->id, ret->expiry, ret->user,
		   ret->type, &at) != 4)
		return false;
	ret->description = line + at;
	return at > 0;
}

/* ---- whether there is anything ---- */

/* Those of users, which are the host's as well: they are not the container's. */
static bool is_users(const char *description)
{
	return strncmp(description, "_uid", 4) == 0 || strncmp(description, "_persistent", 11) == 0;
}

/* systemd gives each service a keyring with nothing else in it. */
static bool is_of_systemd(const char *type, const char *description)
{
	return strcmp(type, "user") == 0 && strcmp(description, "invocation_id") == 0;
}

static bool is_worth_it(key_id key)
{
	_cleanup_free_ char *text = NULL;
	struct key_entry entry = {0};
	char *type, *description;

	if (ask(KEYCTL_DESCRIBE, key, KEYRING_MAX, &text) < 0 ||
	    !cut(text, &type, &entry, &description))
		return true;
	return !is_users(description) && !is_of_systemd(type, description);
}

static bool holds_something(key_id keyring)
{
	_cleanup_free_ key_id *ids = NULL;
	ssize_t n = ask_ids(keyring, &ids);

	for (ssize_t i = 0; i < n; i++)
		if (is_worth_it(ids[i]))
			return true;
	return n < 0;
}

/* Asked as that user, who may see what the user's keyrings have. */
static bool some_keyring_holds_something(uid_t user)
{
	_cleanup_free_ char *keys = NULL;
	char *save = NULL;
	ssize_t n = read_file_at(AT_FDCWD, KEYS, KEYS_MAX, &keys);

	/* a kernel without keys; where they cannot be looked at, the next step has to see */
	if (n <= 0)
		return n < 0 && n != -ENOENT;
	for (char *l = strtok_r(keys, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct listed k;

		if (!parse_listed(l, &k) || strcmp(k.type, KEYRING_TYPE) != 0 ||
		    strtoul(k.user, NULL, 10) != user || *k.description == '.' ||
		    is_users(k.description))
			continue;
		if (holds_something((key_id)strtoul(k.id, NULL, 16)))
			return true;
	}
	return false;
}

/* ---- in a process of its own ---- */

struct reading {
	FILE *out;
	char *keys; /* /proc/keys: nothing else tells when a key ends */
	unsigned int visits;
};

_Noreturn static void fail(struct reading *r, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes the message into the file from which the parent reports it. */
static void fail(struct reading *r, int status, const char *fmt, ...)
{
	va_list ap;

	if (fseek(r->out, 0, SEEK_SET) < 0 || ftruncate(fileno(r->out), 0) < 0)
		_exit(EXIT_FAILURE);
	va_start(ap, fmt);
	vfprintf(r->out, fmt, ap);
	va_end(ap);
	_exit(fflush(r->out) == 0 ? status : EXIT_FAILURE);
}

/*
 * A session keyring in which init can put its own: from then on all in that is ours as well.
 * It stays ours, for what is in a keyring counts for its owner, who may have no room.
 */
static key_id open_keyring(bool to_others)
{
	long r = key_call(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);

	if (r >= 0)
		r = key_call(KEYCTL_SETPERM, KEY_SPEC_SESSION_KEYRING,
			     POSSESSOR_ALL | USER_WRITE | (to_others ? OTHER_WRITE : 0), 0);
	if (r >= 0)
		r = key_call(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0);
	return (key_id)r;
}

/* The key counts as missing: it is revoked, expired, or was never filled. */
static bool is_void(ssize_t e)
{
	return e == -EKEYREVOKED || e == -EKEYEXPIRED || e == -EKEYREJECTED || e == -ENOKEY;
}

static key_id session_keyring(struct reading *r, pid_t init, int pidfd)
{
	_cleanup_free_ key_id *ids = NULL;
	key_id keyring = open_keyring(process_status_number(init, "Uid") != 0);
	const unsigned long args[INJECT_ARGS] = {
		KEYCTL_LINK, (unsigned long)KEY_SPEC_SESSION_KEYRING, (unsigned long)keyring};
	long linked = 0;
	int e;

	if (keyring < 0)
		fail(r, EXIT_OTHER, "a keyring cannot be made: %s", strerror(-keyring));
	e = inject_call(init, pidfd, SYS_keyctl, args, &linked);
	if (e == 0)
		e = (int)linked;
	/* on this architecture it cannot be done; or there is nothing in it that could be used */
	if (e == -EOPNOTSUPP || is_void(e))
		_exit(EXIT_SUCCESS);
	if (e < 0)
		fail(r, EXIT_OTHER, "cannot ask its init for them: %s", inject_failure(e));
	if (ask_ids(KEY_SPEC_SESSION_KEYRING, &ids) != 1)
		fail(r, EXIT_OTHER, "its init did not return them");
	return ids[0];
}

/* When the key ends, as exactly as the kernel tells: of "3h" the minutes are not known. */
static uint64_t expiry_of(const struct reading *r, key_id key)
{
	static const char units[] = "smhdw";
	static const unsigned int seconds[] = {1, 60, 3600, 86400, 604800};
	_cleanup_free_ char *start = xasprintf("%08x ", (unsigned int)key);
	const char *line = r->keys, *unit;
	struct listed k;
	char *end;
	uint64_t n;

	while (line && strncmp(line, start, strlen(start)) != 0)
		line = (line = strchr(line, '\n')) ? line + 1 : NULL;
	if (!line || !parse_listed(line, &k))
		return 0;
	n = strtoul(k.expiry, &end, 10);
	unit = end > k.expiry && *end ? strchr(units, *end) : NULL;
	return unit ? (uint64_t)time(NULL) + n * seconds[unit - units] : 0;
}

static void read_key(struct reading *r, key_id id, unsigned int depth);

static void read_keyring(struct reading *r, const key_id *ids, size_t n, unsigned int depth)
{
	if (n > 0 && depth > KEY_DEPTH_MAX)
		fail(r, EXIT_KEY, "keyrings are nested %u deep", depth);
	for (size_t i = 0; i < n; i++)
		read_key(r, ids[i], depth);
}

static void write_key(struct reading *r, const struct key_entry *key)
{
	if (key_entry_write(r->out, key) < 0)
		fail(r, EXIT_OTHER, "cannot store them");
	if (++r->visits > VISITS_MAX || ftell(r->out) > KEYRING_MAX)
		fail(r, EXIT_KEY, "there are too many of them");
}

static void read_key(struct reading *r, key_id id, unsigned int depth)
{
	_cleanup_free_ char *text = NULL, *payload = NULL;
	struct key_entry key = {.depth = depth};
	char *type, *description;
	ssize_t n = ask(KEYCTL_DESCRIBE, id, KEYRING_MAX, &text);
	bool holds_others;

	if (is_void(n))
		return;
	if (n < 0 || !cut(text, &type, &key, &description))
		fail(r, EXIT_KEY, "cannot inspect its key %#x: %s", (unsigned int)id,
		     strerror(n < 0 ? (int)-n : EINVAL));
	if (depth > 0 && is_users(description))
		return;
	key.type = key_type_carried(type);
	n = ask(KEYCTL_READ, id, KEY_PAYLOAD_MAX, &payload);
	if (is_void(n))
		return;
	if (!key.type || n < 0) {
		make_printable(description);
		fail(r, EXIT_KEY, "key %s of type %s cannot be read%s%s", description, type,
		     key.type ? ": " : "", key.type ? strerror((int)-n) : "");
	}
	holds_others = strcmp(key.type, KEYRING_TYPE) == 0;
	key.description = description;
	key.payload = holds_others ? NULL : payload;
	key.payload_len = holds_others ? 0 : (size_t)n;
	key.expiry = expiry_of(r, id);
	write_key(r, &key);
	if (holds_others)
		read_keyring(r, (const key_id *)(const void *)payload, (size_t)n / sizeof(key_id),
			     depth + 1);
}

/* LXC gives it to the container's root. Where LXC could make none, it is its starter's. */
static bool is_containers(key_id keyring, uid_t user)
{
	_cleanup_free_ char *text = NULL;
	struct key_entry key = {0};
	char *type, *description;

	return ask(KEYCTL_DESCRIBE, keyring, KEYRING_MAX, &text) < 0 ||
	       !cut(text, &type, &key, &description) || key.uid == user;
}

/* As most are: other keys of the user have brought us here. */
static bool is_empty(key_id keyring)
{
	_cleanup_free_ key_id *ids = NULL;

	return ask_ids(keyring, &ids) == 0;
}

_Noreturn static void read_in(pid_t init, int pidfd, uid_t user, int fd)
{
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
	struct reading r = {.out = fdopen(fd, "w")};
	key_id keyring;
	bool some;

	if (!r.out || setrlimit(RLIMIT_CPU, &cpu) < 0)
		_exit(EXIT_FAILURE);
	setfsuid(user);
	some = some_keyring_holds_something(user);
	setfsuid(0);
	if (!some)
		_exit(EXIT_SUCCESS);
	keyring = session_keyring(&r, init, pidfd);
	/* nothing is to be put back any more: a key that is long in coming ends this process */
	reset_signals();
	alarm(READ_SECONDS);
	if (!is_containers(keyring, user) || is_empty(keyring))
		_exit(EXIT_SUCCESS);
	if (read_file_at(AT_FDCWD, KEYS, KEYS_MAX, &r.keys) < 0)
		fail(&r, EXIT_OTHER, KEYS " cannot be read");
	read_key(&r, keyring, 0);
	if (fflush(r.out) != 0)
		fail(&r, EXIT_OTHER, "cannot store them");
	_exit(EXIT_SUCCESS);
}

/* Such a container uses its starter's keyring, whose contents are not the container's. */
static bool has_none_of_its_own(const struct settings *settings)
{
	const char *value = settings_get(settings, "lxc.keyring.session");

	return value && strcmp(value, "1") == 0;
}

static int refuse(const char *name, int status, const char *said, struct error **reterr)
{
	bool key = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_KEY;
	bool has_said = key || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OTHER);

	/* else it may have written down half of them */
	error_refuse(reterr, EIO, "the keys in the session keyring of %s cannot be saved: %s", name,
		     has_said ? said : "the process that reads them died");
	if (key)
		error_set_hint(reterr, "in the container, `keyctl unlink KEY @s` removes one");
	return -EIO;
}

static int read_session(const struct saving *s, char **ret, struct error **reterr)
{
	const struct container_facts *facts = s->facts;
	long user = facts->n_idmaps ? facts_root_id(facts, "u") : 0;
	_cleanup_close_ int fd = -1;
	char *said = NULL;
	int status, r = 0;
	pid_t pid;

	*ret = NULL;
	if (user < 0 || has_none_of_its_own(s->settings))
		return 0;
	fd = memfd_create("keyring", MFD_CLOEXEC);
	pid = fd < 0 ? -1 : fork_quietly();
	if (pid == 0)
		read_in(facts->init_pid, s->init, (uid_t)user, fd);
	status = pid < 0 ? -errno : wait_status(pid);
	if (status < 0)
		return error_set(reterr, -status, "cannot look for the container's keys: %s",
				 strerror(-status));
	if (lseek(fd, 0, SEEK_SET) < 0 || read_all(fd, 2 * KEYRING_MAX, &said) < 0)
		return error_set(reterr, EIO, "cannot look for the container's keys");
	if (status != 0)
		r = refuse(facts->name, status, said, reterr);
	if (r == 0 && *said)
		*ret = TAKE_PTR(said);
	free_secret(said);
	return r;
}

int keyring_save(struct saving *s, struct error **reterr)
{
	char *text = NULL;
	int r = read_session(s, &text, reterr);

	if (r == 0 && text)
		r = image_write(s->image, KEYRING_NAME, text, reterr);
	free_secret(text);
	return r;
}
