/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks whether this machine can continue what another one began: processor, kernel, CRIU, memory,
 * inherited settings. Runs in the command, as root, on the host.
 */
#include "config.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "criu/image_names.h"
#include "preflight/restore/restore_checks.h"
#include "preflight/survey.h"
#include "sys/cpuinfo.h"
#include "sys/inherited.h"
#include "util/fd.h"
#include "util/mem.h"

#define MIB (1024.0 * 1024.0)

/* --- the processor --- */

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *p = words; *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") == len && strncmp(p, word, len) == 0)
			return true;
	}
	return false;
}

char *missing_words(const char *then, const char *now)
{
	char *missing = NULL;

	for (const char *p = then; *p; p += strcspn(p, " ")) {
		size_t len;

		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len && !has_word(now, p, len))
			str_append(&missing, "%s%.*s", missing ? ", " : "", (int)len, p);
	}
	return missing;
}

static bool image_has(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0)
			return true;
	return false;
}

/*
 * CRIU's own comparison: it knows which features are instructions that a program may have chosen,
 * and that the floating point state must have the same size. It takes as long as the start of a
 * program, so it runs only if there is a difference.
 */
static bool criu_accepts_cpu(const struct restore_check *r)
{
	return !r->criu->path || !image_has(r->manifest, CRIU_CPUINFO) ||
	       criu_accepts_cpu_of(r->criu, r->image_path);
}

static void check_cpu(const struct restore_check *r, struct findings *found)
{
	const struct manifest *m = r->manifest;
	_cleanup_cpuinfo_ struct cpuinfo now = {0};
	_cleanup_free_ char *missing = NULL;

	if (!m->cpu_features)
		return;
	cpuinfo_read(&now);
	missing = missing_words(m->cpu_features, now.features);
	if (!missing || criu_accepts_cpu(r))
		return;
	findings_add(
		found,
		FINDING("cpu", FINDING_BLOCKS,
			"restore it on a machine that has them: programs that use what is missing "
			"crash",
			.force = "cpu"),
		"the processor (%s) lacks features of the checkpoint's processor (%s): %s",
		now.model ? now.model : "unknown", m->cpu_model ? m->cpu_model : "unknown",
		missing);
}

/* --- the kernel --- */

static bool two_numbers(const char *version, unsigned long ret[2])
{
	char *end;

	if (!isdigit((unsigned char)*version))
		return false;
	ret[0] = strtoul(version, &end, 10);
	if (end[0] != '.' || !isdigit((unsigned char)end[1]))
		return false;
	ret[1] = strtoul(end + 1, NULL, 10);
	return true;
}

int kernel_version_cmp(const char *a, const char *b)
{
	unsigned long x[2], y[2];

	if (!two_numbers(a, x) || !two_numbers(b, y))
		return 0;
	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return x[1] < y[1] ? -1 : x[1] > y[1];
}

static void check_kernel(const struct restore_check *r, struct findings *found)
{
	struct utsname un;

	if (uname(&un) < 0 || kernel_version_cmp(un.release, r->manifest->kernel) >= 0)
		return;
	findings_add(found,
		     FINDING("kernel", FINDING_WARNING,
			     "if the restore fails, boot a kernel that is at least as new"),
		     "this kernel, %s, is older than the checkpoint's, %s: it may lack what the "
		     "processes need",
		     un.release, r->manifest->kernel);
}

/* --- CRIU and LXC --- */

/*
 * The version number of CRIU's images has not changed since 2015, and CRIU skips unknown members of
 * an entry: what a later minor release adds (4.2: the length of a memory area in a member of its
 * own), an earlier one silently loses. Patch releases add nothing.
 */
static void check_criu(const struct restore_check *r, struct findings *found)
{
	const struct criu_version *now = &r->criu->version;
	struct criu_version then;

	if (!r->criu->path || criu_version_parse(r->manifest->criu_version, &then) < 0 ||
	    now->major > then.major || (now->major == then.major && now->minor >= then.minor))
		return;
	findings_add(found,
		     FINDING("criu-version", FINDING_BLOCKS,
			     "install the one that the checkpoint was made with, or a later one",
			     .force = "criu"),
		     "CRIU is %u.%u.%u, and the checkpoint was made with %s: CRIU may ignore what "
		     "it does not know",
		     now->major, now->minor, now->patch, r->manifest->criu_version);
}

/* --- the memory --- */

static uint64_t meminfo_kib(const char *text, const char *name)
{
	long long n = field_number(text, name, 10);

	return n > 0 ? (uint64_t)n : 0;
}

uint64_t available_memory(const char *meminfo)
{
	return 1024 * (meminfo_kib(meminfo, "MemAvailable") + meminfo_kib(meminfo, "SwapFree"));
}

static void check_memory(const struct restore_check *r, struct findings *found)
{
	const struct manifest *m = r->manifest;
	_cleanup_free_ char *text = NULL;
	uint64_t needed = 0, there;

	for (size_t i = 0; i < m->n_files; i++)
		if (criu_image_kind(m->files[i].name) == CRIU_IMAGE_PAGES)
			needed += m->files[i].size;
	if (read_file_at(AT_FDCWD, "/proc/meminfo", 65536, &text) <= 0)
		return;
	there = available_memory(text);
	if (there && needed > there)
		findings_add(found,
			     FINDING("memory", FINDING_WARNING,
				     "stop something else first: the kernel will kill processes"),
			     "the checkpoint has %.0f MiB of memory, and %.0f MiB are free",
			     (double)needed / MIB, (double)there / MIB);
}

/* --- what started this --- */

/* Every restored process would keep it for good; no program could drop it. */
static void check_inherited(struct findings *found)
{
	const struct for_good *for_good = settings_for_good();

	if (for_good)
		findings_add(
			found,
			FINDING("inherited", FINDING_BLOCKS,
				"start the command from a root shell, or from a service without "
				"NoNewPrivileges=, SecureBits=, SystemCallFilter= and the like"),
			"this command has inherited %s, which every restored process would "
			"keep: %s",
			for_good->what, for_good->harm);
}

void check_machine(const struct restore_check *r, struct findings *found)
{
	check_cpu(r, found);
	check_kernel(r, found);
	check_criu(r, found);
	check_memory(r, found);
	check_inherited(found);
}
