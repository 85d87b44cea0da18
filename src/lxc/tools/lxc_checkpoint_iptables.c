/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-iptables: what CRIU finds as iptables-save, iptables-restore and the same for
 * IPv6. It runs as root in the network namespace that CRIU saves or makes.
 *
 * CRIU asks for the version of each of these programs, and of its older form, and has the older one
 * list the tables that the namespace has of the older kind, nearly always none: eight programs a
 * dump. This one answers for them where there is no such table, and runs the real one where there
 * is. It looks when it is run, at the namespace it is run in: no container's table is missed that
 * has come since a check, or is in a namespace inside.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

/* The kernel has no such file where it has no such tables. */
static bool has_tables(const char *name)
{
	const char *path = strncmp(name, "ip6", 3) == 0 ? "/proc/self/net/ip6_tables_names"
							: "/proc/self/net/ip_tables_names";
	_cleanup_close_ int net = open("/proc/self/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c;

	if (net < 0 || (fd < 0 && errno != ENOENT))
		return true;
	return fd >= 0 && read(fd, &c, 1) != 0;
}

/* This program is the first of its name on PATH, which is how CRIU found it. */
static void leave_path(void)
{
	const char *path = getenv("PATH"), *rest = path ? strchr(path, ':') : NULL;

	setenv("PATH", rest ? rest + 1 : "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

static char *on_path(const char *name)
{
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));
	char *save = NULL;

	for (char *dir = strtok_r(path, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		char *program = xasprintf("%s/%s", dir, name);

		if (access(program, X_OK) == 0)
			return program;
		free(program);
	}
	return NULL;
}

/* "iptables-save v1.8.11 (nf_tables)" saves tables of the newer kind, which CRIU does itself. */
static void run_older_kind(const char *name)
{
	_cleanup_free_ char *program = on_path(name);
	_cleanup_free_ char *output = NULL;

	if (program && run_capture((const char *const[]){program, "-V", NULL}, &output) == 0 &&
	    !strstr(output, "nf_tables"))
		execl(program, program, NULL);
}

static int save(const char *name)
{
	_cleanup_free_ char *older = xasprintf(
		"%s-legacy-save", strncmp(name, "ip6", 3) == 0 ? "ip6tables" : "iptables");

	run_older_kind(name);
	run_older_kind(older);
	/* CRIU goes on then, too */
	fprintf(stderr, "%s: no program saves the tables that are in use here\n", name);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		printf("%s of lxc-checkpoint (legacy)\n", name);
		return EXIT_SUCCESS;
	}
	if (argc == 1 && ends_with(name, "-save") && !has_tables(name))
		return EXIT_SUCCESS;
	leave_path();
	if (argc == 1 && ends_with(name, "-save"))
		return save(name);
	execvp(name, argv);
	fprintf(stderr, "%s: %s\n", name, strerror(errno));
	return EXIT_FAILURE;
}
