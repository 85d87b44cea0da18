/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Takes over an option struct of a program that was built with another version of the library.
 * Pure.
 */
#include "config.h"

#include <string.h>
#include <sys/param.h>

#include "api/options.h"

/* A larger size was never set: no option struct is that large. */
#define OPTIONS_MAX 4096

int options_copy(void *to, size_t size, const void *from, struct error **reterr)
{
	size_t given = sizeof(given);

	if (!from)
		return 0;
	memcpy(&given, from, sizeof(given));
	if (given < sizeof(given) || given > OPTIONS_MAX)
		return error_refuse(reterr, EINVAL, "the size member of the options is not set");
	for (size_t i = size; i < given; i++)
		if (((const unsigned char *)from)[i])
			return error_refuse(
				reterr, EINVAL,
				"the options have members that this version does not know");
	memcpy(to, from, MIN(given, size));
	return 0;
}
