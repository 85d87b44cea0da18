/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_CPUINFO_H
#define LXCCKPT_SYS_CPUINFO_H

/* The processor: its name, and the words by which the kernel tells what it can do. */
struct cpuinfo {
	char *model; /* NULL where the kernel does not say */
	/*
	 * "fpu vme de ...", and, where a process's state depends on them, the sizes that a
	 * program is told: "xsave_size=832". "" where nothing is said.
	 */
	char *features;
};

/* Pure. Of the text of /proc/cpuinfo the first processor. */
void cpuinfo_parse(const char *text, struct cpuinfo *ret);

/* Of this machine. */
void cpuinfo_read(struct cpuinfo *ret);

void cpuinfo_clear(struct cpuinfo *c);
#define _cleanup_cpuinfo_ __attribute__((cleanup(cpuinfo_clear)))

#endif
