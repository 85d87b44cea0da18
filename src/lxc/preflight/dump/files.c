/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the container's processes have open and mapped. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "preflight/survey.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define FDINFO_MAX    65536
#define LINK_SIZE     256
#define CRIU_LINK_MAX (PATH_MAX - 2)
#define BLOCK	      512	  /* of stx_blocks */
#define MAPS_MAX      (1UL << 30) /* bytes of what the kernel tells of all processes' memory */

#define MEM_MAJOR	 1
#define MEM_ZERO	 5
#define TTY_MAJOR	 4
#define TTYAUX_MAJOR	 5
#define MISC_MAJOR	 10
#define PTY_MASTER_MAJOR 128
#define PTY_SLAVE_MAJOR	 136
#define USB_SERIAL_MAJOR 188
#define SERIAL_MAJOR	 204
#define MISC_TUN	 200
#define MISC_AUTOFS	 235

struct open_file {
	const struct process *process;
	int dir; /* /proc/PID/fd */
	const char *name;
	int fd;
	struct statx st;
};

static dev_t rdev(const struct open_file *f)
{
	return makedev(f->st.stx_rdev_major, f->st.stx_rdev_minor);
}

static dev_t device_of(const struct open_file *f)
{
	return makedev(f->st.stx_dev_major, f->st.stx_dev_minor);
}

/* Its name in /proc; "" where it is closed by now, cut off where it is long. */
static void read_link(const struct open_file *f, char link[LINK_SIZE])
{
	memset(link, 0, LINK_SIZE);
	if (readlinkat(f->dir, f->name, link, LINK_SIZE - 1) < 0)
		*link = '\0';
}

/* Text of its fdinfo; NULL where it is closed by now. Caller frees. */
static char *read_fdinfo(const struct open_file *f)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fdinfo/%s", (int)f->process->pid, f->name);
	char *text;

	return read_file_at(AT_FDCWD, path, FDINFO_MAX, &text) < 0 ? NULL : text;
}

/* --- files that the kernel makes for a purpose of its own ----------------------------------------
 */

#define FORBID "lxc.include = " LXC_CHECKPOINT_CONF " in the container's config, and start it again"

/* The beginning of a link decides; the first that fits. */
static const struct file_kind file_kinds[] = {
	{"anon_inode:[eventfd]", NULL, {0, 0, 0}, NULL},
	{"anon_inode:[eventpoll]", NULL, {0, 0, 0}, NULL},
	{"anon_inode:inotify", NULL, {0, 0, 0}, NULL},
	{"anon_inode:[fanotify]", NULL, {0, 0, 0}, NULL},
	{"anon_inode:[signalfd]", NULL, {0, 0, 0}, NULL},
	{"anon_inode:[timerfd]", NULL, {0, 0, 0}, NULL},
	{"anon_inode:[pidfd]",
	 "has a pidfd open",
	 {4, 1, 0},
	 "install CRIU 4.1 or later, or stop that process"},
	{"pidfd:[",
	 "has a pidfd open",
	 {4, 1, 0},
	 "install CRIU 4.1 or later, or stop that process"},
	{"anon_inode:bpf-prog",
	 "has a BPF program open, as systemd does",
	 {0, 0, 0},
	 "forbid them: " FORBID},
	{"anon_inode:bpf-map", "has a BPF map open", {0, 0, 0}, "forbid them: " FORBID},
	{"anon_inode:bpf",
	 "has a BPF link or the like open, as systemd does",
	 {0, 0, 0},
	 "forbid them: " FORBID},
	{"anon_inode:btf", "has BPF type information open", {0, 0, 0}, "forbid it: " FORBID},
	{"anon_inode:[io_uring]",
	 "uses io_uring",
	 {0, 0, 0},
	 "switch it off in that program (in its environment UV_USE_IO_URING=0, for Node.js; in "
	 "MariaDB's configuration innodb_use_native_aio=0), or let the container's seccomp policy "
	 "answer io_uring_setup with errno 38"},
	{"anon_inode:[perf_event]", "is profiling (perf)", {0, 0, 0}, "stop it"},
	{"anon_inode:[userfaultfd]",
	 "handles page faults (userfaultfd)",
	 {0, 0, 0},
	 "stop that process"},
	{"anon_inode:seccomp notify",
	 "answers the system calls of others (seccomp notify)",
	 {0, 0, 0},
	 "stop it, and those that it answers"},
	{"anon_inode:[landlock-ruleset]",
	 "has a landlock ruleset open",
	 {0, 0, 0},
	 "stop that process"},
	{"anon_inode:kvm", "runs a virtual machine (KVM)", {0, 0, 0}, "stop it"},
	{"anon_inode:[fscontext]",
	 "has a mount open that it is making",
	 {0, 0, 0},
	 "stop that process"},
	{"anon_inode:dmabuf", "shares memory of a device (dma-buf)", {0, 0, 0}, "stop it"},
	{"/dmabuf:", "shares memory of a device (dma-buf)", {0, 0, 0}, "stop it"},
	{"/secretmem", "uses secret memory (memfd_secret)", {0, 0, 0}, "stop that process"},
	{"anon_inode:", NULL, {0, 0, 0}, NULL},
};

const struct file_kind *file_kind(const char *link)
{
	for (size_t i = 0; i < sizeof(file_kinds) / sizeof(file_kinds[0]); i++)
		if (strncmp(link, file_kinds[i].link, strlen(file_kinds[i].link)) == 0)
			return &file_kinds[i];
	return NULL;
}

/* BPF maps are CRIU's where it was built with libbpf, which Debian's is not. */
static bool look_for_bpf(const struct survey *s)
{
	_cleanup_close_ int fd = open(s->p->criu->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool found;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return false;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	found = memmem(p, (size_t)st.st_size, "libbpf.so", strlen("libbpf.so")) != NULL;
	munmap(p, (size_t)st.st_size);
	return found;
}

static bool criu_knows_bpf(struct survey *s)
{
	if (s->knows_bpf == ANSWER_UNKNOWN)
		s->knows_bpf = look_for_bpf(s) ? ANSWER_YES : ANSWER_NO;
	return s->knows_bpf == ANSWER_YES;
}

static void found_kind(struct survey *s, const struct process *p, const char *link)
{
	const struct file_kind *kind = file_kind(link);

	if (!kind || (kind->what && is_fixed(s, &kind->since)))
		return;
	if (kind->what && strcmp(kind->link, "anon_inode:bpf-map") == 0 && criu_knows_bpf(s))
		return;
	if (kind->what)
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, kind->remedy, OF_PROCESS(s, p)),
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
	_cleanup_free_ char *info = read_fdinfo(f);
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
	_cleanup_free_ char *info = read_fdinfo(f);
	long long clock = field_number(info, "clockid", 10);

	if (info && (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a timer open that wakes the machine up (timerfd with an alarm "
			     "clock), which CRIU cannot save");
}

static void check_anonymous(struct survey *s, const struct open_file *f)
{
	const struct criu_version pidfd_since = {4, 1, 0};
	char link[LINK_SIZE];

	read_link(f, link);
	if (is_fixed(s, &pidfd_since) && strstr(link, "pidfd"))
		check_pidfd(s, f);
	if (strstr(link, "timerfd"))
		check_timer(s, f);
	if (strstr(link, "notify"))
		check_watches(s, f->process, f->fd);
	found_kind(s, f->process, link);
}

/* --- files that have a place in the container, or should have
 * ------------------------------------- */

/* "net:[4026531840]": 4026531840; 0 where it is nothing like it */
static ino_t namespace_in(const char *link)
{
	const char *p = link + strspn(link, "abcdefghijklmnopqrstuvwxyz_");

	return p > link && strncmp(p, ":[", 2) == 0 ? (ino_t)strtoull(p + 2, NULL, 10) : 0;
}

static const struct {
	long magic;
	const char *what;
	const char *remedy;
} special_filesystems[] = {
	{0x19800202, "has a message queue open, which CRIU cannot save", "stop that process"},
};

/* No mount of the container has it. */
static void found_outside(struct survey *s, const struct open_file *f, const char *link)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd/%s", (int)f->process->pid, f->name);
	ino_t ns = namespace_in(link);
	long magic = 0;

	/* memory without a name, which can be opened by the way of its mapping */
	if (strcmp(link, "/dev/zero (deleted)") == 0 && S_ISREG(f->st.stx_mode))
		return;
	if (strncmp(link, "/memfd:", strlen("/memfd:")) == 0 ||
	    strncmp(link, "pipe:[", strlen("pipe:[")) == 0)
		return;
	if (file_kind(link)) {
		found_kind(s, f->process, link);
		return;
	}
	if (ns) {
		if (!map_get(&s->namespaces, ns, NULL))
			findings_add(s->found,
				     FINDING("namespace-file", FINDING_BLOCKS, "stop that process",
					     OF_PROCESS(s, f->process)),
				     "holds a namespace that no process of the container is in "
				     "(%s)",
				     link);
		return;
	}
	scout_filesystem(&s->scout, path, &magic);
	for (size_t i = 0; i < sizeof(special_filesystems) / sizeof(special_filesystems[0]); i++)
		if (magic == special_filesystems[i].magic) {
			findings_add(s->found,
				     FINDING("file-kind", FINDING_BLOCKS,
					     special_filesystems[i].remedy,
					     OF_PROCESS(s, f->process)),
				     "%s", special_filesystems[i].what);
			return;
		}
	findings_add(s->found,
		     FINDING("outside-file", FINDING_BLOCKS,
			     "stop that process, or redirect its input and output to files of the "
			     "container",
			     OF_PROCESS(s, f->process)),
		     "has a file open that is on no mount of the container: %s", link);
}

/* "has a file open" */
static void found_name(struct survey *s, const struct process *p, const char *how, const char *why)
{
	findings_add(
		s->found,
		FINDING("long-name", FINDING_BLOCKS,
			"restart that process, or rename the folder or file to something shorter",
			OF_PROCESS(s, p)),
		"%s whose %s, which CRIU cannot save", how, why);
}

/* Its name in /proc, as long as it is. */
struct long_link {
	char path[PATH_MAX + 1];
	ssize_t len; /* or -errno */
};

static void read_long_link(const struct open_file *f, struct long_link *ret)
{
	ret->len = readlinkat(f->dir, f->name, ret->path, sizeof(ret->path) - 1);
	if (ret->len < 0)
		ret->len = -errno;
	ret->path[ret->len > 0 ? ret->len : 0] = '\0';
}

/*
 * The kernel tells no path of a page or more, and CRIU wants a byte less. And of a file that has
 * lost this name and has another CRIU asks by the first with " (deleted)" behind it.
 */
static const char *name_wrong(const struct open_file *f, const struct long_link *link)
{
	static const char deleted[] = " (deleted)";
	size_t tail = sizeof(deleted) - 1;
	const char *name = strrchr(link->path, '/');

	if (link->len < 0 ? link->len == -ENAMETOOLONG : link->len > CRIU_LINK_MAX)
		return "path is too long";
	if (name && f->st.stx_nlink > 0 && strlen(name + 1) > NAME_MAX &&
	    strcmp(name + strlen(name) - tail, deleted) == 0)
		return "name, of more than 245 bytes, is deleted, while it has another";
	return NULL;
}

static void check_name(struct survey *s, const struct open_file *f, const char *how)
{
	struct long_link link;
	const char *wrong;

	read_long_link(f, &link);
	wrong = name_wrong(f, &link);
	if (wrong)
		found_name(s, f->process, how, wrong);
}

static void check_open_name(struct survey *s, const struct open_file *f,
			    const struct long_link *link)
{
	const char *wrong = name_wrong(f, link);
	_cleanup_free_ char *how =
		wrong ? xasprintf("has a file open (descriptor %d)", f->fd) : NULL;

	if (how)
		found_name(s, f->process, how, wrong);
}

/* It is on none that CRIU can open it from. m: the mount it is on, or NULL. */
static void found_no_place(struct survey *s, const struct open_file *f, const struct mount *m)
{
	char link[LINK_SIZE];

	read_link(f, link);
	if (!*link)
		return;
	if (m && is_tracefs(m))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a file of a tracefs open, which CRIU cannot save: %s", link);
	else if (m)
		findings_add(s->found,
			     FINDING("covered-file", FINDING_BLOCKS,
				     "unmount what is mounted over it, or stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a file open on %s, over which something else is mounted: %s",
			     m->target, link);
	else
		found_outside(s, f, link);
}

/* true: it is on a mount that CRIU can open it from */
static bool check_place(struct survey *s, const struct open_file *f)
{
	const struct mount *m = survey_mount(s, (int)f->st.stx_mnt_id);
	struct long_link link;

	if (!m || m->covered || is_tracefs(m)) {
		found_no_place(s, f, m);
		return false;
	}
	read_long_link(f, &link);
	check_open_name(s, f, &link);
	check_proc_file(s, f->process, m, "has a file open:", link.path);
	return true;
}

static void check_regular(struct survey *s, const struct open_file *f)
{
	uint64_t size = f->st.stx_blocks * BLOCK;
	char link[LINK_SIZE];

	if (!check_place(s, f) || f->st.stx_nlink > 0)
		return;
	s->deleted_bytes += size;
	if (size <= s->p->ghost_limit)
		return;
	read_link(f, link);
	findings_add(s->found,
		     FINDING("deleted-file", FINDING_BLOCKS,
			     "restart that process, or raise the limit (ghost_limit)",
			     OF_PROCESS(s, f->process)),
		     "has a deleted file open that is larger than the limit: %s", link);
}

static void check_pipe(struct survey *s, const struct open_file *f)
{
	_cleanup_free_ char *info = read_fdinfo(f);

	/* systemd's pipes to the kernel's automounter are such, and CRIU knows them */
	if (info && (field_number(info, "flags", 8) & O_DIRECT) && !s->automounts)
		findings_add(s->found,
			     FINDING("packet-pipe", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a pipe in packet mode open (O_DIRECT), which CRIU cannot save");
	check_place(s, f);
}

/* --- devices
 * -------------------------------------------------------------------------------------- */

static bool is_own_terminal(const struct survey *s, const struct open_file *f)
{
	const struct container_facts *facts = s->p->facts;

	for (size_t i = 0; i < facts->n_ttys; i++)
		if (facts->ttys[i].rdev == (unsigned int)rdev(f) &&
		    facts->ttys[i].dev == (unsigned int)device_of(f))
			return true;
	return false;
}

/* The instance that init has in /dev/pts; 0: none. */
static dev_t usual_instance(const struct survey *s)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (strcmp(s->mounts[i].target, "/dev/pts") == 0 && !s->mounts[i].covered &&
		    strcmp(s->mounts[i].type, "devpts") == 0 &&
		    s->mounts[i].process->container_pid == 1)
			return s->mounts[i].dev;
	return 0;
}

/* CRIU makes all ptys anew in that one. */
static void check_instance(struct survey *s, const struct open_file *f)
{
	const struct mount *m = survey_mount(s, (int)f->st.stx_mnt_id);

	if (m && strcmp(m->type, "devpts") == 0 && m->dev != usual_instance(s))
		findings_add(s->found,
			     FINDING("terminal", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has a terminal open of another devpts than that on /dev/pts, mounted "
			     "on %s, which CRIU cannot restore",
			     m->target);
}

static void note_terminal(struct survey *s, const struct open_file *f)
{
	unsigned int maj = f->st.stx_rdev_major, min = f->st.stx_rdev_minor;
	_cleanup_free_ char *info = NULL;
	struct terminal t = {.process = f->process, .index = min, .fd = f->fd};

	if (maj == PTY_SLAVE_MAJOR) {
		t.kind = TERMINAL_SLAVE;
	} else if (maj == TTYAUX_MAJOR && min == 0) {
		t.kind = TERMINAL_CURRENT;
	} else if (maj == TTYAUX_MAJOR && min == 2) {
		info = read_fdinfo(f);
		t.kind = TERMINAL_MASTER;
		t.index = (unsigned int)field_number(info, "tty-index", 10);
	} else {
		return;
	}
	/* of its ends the first counts, and of processes whether they have it open that way */
	if (map_add(&s->terminals_by_end,
		    map_key(t.kind,
			    t.kind == TERMINAL_CURRENT ? (uint32_t)f->process->pid : t.index),
		    s->n_terminals))
		*ARRAY_ADD(s->terminals, s->n_terminals) = t;
}

/* As CRIU has it: what it opens by its path again, or knows the state of. */
static bool is_known_device(unsigned int maj, unsigned int min)
{
	switch (maj) {
	case MEM_MAJOR:
	case USB_SERIAL_MAJOR:
	case SERIAL_MAJOR:
	case PTY_SLAVE_MAJOR:
		return true;
	case TTYAUX_MAJOR:
		return min <= 2;
	case TTY_MAJOR:
		return min >= 1 && min <= 63;
	case MISC_MAJOR:
		return min == MISC_TUN || min == MISC_AUTOFS;
	default:
		return maj >= PTY_MASTER_MAJOR && maj < PTY_SLAVE_MAJOR;
	}
}

/* Some devices CRIU can save by plugins, which know best. */
static bool look_for_plugins(void)
{
	static const char *const places[] = {"/usr/lib/criu", "/usr/local/lib/criu"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, places[i]);
		struct dirent *e;

		while (dir && (e = readdir(dir)))
			if (strstr(e->d_name, ".so"))
				return true;
	}
	return false;
}

static bool has_plugins(struct survey *s)
{
	if (s->has_plugins == ANSWER_UNKNOWN)
		s->has_plugins = look_for_plugins() ? ANSWER_YES : ANSWER_NO;
	return s->has_plugins == ANSWER_YES;
}

static void found_device(struct survey *s, const struct process *p, const char *how,
			 const char *link)
{
	findings_add(s->found,
		     FINDING("device", !has_plugins(s) ? FINDING_BLOCKS : FINDING_WARNING,
			     "stop that process", OF_PROCESS(s, p)),
		     "has a device %s whose state CRIU cannot save: %s", how, link);
}

static void check_device(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	if (!is_known_device(f->st.stx_rdev_major, f->st.stx_rdev_minor)) {
		read_link(f, link);
		found_device(s, f->process, "open", link);
		return;
	}
	if (!is_own_terminal(s, f) && check_place(s, f)) {
		check_instance(s, f);
		note_terminal(s, f);
	}
}

static void check_block_device(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	read_link(f, link);
	findings_add(
		s->found,
		FINDING("device", FINDING_BLOCKS, "stop that process", OF_PROCESS(s, f->process)),
		"has a block device open, which CRIU cannot save: %s", link);
}

/* --- all of them
 * ---------------------------------------------------------------------------------- */

/* pidfd: the process, opened when it is needed first. */
static void check_open_socket(struct survey *s, const struct open_file *f, int *pidfd)
{
	char link[LINK_SIZE];

	if (survey_mount(s, (int)f->st.stx_mnt_id)) {
		read_link(f, link);
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, f->process)),
			     "has the file of a Unix socket open, rather than the socket (O_PATH), "
			     "which CRIU cannot save: %s",
			     link);
		return;
	}
	if (*pidfd < 0)
		*pidfd = pidfd_open_pid(f->process->pid);
	if (*pidfd >= 0)
		check_socket(s, f->process, *pidfd, f->fd, (ino_t)f->st.stx_ino);
}

static void check_file(struct survey *s, const struct open_file *f, int *pidfd)
{
	switch (f->st.stx_mode & S_IFMT) {
	case 0:
		check_anonymous(s, f);
		return;
	case S_IFSOCK:
		check_open_socket(s, f, pidfd);
		return;
	case S_IFCHR:
		check_device(s, f);
		return;
	case S_IFBLK:
		check_block_device(s, f);
		return;
	case S_IFREG:
		check_regular(s, f);
		return;
	case S_IFIFO:
		check_pipe(s, f);
		return;
	default:
		check_place(s, f);
		return;
	}
}

static bool look(struct open_file *f)
{
	/* a file server that does not answer must not hold up anything */
	return statx(f->dir, f->name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		     &f->st) == 0 &&
	       (f->st.stx_mask & STATX_MNT_ID);
}

/* What a process runs or is in: m is its mount, NULL where that is none of the container's. */
#define PROGRAM "runs a program"

static void check_one_place(struct survey *s, const struct process *p, const struct mount *m,
			    const char *what, const char *link)
{
	if (!m && p->container_pid == 1 && strcmp(what, PROGRAM) == 0)
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS,
				     "start the container with lxc-start, and name the program in "
				     "lxc.init.cmd",
				     OF_PROCESS(s, p)),
			     "runs a program of the host, as lxc-execute does, which a restore "
			     "would not find in the container: %s",
			     link);
	else if (!m)
		findings_add(s->found,
			     FINDING("outside-file", FINDING_BLOCKS,
				     "stop it; lxc-attach may have passed it on", OF_PROCESS(s, p)),
			     "%s that is on no mount of the container: %s", what, link);
	else if (is_tracefs(m))
		findings_add(s->found,
			     FINDING("file-kind", FINDING_BLOCKS, "stop it", OF_PROCESS(s, p)),
			     "%s in a tracefs, which CRIU cannot save: %s", what, link);
	else
		check_proc_file(s, p, m, what, link);
}

/* The program, the root and the working directory. */
static void check_places(struct survey *s, const struct process *p)
{
	static const struct {
		const char *name, *what;
	} places[] = {
		{"exe", PROGRAM}, {"cwd", "is in a directory"}, {"root", "has a root directory"}};
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)p->pid);
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		struct open_file f = {.process = p, .dir = dir, .name = places[i].name, .fd = -1};
		char link[LINK_SIZE];

		if (!look(&f))
			continue;
		check_name(s, &f, places[i].what);
		read_link(&f, link);
		check_one_place(s, p, survey_mount(s, (int)f.st.stx_mnt_id), places[i].what, link);
	}
}

void check_files(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)p->pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	_cleanup_close_ int pidfd = -1;
	struct dirent *e;

	check_places(s, p);
	while (dir && (e = readdir(dir))) {
		struct open_file f = {.process = p, .dir = dirfd(dir), .name = e->d_name};

		if (*e->d_name == '.')
			continue;
		f.fd = (int)strtol(e->d_name, NULL, 10);
		s->descriptor = f.fd + 1;
		if (look(&f))
			check_file(s, &f, &pidfd);
	}
	s->descriptor = 0;
}

/* --- mappings
 * ------------------------------------------------------------------------------------- */

static void found_no_answer(struct survey *s, const struct process *p)
{
	findings_add(s->found, FINDING("no-answer", FINDING_BLOCKS, SCOUT_HINT, OF_PROCESS(s, p)),
		     "blocks the reading of its memory map: it waits for something while it holds "
		     "the lock");
}

/* The device and the inode of a line, "7f00-7f01 rw-s 00000000 00:05 1234  /dev/x"; 0: none */
uint64_t mapped_file(const char *line, size_t len)
{
	const char *p = line, *end = line + len, *from;

	for (int i = 0; i < 3 && p < end; i++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (!p)
			return 0;
		p++;
	}
	from = p;
	for (int i = 0; i < 2; i++) {
		p = p < end ? memchr(p, ' ', (size_t)(end - p)) : NULL;
		if (!p)
			return 0;
		p++;
	}
	return XXH3_64bits(from, (size_t)(p - from));
}

/* A character device; /dev/zero is none that matters. Each file is looked at once. */
static bool is_device_mapping(struct survey *s, const struct process *p, const char *line,
			      size_t len)
{
	char *end;
	unsigned long from = strtoul(line, &end, 16), to = strtoul(end + 1, NULL, 16);
	/* without the zeros in front that they have in maps */
	_cleanup_free_ char *path = xasprintf("/proc/%d/map_files/%lx-%lx", (int)p->pid, from, to);
	uint64_t key = mapped_file(line, len);
	bool lost = s->scout.lost;
	size_t is = false;
	struct stat st;
	int r;

	if (map_get(&s->mapped_files, key, &is))
		return is;
	r = scout_stat(&s->scout, path, &st);
	if (r == -ETIMEDOUT && !lost)
		found_no_answer(s, p);
	if (r < 0)
		return false;
	is = S_ISCHR(st.st_mode) && st.st_rdev != makedev(MEM_MAJOR, MEM_ZERO);
	map_add(&s->mapped_files, key, is);
	return is;
}

static bool has_prefix(const char *text, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* The name is at the end of the line. */
static void check_mapping(struct survey *s, const struct process *p, const char *line,
			  size_t line_len, const char *name)
{
	size_t len = line_len - (size_t)(name - line);
	_cleanup_free_ char *text = NULL;

	if (len > CRIU_LINK_MAX)
		found_name(s, p, "has a file mapped", "path is too long");
	if (has_prefix(name, len, "socket:[")) {
		findings_add(s->found,
			     FINDING("packet-ring", FINDING_BLOCKS, "stop that process",
				     OF_PROCESS(s, p)),
			     "shares memory of a socket with the kernel (PACKET_RX_RING and the "
			     "like), as tcpdump does: CRIU loses the position in it, and the "
			     "restored process would wait without end");
	} else if (has_prefix(name, len, "anon_inode:")) {
		text = xstrndup(name, len);
		found_kind(s, p, text);
	} else if (has_prefix(name, len, "/dev/") && is_device_mapping(s, p, line, line_len)) {
		text = xstrndup(name, len);
		found_device(s, p, "mapped", text);
	}
}

struct mappings {
	struct survey *s;
	const struct process *p;
};

static bool check_line(const char *line, size_t len, void *userdata)
{
	const struct mappings *m = userdata;
	const char *name = memmem(line, len, " anon_inode:", strlen(" anon_inode:"));

	m->s->maps_read += len;
	if (m->s->maps_read > MAPS_MAX)
		return false;
	if (!name)
		name = memmem(line, len, " socket:[", strlen(" socket:["));
	/* no other column has a slash */
	name = name ? name + 1 : memchr(line, '/', len);
	if (name)
		check_mapping(m->s, m->p, line, len, name);
	return true;
}

void check_mappings(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", (int)p->pid);
	struct mappings m = {s, p};
	bool lost = s->scout.lost;

	if (s->maps_read > MAPS_MAX)
		return;
	if (scout_read_lines(&s->scout, path, check_line, &m) == -ETIMEDOUT && !lost)
		found_no_answer(s, p);
	if (s->maps_read > MAPS_MAX)
		findings_add(s->found,
			     FINDING("too-many-mappings", FINDING_BLOCKS,
				     "stop the processes with the most mappings"),
			     "the container's processes have too many memory mappings to look at");
}
