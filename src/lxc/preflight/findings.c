/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The list of what the checks of a dump or restore find, and the refusal that it becomes. Runs in
 * the caller's process, and in the monitor after pre-start hooks.
 */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "preflight/findings.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define CGROUP_MAX 65536

/* Nobody reads more, and a container can cause a hundred thousand. */
#define FINDINGS_MAX 1000

static void finding_clear(struct finding *f)
{
	free(f->process);
	free(f->unit);
	free(f->reason);
	free(f->remedy);
}

void findings_clear(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_clear(&f->v[i]);
	free(f->v);
	null_files_clear(&f->outside);
	*f = (struct findings){0};
}

void findings_forget(struct findings *f, bool (*fn)(const struct finding *f, void *userdata),
		     void *userdata)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (fn(&f->v[i], userdata))
			finding_clear(&f->v[i]);
		else
			f->v[n++] = f->v[i];
	}
	f->n = n;
}

void findings_cut(struct findings *f, size_t n)
{
	while (f->n > n)
		finding_clear(&f->v[--f->n]);
}

/* Whether a component of len bytes ends like a unit that can have processes. */
static bool is_unit(const char *name, size_t len)
{
	static const char *const endings[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && memcmp(name + len - n, endings[i], n) == 0)
			return true;
	}
	return false;
}

static char *unit_of_path(const char *path, size_t len)
{
	char *unit = NULL;

	for (size_t i = 0; i < len;) {
		const char *slash = memchr(path + i, '/', len - i);
		size_t n = slash ? (size_t)(slash - (path + i)) : len - i;

		if (is_unit(path + i, n)) {
			free(unit);
			unit = xstrndup(path + i, n);
		}
		i += n + 1;
	}
	return unit;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The path in a line "0::/PATH" or "1:name=systemd:/PATH"; NULL for other hierarchies. */
static const char *path_of_line(const char *line)
{
	const char *controllers = line + strspn(line, "0123456789");

	if (starts_with(controllers, "::"))
		return controllers + strlen("::");
	if (starts_with(controllers, ":name=systemd:"))
		return controllers + strlen(":name=systemd:");
	return NULL;
}

char *unit_of_cgroup(const char *text, const char *top)
{
	char *unit = NULL;

	while (*text && !unit) {
		const char *path = path_of_line(text);

		if (path && top && strcmp(top, "/") != 0 && starts_with(path, top))
			path += strlen(top);
		if (path)
			unit = unit_of_path(path, strcspn(path, "\n"));
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return unit;
}

static char *unit_of(pid_t pid, const char *top)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	_cleanup_free_ char *text = NULL;
	char *unit;

	if (read_file_at(AT_FDCWD, path, CGROUP_MAX, &text) <= 0)
		return NULL;
	unit = unit_of_cgroup(text, top);
	if (unit)
		make_printable(unit);
	return unit;
}

static bool is_known(const struct findings *f, const char *check, pid_t pid, const char *reason)
{
	size_t len = strlen(reason);

	/* the same reason for several descriptors is reported for the first */
	for (size_t i = f->n; i-- > 0;)
		if (f->v[i].pid == pid && strcmp(f->v[i].check, check) == 0 &&
		    f->v[i].plain_len == len && memcmp(f->v[i].reason, reason, len) == 0)
			return true;
	return false;
}

/* Findings that do not block never displace the first one that does. */
static bool is_too_much(struct findings *f, bool blocks)
{
	if (f->n < FINDINGS_MAX || (blocks && findings_blocking(f) == 0))
		return false;
	f->more++;
	return true;
}

static struct finding *add(struct findings *f, const char *check, bool blocks, char *reason,
			   const char *remedy)
{
	struct finding *new = ARRAY_ADD(f->v, f->n);

	new->check = check;
	new->blocks = blocks;
	new->reason = reason;
	new->plain_len = strlen(reason);
	new->descriptor = -1;
	new->remedy = remedy ? xstrdup(remedy) : NULL;
	new->err = EOPNOTSUPP;
	if (new->remedy)
		make_printable(new->remedy);
	return new;
}

/* The remedy, with the word that overrides the finding. Caller frees. */
static char *remedy_of(const struct finding_about *about)
{
	char *text = about->remedy ? xstrdup(about->remedy) : NULL;

	if (about->force && about->kind == FINDING_BLOCKS)
		str_append(&text, "%s--force=%s", text ? "; or restore with " : "restore with ",
			   about->force);
	return text;
}

static void set_process(struct findings *f, struct finding *new,
			const struct finding_process *process)
{
	new->pid = process->pid;
	new->container_pid = process->container_pid;
	new->process = xstrdup(process->name);
	make_printable(new->process);
	new->unit = unit_of(process->pid, f->cgroup);
	if (process->descriptor > 0) {
		_cleanup_free_ char *where = xasprintf(" (descriptor %d)", process->descriptor - 1);

		new->descriptor = process->descriptor - 1;
		/* some name it where it matters */
		if (!strstr(new->reason, where))
			str_append(&new->reason, "%s", where);
	}
}

struct finding *findings_add(struct findings *f, const struct finding_about *about, const char *fmt,
			     ...)
{
	const bool blocks = about->kind == FINDING_BLOCKS;
	const pid_t pid = about->process ? about->process->pid : 0;
	_cleanup_free_ char *remedy = NULL;
	struct finding *new;
	char *reason;
	va_list ap;

	va_start(ap, fmt);
	reason = xvasprintf(fmt, ap);
	va_end(ap);
	make_printable(reason);
	if (is_known(f, about->check, pid, reason) || is_too_much(f, blocks)) {
		free(reason);
		return NULL;
	}
	remedy = remedy_of(about);
	new = add(f, about->check, blocks, reason, remedy);
	new->note = about->kind == FINDING_NOTE;
	new->force = about->force;
	if (about->process)
		set_process(f, new, about->process);
	return new;
}

void findings_tell_rest(struct findings *f)
{
	if (f->more)
		add(f, "more", false,
		    xasprintf("there are %zu more findings like these, which are not listed",
			      f->more),
		    "resolve those that are listed, and check again");
	f->more = 0;
}

/* --- what a user may decide --- */

static const char *const force_words[] = {"cpu", "criu", "config", "network", "rootfs", "stale"};

static bool is_among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; p && *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, word, len) == 0)
			return true;
		p += n;
	}
	return false;
}

void findings_force(struct findings *f, const char *words)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].force && is_among(words, f->v[i].force))
			f->v[i].blocks = false;
}

static bool is_force_word(const char *word)
{
	for (size_t i = 0; i < sizeof(force_words) / sizeof(force_words[0]); i++)
		if (strcmp(word, force_words[i]) == 0)
			return true;
	return false;
}

int findings_check_words(const char *words, struct error **reterr)
{
	for (const char *p = words; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		_cleanup_free_ char *word = xstrndup(p, strcspn(p, ","));

		if (is_force_word(word))
			continue;
		make_printable(word);
		return error_refuse(reterr, EINVAL,
				    "--force takes cpu, criu, config, network, rootfs and stale, "
				    "separated by commas, not \"%s\"",
				    word);
	}
	return 0;
}

bool findings_are_forced(const char *words, const char *word)
{
	return is_among(words, word);
}

void findings_add_error(struct findings *f, const char *check, const struct error *e)
{
	struct finding *new;

	if (!e)
		return;
	new = add(f, check, true, xstrdup(e->message), e->hint);
	/* CRIU's lines */
	for (const char *line = e->detail; line && *line; line += strspn(line, "\n")) {
		str_append(&new->reason, "; %.*s", (int)strcspn(line, "\n"), line);
		line += strcspn(line, "\n");
	}
	make_printable(new->reason);
	new->err = e->err;
}

size_t findings_blocking(const struct findings *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].blocks;
	return n;
}

static char *message(const struct finding *f, const char *name)
{
	if (!f->pid)
		return xstrdup(f->reason);
	return xasprintf("process %d (%s%s%s) of %s %s", (int)f->pid, f->process,
			 f->unit ? ", " : "", f->unit ? f->unit : "", name, f->reason);
}

int findings_refuse(const struct findings *f, const char *name, struct error **reterr)
{
	const struct finding *first = f->v;
	_cleanup_free_ char *text = NULL;
	size_t others = findings_blocking(f);

	if (others-- == 0)
		return 0;
	while (!first->blocks)
		first++;
	text = message(first, name);
	if (others)
		str_append(&text, "; %zu more reason%s%s%s", others, others == 1 ? "" : "s",
			   f->command ? ": see " : "", f->command ? f->command : "");
	error_refuse(reterr, first->err, "%s", text);
	if (first->remedy)
		error_set_hint(reterr, "%s", first->remedy);
	return -first->err;
}
