/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Parses mount options. Pure; runs in the command and in the monitor. */
#include "config.h"

#include <string.h>
#include <sys/mount.h>

#include "sys/mountflags.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const struct {
	const char *word;
	unsigned long flag;
} words[] = {
	{"rw", 0},
	{"ro", MS_RDONLY},
	{"nosuid", MS_NOSUID},
	{"nodev", MS_NODEV},
	{"noexec", MS_NOEXEC},
	{"noatime", MS_NOATIME},
	{"nodiratime", MS_NODIRATIME},
	{"relatime", MS_RELATIME},
	{"nosymfollow", MS_NOSYMFOLLOW},
};

static bool add_word(const char *word, size_t len, unsigned long *flags)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && strncmp(words[i].word, word, len) == 0) {
			*flags |= words[i].flag;
			return true;
		}
	return false;
}

bool mount_flags_parse(const char *options, unsigned long *ret)
{
	unsigned long flags = 0;

	for (;;) {
		size_t len = strcspn(options, ",");

		if (!add_word(options, len, &flags))
			return false;
		if (options[len] == '\0')
			break;
		options += len + 1;
	}
	/* the absence of both is not shown, and must be requested */
	if (!(flags & (MS_NOATIME | MS_RELATIME)))
		flags |= MS_STRICTATIME;
	*ret = flags;
	return true;
}

bool mount_options_have(const char *options, const char *word)
{
	size_t wanted = strlen(word);

	for (;;) {
		size_t len = strcspn(options, ",");

		if (len == wanted && strncmp(options, word, len) == 0)
			return true;
		if (options[len] == '\0')
			return false;
		options += len + 1;
	}
}
