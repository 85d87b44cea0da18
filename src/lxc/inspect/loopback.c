/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "inspect/loopback.h"
#include "util/fd.h"
#include "util/map.h"
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
#define END_LEN	 13
#define LINE_LEN 128 /* with more than both ends and the state */

struct connections {
	struct map ways; /* from one end to the other, each by its hash */
	size_t n;
	bool both; /* there is one that goes the way of another back */
};

/* Two that hash to the same are taken for both ends: a lock too much. */
static uint64_t way(const char *from, const char *to)
{
	char text[2 * END_LEN + 2];

	snprintf(text, sizeof(text), "%.*s %.*s", END_LEN, from, END_LEN, to);
	return XXH3_64bits(text, strlen(text));
}

static const char *end_of(const char *text)
{
	size_t len = strlen(text);

	return len > END_LEN ? text + len - END_LEN : text;
}

static void parse_line(const char *text, struct connections *all)
{
	char line[LINE_LEN + 1], local[64], remote[64], state[8];
	unsigned long number;

	/* sscanf() looks for the end of all that there is */
	snprintf(line, sizeof(line), "%.*s", LINE_LEN, text);
	if (sscanf(line, " %*[0-9]: %63s %63s %7s", local, remote, state) != 3)
		return;
	number = strtoul(state, NULL, 16);
	if (number == STATE_TIME_WAIT || number == STATE_LISTEN)
		return;
	all->n++;
	map_add(&all->ways, way(end_of(local), end_of(remote)), 0);
	/* of one that is connected to itself too */
	all->both = all->both || map_get(&all->ways, way(end_of(remote), end_of(local)), NULL);
}

static void parse_text(const char *text, struct connections *all)
{
	for (const char *line = text; line && *line; line++) {
		parse_line(line, all);
		line = strchr(line, '\n');
		if (!line)
			break;
	}
}

bool loopback_in(const char *tcp, const char *tcp6)
{
	struct connections all = {0};

	parse_text(tcp, &all);
	parse_text(tcp6, &all);
	map_clear(&all.ways);
	return all.both;
}

/* -EFBIG, or 0; a table that is not there has no connections. */
static int parse_table(pid_t pid, const char *name, struct connections *all)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/net/%s", (int)pid, name);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, TABLE_MAX, &text);

	parse_text(text, all);
	return n == -EFBIG ? -EFBIG : 0;
}

bool inspect_connected(pid_t init_pid)
{
	struct connections all = {0};
	bool found = parse_table(init_pid, "tcp", &all) < 0 ||
		     parse_table(init_pid, "tcp6", &all) < 0 || all.n > 0;

	map_clear(&all.ways);
	return found;
}

bool inspect_loopback(pid_t init_pid)
{
	struct connections all = {0};
	bool found = parse_table(init_pid, "tcp", &all) < 0 ||
		     parse_table(init_pid, "tcp6", &all) < 0 || all.both;

	map_clear(&all.ways);
	return found;
}
