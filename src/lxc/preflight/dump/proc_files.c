/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks open files of a proc filesystem. CRIU opens them again by their paths when all processes
 * exist, but not yet their threads and all of their descriptors; and CRIU garbles the path of the
 * directory of a living process. Runs in the command, as root.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "preflight/survey.h"
#include "sys/process.h"

/* The rest after the "/NUMBER" at the start of path: its end or a slash; NULL: no such start. */
static const char *past_number(const char *path, size_t *ret_len)
{
	if (*path != '/')
		return NULL;
	for (*ret_len = 0; isdigit((unsigned char)path[1 + *ret_len]);)
		(*ret_len)++;
	path += 1 + *ret_len;
	if (*ret_len == 0 || (*path != '\0' && *path != '/' && strcmp(path, LINK_DELETED) != 0))
		return NULL;
	return path;
}

const char *lost_proc_file(const char *path)
{
	const char *process = path + 1, *thread, *p;
	size_t len, n;

	p = past_number(path, &len);
	if (!p)
		return NULL;
	if (*p == '\0')
		return "the folder of a process";
	if (strncmp(p, "/task/", strlen("/task/")) == 0) {
		thread = p + strlen("/task/");
		p = past_number(p + strlen("/task"), &n);
		if (!p)
			return NULL;
		if (n != len || strncmp(thread, process, n) != 0)
			return "a file of a thread";
	}
	if (strncmp(p, "/fdinfo", strlen("/fdinfo")) == 0 && past_number(p + strlen("/fdinfo"), &n))
		return "a file about a descriptor";
	return NULL;
}

void check_proc_file(struct survey *s, const struct process *p, const struct mount *m,
		     const char *how, const char *link)
{
	size_t len = strlen(m->target);
	const char *what;

	if (strcmp(m->type, "proc") != 0 || strcmp(m->root, "/") != 0 ||
	    strncmp(link, m->target, len) != 0)
		return;
	what = lost_proc_file(link + len);
	if (what)
		findings_add(s->found,
			     FINDING("proc-file", FINDING_BLOCKS,
				     "restart that program, or stop it", OF_PROCESS(s, p)),
			     "%s %s (%s), which CRIU could not open again", how, link, what);
}
