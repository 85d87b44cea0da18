/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds a container's directory and its monitor, whatever spelling of LXCPATH each was given.
 * Runs in the caller's process, as root, in the host's namespaces; reads /proc/net/unix and asks
 * root's monitors alone.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "inspect/asking.h"
#include "inspect/identity.h"
#include "inspect/settings.h"
#include "monitor/frame.h"
#include "util/fd.h"
#include "util/mem.h"

#define SOCKETS_MAX (64 * 1024 * 1024)
#define NAME_LEN    200
#define LISTENS	    0x10000 /* __SO_ACCEPTCON, in the flags */

static char *absolute(const char *path)
{
	_cleanup_free_ char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

char *container_place(struct lxc_container *c)
{
	_cleanup_free_ char *spelled = xasprintf("%s/%s", c->get_config_path(c), c->name);
	char *place = realpath(spelled, NULL);

	return place ? place : absolute(spelled);
}

/* '/' becomes '-'; characters that could be confused with that or with an escape are escaped. */
static char *escape(const char *path)
{
	char *name = xstrdup("");

	for (const char *p = path; *p; p++) {
		if (*p == '/')
			str_append(&name, "-");
		else if (*p == '-' || *p == '\\')
			str_append(&name, "\\x%02x", (unsigned int)*p);
		else
			str_append(&name, "%c", *p);
	}
	return name;
}

char *place_file_name(const char *place, const char *ending)
{
	_cleanup_free_ char *name = escape(place);
	size_t len = strlen(name);

	if (len <= NAME_LEN)
		return xasprintf("%s%s", name, ending);
	return xasprintf("%016" PRIx64 "%s%s", fnv1a_64(place), name + len - NAME_LEN, ending);
}

char *container_lock_name(const char *place)
{
	const char *name = strrchr(place, '/');
	_cleanup_free_ char *identity = NULL;
	struct stat st;

	if (!name || stat(place, &st) < 0)
		return place_file_name(place, ".lock");
	identity = xasprintf("%u:%u/%ju%s", major(st.st_dev), minor(st.st_dev),
			     (uintmax_t)st.st_ino, name);
	return place_file_name(identity, ".lock");
}

/* "NUM: REFS PROTOCOL FLAGS TYPE STATE INODE @NAME" */
static const char *listening_name(const char *line)
{
	char flags[16];
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %15s %*s %*s %*s @%n", flags, &at) != 1 || at == 0)
		return NULL;
	return strtoul(flags, NULL, 16) & LISTENS ? line + at : NULL;
}

char *command_socket_lxcpath(const char *line, const char *name)
{
	_cleanup_free_ char *end = xasprintf("/%s/command", name);
	const char *socket = listening_name(line);
	size_t len = socket ? strlen(socket) : 0, n = strlen(end);

	if (len <= n || strcmp(socket + len - n, end) != 0)
		return NULL;
	return xstrndup(socket, len - n);
}

/* Other listeners are not asked; there may be many, which do not accept. */
static bool is_roots(const char *lxcpath, const char *name)
{
	_cleanup_close_ int fd = command_socket_connect(lxcpath, name, -1);

	return fd >= 0;
}

/*
 * A relative LXCPATH starts at the directory where its monitor was started, which nobody knows any
 * more.
 */
static bool has_same_rootfs(struct lxc_container *c, char *lxcpath)
{
	_cleanup_settings_ struct settings settings = {0};
	_cleanup_free_ char *theirs = NULL;
	char *own = c->config_path;
	const char *ours;

	settings_read(c, &settings);
	ours = settings_get(&settings, "lxc.rootfs.path");
	c->config_path = lxcpath;
	ignore_result(asked_config(c, "lxc.rootfs.path", &theirs, NULL));
	c->config_path = own;
	return ours && theirs && strcmp(ours, theirs) == 0;
}

static bool is_same_directory(const char *place, const char *lxcpath, const char *name)
{
	_cleanup_free_ char *spelled = xasprintf("%s/%s", lxcpath, name);
	struct stat a, b;

	return stat(place, &a) == 0 && stat(spelled, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * If the name is too long for an address, the socket has a hash of it, which can only be guessed.
 */
static char *hashed_lxcpath(const char *line, const char *name, char *const spellings[])
{
	const char *socket = listening_name(line);
	char tried[SOCKET_NAME_BYTES + 1];

	for (char *const *s = spellings; socket && *s; s++) {
		memset(tried, 0, sizeof(tried));
		command_socket_name(*s, name, tried);
		if (strcmp(tried + 1, socket) == 0)
			return xstrdup(*s);
	}
	return NULL;
}

static char *other_in_line(struct lxc_container *c, const char *place, const char *line,
			   char *const spellings[])
{
	_cleanup_free_ char *lxcpath = hashed_lxcpath(line, c->name, spellings);

	if (lxcpath)
		return is_roots(lxcpath, c->name) ? TAKE_PTR(lxcpath) : NULL;
	lxcpath = command_socket_lxcpath(line, c->name);
	if (!lxcpath || strcmp(lxcpath, c->get_config_path(c)) == 0)
		return NULL;
	/* check its owner first: the owner chose the path, which may lead where nobody answers */
	if (!is_roots(lxcpath, c->name))
		return NULL;
	if (*lxcpath == '/' ? !is_same_directory(place, lxcpath, c->name)
			    : !has_same_rootfs(c, lxcpath))
		return NULL;
	return TAKE_PTR(lxcpath);
}

char *container_other_lxcpath(struct lxc_container *c)
{
	_cleanup_free_ char *place = container_place(c);
	_cleanup_free_ char *spelled = absolute(c->get_config_path(c));
	_cleanup_free_ char *resolved = realpath(spelled, NULL);
	char *const spellings[] = {spelled, resolved, NULL};
	_cleanup_free_ char *sockets = NULL;
	char *found = NULL, *save = NULL;

	if (read_file_at(AT_FDCWD, "/proc/net/unix", SOCKETS_MAX, &sockets) <= 0)
		return NULL;
	for (char *line = strtok_r(sockets, "\n", &save); line && !found;
	     line = strtok_r(NULL, "\n", &save))
		found = other_in_line(c, place, line, spellings);
	return found;
}

struct spelling spelling_adopt(struct lxc_container *c)
{
	struct spelling s = {.c = c, .own = c->config_path};
	const char *state;

	if (!c->is_defined(c) || asked_state(c, &state, NULL) < 0 || strcmp(state, "STOPPED") != 0)
		return s;
	s.other = container_other_lxcpath(c);
	if (s.other)
		c->config_path = s.other;
	return s;
}

void spelling_end(struct spelling *s)
{
	s->c->config_path = s->own;
	free(TAKE_PTR(s->other));
}
