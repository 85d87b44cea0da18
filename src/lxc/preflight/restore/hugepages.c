/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks that the host has enough huge pages, whose number is fixed. Runs in the command, as root,
 * on the host.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "criu/image_hugepages.h"
#include "preflight/restore/restore_checks.h"
#include "preflight/survey.h"
#include "util/fd.h"
#include "util/mem.h"

#define HUGEPAGES "/sys/kernel/mm/hugepages/hugepages-%llukB/%s"

/* -1: this kernel has no pages of that size. */
static long long read_number(unsigned long long kib, const char *name)
{
	_cleanup_free_ char *path = xasprintf(HUGEPAGES, kib, name);
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 64, &text) > 0 ? strtoll(text, NULL, 10) : -1;
}

/* Free pages that nobody has reserved, and those that the kernel may make on demand. */
static long long available(unsigned long long kib)
{
	long long there = read_number(kib, "free_hugepages");
	long long more = read_number(kib, "nr_overcommit_hugepages");

	if (there < 0)
		return -1;
	there -= read_number(kib, "resv_hugepages");
	more -= read_number(kib, "surplus_hugepages");
	return (there > 0 ? there : 0) + (more > 0 ? more : 0);
}

static unsigned long long default_kib(void)
{
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, "/proc/meminfo", 65536, &text) <= 0)
		return 0;
	return (unsigned long long)field_number(text, "Hugepagesize", 10);
}

static unsigned long long size_of(const struct huge_area *a)
{
	return a->shift < 10 ? default_kib() : 1ULL << (a->shift - 10);
}

static void check_size(const struct restore_check *r, const struct huge_areas *areas,
		       unsigned long long kib, struct findings *found)
{
	long long needed = 0, there = available(kib), set = read_number(kib, "nr_hugepages");
	_cleanup_free_ char *remedy = NULL;

	for (size_t i = 0; i < areas->n; i++)
		if (size_of(&areas->v[i]) == kib)
			needed += (long long)(areas->v[i].size / 1024 / kib);
	if (there >= needed)
		return;
	if (there < 0) {
		findings_add(found,
			     FINDING("huge-pages", FINDING_BLOCKS,
				     "restore it under a kernel that has them"),
			     "processes of %s have huge pages of %llu KiB, which this kernel does "
			     "not support",
			     r->name, kib);
		return;
	}
	remedy = xasprintf("reserve more: echo %lld >" HUGEPAGES, set + needed - there, kib,
			   "nr_hugepages");
	findings_add(found, FINDING("huge-pages", FINDING_BLOCKS, remedy),
		     "processes of %s have %lld huge pages of %llu KiB, and %lld are free here",
		     r->name, needed, kib, there);
}

void check_huge_pages(const struct restore_check *r, struct findings *found)
{
	struct huge_areas areas = {0};

	if (r->image >= 0)
		criu_hugepages_read(r->image, &areas);
	for (size_t i = 0; i < areas.n; i++) {
		unsigned long long kib = size_of(&areas.v[i]);
		bool first = kib > 0;

		for (size_t k = 0; k < i; k++)
			first = first && size_of(&areas.v[k]) != kib;
		if (first)
			check_size(r, &areas, kib, found);
	}
	free(areas.v);
}
