/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_INFO_H
#define LXCCKPT_TOOLS_INFO_H

#include <jansson.h>
#include <stdbool.h>

struct info_request {
	const char *directory;
	bool json;
	bool quiet; /* print no text */
};

/*
 * Call lxc_checkpoint_describe() and lxc_checkpoint_verify(), and print the result on stdout. They
 * return 0 or -enum lxc_checkpoint_error; -LXC_CHECKPOINT_EFAILED means damage.
 */
int info_print(const struct info_request *q);
int info_verify(const struct info_request *q);

/* The objects that they print, still without results. directory may be NULL. */
void info_describe(json_t *object, const char *directory);
void info_describe_verified(json_t *object, const char *directory);

#endif
