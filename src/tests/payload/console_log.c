/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a container's monitor has in its console's buffer, by liblxc's console_log():
 * none of LXC's own tools asks for it.
 *
 *   console_log NAME [read] [clear] [MAX]     writes the buffer to standard output;
 *                                             1: there is no buffer, 2: it is empty
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lxc/lxccontainer.h>

int main(int argc, char **argv)
{
	uint64_t max = 0;
	struct lxc_console_log log = {.read_max = &max};
	struct lxc_container *c;
	int r;

	if (argc < 2)
		return 99;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "read") == 0)
			log.read = true;
		else if (strcmp(argv[i], "clear") == 0)
			log.clear = true;
		else
			max = strtoull(argv[i], NULL, 10);
	}
	c = lxc_container_new(argv[1], NULL);
	r = c ? c->console_log(c, &log) : -ENOMEM;
	if (r == 0 && log.read)
		fwrite(log.data, 1, max, stdout);
	if (r < 0 && r != -EFAULT && r != -ENODATA)
		fprintf(stderr, "console_log: %s\n", strerror(-r));
	if (r == 0 && log.read)
		free(log.data);
	lxc_container_put(c);
	return r == 0 ? 0 : r == -EFAULT ? 1 : r == -ENODATA ? 2 : 3;
}
