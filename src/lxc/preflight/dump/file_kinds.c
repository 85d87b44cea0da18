/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks open files that the kernel makes for a purpose of its own (anon_inode and the like): which
 * of them CRIU saves. Runs before a dump, in the caller's process, as root, in the host's
 * namespaces, and only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define FORBID "lxc.include = " LXC_CHECKPOINT_CONF " in the container's config, and start it again"

/* The beginning of a link decides; the first that fits. */
static const struct file_kind file_kinds[] = {
	{"anon_inode:[eventfd]", NULL, CRIU_NEVER, NULL},
	{"anon_inode:[eventpoll]", NULL, CRIU_NEVER, NULL},
	{"anon_inode:inotify", NULL, CRIU_NEVER, NULL},
	{"anon_inode:[fanotify]", NULL, CRIU_NEVER, NULL},
	{"anon_inode:[signalfd]", NULL, CRIU_NEVER, NULL},
	{"anon_inode:[timerfd]", NULL, CRIU_NEVER, NULL},
	{"anon_inode:[pidfd]", "has a pidfd open", CRIU_PIDFDS, "stop that process"},
	{"pidfd:[", "has a pidfd open", CRIU_PIDFDS, "stop that process"},
	{"anon_inode:bpf-prog", "has a BPF program open, as systemd does", CRIU_NEVER,
	 "forbid them: " FORBID},
	{"anon_inode:bpf-map", "has a BPF map open", CRIU_NEVER, "forbid them: " FORBID},
	{"anon_inode:bpf", "has a BPF link or the like open, as systemd does", CRIU_NEVER,
	 "forbid them: " FORBID},
	{"anon_inode:btf", "has BPF type information open", CRIU_NEVER, "forbid it: " FORBID},
	{"anon_inode:[io_uring]", "uses io_uring", CRIU_NEVER,
	 "let the container's seccomp policy answer io_uring_setup with errno 38, "
	 "as " LXC_CHECKPOINT_CONF
	 " does (Node.js and others do without it then), and start it again; "
	 "MariaDB has a setting: innodb_use_native_aio=0"},
	{"anon_inode:[perf_event]", "is profiling (perf)", CRIU_NEVER, "stop it"},
	{"anon_inode:[userfaultfd]", "handles page faults (userfaultfd)", CRIU_NEVER,
	 "stop that process"},
	{"anon_inode:seccomp notify", "answers the system calls of others (seccomp notify)",
	 CRIU_NEVER, "stop it, and those that it answers"},
	{"anon_inode:[landlock-ruleset]", "has a landlock ruleset open", CRIU_NEVER,
	 "stop that process"},
	{"anon_inode:kvm", "runs a virtual machine (KVM)", CRIU_NEVER, "stop it"},
	{"anon_inode:[fscontext]", "has a mount open that it is making", CRIU_NEVER,
	 "stop that process"},
	{"anon_inode:dmabuf", "shares memory of a device (dma-buf)", CRIU_NEVER, "stop it"},
	{"/dmabuf:", "shares memory of a device (dma-buf)", CRIU_NEVER, "stop it"},
	{"/secretmem", "uses secret memory (memfd_secret)", CRIU_NEVER, "stop that process"},
	{"anon_inode:", NULL, CRIU_NEVER, NULL},
};

const struct file_kind *file_kind(const char *link)
{
	for (size_t i = 0; i < sizeof(file_kinds) / sizeof(file_kinds[0]); i++)
		if (strncmp(link, file_kinds[i].link, strlen(file_kinds[i].link)) == 0)
			return &file_kinds[i];
	return NULL;
}

/* BPF maps are CRIU's where it was built with libbpf, which Debian's is not. */
static bool criu_knows_bpf(struct survey *s)
{
	if (s->knows_bpf == ANSWER_UNKNOWN)
		s->knows_bpf =
			criu_needs_library(s->p->criu->path, "libbpf.so") ? ANSWER_YES : ANSWER_NO;
	return s->knows_bpf == ANSWER_YES;
}

void found_kind(struct survey *s, const struct process *p, const char *link)
{
	const struct file_kind *kind = file_kind(link);
	_cleanup_free_ char *install = NULL;

	if (!kind || (kind->what && is_fixed(s, kind->since)))
		return;
	if (kind->what && strcmp(kind->link, "anon_inode:bpf-map") == 0 && criu_knows_bpf(s))
		return;
	install = criu_feature_remedy(kind->since);
	if (install)
		str_append(&install, ", or %s", kind->remedy);
	if (kind->what)
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, install ? install : kind->remedy,
				     OF_PROCESS(s, p)),
			     "%s, which CRIU cannot save", kind->what);
	else if (strcmp(kind->link, "anon_inode:") == 0)
		findings_add(
			s->found,
			FINDING("file-kind", FINDING_BLOCKS, "stop that process", OF_PROCESS(s, p)),
			"has a kind of file open that CRIU cannot save: %s", link);
}

/* CRIU opens it anew, for which the process has to be there, and be one. */
static void check_pidfd(struct survey *s, const struct open_file *f)
{
	_cleanup_free_ char *info = open_file_info(f);
	pid_t target = (pid_t)field_number(info, "Pid", 10);
	const struct process *process;

	if (!info)
		return;
	if (field_number(info, "flags", 8) & O_EXCL)
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a pidfd of a thread open, which CRIU cannot save");
	process = process_of(s, target);
	if (target > 0 && !(process && process->in_tree))
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a pidfd of a process outside the container open");
}

/* Those that would wake the machine are no clocks of CRIU's. */
static void check_timer(struct survey *s, const struct open_file *f)
{
	_cleanup_free_ char *info = open_file_info(f);
	long long clock = field_number(info, "clockid", 10);

	if (info && (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a timer open that wakes the machine up (timerfd with an alarm "
			     "clock), which CRIU cannot save");
}

void check_anonymous(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	open_file_link(f, link);
	if (is_fixed(s, CRIU_PIDFDS) && strstr(link, "pidfd"))
		check_pidfd(s, f);
	if (strstr(link, "timerfd"))
		check_timer(s, f);
	if (strstr(link, "eventfd"))
		check_event_counter(s, f);
	if (strstr(link, "notify")) {
		check_watches(s, f->process, f->fd);
		check_unread_events(s, f);
	}
	found_kind(s, f->process, link);
}
