/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * keys FIFO FILE: does with the keys of its session keyring what the lines that come by FIFO
 * say, and says in FILE what became of each; under its name FILE is whole.
 *
 *   add TYPE DESCRIPTION PAYLOAD [into]   ("into": the keyring that was added last)
 *   perm HEX | chown UID GID | timeout SECONDS   of the key that was added last
 *   unlink TYPE DESCRIPTION
 *   web LEVELS    in the keyring that was added last: ten keyrings, each of which is in all ten of
 *                 the level above it, so few keys with very many ways to them
 *   list
 *
 * keys with DESCRIPTION COMMAND...: becomes that, in a session keyring with such a key.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SESSION	  (-3) /* KEY_SPEC_SESSION_KEYRING */
#define WORDS_MAX 5
#define TEXT_MAX  4096
#define IDS_MAX	  64
#define WIDTH	  10

static long last_key, last_keyring = SESSION;

static long key_call(int operation, long a, long b, long c)
{
	return syscall(SYS_keyctl, operation, a, b, c, 0);
}

/* /proc/keys alone tells: "perm" where it has no end. */
static int ends(int key)
{
	char line[TEXT_MAX], expiry[16];
	unsigned int id;
	FILE *f = fopen("/proc/keys", "r");
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%x %*s %*s %15s", &id, expiry) == 2 && (int)id == key &&
			strcmp(expiry, "perm") != 0;
	if (f)
		fclose(f);
	return found;
}

/* Each with the keyrings that it is in before it, because their order is nobody's. */
static void list(FILE *out, int key, const char *in)
{
	char text[TEXT_MAX] = "", payload[TEXT_MAX] = "", path[TEXT_MAX];
	int ids[IDS_MAX];
	long n;

	if (key_call(KEYCTL_DESCRIBE, key, (long)(intptr_t)text, sizeof(text) - 1) < 0)
		snprintf(text, sizeof(text), "%s", strerror(errno));
	fprintf(out, "%s%s%s", in, text, ends(key) ? " (ends)" : "");
	if (strncmp(text, "keyring;", 8) != 0) {
		n = key_call(KEYCTL_READ, key, (long)(intptr_t)payload, sizeof(payload) - 1);
		fprintf(out, " = %s\n", n < 0 ? strerror(errno) : payload);
		return;
	}
	fputc('\n', out);
	snprintf(path, sizeof(path), "%s%s/", in, strrchr(text, ';') + 1);
	n = key_call(KEYCTL_READ, key, (long)(intptr_t)ids, sizeof(ids));
	for (long i = 0; i < n / (long)sizeof(ids[0]); i++)
		list(out, ids[i], path);
}

static long add(char **w)
{
	int is_keyring = strcmp(w[1], "keyring") == 0;
	long into = w[4] ? last_keyring : SESSION;

	last_key = syscall(SYS_add_key, w[1], w[2], is_keyring ? NULL : w[3],
			   is_keyring ? 0 : strlen(w[3]), into);
	if (is_keyring)
		last_keyring = last_key;
	return last_key;
}

static long web(int levels)
{
	long above[WIDTH] = {last_keyring}, here[WIDTH], r = 0;
	int n_above = 1;

	for (int level = 0; r >= 0 && level < levels; level++) {
		for (int i = 0; r >= 0 && i < WIDTH; i++) {
			char name[32];

			snprintf(name, sizeof(name), "web-%d-%d", level, i);
			here[i] = r = syscall(SYS_add_key, "keyring", name, NULL, 0, above[0]);
			for (int j = 1; r >= 0 && j < n_above; j++)
				r = key_call(KEYCTL_LINK, here[i], above[j], 0);
		}
		memcpy(above, here, sizeof(here));
		n_above = WIDTH;
	}
	return r;
}

static long unlink_key(char **w)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, SESSION, w[1], w[2], 0);

	return key < 0 ? key : key_call(KEYCTL_UNLINK, key, SESSION, 0);
}

static void obey(FILE *out, char **w)
{
	long r = -1;

	errno = EINVAL;
	if (strcmp(w[0], "list") == 0) {
		list(out, SESSION, "");
		return;
	}
	if (strcmp(w[0], "add") == 0)
		r = add(w);
	else if (strcmp(w[0], "perm") == 0)
		r = key_call(KEYCTL_SETPERM, last_key, strtol(w[1], NULL, 16), 0);
	else if (strcmp(w[0], "chown") == 0)
		r = key_call(KEYCTL_CHOWN, last_key, atoi(w[1]), atoi(w[2]));
	else if (strcmp(w[0], "timeout") == 0)
		r = key_call(KEYCTL_SET_TIMEOUT, last_key, atoi(w[1]), 0);
	else if (strcmp(w[0], "web") == 0)
		r = web(atoi(w[1]));
	else if (strcmp(w[0], "unlink") == 0)
		r = unlink_key(w);
	fprintf(out, "%s\n", r < 0 ? strerror(errno) : "done");
}

static int become(const char *description, char **command)
{
	if (key_call(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0) < 0 ||
	    syscall(SYS_add_key, "user", description, "x", 1, SESSION) < 0)
		return 1;
	execvp(command[0], command);
	return 127;
}

int main(int argc, char **argv)
{
	char line[TEXT_MAX], name[TEXT_MAX];
	FILE *in;
	int fd;

	if (argc > 3 && strcmp(argv[1], "with") == 0)
		return become(argv[2], argv + 3);
	if (argc != 3)
		return 2;
	snprintf(name, sizeof(name), "%s.new", argv[2]);
	/* both ways, so that there is no end of file between two lines */
	fd = open(argv[1], O_RDWR);
	in = fd < 0 ? NULL : fdopen(fd, "r");
	while (in && fgets(line, sizeof(line), in)) {
		char *w[WORDS_MAX + 1] = {0}, *save = NULL, *word = strtok_r(line, " \n", &save);
		FILE *out = fopen(name, "w");

		for (int i = 0; word && i < WORDS_MAX; word = strtok_r(NULL, " \n", &save))
			w[i++] = word;
		if (!out || !w[0])
			return 1;
		obey(out, w);
		fclose(out);
		rename(name, argv[2]);
	}
	return 1;
}
