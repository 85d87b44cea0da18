/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_HUGEPAGES_H
#define LXCCKPT_CRIU_IMAGE_HUGEPAGES_H

/*
 * The huge pages that processes in CRIU's image have mapped. The kernel sets them aside when
 * CRIU maps them, before anything is in them.
 */

#include <stddef.h>
#include <stdint.h>

struct huge_area {
	unsigned int shift; /* a page has so many bits; 0: the kernel's usual */
	uint64_t shared;    /* 0: private; else areas with the same number are one */
	uint64_t size;	    /* bytes */
};

struct huge_areas {
	struct huge_area *v; /* each shared one is there once */
	size_t n;
};

/*
 * Pure. Adds those of an mm-*.img. Private ones that processes had together since a fork()
 * CRIU makes for each anew.
 */
void criu_hugepages_add(struct huge_areas *areas, const void *mm, size_t len);

/* Of an image directory. Caller frees ret->v. */
void criu_hugepages_read(int dirfd, struct huge_areas *ret);

#endif
