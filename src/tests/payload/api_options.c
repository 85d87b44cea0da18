/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program that uses <lxc/lxccheckpoint.h>: the calls with options.
 *
 *   api_options NAME DIRECTORY    with NAME running, and running at the end
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lxc/lxccheckpoint.h>

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			const char *why = lxc_checkpoint_error(c);                                 \
                                                                                                   \
			fprintf(stderr, "api_options:%d: not so: %s (%s)\n", __LINE__, #what,      \
				why ? why : "no error");                                           \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static struct lxc_container *c;

static bool said(const char *what)
{
	const char *text = lxc_checkpoint_error(c);

	return text && strstr(text, what) && text[strlen(text) - 1] != '\n';
}

/* Options of a later version of the library: longer than ours. */
struct later_checkpoint {
	struct lxc_checkpoint_options options;
	uint64_t more[8];
};
struct later_restore {
	struct lxc_restore_options options;
	uint64_t more[8];
};

static void wrong_arguments(const char *directory)
{
	struct lxc_checkpoint_options o = {.directory = directory};
	struct lxc_restore_options r = {.directory = directory};

	CHECK(lxc_checkpoint_dump(c, &o) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("size"));
	CHECK(lxc_checkpoint_restore(c, &r) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("size"));
	o.size = sizeof(o);
	o.verbosity = 5;
	CHECK(lxc_checkpoint_dump(c, &o) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("verbosity"));
	o.verbosity = 0;
	o.timeout = 86401;
	CHECK(lxc_checkpoint_dump(c, &o) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("timeout"));
	CHECK(lxc_checkpoint_dump(NULL, &o) == -LXC_CHECKPOINT_EINVAL);
	CHECK(lxc_checkpoint_restore(NULL, NULL) == -LXC_CHECKPOINT_EINVAL);
	CHECK(!lxc_checkpoint_extend(NULL));
	CHECK(lxc_checkpoint_error(NULL) == NULL);
	CHECK(c->is_running(c));
	CHECK(access(directory, F_OK) < 0);
}

static unsigned int progressed;
static uint64_t progressed_bytes;

static void progress(uint64_t bytes, void *userdata)
{
	CHECK(userdata == &progressed);
	CHECK(bytes >= progressed_bytes);
	progressed_bytes = bytes;
	progressed++;
}

/* Each dump counts its bytes anew. */
static int dump(const struct lxc_checkpoint_options *options)
{
	progressed_bytes = 0;
	return lxc_checkpoint_dump(c, options);
}

static void checkpoints(const char *directory)
{
	struct later_checkpoint o = {
		.options = {.size = sizeof(o),
			    .directory = directory,
			    .progress = progress,
			    .userdata = &progressed},
	};
	struct lxc_restore_options r = {.size = sizeof(r), .directory = directory};

	/* what members ask for that it does not know would not be done */
	memset(o.more, 0xff, sizeof(o.more));
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("does not know"));
	CHECK(access(directory, F_OK) < 0);
	memset(o.more, 0, sizeof(o.more));
	CHECK(dump(&o.options) == 0);
	CHECK(lxc_checkpoint_error(c) == NULL);
	CHECK(c->is_running(c));
	/* it is there, and is not written over */
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(said(directory));
	CHECK(lxc_checkpoint_restore(c, &r) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(said("already running"));
	/* a smaller one: of a version that had no more than these two */
	o.options.size = offsetof(struct lxc_checkpoint_options, stop);
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EREFUSED);
	/* nor is one looked at beyond what it has */
	o.options.size = offsetof(struct lxc_checkpoint_options, timeout);
	o.options.timeout = ~0U;
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(said(directory));
	o.options.timeout = 30;
	o.options.size = sizeof(o.options);
	o.options.action_script = "/bin/false";
	o.options.replace = true;
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EFAILED);
	CHECK(said("was not checkpointed and keeps running"));
	CHECK(c->is_running(c));
	o.options.action_script = NULL;
	o.options.stop = true;
	CHECK(dump(&o.options) == 0);
	CHECK(lxc_checkpoint_error(c) == NULL);
	CHECK(!c->is_running(c));
	CHECK(dump(&o.options) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(said("not running"));
}

/* What a check has told. */
struct told {
	unsigned int findings, blocking, criu;
	char word[64];
};

static void found(const struct lxc_checkpoint_finding *f, void *userdata)
{
	struct told *t = userdata;

	CHECK(f->size == sizeof(*f));
	CHECK(t->criu == 1);
	CHECK(f->check && f->reason && !strchr(f->reason, '\n'));
	CHECK((f->pid > 0) == (f->process != NULL) && (f->pid > 0) == (f->container_pid > 0));
	CHECK(f->pid > 0 || !f->unit);
	t->findings++;
	t->blocking += f->blocks;
	snprintf(t->word, sizeof(t->word), "%s", f->check);
}

static void criu(const char *path, const char *version, void *userdata)
{
	struct told *t = userdata;

	CHECK(*path == '/' && strchr(version, '.'));
	t->criu++;
}

struct later_check {
	struct lxc_checkpoint_check_options options;
	uint64_t more[8];
};

/* With the container running and no checkpoint in directory. */
static void checks(const char *directory)
{
	struct told t = {0};
	struct later_check o = {
		.options = {.size = sizeof(o),
			    .directory = directory,
			    .found = found,
			    .criu = criu,
			    .userdata = &t},
	};
	char text[4096];

	CHECK(lxc_checkpoint_check(NULL, NULL) == -LXC_CHECKPOINT_EINVAL);
	memset(o.more, 0xff, sizeof(o.more));
	CHECK(lxc_checkpoint_check(c, &o.options) == -LXC_CHECKPOINT_EINVAL);
	CHECK(said("does not know"));
	memset(o.more, 0, sizeof(o.more));
	CHECK(lxc_checkpoint_check(c, &o.options) == 0);
	CHECK(lxc_checkpoint_error(c) == NULL);
	CHECK(t.criu == 1 && t.findings == 0);
	CHECK(access(directory, F_OK) < 0);
	/* nobody has to listen */
	CHECK(lxc_checkpoint_check(c, NULL) == 0);
	/* what is in the way is what a dump says */
	CHECK(c->freeze(c));
	t = (struct told){0};
	CHECK(lxc_checkpoint_check(c, &o.options) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(t.findings == 1 && t.blocking == 1 && strcmp(t.word, "state") == 0);
	snprintf(text, sizeof(text), "%s", lxc_checkpoint_error(c));
	CHECK(lxc_checkpoint_check(c, NULL) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(lxc_checkpoint_dump(c, NULL) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(strcmp(text, lxc_checkpoint_error(c)) == 0);
	/* its parts */
	CHECK(strstr(lxc_checkpoint_reason(c), "FROZEN") &&
	      !strchr(lxc_checkpoint_reason(c), '\n'));
	CHECK(strncmp(lxc_checkpoint_hint(c), "lxc-unfreeze ", strlen("lxc-unfreeze ")) == 0);
	CHECK(c->unfreeze(c));
}

static void count_damage(const struct lxc_checkpoint_damage *damage, void *userdata)
{
	if (damage->size >= sizeof(*damage) && strcmp(damage->file, "pstree.img") == 0 &&
	    strstr(damage->reason, "/pstree.img"))
		++*(int *)userdata;
}

static void flip_first_byte(const char *directory, const char *name)
{
	char path[4096];
	FILE *f;
	int byte;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "r+");
	CHECK(f != NULL);
	byte = fgetc(f);
	rewind(f);
	fputc(byte ^ 1, f);
	CHECK(fclose(f) == 0);
}

/* Without a container. */
static void verifies(const char *directory)
{
	bool checksums = false;
	int told = 0;
	struct lxc_checkpoint_verify_options o = {
		.damaged = count_damage, .userdata = &told, .checksums = &checksums};
	char *json = NULL;

	CHECK(lxc_checkpoint_verify(directory, &o) == -LXC_CHECKPOINT_EINVAL);
	CHECK(strstr(lxc_checkpoint_error(NULL), "size"));
	CHECK(lxc_checkpoint_verify(NULL, NULL) == -LXC_CHECKPOINT_EINVAL);
	CHECK(lxc_checkpoint_describe(directory, NULL) == -LXC_CHECKPOINT_EINVAL);
	CHECK(lxc_checkpoint_describe("/no/such/place", &json) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(json == NULL);
	o.size = sizeof(o);
	CHECK(lxc_checkpoint_verify("/no/such/place", &o) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(strstr(lxc_checkpoint_error(NULL), "/no/such/place"));
	CHECK(lxc_checkpoint_verify(directory, NULL) == 0);
	CHECK(lxc_checkpoint_verify(directory, &o) == 0);
	CHECK(lxc_checkpoint_error(NULL) == NULL);
	CHECK(checksums && told == 0);
	flip_first_byte(directory, "pstree.img");
	CHECK(lxc_checkpoint_verify(directory, &o) == -LXC_CHECKPOINT_EFAILED);
	CHECK(told == 1);
	CHECK(lxc_checkpoint_describe(directory, &json) == 0);
	CHECK(strstr(json, "\"complete\": true"));
	free(json);
	CHECK(lxc_checkpoint_restore(
		      c, &(struct lxc_restore_options){.size = sizeof(struct lxc_restore_options),
						       .directory = directory}) ==
	      -LXC_CHECKPOINT_EREFUSED);
	CHECK(said("pstree.img"));
	flip_first_byte(directory, "pstree.img");
	CHECK(lxc_checkpoint_verify(directory, &o) == 0);
}

static void restores(const char *directory)
{
	struct later_restore o = {.options = {.size = sizeof(o), .directory = "/no/such/place"}};

	memset(o.more, 0xff, sizeof(o.more));
	CHECK(lxc_checkpoint_restore(c, &o.options) == -LXC_CHECKPOINT_EINVAL);
	memset(o.more, 0, sizeof(o.more));
	CHECK(lxc_checkpoint_restore(c, &o.options) == -LXC_CHECKPOINT_EREFUSED);
	CHECK(said("/no/such/place"));
	o.options.directory = directory;
	o.options.action_script = "/bin/false";
	CHECK(lxc_checkpoint_restore(c, &o.options) == -LXC_CHECKPOINT_EFAILED);
	CHECK(said("was not restored"));
	CHECK(!c->is_running(c));
	o.options.action_script = NULL;
	CHECK(lxc_checkpoint_restore(c, &o.options) == 0);
	CHECK(lxc_checkpoint_error(c) == NULL);
	CHECK(c->is_running(c));
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	c = lxc_container_new(argv[1], NULL);
	CHECK(c);
	CHECK(lxc_checkpoint_error(c) == NULL);
	wrong_arguments(argv[2]);
	checks(argv[2]);
	checkpoints(argv[2]);
	verifies(argv[2]);
	restores(argv[2]);
	puts(lxc_checkpoint_version());
	lxc_container_put(c);
	return 0;
}
