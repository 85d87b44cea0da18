/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The form of what is to be put back, and its files. Runs in the command and in the monitor, as
 * root on the host; a checkpoint or restore that was killed is all that makes anybody read it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/members.h"
#include "lock/record.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mem.h"

#define SCHEMA	 1
#define TEXT_MAX (1024 * 1024)

/* --- what is wrong with a string: NULL if nothing is --- */

static const char *check_any(const char *s)
{
	(void)s;
	return NULL;
}

/* Checks of the paths that a recovery opens and writes to: NULL, or the objection. */
static const char *check_path(const char *s)
{
	return *s == '/' && strlen(s) < PATH_MAX && !strstr(s, "/../") ? NULL
								       : "is no absolute path";
}

static const char *check_link(const char *s)
{
	return *s && strlen(s) < IFNAMSIZ && !strchr(s, '/') && strcmp(s, ".") != 0 &&
			       strcmp(s, "..") != 0
		       ? NULL
		       : "is no name of a link";
}

static const char *check_mac(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF:");

	return n == strlen("00:00:00:00:00:00") && s[n] == '\0' ? NULL : "is no MAC address";
}

/* --- the members --- */

static const struct member nic_members[] = {
	STRING(struct nic, host_name, check_link),
	STRING(struct nic, bridge, check_link),
	STRING_OR_NULL(struct nic, host_mac, check_mac),
	{0},
};

static const struct member cgroup_members[] = {
	NUMBER(struct record_cgroup, number, MEMBER_U64, 1, INT64_MAX),
	STRING(struct record_cgroup, path, check_path),
	{0},
};

static const struct member link_members[] = {
	STRING(struct record_link, name, check_link),
	NUMBER(struct record_link, number, MEMBER_UINT, 0, INT32_MAX),
	STRING_OR_NULL(struct record_link, mac, check_mac),
	{0},
};

static const struct member record_members[] = {
	NUMBER(struct record, pid_namespace, MEMBER_U64, 0, INT64_MAX),
	NUMBER(struct record, pid, MEMBER_INT, 0, INT32_MAX),
	NUMBER(struct record, since, MEMBER_U64, 0, INT64_MAX),
	STRING(struct record, what, check_any),
	NUMBER(struct record, init, MEMBER_INT, 0, INT32_MAX),
	NUMBER(struct record, init_start, MEMBER_U64, 0, INT64_MAX),
	STRING_OR_NULL(struct record, frozen, check_path),
	ARRAY(struct record, "nics", nics, n_nics, nic_members),
	NUMBER(struct record, monitor, MEMBER_INT, 0, INT32_MAX),
	NUMBER(struct record, monitor_start, MEMBER_U64, 0, INT64_MAX),
	ARRAY(struct record, "cgroups", cgroups, n_cgroups, cgroup_members),
	ARRAY(struct record, "links", links, n_links, link_members),
	{0},
};

void record_clear(struct record *r)
{
	members_free(r, record_members);
	*r = (struct record){0};
}

/* --- the text --- */

char *record_to_text(const struct record *r)
{
	json_t *json = members_write(r, record_members);
	char *text = NULL;

	/* for people too, who look what a killed process has left */
	if (json && json_object_set_new(json, "schema", json_integer(SCHEMA)) == 0)
		text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	return text;
}

/* The members of this schema, without its number. */
static int read_members(json_t *json, struct record *ret, struct error **reterr)
{
	const struct members_document document = {.name = "record", .schema = SCHEMA};
	const json_t *schema = json_object_get(json, "schema");

	if (!json_is_integer(schema) || json_integer_value(schema) != SCHEMA)
		return error_refuse(reterr, EPROTONOSUPPORT, "record: of another version");
	json_object_del(json, "schema");
	return members_read(json, ret, record_members, &document, reterr);
}

int record_from_text(const char *text, size_t len, struct record *ret, struct error **reterr)
{
	_cleanup_record_ struct record found = {0};
	json_error_t e;
	json_t *json;
	int r;

	if (len > TEXT_MAX)
		return error_refuse(reterr, EFBIG, "record: larger than %d bytes", TEXT_MAX);
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!json)
		return error_refuse(reterr, EBADMSG, "record: line %d: %s", e.line, e.text);
	r = read_members(json, &found, reterr);
	json_decref(json);
	if (r < 0)
		return r;
	*ret = found;
	found = (struct record){0};
	return 0;
}

/* --- the lines of earlier versions --- */

static const char *after(const char *line, const char *head)
{
	const size_t len = strlen(head);

	return strncmp(line, head, len) == 0 ? line + len : NULL;
}

/* A positive number that JSON can hold, or 0. */
static uint64_t long_number_of(const char *text)
{
	const unsigned long long n = strtoull(text, NULL, 10);

	return n <= INT64_MAX ? n : 0;
}

static int number_of(const char *text)
{
	const uint64_t n = long_number_of(text);

	return n <= INT32_MAX ? (int)n : 0;
}

/* "4711 1764007948 a restore", which is always the first */
static void read_holder(const char *text, struct record *r)
{
	char pid[16], since[24], what[32];

	if (r->what || sscanf(text, "%15[0-9] %23[0-9] %31[a-z ]", pid, since, what) != 3)
		return;
	r->pid = number_of(pid);
	r->since = long_number_of(since);
	r->what = xstrdup(what);
}

/* "4711 104523" */
static void read_init(const char *text, struct record *r)
{
	char pid[16], start[24];

	if (sscanf(text, "%15[0-9] %23[0-9]", pid, start) != 2)
		return;
	r->init = number_of(pid);
	r->init_start = long_number_of(start);
}

/* "7711 /sys/fs/cgroup/lxc.payload.c1" */
static void read_cgroup(const char *text, struct record *r)
{
	const size_t digits = strspn(text, "0123456789");
	const char *path = text + digits + 1;
	const uint64_t number = long_number_of(text);
	struct record_cgroup *cgroup;

	if (number == 0 || text[digits] != ' ' || check_path(path))
		return;
	cgroup = ARRAY_ADD(r->cgroups, r->n_cgroups);
	cgroup->number = number;
	cgroup->path = xstrdup(path);
}

/* "vethAbCdEf 0" before CRIU made it, and once more with its number. */
static void read_link(const char *text, struct record *r)
{
	char name[IFNAMSIZ], number[16];
	struct record_link *link;

	if (sscanf(text, "%15s %15[0-9]", name, number) != 2 || check_link(name))
		return;
	for (size_t i = 0; i < r->n_links; i++)
		if (strcmp(r->links[i].name, name) == 0) {
			r->links[i].number = (unsigned int)number_of(number);
			return;
		}
	link = ARRAY_ADD(r->links, r->n_links);
	link->name = xstrdup(name);
	link->number = (unsigned int)number_of(number);
}

/* "veth eth0 vethAbCdEf lxcbr0 fe:01:02:03:04:05 1500 on", as in the image's file "network" */
static void read_nic(const char *text, struct record *r)
{
	char host[IFNAMSIZ], bridge[IFNAMSIZ], mac[18];
	struct nic *nic;

	if (sscanf(text, "%*s %15s %15s %17s", host, bridge, mac) != 3 || check_link(host) ||
	    check_link(bridge) || strcmp(bridge, "-") == 0)
		return;
	nic = ARRAY_ADD(r->nics, r->n_nics);
	nic->host_name = xstrdup(host);
	nic->bridge = xstrdup(bridge);
	nic->host_mac = check_mac(mac) ? NULL : xstrdup(mac);
}

static void read_line(const char *line, struct record *r)
{
	const char *text;

	if ((text = after(line, "# init ")))
		read_init(text, r);
	else if ((text = after(line, "# freeze ")) && !r->frozen && !check_path(text))
		r->frozen = xstrdup(text);
	else if ((text = after(line, "# monitor ")))
		r->monitor = number_of(text);
	else if ((text = after(line, "# cgroup ")))
		read_cgroup(text, r);
	else if ((text = after(line, "# link ")))
		read_link(text, r);
	else if ((text = after(line, "veth ")))
		read_nic(text, r);
	else if ((text = after(line, "# ")))
		read_holder(text, r);
}

void record_from_lines(const char *text, struct record *ret)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;

	*ret = (struct record){0};
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		read_line(l, ret);
	if (!ret->what)
		ret->what = xstrdup("another checkpoint or restore");
}

/* --- the files --- */

/* "8:1-4711-c1.lock": "8:1-4711-c1.record" */
static char *file_name(const char *lock, const char *kind)
{
	const char *end = strrchr(lock, '.');

	return xasprintf("%.*s.%s", end ? (int)(end - lock) : (int)strlen(lock), lock, kind);
}

static int say_unreadable(const char *name, int r, struct error **reterr)
{
	error_wrap(reterr, -r, "cannot read " RUNTIME_DIR "/%s", name);
	error_set_hint(reterr,
		       "it says what a checkpoint or restore that was killed has left: look at it, "
		       "put that back, and remove the file");
	return error_mark_refused(reterr, true, r);
}

int record_read(const char *lock, const char *kind, struct record *ret, struct error **reterr)
{
	_cleanup_free_ char *name = file_name(lock, kind);
	_cleanup_free_ char *text = NULL;
	ssize_t n = runtime_read(name, TEXT_MAX, &text);
	int r;

	if (n == -ENOENT || n == 0)
		return 0;
	if (n < 0) {
		error_set(reterr, (int)-n, "%s", strerror((int)-n));
		return say_unreadable(name, (int)n, reterr);
	}
	r = record_from_text(text, (size_t)n, ret, reterr);
	return r < 0 ? say_unreadable(name, r, reterr) : 1;
}

int record_write(const char *lock, const char *kind, const struct record *r, struct error **reterr)
{
	_cleanup_free_ char *name = file_name(lock, kind);
	_cleanup_free_ char *text = record_to_text(r);
	int e;

	if (!text)
		return error_set(reterr, EILSEQ, "the path of a cgroup is not UTF-8");
	e = runtime_replace(name, text);
	return e < 0 ? error_set(reterr, -e, "cannot write " RUNTIME_DIR "/%s: %s", name,
				 strerror(-e))
		     : 0;
}

void record_remove(const char *lock, const char *kind)
{
	_cleanup_free_ char *name = file_name(lock, kind);
	_cleanup_close_ int dir = runtime_dir_open();

	if (dir >= 0)
		unlinkat(dir, name, 0);
}

char *record_lock_name(int lock_fd)
{
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", lock_fd);
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	const char *last;

	if (n <= 0 || n >= (ssize_t)sizeof(target))
		return NULL;
	target[n] = '\0';
	last = strrchr(target, '/');
	return last && runtime_check(lock_fd) == 0 ? xstrdup(last + 1) : NULL;
}

uint64_t record_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 ? 0 : st.st_ino;
}

/* In lines of earlier versions there is no namespace. */
bool record_process_ended(const struct record *r, int pid, uint64_t start)
{
	unsigned long long found;

	if (r->pid_namespace && r->pid_namespace != record_pid_namespace())
		return false;
	if (process_is_gone(pid))
		return true;
	found = start ? process_start_time(pid) : 0;
	return found && found != start;
}
