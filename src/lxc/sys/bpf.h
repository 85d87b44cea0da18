/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_BPF_H
#define LXCCKPT_SYS_BPF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Device programs of a cgroup: lists them, reads their instructions, and attaches the same or
 * others; also a program for a network namespace. The functions use bare system calls: they need
 * few, and libbpf would make each container's monitor a third larger.
 */

#define BPF_PROGRAMS_MAX 64

/*
 * The IDs of the device programs that are attached to the cgroup itself. Returns their number, or
 * -errno.
 */
int bpf_device_programs(int cgroup, uint32_t ids[BPF_PROGRAMS_MAX]);

/*
 * The program's instructions as the kernel accepted them, eight bytes each. Caller frees. Returns 0
 * or -errno.
 */
int bpf_program_instructions(uint32_t id, void **ret, size_t *ret_len);

/*
 * Loads a device program and attaches it to the cgroup, beside existing ones. Returns 0 or -errno.
 */
int bpf_attach_device_program(int cgroup, const void *instructions, size_t len);

/* The same, but atomically replaces one that is attached to the cgroup. Returns 0 or -errno. */
int bpf_replace_device_program(int cgroup, uint32_t id, const void *instructions, size_t len);

/*
 * In the caller's network namespace: IPv6 packets with this mark that leave by the loopback
 * interface lose their route, and get a new one when they arrive. The program stays until the
 * descriptor is closed. Returns a descriptor or -errno; -EINVAL before Linux 6.6.
 */
int bpf_forget_loopback_routes(uint32_t mark);

#endif
