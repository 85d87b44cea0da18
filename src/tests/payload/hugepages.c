/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* hugepages N READY: maps N huge pages, half of them shared, and a child has all of them too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t half = argc == 3 ? strtoul(argv[1], NULL, 10) * (2 << 20) / 2 : 0;
	char *own = mmap(NULL, half, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	char *shared = mmap(NULL, half, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	FILE *ready;

	if (!half || own == MAP_FAILED || shared == MAP_FAILED) {
		perror("hugepages");
		return 1;
	}
	memset(own, 1, half);
	memset(shared, 2, half);
	if (fork() > 0) {
		ready = fopen(argv[2], "w");
		if (!ready || fprintf(ready, "%d\n", getpid()) < 0 || fclose(ready) != 0)
			return 1;
	}
	for (;;)
		pause();
}
