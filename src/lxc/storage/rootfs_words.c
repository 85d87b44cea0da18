/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads how a configuration names a rootfs that LXC mounts. Pure; in the command and the monitor.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "storage/rootfs_words.h"
#include "util/mem.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const char *skip_kind(const char *path)
{
	static const char *const kinds[] = {"overlay:", "overlayfs:"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(path, kinds[i], strlen(kinds[i])) == 0)
			return path + strlen(kinds[i]);
	return path;
}

void overlay_layers_clear(struct overlay_layers *l)
{
	free(l->lower);
	free(l->upper);
	strv_free(&l->dirs);
	*l = (struct overlay_layers){0};
}

/* Removes the backslashes of an option's value, as the kernel does. */
static char *unescape(const char *text, size_t len)
{
	char *ret = xcalloc(len + 1, 1), *out = ret;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len)
			i++;
		*out++ = text[i];
	}
	return ret;
}

char *overlay_escape(const char *dir)
{
	char *ret = xcalloc(2 * strlen(dir) + 1, 1), *out = ret;

	for (; *dir; dir++) {
		if (strchr(":,\\", *dir))
			*out++ = '\\';
		*out++ = *dir;
	}
	return ret;
}

static size_t lower_length(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != ':')
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return n;
}

/* "lower::data" has a layer only of data: it is one like the others here. */
static void add_lower(const char *lower, struct strv *ret)
{
	for (const char *p = lower; *p; p += *p == ':') {
		size_t n = lower_length(p);
		_cleanup_free_ char *dir = unescape(p, n);

		if (n > 0)
			strv_add(ret, "%s", dir);
		p += n;
	}
}

static bool all_are_absolute(const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++)
		if (dirs->v[i][0] != '/')
			return false;
	return true;
}

/* The upper one begins at the last ":/", also behind a backslash: LXC knows of none. */
bool overlay_layers_parse(const char *path, struct overlay_layers *ret)
{
	const char *lower = skip_kind(path), *upper = lower, *p;
	_cleanup_free_ char *dir = NULL;

	for (; (p = strstr(upper, ":/")); upper = p + 1)
		;
	if (upper == lower)
		return false;
	ret->lower = xstrndup(lower, (size_t)(upper - lower) - 1);
	ret->upper = xstrdup(upper);
	add_lower(ret->lower, &ret->dirs);
	dir = unescape(upper, strlen(upper));
	strv_add(&ret->dirs, "%s", dir);
	if (ret->dirs.n >= 2 && all_are_absolute(&ret->dirs))
		return true;
	overlay_layers_clear(ret);
	return false;
}

char *overlay_work(const char *upper)
{
	const char *slash = strrchr(upper, '/');

	return xasprintf("%.*s/work", slash ? (int)(slash - upper) : 0, upper);
}

static const struct {
	const char *word;
	unsigned long set, clear;
} words[] = {
	{"atime", 0, MS_NOATIME},
	{"async", 0, MS_SYNCHRONOUS},
	{"defaults", 0, 0},
	{"dev", 0, MS_NODEV},
	{"diratime", 0, MS_NODIRATIME},
	{"dirsync", MS_DIRSYNC, 0},
	{"exec", 0, MS_NOEXEC},
	{"lazytime", MS_LAZYTIME, 0},
	{"noatime", MS_NOATIME, 0},
	{"nodev", MS_NODEV, 0},
	{"nodiratime", MS_NODIRATIME, 0},
	{"noexec", MS_NOEXEC, 0},
	{"norelatime", 0, MS_RELATIME},
	{"nostrictatime", 0, MS_STRICTATIME},
	{"nosuid", MS_NOSUID, 0},
	{"nosymfollow", MS_NOSYMFOLLOW, 0},
	{"relatime", MS_RELATIME, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"strictatime", MS_STRICTATIME, 0},
	{"suid", 0, MS_NOSUID},
	{"sync", MS_SYNCHRONOUS, 0},
};

static bool take_flag(const char *word, size_t len, unsigned long *flags)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && strncmp(words[i].word, word, len) == 0) {
			*flags = (*flags | words[i].set) & ~words[i].clear;
			return true;
		}
	return false;
}

/* LXC's own option, which it does not give to the filesystem. */
static bool is_lxcs(const char *word)
{
	return strncmp(word, "idmap=", strlen("idmap=")) == 0;
}

void rootfs_options_parse(const char *options, unsigned long *ret_flags, char **ret_data)
{
	_cleanup_free_ char *data = NULL;
	unsigned long flags = 0;

	for (const char *p = options ? options : ""; *p; p += *p == ',') {
		size_t len = strcspn(p, ",");

		if (len > 0 && !take_flag(p, len, &flags) && !is_lxcs(p)) {
			char *longer = xasprintf("%s%s%.*s", data ? data : "", data ? "," : "",
						 (int)len, p);

			free(data);
			data = longer;
		}
		p += len;
	}
	*ret_flags = flags;
	*ret_data = TAKE_PTR(data);
}
