/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are read in memory, as they are. Any process. */
#include "config.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/mapped.h"

struct mapped map_file(int dirfd, const char *name)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return (struct mapped){0};
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return p == MAP_FAILED ? (struct mapped){0} : (struct mapped){p, (size_t)st.st_size};
}

void mapped_clear(struct mapped *m)
{
	if (m->p)
		munmap((void *)(uintptr_t)m->p, m->len);
	*m = (struct mapped){0};
}
