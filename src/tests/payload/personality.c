/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Becomes the program that is named, told a version of Linux 2.6. */
#include <sys/personality.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || personality(UNAME26) < 0)
		return 1;
	execv(argv[1], argv + 1);
	return 1;
}
