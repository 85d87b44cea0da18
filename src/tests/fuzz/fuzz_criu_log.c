/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRIU's log, in which there are names of the container's making, ends on a terminal. */
#include "config.h"

#include <string.h>

#include "criu/log.h"
#include "fuzz.h"
#include "util/text.h"

#define LINES_MAX 16384 /* a few lines of some hundred bytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct criu_cause cause;
	struct strv failures = {0};
	size_t len, n;

	criu_log_cause((const char *)data, size, &cause);
	criu_log_script_failures((const char *)data, size, "/s", &failures);
	strv_free(&failures);
	must(cause.lines != NULL);
	len = strlen(cause.lines);
	must(len < LINES_MAX);
	for (const char *p = cause.lines; *p; p += n, len -= n) {
		n = *p == '\n' ? 1 : printable_length(p, len);
		must(n > 0);
	}
	must(!cause.hint || *cause.hint);
	criu_cause_clear(&cause);
	return 0;
}
