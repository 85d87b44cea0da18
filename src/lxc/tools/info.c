/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * --info and --verify: prints what a checkpoint contains, and whether it is intact. Runs in
 * lxc-checkpoint, as root, on the host.
 */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "lxccheckpoint.h"
#include "tools/answer.h"
#include "tools/info.h"
#include "util/text.h"

/* --- what is in it --- */

/* NULL for null. */
static const char *text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static long long number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static bool is_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

static void label(const char *name)
{
	say(stdout, "  %-12s ", name);
}

static void print_size(long long bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1024;
		unit++;
	}
	say(stdout, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

/*
 * The library describes a damaged checkpoint without an error. The outcome names the first damage,
 * as --verify does.
 */
static void set_outcome_of_damage(json_t *o)
{
	const json_t *first = json_array_get(json_object_get(o, "damaged"), 0);
	const char *reason = text(first, "reason");

	answer_set_outcome(o, EXIT_FAILED, reason ? reason : "the checkpoint is damaged", NULL);
}

/* Prints what happened to the container, and to this checkpoint. */
static void print_history(const json_t *o)
{
	const json_t *stopped = json_object_get(o, "stopped");
	const json_t *restored = json_object_get(o, "restored");
	size_t n = json_array_size(restored);

	if (json_is_boolean(stopped)) {
		label("container");
		say(stdout, "%s\n",
		    json_is_true(stopped) ? "stopped by the checkpoint"
					  : "kept running after the checkpoint");
	}
	label("restored");
	if (n == 0)
		say(stdout, "never\n");
	else if (n == 1)
		say(stdout, "once, at %s\n", json_string_value(json_array_get(restored, 0)));
	else
		say(stdout, "%zu times, last at %s\n", n,
		    json_string_value(json_array_get(restored, n - 1)));
}

/* Processes may have a file open many times. */
static void print_open_files(const json_t *files)
{
	json_t *seen = json_object(), *f;
	size_t i;

	json_array_foreach(files, i, f)
	{
		if (json_object_get(seen, text(f, "path")))
			continue;
		json_object_set(seen, text(f, "path"), f);
		label("open file");
		say(stdout, "%s (%lld bytes, changed at %s)\n", text(f, "path"), number(f, "size"),
		    text(f, "modified"));
	}
	json_decref(seen);
}

static void print_contents(const json_t *o)
{
	long long processes = number(o, "processes"), threads = number(o, "threads");

	label("size");
	print_size(number(o, "bytes"));
	say(stdout, " in %lld files, ", number(o, "files"));
	print_size(number(o, "memory_bytes"));
	say(stdout, " of it memory\n");
	label("processes");
	say(stdout, "%lld, with %lld thread%s\n", processes, threads, plural(threads));
}

static void print_origin(const json_t *o)
{
	label("made by");
	say(stdout, "lxc-checkpoint %s, LXC %s, CRIU %s (manifest schema %lld)\n",
	    text(o, "tool_version"), text(o, "lxc_version"), text(o, "criu_version"),
	    number(o, "schema"));
	label("made on");
	say(stdout, "Linux %s, %s\n", text(o, "kernel"), text(o, "arch"));
}

static void print_users(const json_t *maps)
{
	size_t i;
	json_t *m;

	json_array_foreach(maps, i, m)
	{
		label("users");
		say(stdout, "%s %lld %lld %lld\n", text(m, "kind"), number(m, "inside"),
		    number(m, "outside"), number(m, "count"));
	}
}

static void print_interfaces(const json_t *nics)
{
	size_t i;
	json_t *n;

	json_array_foreach(nics, i, n)
	{
		label("interface");
		say(stdout, "%s (%s", text(n, "name"), text(n, "type"));
		if (text(n, "mac"))
			say(stdout, ", %s", text(n, "mac"));
		say(stdout, ")");
		if (text(n, "host_name"))
			say(stdout, ", on the host %s", text(n, "host_name"));
		if (text(n, "bridge"))
			say(stdout, " on %s", text(n, "bridge"));
		say(stdout, "\n");
	}
}

static void print_mounts(const json_t *mounts)
{
	size_t i;
	json_t *m;

	json_array_foreach(mounts, i, m)
	{
		label("mount");
		say(stdout, "%s from %s (%s)\n", text(m, "target"), text(m, "source"),
		    text(m, "options"));
	}
}

static void print_terminals(const json_t *ttys)
{
	size_t i;
	json_t *t;

	if (json_array_size(ttys) == 0)
		return;
	label("terminals");
	json_array_foreach(ttys, i, t) say(stdout, "%s%s", i ? " " : "", json_string_value(t));
	say(stdout, "\n");
}

static void print_parents(const json_t *parents)
{
	size_t i;
	json_t *p;

	json_array_foreach(parents, i, p)
	{
		const char *created = text(p, "created");

		label("builds on");
		say(stdout, "%s%s%s\n", text(p, "directory"),
		    created ? ", of " : ", which cannot be read", created ? created : "");
	}
}

static void print_state(const json_t *o)
{
	json_t *damaged = json_object_get(o, "damaged"), *d;
	size_t i;

	label("complete");
	if (is_true(o, "complete"))
		say(stdout, "yes, by the sizes of its files%s\n",
		    is_true(o, "checksums") ? "; --verify reads them" : "; it has no checksums");
	else
		say(stdout, "no\n");
	json_array_foreach(damaged, i, d)
	{
		label("damage");
		say(stdout, "%s\n", text(d, "reason"));
	}
}

static void print_info(const json_t *o)
{
	say(stdout, "%s, checkpoint of %s\n", text(o, "container"), text(o, "created"));
	label("directory");
	say(stdout, "%s\n", text(o, "directory"));
	print_state(o);
	print_history(o);
	print_contents(o);
	print_origin(o);
	label("rootfs");
	say(stdout, "%s\n", text(o, "rootfs"));
	print_users(json_object_get(o, "idmaps"));
	if (text(o, "apparmor")) {
		label("AppArmor");
		say(stdout, "%s\n", text(o, "apparmor"));
	}
	if (is_true(o, "host_network")) {
		label("network");
		say(stdout, "the host's\n");
	}
	print_interfaces(json_object_get(o, "interfaces"));
	print_mounts(json_object_get(o, "mounts"));
	print_terminals(json_object_get(o, "terminals"));
	print_open_files(json_object_get(o, "open_files"));
	print_parents(json_object_get(o, "parents"));
}

void info_describe(json_t *object, const char *directory)
{
	json_object_set_new(object, "directory", answer_text(directory));
	json_object_set_new(object, "complete", json_false());
}

int info_print(const struct info_request *q)
{
	char *answer = NULL;
	int r = lxc_checkpoint_describe(q->directory, &answer);
	json_t *o = r == 0 ? json_loads(answer, 0, NULL) : json_object();

	free(answer);
	if (r < 0)
		info_describe(o, q->directory);
	answer_set_error_of(o, status_of_error(r), NULL);
	if (r == 0 && !is_true(o, "complete")) {
		set_outcome_of_damage(o);
		r = -LXC_CHECKPOINT_EFAILED;
	}
	if (q->json) {
		answer_print(o);
		return r;
	}
	if (text(o, "created") && !q->quiet)
		print_info(o);
	json_decref(o);
	return r;
}

/* --- whether it is whole --- */

static void add_damage(const struct lxc_checkpoint_damage *d, void *userdata)
{
	json_t *o = json_object();

	json_object_set_new(o, "file", answer_text(d->file));
	json_object_set_new(o, "reason", answer_text(d->reason));
	json_array_append_new(userdata, o);
}

static void print_verified(const json_t *o, const char *directory)
{
	const json_t *damaged = json_object_get(o, "damaged");
	size_t i, n = json_array_size(damaged);
	json_t *d;

	json_array_foreach(damaged, i, d) say(stdout, "%s\n", text(d, "reason"));
	if (n)
		say(stdout, "%s is damaged: %zu file%s\n", directory, n, plural((long long)n));
	else if (is_true(o, "checksums"))
		say(stdout, "%s is intact\n", directory);
	else
		say(stdout,
		    "%s has files of the right sizes; an earlier version made it, without "
		    "checksums\n",
		    directory);
}

void info_describe_verified(json_t *object, const char *directory)
{
	json_object_set_new(object, "directory", answer_text(directory));
	json_object_set_new(object, "whole", json_false());
	json_object_set_new(object, "checksums", json_false());
	json_object_set_new(object, "damaged", json_array());
}

int info_verify(const struct info_request *q)
{
	json_t *o = json_object();
	bool checksums = false;
	struct lxc_checkpoint_verify_options options = {
		.size = sizeof(options),
		.damaged = add_damage,
		.checksums = &checksums,
	};
	int r;

	info_describe_verified(o, q->directory);
	options.userdata = json_object_get(o, "damaged");
	r = lxc_checkpoint_verify(q->directory, &options);
	json_object_set_new(o, "whole", json_boolean(r == 0));
	json_object_set_new(o, "checksums", json_boolean(checksums));
	answer_set_error_of(o, status_of_error(r), NULL);
	if (q->json) {
		answer_print(o);
		return r;
	}
	if (!q->quiet && r != -LXC_CHECKPOINT_EREFUSED)
		print_verified(o, q->directory);
	json_decref(o);
	return r;
}
