/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the image has of the console's output, for the monitor that is to serve the container. Runs
 * in the monitor, as root on the host.
 */
#include "config.h"

#include <stdlib.h>

#include "monitor/frame.h"
#include "restorer/restorer.h"
#include "util/mem.h"

int scrollback_load(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	return image_read(r->image, r->manifest, SCROLLBACK_NAME, SCROLLBACK_MAX,
			  &r->carried.scrollback.data, &r->carried.scrollback.len, reterr);
}

void scrollback_forget(struct restore *r)
{
	free(TAKE_PTR(r->carried.scrollback.data));
	r->carried.scrollback.len = 0;
}
