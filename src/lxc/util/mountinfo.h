/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_MOUNTINFO_H
#define LXCCKPT_UTIL_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Pure, for programs without libmount. The first numbers of a line of a mountinfo: the mount's,
 * which may be NULL here, and the device. false: it is no such line.
 */
bool mountinfo_numbers(const char *line, uint64_t *ret_id, dev_t *ret_device);

#endif
