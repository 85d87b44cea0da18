/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Warns of what an open file or a process has and CRIU restores it without. Runs before a dump, in
 * the caller's process, as root, in the host's namespaces. It asks copies of the descriptors, which
 * changes nothing and does not wait.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

static void found_process_loss(struct survey *s, const struct process *p, const char *what)
{
	findings_add(s->found,
		     FINDING("lost-setting", FINDING_WARNING,
			     "stop that process if the program depends on it", OF_PROCESS(s, p)),
		     "%s, which a restored process loses", what);
}

static void found_loss(struct survey *s, const struct open_file *f, const char *what)
{
	found_process_loss(s, f->process, what);
}

/* A number that the file itself tells; 0: none. */
static int ask(struct survey *s, const struct open_file *f, unsigned long request)
{
	_cleanup_close_ int copy = copy_descriptor(s, f->process, f->fd, f->st.stx_mode & S_IFMT,
						   (ino_t)f->st.stx_ino);
	int n = 0;

	return copy >= 0 && ioctl(copy, request, &n) == 0 ? n : 0;
}

void check_event_counter(struct survey *s, const struct open_file *f)
{
	_cleanup_free_ char *info = open_file_info(f);

	if (info && field_number(info, "eventfd-semaphore", 10) > 0)
		found_loss(s, f, "has an eventfd open that is a semaphore (EFD_SEMAPHORE)");
	if (info && field_number(info, "eventfd-count", 16) > UINT32_MAX)
		found_loss(s, f, "has an eventfd open whose counter has more than 32 bits");
}

/* CRIU passes on only the events. */
void check_watch_flags(struct survey *s, const struct process *p, unsigned long mask)
{
	if (mask & (IN_ONESHOT | IN_EXCL_UNLINK))
		found_process_loss(s, p, "watches files with IN_ONESHOT or IN_EXCL_UNLINK");
}

/* A seccomp filter can imply it, and CRIU restores filters. */
static bool restricts_speculation(const struct process *p)
{
	static const char *const fields[] = {"Speculation_Store_Bypass",
					     "SpeculationIndirectBranch"};

	if (field_number(p->status, "Seccomp", 10) > 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *text = field_value(p->status, fields[i]);

		if (text && (strncmp(text, "thread force", 12) == 0 ||
			     strncmp(text, "thread mitigated", 16) == 0 ||
			     strncmp(text, "conditional force disabled", 26) == 0 ||
			     strncmp(text, "conditional disabled", 20) == 0))
			return true;
	}
	return false;
}

void check_process_losses(struct survey *s, const struct process *p)
{
	if (restricts_speculation(p))
		found_process_loss(s, p, "has restricted speculation (PR_SET_SPECULATION_CTRL)");
}

void check_unread_events(struct survey *s, const struct open_file *f)
{
	if (ask(s, f, FIONREAD) > 0)
		found_loss(s, f, "has not read all events of files (inotify, fanotify)");
}

void check_exclusive(struct survey *s, const struct open_file *f)
{
	if (ask(s, f, TIOCGEXCL) > 0)
		found_loss(s, f, "has a terminal open that others cannot open (TIOCEXCL)");
}
