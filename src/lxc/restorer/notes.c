/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the monitor writes down of a restore, and of the container that it serves afterwards, for
 * the day when it is killed: lock/record.h. Runs in the monitor, as root on the host. What cannot
 * be written down is only logged: it matters to nobody while the monitor lives.
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock/record.h"
#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "sys/link.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

static void write_record(const struct restore *r, const char *kind, const struct record *record)
{
	_cleanup_error_ struct error *e = NULL;

	if (record_write(r->notes.lock_name, kind, record, &e) < 0)
		log_at(LOG_LEVEL_WARN, "%s", e->message);
}

void notes_begin(struct restore *r)
{
	_cleanup_error_ struct error *e = NULL;

	r->notes.lock_name = record_lock_name(r->notes.lock_fd);
	if (r->notes.lock_name &&
	    record_read(r->notes.lock_name, RECORD_OPERATION, &r->notes.record, &e) < 0)
		log_at(LOG_LEVEL_WARN, "%s", e->message);
	if (!r->notes.record.what)
		r->notes.record.what = xstrdup("a restore");
	r->notes.record.pid_namespace = record_pid_namespace();
	r->notes.record.monitor = (int)getpid();
	r->notes.record.monitor_start = process_start_time(getpid());
}

void notes_write(const struct restore *r)
{
	if (r->notes.lock_fd >= 0 && r->notes.lock_name)
		write_record(r, RECORD_OPERATION, &r->notes.record);
}

void notes_add_cgroup(struct restore *r, const char *path)
{
	_cleanup_close_ int fd = openat(r->cgroups.root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", fd);
	struct record_cgroup *cgroup;
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target));
	struct stat st;

	/* no other cgroup will ever have its number, but another may get its name */
	if (n <= 0 || (size_t)n >= sizeof(target) || fstat(fd, &st) < 0)
		return;
	cgroup = ARRAY_ADD(r->notes.record.cgroups, r->notes.record.n_cgroups);
	cgroup->number = st.st_ino;
	cgroup->path = xstrndup(target, (size_t)n);
	notes_write(r);
}

void notes_add_link(struct restore *r, const char *name, unsigned int number)
{
	struct record_link *link = NULL;

	for (size_t i = 0; i < r->notes.record.n_links; i++)
		if (strcmp(r->notes.record.links[i].name, name) == 0)
			link = &r->notes.record.links[i];
	if (!link) {
		link = ARRAY_ADD(r->notes.record.links, r->notes.record.n_links);
		link->name = xstrdup(name);
	}
	link->number = number;
	notes_write(r);
}

void notes_restored(struct restore *r)
{
	struct record running = {
		.pid_namespace = record_pid_namespace(),
		.what = xstrdup("a container that runs"),
		.since = (uint64_t)time(NULL),
		.init = (int)r->processes.init_pid,
		.init_start = process_start_time(r->processes.init_pid),
		.monitor = r->notes.record.monitor,
		.monitor_start = r->notes.record.monitor_start,
	};

	for (size_t i = 0; r->network.host_veths && i < r->manifest->facts.n_nics; i++) {
		struct record_link *link;

		if (!r->network.host_veths[i] || r->network.host_numbers[i] == 0)
			continue;
		link = ARRAY_ADD(running.links, running.n_links);
		link->name = xstrdup(r->network.host_veths[i]);
		link->number = r->network.host_numbers[i];
		link->mac = link_address(link->name, link->number);
	}
	if (r->notes.lock_name && running.n_links > 0) {
		write_record(r, RECORD_LINKS, &running);
		r->notes.links_noted = true;
	}
	record_clear(&running);
}

void notes_links_gone(struct restore *r)
{
	if (r->notes.links_noted)
		record_remove(r->notes.lock_name, RECORD_LINKS);
	r->notes.links_noted = false;
}

void notes_end(struct restore *r)
{
	if (r->notes.lock_fd >= 0 && r->notes.lock_name)
		record_remove(r->notes.lock_name, RECORD_OPERATION);
	fd_close(&r->notes.lock_fd);
	record_clear(&r->notes.record);
}
