/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_INFO_H
#define LXCCKPT_TOOLS_INFO_H

#include <stdbool.h>

struct info_request {
	const char *directory;
	bool json;
	bool quiet; /* print nothing */
};

/*
 * lxc_checkpoint_describe() and lxc_checkpoint_verify(), with what they say on stdout.
 * Each returns 0 or -enum lxc_checkpoint_error; -LXC_CHECKPOINT_EFAILED is damage.
 */
int info_print(const struct info_request *q);
int info_verify(const struct info_request *q);

#endif
