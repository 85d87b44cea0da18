/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program of somebody who knows only liblxc, <lxc/lxccontainer.h>: each
 * command is one way in which such programs checkpoint and restore. Built and
 * linked as the case 40-api wants it, with or without this project's library.
 *
 *   api COMMAND NAME [DIRECTORY]      0 when the call did what it promises
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lxc/lxccontainer.h>

#ifdef WITH_EXTEND
/* as a plug-in would declare it, which has no header of ours */
extern bool lxc_checkpoint_extend(struct lxc_container *c);
#else
#define lxc_checkpoint_extend(c) ((void)(c))
#endif

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "api:%d: not so: %s\n", __LINE__, #what);                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* The program, library or plug-in that a function is in. */
static void print_home(const char *what, void *function)
{
	Dl_info info = {0};
	const char *slash;

	CHECK(dladdr(function, &info) && info.dli_fname);
	slash = strrchr(info.dli_fname, '/');
	printf("%s: %s\n", what, slash ? slash + 1 : info.dli_fname);
}

static void print_homes(const char *whose, struct lxc_container *c)
{
	CHECK(c);
	printf("%s ", whose);
	print_home("checkpoint", (void *)c->checkpoint);
	printf("%s ", whose);
	print_home("restore", (void *)c->restore);
	printf("%s ", whose);
	print_home("migrate", (void *)c->migrate);
}

static void print_list(const char *whose, const char *name,
		       int (*list)(const char *, char ***, struct lxc_container ***))
{
	struct lxc_container **containers = NULL;
	char **names = NULL;
	int n = list(NULL, &names, &containers), found = 0;

	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			found++;
			print_homes(whose, containers[i]);
		}
		lxc_container_put(containers[i]);
		free(names[i]);
	}
	free(containers);
	free(names);
	CHECK(found == 1);
	/* who asks for names alone gets them */
	CHECK(list(NULL, &names, NULL) == n);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	CHECK(list(NULL, NULL, NULL) == n);
}

/* Where the methods of containers from everywhere are. */
static int homes(struct lxc_container *c)
{
	struct lxc_container *clone;

	print_homes("lxc_container_new", c);
	print_list("list_all_containers", c->name, list_all_containers);
	print_list("list_defined_containers", c->name, list_defined_containers);
	print_list("list_active_containers", c->name, list_active_containers);
	CHECK(!lxc_container_new(NULL, NULL));
	clone = lxc_container_new("stopped", NULL);
	CHECK(clone);
	lxc_checkpoint_extend(clone);
	if (clone->is_defined(clone)) {
		struct lxc_container *copy =
			clone->clone(clone, "cloned", NULL, 0, NULL, NULL, 0, NULL);
		struct lxc_container *again;

		print_homes("->clone", copy);
		/* a container that came by clone can be cloned */
		again = copy->clone(copy, "cloned-again", NULL, 0, NULL, NULL, 0, NULL);
		print_homes("->clone->clone", again);
		CHECK(again->destroy(again));
		CHECK(copy->destroy(copy));
		lxc_container_put(again);
		lxc_container_put(copy);
	}
	lxc_container_put(clone);
	return 0;
}

static int checkpoint(struct lxc_container *c, char *directory, bool stop)
{
	CHECK(c->is_running(c));
	CHECK(c->checkpoint(c, directory, stop, true));
	CHECK(c->is_running(c) == !stop);
	/* there is one now */
	if (!stop)
		CHECK(!c->checkpoint(c, directory, stop, true));
	return 0;
}

static int restore(struct lxc_container *c, char *directory)
{
	pid_t pid;

	CHECK(!c->is_running(c));
	CHECK(c->restore(c, directory, true));
	CHECK(c->is_running(c));
	CHECK(strcmp(c->state(c), "RUNNING") == 0);
	pid = c->init_pid(c);
	CHECK(pid > 0);
	/* it runs already */
	CHECK(!c->restore(c, directory, true));
	CHECK(c->init_pid(c) == pid);
	return 0;
}

/* What a caller of a later liblxc has, with members that we cannot know. */
struct later {
	struct migrate_opts opts;
	uint64_t more[4];
};

/* Up to and with the members of the first liblxc that had ->migrate. */
#define EARLY (offsetof(struct migrate_opts, predump_dir) + sizeof(char *))

static int migrate_dump(struct lxc_container *c, char *directory)
{
	struct later later = {.opts = {.directory = directory, .stop = false, .verbose = true}};
	struct migrate_opts early = {.directory = directory, .stop = true};
	char copy[4096];

	CHECK(c->migrate(c, 77, &later.opts, sizeof(later.opts)) < 0);
	later.more[3] = 1;
	CHECK(c->migrate(c, MIGRATE_DUMP, &later.opts, sizeof(later)) == -E2BIG);
	later.more[3] = 0;
	snprintf(copy, sizeof(copy), "%s.copy", directory);
	later.opts.directory = copy;
	CHECK(c->migrate(c, MIGRATE_DUMP, &later.opts, sizeof(later)) == 0);
	CHECK(c->is_running(c));
	/* what lies behind its size is not looked at */
	memset((char *)&early + EARLY, 0xff, sizeof(early) - EARLY);
	CHECK(c->migrate(c, MIGRATE_DUMP, &early, EARLY) == 0);
	CHECK(!c->is_running(c));
	return 0;
}

static int migrate_restore(struct lxc_container *c, char *directory)
{
	struct later later = {.opts = {.directory = directory, .verbose = true}};

	later.more[0] = 1;
	CHECK(c->migrate(c, MIGRATE_RESTORE, &later.opts, sizeof(later)) == -E2BIG);
	CHECK(!c->is_running(c));
	CHECK(c->migrate(c, MIGRATE_RESTORE, &later.opts, EARLY) == 0);
	CHECK(c->is_running(c));
	CHECK(c->migrate(c, MIGRATE_RESTORE, &later.opts, EARLY) < 0);
	return 0;
}

/* Prints the features that are there, as bits. */
static int features(struct lxc_container *c)
{
	struct migrate_opts opts = {.features_to_check = FEATURE_MEM_TRACK | FEATURE_LAZY_PAGES};
	int r = c->migrate(c, MIGRATE_FEATURE_CHECK, &opts, sizeof(opts));

	CHECK((r == 0) == (opts.features_to_check == (FEATURE_MEM_TRACK | FEATURE_LAZY_PAGES)));
	printf("%llu\n", (unsigned long long)opts.features_to_check);
	opts.features_to_check = UINT64_C(1) << 40;
	CHECK(c->migrate(c, MIGRATE_FEATURE_CHECK, &opts, sizeof(opts)) != 0);
	CHECK(opts.features_to_check == 0);
	CHECK(c->migrate(c, MIGRATE_FEATURE_CHECK, &opts, EARLY) != 0);
	CHECK(c->migrate(c, MIGRATE_FEATURE_CHECK, NULL, 0) < 0);
	return 0;
}

static int run(struct lxc_container *c, const char *command, char *directory)
{
	if (strcmp(command, "homes") == 0)
		return homes(c);
	if (strcmp(command, "checkpoint") == 0)
		return checkpoint(c, directory, false);
	if (strcmp(command, "stop") == 0)
		return checkpoint(c, directory, true);
	if (strcmp(command, "restore") == 0)
		return restore(c, directory);
	if (strcmp(command, "migrate-dump") == 0)
		return migrate_dump(c, directory);
	if (strcmp(command, "migrate-restore") == 0)
		return migrate_restore(c, directory);
	if (strcmp(command, "features") == 0)
		return features(c);
	fprintf(stderr, "api: what is %s?\n", command);
	return 2;
}

int main(int argc, char *argv[])
{
	struct lxc_container *c;
	int r;

	if (argc < 3)
		return 2;
	c = lxc_container_new(argv[2], NULL);
	CHECK(c);
	lxc_checkpoint_extend(c);
	r = run(c, argv[1], argc > 3 ? argv[3] : NULL);
	lxc_container_put(c);
	return r;
}
