/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A reboot ends what was restored. What comes after it is a start like any other,
 * and that is lxc-start's: it makes its own network, cgroups and monitor.
 */
#include "config.h"

#include <string.h>

#include "restore/restore.h"
#include "util/mem.h"
#include "util/process.h"

int restart_container(const struct restore *r, struct error **reterr)
{
	const struct restore_plan *p = r->plan;
	_cleanup_free_ char *start = system_program("lxc-start");
	_cleanup_free_ char *usual = xasprintf("%s/%s/config", p->lxcpath, p->name);
	_cleanup_free_ char *output = NULL;
	_cleanup_free_ char *how = NULL;
	const char *argv[9] = {start, "-d", "-n", p->name, "-P", p->lxcpath};
	int status;

	if (!start)
		return error_set(reterr, ENOENT, "lxc-start is not installed");
	if (strcmp(usual, p->config_file) != 0) {
		argv[6] = "-f";
		argv[7] = p->config_file;
	}
	/* it ends when the container runs, or cannot */
	status = run_capture(argv, &output);
	if (status == 0)
		return 0;
	if (status < 0)
		return error_set(reterr, -status, "cannot run lxc-start: %s", strerror(-status));
	how = status_text(status);
	error_set(reterr, EIO, "lxc-start %s", how);
	error_set_detail(reterr, output);
	return -EIO;
}
