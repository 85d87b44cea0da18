/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Defines liblxc's functions that return containers, under their own names. A program finds these
 * first, because it links or preloads this library before liblxc. Each calls the next one in line,
 * and gives the containers our methods. Runs in the host program.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "lxccheckpoint.h"

typedef int (*list_fn)(const char *lxcpath, char ***names, struct lxc_container ***cret);
typedef struct lxc_container *(*new_fn)(const char *name, const char *configpath);

/*
 * NULL, with ENOSYS, only if the program was started without liblxc, which cannot happen by
 * linking. A library neither prints nor ends its host: the caller sees a call that failed.
 */
static void *next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		errno = ENOSYS;
	return fn;
}

struct lxc_container *lxc_container_new(const char *name, const char *configpath)
{
	new_fn create = (new_fn)next("lxc_container_new");
	struct lxc_container *c = create ? create(name, configpath) : NULL;

	if (c)
		lxc_checkpoint_extend(c);
	return c;
}

static int list(const char *function, const char *lxcpath, char ***names,
		struct lxc_container ***cret)
{
	list_fn each = (list_fn)next(function);
	int n = each ? each(lxcpath, names, cret) : -1;

	for (int i = 0; cret && i < n; i++)
		lxc_checkpoint_extend((*cret)[i]);
	return n;
}

int list_defined_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list("list_defined_containers", lxcpath, names, cret);
}

int list_active_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list("list_active_containers", lxcpath, names, cret);
}

int list_all_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list("list_all_containers", lxcpath, names, cret);
}
