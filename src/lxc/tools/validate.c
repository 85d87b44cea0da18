/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Refuses options of lxc-checkpoint that contradict each other, and values that make no sense. */
#include "config.h"

#include <strings.h>

#include "lxccheckpoint.h"
#include "tools/arguments.h"
#include "tools/refuse.h"

/* liblxc takes any word for a priority, and then logs as it likes. */
static bool is_priority(const char *level)
{
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO",	"NOTICE", "WARN",
					     "ERROR", "CRIT",  "ALERT", "FATAL"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasecmp(level, levels[i]) == 0)
			return true;
	return false;
}

unsigned int arguments_seconds(const char *text)
{
	unsigned int n = 0;

	if (!text)
		return 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		n = n * 10 + (unsigned int)(*p - '0');
		if (n > LXC_CHECKPOINT_TIMEOUT_MAX)
			return 0;
	}
	return n;
}

/* Pairs that contradict each other, and why. */
int arguments_validate(const struct arguments *a)
{
	const bool restore = a->asked & ASKED_RESTORE, check = a->asked & ASKED_CHECK;
	const bool looks = a->asked & (ASKED_INFO | ASKED_VERIFY);
	const struct {
		bool wrong;
		const char *why;
	} conflicts[] = {
		{looks && !a->directory && !a->name, "no checkpoint is named: use -D DIR"},
		{looks ? a->name && !*a->name : !a->name || !*a->name,
		 "no container is named: use -n NAME"},
		{(a->asked & ASKED_INFO) && (a->asked & ASKED_VERIFY),
		 "--info and --verify conflict: choose one"},
		{looks && (restore || a->stop || a->replace || a->drop_outside || check ||
			   a->action_script || a->daemon || a->foreground || a->no_verify ||
			   a->timeout),
		 "--info and --verify only read a checkpoint: they take only -D, -n, -P, --json "
		 "and -q"},
		{restore && a->stop, "-r and -s conflict: -s stops the container after a "
				     "checkpoint, and -r restores one"},
		{restore && a->replace,
		 "-r and --replace conflict: a restore does not write to the image directory"},
		{restore && a->drop_outside,
		 "-r and --drop-outside conflict: a checkpoint decides what is in the image"},
		{restore && a->timeout, "-r and --timeout conflict: a restore stops no processes"},
		{check && a->timeout, "--check and --timeout conflict: --check stops no processes"},
		{a->timeout && !arguments_seconds(a->timeout),
		 "--timeout takes a number of seconds, 1 to 86400"},
		{a->daemon && a->foreground, "-d and -F conflict: a restored container is in the "
					     "background or in the foreground"},
		{!restore && a->daemon,
		 "-d without -r: a checkpoint has nothing to send to the background"},
		{!restore && a->foreground,
		 "-F without -r: a checkpoint has nothing to show in the foreground"},
		{!restore && a->no_verify,
		 "--no-verify without -r: only a restore reads the image"},
		{!restore && a->force,
		 "--force without -r: nothing that blocks a checkpoint can be overridden"},
		{check && (a->daemon || a->foreground),
		 "--check and -d or -F conflict: --check starts nothing"},
		{check && a->no_verify,
		 "--check and --no-verify conflict: --check does not read the image's memory"},
		{check && a->action_script,
		 "--check and -A conflict: --check runs nothing at CRIU's stages"},
		{a->json && !check && !looks,
		 "--json without --check, --info or --verify: nothing else prints JSON"},
		{a->directory && !*a->directory, "-D needs a directory"},
		{a->log_level && !is_priority(a->log_level),
		 "-l takes one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL"},
	};

	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
		if (conflicts[i].wrong)
			return refuse_usage(a, conflicts[i].why);
	return -1;
}
