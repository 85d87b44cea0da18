/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small readers: the first byte of the input says which, the rest is its text. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/apparmor_save.h"
#include "carry/file_times.h"
#include "carry/keyring.h"
#include "carry/pressure.h"
#include "carry/process_flags.h"
#include "carry/slave_mounts.h"
#include "carry/socket_states.h"
#include "carry/unix_listeners.h"
#include "criu/argv.h"
#include "fuzz.h"
#include "fuzz_small.h"
#include "inspect/cgroups.h"
#include "lock/record.h"
#include "monitor/frame.h"
#include "monitor/ring.h"
#include "restorer/plan.h"
#include "sys/mountflags.h"
#include "sys/tty.h"
#include "util/base64.h"
#include "util/cpus.h"
#include "util/hex.h"
#include "util/mem.h"
#include "util/text.h"

static void file_times(const char *text)
{
	_cleanup_file_times_ struct file_times t = {0};
	_cleanup_free_ char *again = NULL;

	if (file_times_parse(text, strlen(text), &t) < 0)
		return;
	again = file_times_format(&t);
	must(file_times_find(&t, 0) || strncmp(again, "0 ", 2) != 0);
}

static void process_flags(const char *text)
{
	_cleanup_process_flags_ struct process_flags flags = {0};
	struct process_flags again;
	_cleanup_free_ char *written = NULL;

	(void)process_stat_io_flusher(text);
	if (process_flags_parse(text, strlen(text), &flags) < 0)
		return;
	written = process_flags_format(&flags);
	must(process_flags_parse(written, strlen(written), &again) == 0 && again.n == flags.n);
	process_flags_clear(&again);
}

static void sockets(const char *text)
{
	_cleanup_socket_states_ struct socket_states s = {0};
	struct multicast_groups groups = {0};
	_cleanup_free_ char *again = NULL;

	multicast_groups_add4(&groups, text);
	multicast_groups_add6(&groups, text);
	free(groups.v);
	if (socket_states_parse(text, strlen(text), &s) < 0)
		return;
	again = socket_states_format(&s);
	must(strcmp(again, text) == 0);
}

static void unix_listeners(const char *text)
{
	_cleanup_listeners_ struct listeners l = {0};
	_cleanup_free_ char *again = NULL;

	if (listeners_parse(text, strlen(text), &l) < 0)
		return;
	again = listeners_format(&l);
	must(strcmp(again, text) == 0);
}

static void propagation(const char *text)
{
	_cleanup_propagation_ struct propagation p = {0}, same = {0};
	_cleanup_free_ char *again = NULL;

	if (!propagation_parse(text, &p))
		return;
	again = propagation_format(&p);
	must(propagation_parse(again, &same) && same.n == p.n);
}

static void words(char *text, size_t len)
{
	_cleanup_free_ char *cpus = NULL;
	char trigger[PRESSURE_TRIGGER_MAX], same[PRESSURE_TRIGGER_MAX];
	unsigned long flags;
	cpu_set_t set, again;

	if (pressure_trigger_parse(text, len, trigger))
		must(pressure_trigger_parse(trigger, strlen(trigger), same) &&
		     strcmp(trigger, same) == 0);
	pressure_trigger_of(text, len, "/", trigger);
	(void)mountinfo_has(text, "proc", 1);
	if (cpus_parse(text, &set)) {
		cpus = cpus_format(&set);
		must(cpus_parse(cpus, &again) && CPU_EQUAL(&set, &again));
	}
	free(lsm_label(text));
	file_times(text);
	process_flags(text);
	sockets(text);
	unix_listeners(text);
	propagation(text);
	(void)mount_flags_parse(text, &flags);
	(void)mount_options_have(text, "ro");
	(void)tty_settings_valid(text);
	(void)signal_parse(text);
	(void)ring_size(text);
	(void)cgroup_events_frozen(text);
	(void)cgroup_controllers_have(text, "memory");
}

static void encodings(char *text, size_t len)
{
	size_t n = 0;
	_cleanup_free_ void *bytes = hex_decode(text, &n);
	_cleanup_free_ char *hex = bytes ? hex_encode(bytes, n) : NULL;

	free(base64_decode(text, &n));
	must(!hex || strcmp(hex, text) == 0);
	make_printable(text);
	for (size_t step; len > 0 && *text; text += step, len -= step) {
		step = printable_length(text, strlen(text));
		must(step > 0 && step <= len);
	}
}

static void cgroups(char *text, size_t len)
{
	_cleanup_facts_ struct container_facts facts = {0};

	(void)len;
	if (cgroups_parse(text, "lxc.payload.c1", &facts, NULL) == 0)
		(void)facts_cgroup2(&facts);
}

static void version(char *text, size_t len)
{
	struct restore_report rep = {0};
	struct criu_version v;

	(void)len;
	if (criu_version_parse(text, &v) == 0)
		free(criu_version_text(&v));
	if (restore_report_from_json(text, &rep) == 0)
		error_free(rep.error);
}

static void keys(char *text, size_t len)
{
	char *save = NULL;

	(void)len;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		_cleanup_free_ char *line = xstrdup(l), *again = NULL;
		struct key_entry key;
		size_t n = 0;
		FILE *f;

		if (!key_entry_parse(l, &key))
			continue;
		f = open_memstream(&again, &n);
		must(f && key_entry_write(f, &key) == 0 && fclose(f) == 0);
		must(strncmp(line, again, strlen(line)) == 0 && n == strlen(line) + 1);
		key_entry_clear(&key);
	}
}

/* What record_to_text() writes is what it reads. Of the lines of earlier versions all is taken. */
static void records(char *text, size_t len)
{
	_cleanup_record_ struct record r = {0}, lines = {0}, again = {0};
	_cleanup_free_ char *one = NULL, *other = NULL, *of_lines = NULL;

	record_from_lines(text, &lines);
	of_lines = record_to_text(&lines);
	must(!of_lines || record_from_text(of_lines, strlen(of_lines), &again, NULL) == 0);
	record_clear(&again);
	if (record_from_text(text, len, &r, NULL) < 0)
		return;
	one = record_to_text(&r);
	must(one && record_from_text(one, strlen(one), &again, NULL) == 0);
	other = record_to_text(&again);
	must(strcmp(one, other) == 0);
}

static void (*const readers[])(char *, size_t) = {
	status,		 words,		  encodings, cgroups, version,	   nexthops, criu_images,
	device_programs, criu_file_lists, elf_files, keys,    superblocks, records,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *copy = NULL;

	if (size == 0)
		return 0;
	copy = xcalloc(size, 1);
	memcpy(copy, data + 1, size - 1);
	readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](copy, size - 1);
	return 0;
}
