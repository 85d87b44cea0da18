/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_BPF_H
#define LXCCKPT_UTIL_BPF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A cgroup's device programs: which they are, what they consist of, and putting
 * the same back. System calls of their own rather than libbpf, because programs
 * are copied here and not made, and because the monitor, of which there is one
 * for each container, would grow by a third.
 */

#define BPF_PROGRAMS_MAX 64

/* Ids of the device programs that are attached to the cgroup itself. Their number, or -errno. */
int bpf_device_programs(int cgroup, uint32_t ids[BPF_PROGRAMS_MAX]);

/* The program's instructions as the kernel took them, eight bytes each. Caller frees. 0 or -errno.
 */
int bpf_program_instructions(uint32_t id, void **ret, size_t *ret_len);

/* Loads a device program and attaches it to the cgroup, beside those that are there. 0 or -errno.
 */
int bpf_attach_device_program(int cgroup, const void *instructions, size_t len);

#endif
