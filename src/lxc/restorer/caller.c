/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the monitor says to the command that has begun the restore, and hears from it, until the
 * container runs; and the one place that decides whether an interrupted restore is taken back or
 * finished. Runs in the monitor, as root on the host. The command may be gone at any time: the
 * restore does not depend on it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "restorer/monitor_log.h"
#include "restorer/restorer.h"
#include "util/fd.h"
#include "util/mem.h"

void caller_report(const struct restore *r, struct restore_report report)
{
	_cleanup_free_ char *text = restore_report_to_json(&report);

	if (r->caller.fd >= 0)
		(void)write_all(r->caller.fd, text, strlen(text));
}

bool caller_takes_back(struct restore *r)
{
	char said[8];

	if (r->caller.fate != FATE_OPEN || r->caller.fd < 0)
		return r->caller.fate == FATE_TAKEN_BACK;
	/* the end of a command that has said nothing is no wish */
	if (recv(r->caller.fd, said, sizeof(said), MSG_DONTWAIT) <= 0)
		return false;
	log_at(LOG_LEVEL_INFO, "The command was interrupted: the restore is taken back");
	r->caller.fate = FATE_TAKEN_BACK;
	return true;
}

void caller_commit(struct restore *r)
{
	if (r->caller.fate != FATE_OPEN)
		return;
	r->caller.fate = FATE_COMMITTED;
	caller_report(r, (struct restore_report){.kind = REPORT_COMMITTED});
}

int caller_explain(const struct restore *r, int e, struct error **reterr)
{
	if (r->caller.fate != FATE_TAKEN_BACK || e == -ECANCELED)
		return e;
	/* as a hook that the same signal has ended, or CRIU, which only obeyed */
	if (reterr)
		error_free(TAKE_PTR(*reterr));
	return error_set(reterr, ECANCELED, "interrupted");
}
