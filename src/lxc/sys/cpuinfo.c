/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the processor's name and features from /proc/cpuinfo. Runs in the command. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "sys/cpuinfo.h"
#include "util/fd.h"
#include "util/mem.h"

/* One processor takes about 2 KiB, and all are alike. */
#define ONE_MAX 16384

#define XSAVE_LEAF 0xd

/* The value of a line "name\t: value"; NULL: there is none. */
static char *value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *l = text; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL) {
		const char *p = l + len;

		if (strncmp(l, name, len) != 0)
			continue;
		p += strspn(p, " \t");
		if (*p != ':')
			continue;
		p++;
		p += strspn(p, " \t");
		return xstrndup(p, strcspn(p, "\n"));
	}
	return NULL;
}

static char *first_of(const char *text, const char *const names[])
{
	char *value = NULL;

	for (; !value && *names; names++)
		value = value_of(text, *names);
	return value;
}

void cpuinfo_parse(const char *text, struct cpuinfo *ret)
{
	/* x86, arm64 and riscv, s390, ppc64 */
	static const char *const models[] = {"model name", "uarch", "processor 0", "cpu", NULL};
	static const char *const features[] = {"flags", "Features", "isa", "features", NULL};

	ret->model = first_of(text, models);
	ret->features = first_of(text, features);
	if (!ret->features)
		ret->features = xstrdup("");
}

/*
 * The size of the floating point state, as a program may ask for it: no flag shows it, and libc's
 * lazy binding crashes if it differs.
 */
static void add_state_sizes(char **features)
{
#if defined(__x86_64__)
	unsigned int mask, size, largest, high;

	if (__get_cpuid_count(XSAVE_LEAF, 0, &mask, &size, &largest, &high))
		str_append(features, " xsave_mask=%x%08x xsave_size=%u xsave_size_max=%u", high,
			   mask, size, largest);
#else
	(void)features;
#endif
}

/* Reads only the beginning: the whole file takes a while on a machine with many processors. */
void cpuinfo_read(struct cpuinfo *ret)
{
	_cleanup_close_ int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = xcalloc(ONE_MAX + 1, 1);

	if (fd < 0 || read(fd, text, ONE_MAX) < 0)
		*text = '\0';
	cpuinfo_parse(text, ret);
	add_state_sizes(&ret->features);
}

void cpuinfo_clear(struct cpuinfo *c)
{
	free(c->model);
	free(c->features);
	*c = (struct cpuinfo){0};
}
