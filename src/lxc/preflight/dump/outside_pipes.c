/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds pipes whose other end is outside of the container, as lxc-attach or a hook leaves them:
 * they would come back with that end closed. Runs before a dump, in the caller's process, as root,
 * in the host's namespaces, on copies of the container's descriptors.
 *
 * If no process of the container has the other end, poll() of a copy says whether anybody has: it
 * takes no lock that a process of the container could hold.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "preflight/dump/open_file.h"
#include "util/fd.h"
#include "util/mem.h"

#define REMEDY                                                                                     \
	"stop that process, or the one that has the other end, or redirect its input and output "  \
	"to files of the container; or use --drop-outside, which saves /dev/null instead (not "    \
	"of a FIFO, and of nothing that an epoll watches)"

void note_pipe(struct survey *s, const struct open_file *f, const struct mount *m, const char *info)
{
	const dev_t dev = makedev(f->st.stx_dev_major, f->st.stx_dev_minor);
	const uint64_t key = sought_key(dev, f->st.stx_ino);
	struct held_pipe *p;
	size_t i;

	if (!map_get(&s->pipes_by_key, key, &i)) {
		i = s->n_pipes;
		map_add(&s->pipes_by_key, key, i);
		*ARRAY_ADD(s->pipes, s->n_pipes) = (struct held_pipe){
			.process = f->process,
			.fd = f->fd,
			.dev = dev,
			.inode = f->st.stx_ino,
			.named = m != NULL,
		};
	}
	p = &s->pipes[i];
	p->access |= access_of(info);
}

static int copy_of(struct survey *s, const struct held_pipe *p)
{
	_cleanup_close_ int copy = copy_descriptor(s, p->process, p->fd, S_IFIFO, p->inode);
	struct stat st;

	/* the process may have opened something else there */
	return copy < 0 || stat_without_sync(copy, &st) < 0 || st.st_dev != p->dev ? -1
										   : TAKE_FD(copy);
}

/* Whether somebody has the other end open. One that cannot be looked at is none of ours. */
static bool is_connected(struct survey *s, const struct held_pipe *p)
{
	_cleanup_close_ int copy = copy_of(s, p);
	struct pollfd poll_fd = {.fd = copy, .events = POLLIN | POLLOUT};

	return copy >= 0 && poll(&poll_fd, 1, 0) >= 0 &&
	       !(poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* Of those that one end is seen of: who has the other one? */
static struct sought *list_candidates(struct survey *s, size_t *ret_n)
{
	struct sought *v = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_pipes; i++) {
		const struct held_pipe *p = &s->pipes[i];
		const unsigned int missing = (ACCESS_READ | ACCESS_WRITE) & ~p->access;

		/* the kernel writes to those of automounts */
		if (!p->access || !missing || map_get(&s->automount_pipes, p->inode, NULL) ||
		    !is_connected(s, p))
			continue;
		*ARRAY_ADD(v, n) = (struct sought){
			.key = sought_key(p->dev, p->inode),
			.access = p->access,
			.wanted = ACCESS_READ | ACCESS_WRITE,
			.index = i,
		};
	}
	*ret_n = n;
	return v;
}

static void found_pipe(struct survey *s, const struct held_pipe *p, const struct sought *other)
{
	_cleanup_free_ char *who = holder_text(other);
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)p->process->pid);
	_cleanup_free_ char *number = xasprintf("%d", p->fd);
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct open_file f = {.process = p->process, .dir = dir, .name = number, .fd = p->fd};
	char link[LINK_SIZE];

	open_file_link(&f, link);
	s->descriptor = p->fd + 1;
	if (!p->named && drop_outside_pipe(s, p->dev, p->inode))
		findings_add(s->found,
			     FINDING("outside-pipe", FINDING_WARNING, DROPPED_REMEDY,
				     OF_PROCESS(s, p->process)),
			     "has a pipe open whose other end is outside of the container%s, and "
			     "has /dev/null in its place after a restore: %s",
			     who, link);
	else
		findings_add(
			s->found,
			FINDING("outside-pipe", FINDING_BLOCKS, REMEDY, OF_PROCESS(s, p->process)),
			"has a pipe open whose other end is outside of the container%s: %s", who,
			link);
	s->descriptor = 0;
}

/*
 * A FIFO that nobody has opened for writing yet looks like one with a writer, so its writer has to
 * be found. One whose other end only a process of lxc-attach has, which the checkpoint leaves out,
 * comes back as if that had ended, and others can open it: systemd-logind has such a FIFO for each
 * session, as "lxc-attach -- su - USER" makes one. Processes may be about to end, or have closed
 * it.
 */
static bool is_outside(struct survey *s, const struct held_pipe *p, const struct sought *other)
{
	if (!(other->wanted & ~other->access))
		return false;
	if (p->named && !other->holder && (p->access == ACCESS_READ || other->left_out))
		return false;
	return is_connected(s, p);
}

void check_outside_pipes(struct survey *s)
{
	_cleanup_free_ struct sought *v = NULL;
	size_t n = 0;

	v = list_candidates(s, &n);
	if (n == 0 || descriptors_are_passed(s))
		return;
	look_again(s, v, n);
	look_outside(s, v, n);
	for (size_t i = 0; i < n; i++)
		if (is_outside(s, &s->pipes[v[i].index], &v[i]))
			found_pipe(s, &s->pipes[v[i].index], &v[i]);
}
