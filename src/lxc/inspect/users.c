/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/users.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static int compare(const void *x, const void *y)
{
	const struct idmap *a = x, *b = y;
	int r = strcmp(b->kind, a->kind); /* users first */

	return r ? r : (a->inside > b->inside) - (a->inside < b->inside);
}

/* The next number of a line; what is left of that is *p. */
static bool next_number(const char **p, unsigned int *ret)
{
	unsigned long n;
	char *end;

	*p += strspn(*p, " \t");
	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	n = strtoul(*p, &end, 10);
	if (errno || n > UINT_MAX)
		return false;
	*p = end;
	*ret = (unsigned int)n;
	return true;
}

static int add_line(const char *line, const char *kind, struct container_facts *facts,
		    struct error **reterr)
{
	const char *p = line + strspn(line, " \t");
	char letter = kind ? *kind : *p++;
	unsigned int inside, outside, count;
	struct idmap *m;

	if ((letter != 'u' && letter != 'g') || !next_number(&p, &inside) ||
	    !next_number(&p, &outside) || !next_number(&p, &count) || count == 0 ||
	    p[strspn(p, " \t")] != '\0')
		return error_set(reterr, EINVAL, "\"%s\" is not a line of an ID map", line);
	m = ARRAY_ADD(facts->idmaps, facts->n_idmaps);
	m->kind = xasprintf("%c", letter);
	m->inside = inside;
	m->outside = outside;
	m->count = count;
	return 0;
}

int idmap_parse(const char *text, const char *kind, struct container_facts *facts,
		struct error **reterr)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int r = add_line(l, kind, facts, reterr);

		if (r < 0)
			return r;
	}
	if (facts->n_idmaps)
		qsort(facts->idmaps, facts->n_idmaps, sizeof(*facts->idmaps), compare);
	return 0;
}

static int read_map(struct container_facts *facts, const char *file, const char *kind,
		    struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)facts->init_pid, file);
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file_at(AT_FDCWD, path, 65536, &text);

	if (n < 0)
		return error_set(reterr, (int)-n, "cannot read %s: %s", path, strerror((int)-n));
	return idmap_parse(text, kind, facts, reterr);
}

static int check_monitor(const struct container_facts *facts, struct error **reterr)
{
	long monitor = process_status_number(facts->init_pid, "\nPPid:");
	long uid = monitor > 0 ? process_status_number((pid_t)monitor, "\nUid:") : 0;

	if (uid <= 0)
		return 0;
	error_refuse(reterr, EOPNOTSUPP,
		     "%s was started by the user %ld: only containers that root starts can be "
		     "checkpointed",
		     facts->name, uid);
	error_set_hint(
		reterr,
		"start it as root, with the same lxc.idmap: its processes gain no rights by that");
	return -EOPNOTSUPP;
}

int inspect_users(struct container_facts *facts, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int)facts->init_pid);
	struct stat theirs, ours;
	int r = check_monitor(facts, reterr);

	if (r < 0)
		return r;
	if (stat(path, &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0)
		return error_errno(reterr, "cannot look at the container's user namespace (%s)",
				   path);
	if (theirs.st_ino == ours.st_ino)
		return 0;
	r = read_map(facts, "uid_map", "u", reterr);
	if (r == 0)
		r = read_map(facts, "gid_map", "g", reterr);
	if (r < 0 || (facts_root_id(facts, "u") >= 0 && facts_root_id(facts, "g") >= 0))
		return r;
	error_refuse(reterr, EOPNOTSUPP,
		     "the user namespace of %s has no root: CRIU can only restore one in which "
		     "user 0 and group 0 are mapped",
		     facts->name);
	error_set_hint(reterr, "map user 0 and group 0 in its lxc.idmap");
	return -EOPNOTSUPP;
}

static char *describe(const struct container_facts *facts)
{
	char *text = NULL;

	for (size_t i = 0; i < facts->n_idmaps; i++)
		str_append(&text, "%s%s %u %u %u", i ? ", " : "", facts->idmaps[i].kind,
			   facts->idmaps[i].inside, facts->idmaps[i].outside,
			   facts->idmaps[i].count);
	return text ? text : xstrdup("none");
}

int inspect_config_idmap(const struct settings *settings, const struct container_facts *facts,
			 struct error **reterr)
{
	_cleanup_facts_ struct container_facts now = {0};
	const char *text = settings_get(settings, "lxc.idmap");
	_cleanup_free_ char *had = NULL;
	_cleanup_free_ char *has = NULL;
	int r = text ? idmap_parse(text, NULL, &now, reterr) : 0;

	if (r < 0)
		return r;
	had = describe(facts);
	has = describe(&now);
	if (strcmp(had, has) == 0)
		return 0;
	error_refuse(reterr, EINVAL,
		     "the checkpoint of %s has the ID map \"%s\", and its config has \"%s\"",
		     facts->name, had, has);
	error_set_hint(reterr, "the files match only one of them: set lxc.idmap back, or start the "
			       "container again");
	return -EINVAL;
}
