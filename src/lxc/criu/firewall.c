/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whether CRIU's iptables can be stood in for. Runs in the command, while CRIU waits at post-dump
 * too, and in the monitor: as root, on the host.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu.h"
#include "criu/firewall.h"
#include "criu/image_edit.h"
#include "util/fd.h"

bool criu_knows_nftables(const char *criu)
{
	return criu_needs_library(criu, "libnftables.so");
}

static bool is_text(const char *name)
{
	return strncmp(name, "iptables-", strlen("iptables-")) == 0 ||
	       strncmp(name, "ip6tables-", strlen("ip6tables-")) == 0;
}

int criu_firewall_mend(int dirfd, const char *name)
{
	struct stat st;

	if (is_text(name) && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size == 0 && unlinkat(dirfd, name, 0) < 0)
		return -errno;
	return 0;
}

/* 1 ends the search. */
static int look_for_text(int dirfd, const char *name, void *userdata)
{
	(void)dirfd;
	(void)userdata;
	return is_text(name);
}

bool criu_image_has_firewall(int dirfd)
{
	/* a directory that cannot be read may have them */
	return each_image(dirfd, "", look_for_text, NULL) != 0;
}
