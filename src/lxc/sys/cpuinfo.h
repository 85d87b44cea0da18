/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_CPUINFO_H
#define LXCCKPT_SYS_CPUINFO_H

/* The processor: its name, and the features that the kernel lists. */
struct cpuinfo {
	char *model; /* NULL: the kernel does not say */
	/*
	 * "fpu vme de ...", and the sizes on which a process's state depends: "xsave_size=832". "":
	 * nothing is known.
	 */
	char *features;
};

/* Pure. Parses the first processor of a /proc/cpuinfo. */
void cpuinfo_parse(const char *text, struct cpuinfo *ret);

/* Reads this machine's. */
void cpuinfo_read(struct cpuinfo *ret);

void cpuinfo_clear(struct cpuinfo *c);
#define _cleanup_cpuinfo_ __attribute__((cleanup(cpuinfo_clear)))

#endif
