/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Before a restore: what is in the manifest against this host. */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "preflight/preflight.h"

static int check_arch(const struct manifest *m, struct error **reterr)
{
	struct utsname un;

	if (uname(&un) < 0 || strcmp(un.machine, m->arch) == 0)
		return 0;
	return error_refuse(reterr, ENOEXEC,
			    "the checkpoint was made on %s, and this machine is %s", m->arch,
			    un.machine);
}

static int check_sources(const struct manifest *m, struct error **reterr)
{
	for (size_t i = 0; i < m->facts.n_mounts; i++) {
		const struct ext_mount *mnt = &m->facts.mounts[i];

		if (access(mnt->source, F_OK) == 0)
			continue;
		error_refuse(reterr, ENOENT,
			     "%s, which the container had on %s, is not on this host", mnt->source,
			     mnt->target);
		error_set_hint(reterr, "bring it back and restore again");
		return -ENOENT;
	}
	return 0;
}

static int (*const restore_checks[])(const struct manifest *, struct error **) = {
	check_arch,
	check_sources,
};

int preflight_restore(const struct manifest *m, const char *name, struct error **reterr)
{
	if (strcmp(m->facts.name, name) != 0)
		return error_refuse(reterr, EINVAL, "that is a checkpoint of %s, not of %s",
				    m->facts.name, name);
	for (size_t i = 0; i < sizeof(restore_checks) / sizeof(restore_checks[0]); i++) {
		int r = restore_checks[i](m, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}
