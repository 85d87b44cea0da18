/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks what the container's processes have mapped. Runs before a dump, in the caller's process,
 * as root, in the host's namespaces, and only reads. The kernel can make one wait for what /proc
 * tells of memory, so a scout goes first.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <xxhash.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define MAPS_MAX (1UL << 30) /* bytes of what the kernel tells of all processes' memory */

/*
 * CRIU prepares all private mappings of a process side by side, in one free range of addresses. The
 * largest that it can have lies below its own program, which the kernel puts at two thirds of the
 * addresses.
 */
#ifdef __x86_64__
#define ADDRESSES (1UL << 47)
#else
#define ADDRESSES (1UL << 48)
#endif
#define PRIVATE_MAX (ADDRESSES / 3 * 2)
#define TIB	    (1UL << 40)

#define MAX_MAP_COUNT "/proc/sys/vm/max_map_count"
#define CRIU_MAPPINGS 100

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

/* "7f00-7f01 rw-s 00000000 00:2c 1234   /huge/f": a mount of that device, or NULL */
static const struct mount *mount_of(const struct survey *s, const char *line, size_t len)
{
	_cleanup_free_ char *text = xstrndup(line, len);
	char major[16], minor[16];
	size_t index;

	if (sscanf(text, "%*s %*s %*s %15[0-9a-f]:%15[0-9a-f]", major, minor) != 2 ||
	    !map_get(&s->devices,
		     makedev((unsigned int)strtoul(major, NULL, 16),
			     (unsigned int)strtoul(minor, NULL, 16)),
		     &index))
		return NULL;
	return &s->mounts[index];
}

static void check_mapped_place(struct survey *s, const struct process *p, const char *line,
			       size_t line_len, const char *name)
{
	const struct mount *m = *name == '/' ? mount_of(s, line, line_len) : NULL;
	_cleanup_free_ char *path = xstrndup(name, line_len - (size_t)(name - line));

	if (m)
		check_content(s, p, m, path, "has a file mapped");
}

/* Few filesystems that are mounted with noexec, here or there, have anything that is executed. */
static void check_code_place(struct survey *s, const struct process *p, const char *line,
			     size_t len, const char *name)
{
	_cleanup_free_ char *path = NULL;
	const struct mount *m = *name == '/' ? mount_of(s, line, len) : NULL;

	if (!m || !map_get(&s->noexec_devices, m->dev, NULL))
		return;
	path = xstrndup(name, len - (size_t)(name - line));
	/* by the name: /proc/PID/map_files, which would say it, can make one wait */
	m = survey_mount_by_path(s, p, m->dev, path);
	if (m)
		check_code_mount(s, p, m, path);
}

struct mappings {
	struct survey *s;
	const struct process *p;
	bool has_code; /* one was seen that can be executed */
	bool has_vdso, has_vvar;
	unsigned long private_size;
	size_t n;
};

/* "7f00-7f01 r-xs ...": the four letters; NULL: they are not there. */
static const char *permissions(const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);

	return space && line + len - space > 4 ? space + 1 : NULL;
}

static bool is_code(const char *line, size_t len)
{
	const char *may = permissions(line, len);

	return may && may[2] == 'x';
}

/*
 * CRIU writes its first instructions over those of the first executable mapping, by ptrace. The
 * kernel copies the page for that, which it does of private memory alone.
 */
static void check_code(struct mappings *m, const char *line, size_t len)
{
	const char *may = m->has_code ? NULL : permissions(line, len);

	if (!may || may[2] != 'x')
		return;
	m->has_code = true;
	if (may[3] == 's' && may[1] != 'w')
		findings_add(m->s->found,
			     FINDING("shared-code", FINDING_BLOCKS,
				     "have that program keep no code in shared memory (PHP: "
				     "opcache.jit_buffer_size=0 in php.ini), and restart it",
				     OF_PROCESS(m->s, m->p)),
			     "has code in shared memory before that of its program, as PHP's JIT "
			     "does, and CRIU cannot save it");
}

static void count_private(struct mappings *m, const char *line, size_t len)
{
	const char *may = permissions(line, len);
	unsigned long from, to;
	char *end;

	if (!may || may[3] != 'p')
		return;
	from = strtoul(line, &end, 16);
	to = strtoul(end + (*end == '-'), NULL, 16);
	/* that of vsyscall is above, and not counted by CRIU */
	if (from < to && to <= ADDRESSES)
		m->private_size += to - from;
}

/* A process of CRIU's has some mappings of its own besides when it takes over those of another. */
static void check_number(const struct mappings *m)
{
	struct survey *s = m->s;
	_cleanup_free_ char *text = NULL;

	if (s->mappings_limit == 0 && read_file_at(AT_FDCWD, MAX_MAP_COUNT, 64, &text) > 0)
		s->mappings_limit = strtoul(text, NULL, 10);
	if (s->mappings_limit == 0 || m->n + CRIU_MAPPINGS <= s->mappings_limit)
		return;
	findings_add(s->found,
		     FINDING("too-many-mappings", FINDING_BLOCKS,
			     "raise vm.max_map_count (also where it is to be restored), or stop "
			     "that process",
			     OF_PROCESS(s, m->p)),
		     "has %zu memory mappings, too close to the limit of %lu: a restore needs some "
		     "more",
		     m->n, s->mappings_limit);
}

static bool has_suffix(const char *line, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(line + len - n, suffix, n) == 0;
}

/* CRIU wants both or none. */
static void check_vdso(const struct mappings *m)
{
	if (m->has_vvar && !m->has_vdso)
		findings_add(m->s->found,
			     FINDING("no-vdso", FINDING_BLOCKS, "restart that program, or stop it",
				     OF_PROCESS(m->s, m->p)),
			     "has unmapped the kernel's code (vdso) and kept its data (vvar), "
			     "which CRIU cannot restore");
}

static void check_private_size(const struct mappings *m)
{
	if (m->private_size < PRIVATE_MAX)
		return;
	findings_add(m->s->found,
		     FINDING("address-space", FINDING_BLOCKS,
			     "have that program reserve less, or stop it", OF_PROCESS(m->s, m->p)),
		     "has %lu TiB of addresses mapped, and CRIU cannot restore more than %lu",
		     m->private_size / TIB, PRIVATE_MAX / TIB);
}

static bool check_line(const char *line, size_t len, void *userdata)
{
	struct mappings *m = userdata;
	const char *name = memmem(line, len, " anon_inode:", strlen(" anon_inode:"));

	m->s->maps_read += len;
	if (m->s->maps_read > MAPS_MAX)
		return false;
	check_code(m, line, len);
	count_private(m, line, len);
	m->has_vdso = m->has_vdso || has_suffix(line, len, "[vdso]");
	m->has_vvar = m->has_vvar || has_suffix(line, len, "[vvar]");
	m->n++;
	if (!name)
		name = memmem(line, len, " socket:[", strlen(" socket:["));
	/* no other column has a slash */
	name = name ? name + 1 : memchr(line, '/', len);
	if (!name)
		return true;
	check_mapping(m->s, m->p, line, len, name);
	if (is_code(line, len))
		check_code_place(m->s, m->p, line, len, name);
	if (m->s->keeps_no_content)
		check_mapped_place(m->s, m->p, line, len, name);
	return true;
}

void check_mappings(struct survey *s, const struct process *p)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", (int)p->pid);
	struct mappings m = {.s = s, .p = p};
	bool lost = s->scout.lost;

	if (s->maps_read > MAPS_MAX)
		return;
	if (scout_read_lines(&s->scout, path, check_line, &m) == -ETIMEDOUT && !lost)
		found_no_answer(s, p);
	check_private_size(&m);
	check_number(&m);
	check_vdso(&m);
	if (s->maps_read > MAPS_MAX)
		findings_add(s->found,
			     FINDING("too-many-mappings", FINDING_BLOCKS,
				     "stop the processes with the most mappings"),
			     "the container's processes have too many memory mappings to look at");
}
