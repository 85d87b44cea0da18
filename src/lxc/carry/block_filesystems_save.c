/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the container's block devices hold, for the restore to compare: those that CRIU will mount
 * by the name of their device, as its image says, which has the mounts of all namespaces. Runs in
 * the command at CRIU's post-dump, as root on the host.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "carry/block_filesystems.h"
#include "carry/table_save.h"
#include "util/mem.h"

static bool is_there(const struct container_facts *facts, const char *source)
{
	for (size_t i = 0; i < facts->n_block_filesystems; i++)
		if (strcmp(facts->block_filesystems[i].source, source) == 0)
			return true;
	return false;
}

int block_filesystems_save(struct saving *s, struct error **reterr)
{
	const struct criu_files *files = s->files;
	struct container_facts *facts = s->facts;
	struct stat root;
	int r = 0;

	if (fstat(s->root, &root) < 0)
		return error_errno(reterr, "cannot look at the container's root");
	facts_clear_block_filesystems(facts);
	for (size_t i = 0; r == 0 && i < files->n_mounts; i++) {
		const struct criu_mount *m = &files->mounts[i];
		struct block_filesystem f = {0};

		if (!criu_mount_is_by_name(files, m, root.st_dev) || is_there(facts, m->source))
			continue;
		r = block_filesystem_read(m->source, m->type, m->dev, &f, reterr);
		if (r == 0)
			*ARRAY_ADD(facts->block_filesystems, facts->n_block_filesystems) = f;
	}
	return r;
}
