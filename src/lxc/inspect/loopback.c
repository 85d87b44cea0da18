/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/loopback.h"
#include "util/fd.h"
#include "util/mem.h"

/* Of a larger table nobody wants to know the details: some hundred connections and more. */
#define TABLE_MAX (128 * 1024)

/* States as the kernel numbers them. */
#define STATE_TIME_WAIT 6
#define STATE_LISTEN	10

/*
 * "0100007F:1F90": an IPv4 address and its port, and the end of an IPv6 one, which is
 * all of it where that is an IPv4 address mapped into one, and else enough to tell.
 */
#define END_LEN 13

struct connection {
	char local[END_LEN + 1], remote[END_LEN + 1];
};

struct connections {
	struct connection *list;
	size_t n;
};

static void take_end(char *to, const char *from)
{
	size_t len = strlen(from);

	snprintf(to, END_LEN + 1, "%.*s", END_LEN, len > END_LEN ? from + len - END_LEN : from);
}

static void parse_line(const char *line, struct connections *all)
{
	char local[64], remote[64], state[8];
	unsigned long number;

	if (sscanf(line, " %*[0-9]: %63s %63s %7s", local, remote, state) != 3)
		return;
	number = strtoul(state, NULL, 16);
	if (number == STATE_TIME_WAIT || number == STATE_LISTEN)
		return;
	all->list = xreallocarray(all->list, all->n + 1, sizeof(*all->list));
	take_end(all->list[all->n].local, local);
	take_end(all->list[all->n].remote, remote);
	all->n++;
}

/* -EFBIG, or 0; a table that is not there has no connections. */
static int parse_table(pid_t pid, const char *name, struct connections *all)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/net/%s", (int)pid, name);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, TABLE_MAX, &text);

	for (const char *line = text; line && *line; line++) {
		parse_line(line, all);
		line = strchr(line, '\n');
		if (!line)
			break;
	}
	return n == -EFBIG ? -EFBIG : 0;
}

static bool have_both_ends(const struct connections *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->n; k++)
			if (strcmp(all->list[i].local, all->list[k].remote) == 0 &&
			    strcmp(all->list[i].remote, all->list[k].local) == 0)
				return true;
	return false;
}

bool inspect_connected(pid_t init_pid)
{
	struct connections all = {0};
	bool found = parse_table(init_pid, "tcp", &all) < 0 ||
		     parse_table(init_pid, "tcp6", &all) < 0 || all.n > 0;

	free(all.list);
	return found;
}

bool inspect_loopback(pid_t init_pid)
{
	struct connections all = {0};
	bool found = parse_table(init_pid, "tcp", &all) < 0 ||
		     parse_table(init_pid, "tcp6", &all) < 0 || have_both_ends(&all);

	free(all.list);
	return found;
}
