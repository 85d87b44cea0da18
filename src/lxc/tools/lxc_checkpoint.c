/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint: parses, validates, calls the library once, and prints the error. Runs as root, in
 * the host's namespaces.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lxccheckpoint.h"
#include "tools/answer.h"
#include "tools/arguments.h"
#include "tools/info.h"
#include "tools/operate.h"
#include "tools/refuse.h"

static int init_log(const struct arguments *a)
{
	struct lxc_log log = {
		/*
		 * without -o liblxc would make a log by the name, even if no such container exists
		 */
		.name = a->log_file ? a->name : NULL,
		.lxcpath = a->lxcpath,
		.file = a->log_file,
		.level = a->log_level ? a->log_level : "ERROR",
		.prefix = "lxc-checkpoint",
		.quiet = true, /* errors are printed once, by us */
	};

	return lxc_log_init(&log);
}

/* NULL: the reason has been printed. */
static struct lxc_container *open_container(const struct arguments *a)
{
	const char *name = a->name ? a->name : "";
	struct lxc_container *c;

	/* check before liblxc does, which fails at its lock files with words of its own */
	if (geteuid() != 0) {
		refuse(a, "use sudo", "only root can checkpoint and restore containers");
		return NULL;
	}
	/* liblxc would accept a name with a slash, and look elsewhere */
	c = strchr(name, '/') ? NULL : lxc_container_new(name, a->lxcpath);
	if (!c) {
		refuse(a, NULL, "\"%s\" cannot be a container's name in %s", name,
		       a->lxcpath ? a->lxcpath : "the default LXCPATH");
		return NULL;
	}
	if (!a->rcfile)
		return c;
	c->clear_config(c);
	if (c->load_config(c, a->rcfile)) {
		free(c->configfile);
		c->configfile = strdup(a->rcfile);
		return c;
	}
	refuse(a, NULL, "cannot read the config %s", a->rcfile);
	lxc_container_put(c);
	return NULL;
}

static char *image_directory(const struct arguments *a)
{
	const char *lxcpath = a->lxcpath ? a->lxcpath : lxc_get_global_config_item("lxc.lxcpath");
	char *path = NULL;

	if (a->directory && a->name)
		return lxc_checkpoint_directory(a->directory, a->name);
	if (a->directory)
		return strdup(a->directory);
	return asprintf(&path, "%s/%s/checkpoint", lxcpath, a->name) < 0 ? NULL : path;
}

/* --info, --verify: these need no container. */
static int look(const struct arguments *a)
{
	char *directory = image_directory(a);
	const struct info_request q = {
		.directory = directory,
		.json = a->json,
		.quiet = a->quiet,
	};
	const bool info = arguments_verb(a) == VERB_INFO;
	int r = info ? info_print(&q) : info_verify(&q);
	const char *why = r < 0 ? lxc_checkpoint_error(NULL) : NULL;

	free(directory);
	if (r == 0)
		return EXIT_OK;
	/* damage is an answer on stdout; but if the manifest is damaged, there is no info */
	if (why && !a->quiet && (info || r == -LXC_CHECKPOINT_EREFUSED))
		complain("%s", why);
	return r == -LXC_CHECKPOINT_EFAILED ? EXIT_FAILED : EXIT_REFUSED;
}

static int run(const struct arguments *a)
{
	const enum verb verb = arguments_verb(a);
	struct lxc_container *c;
	int r, status = EXIT_OK;

	if (verb == VERB_INFO || verb == VERB_VERIFY)
		return look(a);
	if (init_log(a) < 0)
		return refuse(a, NULL, "cannot write the log %s", a->log_file ? a->log_file : "");
	c = open_container(a);
	if (!c)
		return EXIT_REFUSED;
	if (verb_is_check(verb))
		r = do_check(c, a);
	else if (verb == VERB_RESTORE)
		r = do_restore(c, a, &status);
	else
		r = do_checkpoint(c, a);
	if (r < 0) {
		const char *why = lxc_checkpoint_error(c);

		/* the findings of a check are its answer on stdout */
		if (!a->quiet && (!verb_is_check(verb) || r == -LXC_CHECKPOINT_EINVAL))
			complain("%s", why ? why : "failed");
		status = status_of_error(r);
	}
	lxc_container_put(c);
	return status;
}

int main(int argc, char *argv[])
{
	struct arguments a = {0};
	int r;

	answer_begin();
	r = arguments_parse(&a, argc, argv);
	/* our parent may ignore SIGCHLD, and then no child's status is available */
	signal(SIGCHLD, SIG_DFL);

	if (r < 0)
		r = arguments_validate(&a);
	if (r < 0)
		r = run(&a);
	free(a.force);
	free(a.lxcpath);
	return answer_end(r);
}
