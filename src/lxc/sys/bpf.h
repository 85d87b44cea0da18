/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_BPF_H
#define LXCCKPT_SYS_BPF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A cgroup's device programs: which they are, what they consist of, and putting
 * the same or others back; and one for a network namespace. System calls of their own rather than
 * libbpf, because there are so few, and because the monitor, of which there is one for each
 * container, would grow by a third.
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

/*
 * The same, in the place of one that is attached to it beside others. There is no moment
 * without either. 0 or -errno.
 */
int bpf_replace_device_program(int cgroup, uint32_t id, const void *instructions, size_t len);

/*
 * In the caller's network namespace: IPv6 packets with this mark that leave by the loopback
 * interface lose the route that they were sent by, and get one as they arrive. The program is
 * there until the descriptor is closed. -errno; -EINVAL before Linux 6.6.
 */
int bpf_forget_loopback_routes(uint32_t mark);

#endif
