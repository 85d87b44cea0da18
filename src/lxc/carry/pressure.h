/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_PRESSURE_H
#define LXCCKPT_CARRY_PRESSURE_H

/*
 * What a container says of its pressure triggers, read strictly: root writes what comes of it.
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRESSURE_TRIGGER_MAX 32

/*
 * "some 200000 2000000" or "full ...": the stall and the window in microseconds, within the
 * kernel's limits. ret gets the same in one form only.
 */
bool pressure_trigger_parse(const char *text, size_t len, char ret[PRESSURE_TRIGGER_MAX]);

/*
 * The trigger that the environment of a process (as in /proc/PID/environ) names for the pressure
 * file path, as systemd hands it to its services; systemd's usual one where it names none.
 */
void pressure_trigger_of(const char *environment, size_t len, const char *path,
			 char ret[PRESSURE_TRIGGER_MAX]);

/* Whether a text of /proc/PID/mountinfo has a mount of that filesystem type and device. */
bool mountinfo_has(const char *text, const char *type, dev_t device);

#endif
