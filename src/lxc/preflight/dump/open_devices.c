/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks open devices: whose state CRIU saves, and terminals, which terminal_checks.c looks at when
 * all are known. Runs before a dump, in the caller's process, as root, in the host's namespaces,
 * and only reads.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define TTY_MAJOR	 4
#define TTYAUX_MAJOR	 5
#define MISC_MAJOR	 10
#define PTY_MASTER_MAJOR 128
#define PTY_SLAVE_MAJOR	 136
#define USB_SERIAL_MAJOR 188
#define SERIAL_MAJOR	 204
#define MISC_TUN	 200
#define MISC_AUTOFS	 235

static dev_t rdev(const struct open_file *f)
{
	return makedev(f->st.stx_rdev_major, f->st.stx_rdev_minor);
}

static dev_t device_of(const struct open_file *f)
{
	return makedev(f->st.stx_dev_major, f->st.stx_dev_minor);
}

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
		info = open_file_info(f);
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

/* The devices that CRIU reopens by path, or whose state it knows. */
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

void found_device(struct survey *s, const struct process *p, const char *how, const char *link)
{
	findings_add(s->found,
		     FINDING("device", !has_plugins(s) ? FINDING_BLOCKS : FINDING_WARNING,
			     "stop that process", OF_PROCESS(s, p)),
		     "has a device %s whose state CRIU cannot save: %s", how, link);
}

void check_device(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	if (!is_known_device(f->st.stx_rdev_major, f->st.stx_rdev_minor)) {
		open_file_link(f, link);
		found_device(s, f->process, "open", link);
		return;
	}
	if (!is_own_terminal(s, f) && check_place(s, f)) {
		check_instance(s, f);
		note_terminal(s, f);
		if (f->st.stx_rdev_major == PTY_SLAVE_MAJOR)
			check_exclusive(s, f);
	}
}

void check_block_device(struct survey *s, const struct open_file *f)
{
	char link[LINK_SIZE];

	open_file_link(f, link);
	findings_add(
		s->found,
		FINDING("device", FINDING_BLOCKS, "stop that process", OF_PROCESS(s, f->process)),
		"has a block device open, which CRIU cannot save: %s", link);
}
