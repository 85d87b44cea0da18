/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The settings in /proc/sys/net of the container's network namespace that can be changed, for the
 * image's file SYSCTLS_NAME (sysctls.h), which is empty where the container has none of its own.
 * Runs in the caller's process as root; a thread of it reads in the container's network namespace.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "carry/sysctls.h"
#include "carry/table_save.h"
#include "sys/netns.h"
#include "util/fd.h"
#include "util/mem.h"

#define OPEN_MAX_FTW 8

/* nftw() has no argument for its caller. */
static _Thread_local FILE *out;

static bool is_crius(const char *path)
{
	return strstr(path, "/conf/") || strcmp(path, "net/ipv4/ip_forward") == 0;
}

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen(SYSCTLS_PROC "/");
	_cleanup_free_ char *value = NULL;
	ssize_t n;

	(void)ftw;
	/* what can only be written is a command, and what can only be read no setting */
	if (type != FTW_F || (st->st_mode & 0600) != 0600 || is_crius(name))
		return 0;
	n = read_file_at(AT_FDCWD, path, SYSCTL_MAX, &value);
	if (n < 0)
		return 0;
	value[strcspn(value, "\n")] = '\0';
	return fprintf(out, "%s %s\n", name, value) < 0 || ftell(out) > SYSCTLS_MAX ? -1 : 0;
}

/* The files show the network namespace of the thread that reads them. */
static int read_here(void *userdata)
{
	out = userdata;
	return nftw(SYSCTLS_PROC "/" SYSCTLS_BELOW, add, OPEN_MAX_FTW, FTW_PHYS) == 0 ? 0 : -EIO;
}

static int read_settings(const struct container_facts *facts, char **ret, struct error **reterr)
{
	_cleanup_close_ int netns = netns_open(facts->init_pid);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *f;
	int e;

	if (facts->host_network) {
		*ret = xstrdup("");
		return 0;
	}
	f = open_memstream(&text, &len);
	if (!f)
		return error_errno(reterr, "cannot read the container's settings");
	e = netns < 0 ? netns : netns_call(netns, read_here, f);
	if (fclose(f) != 0 && e == 0)
		e = -errno;
	if (e < 0)
		return error_set(reterr, -e, "cannot read the container's settings in %s/%s: %s",
				 SYSCTLS_PROC, SYSCTLS_BELOW, strerror(-e));
	*ret = TAKE_PTR(text);
	return 0;
}

int sysctls_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	int r = read_settings(s->facts, &text, reterr);

	return r < 0 ? r : image_write(s->image, SYSCTLS_NAME, text, reterr);
}
