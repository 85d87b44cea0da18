/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Extracts the decisive lines from CRIU's log, and finds a hint for them. Runs in the command and
 * in the monitor; names in the log are the container's.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

#include "criu/causes.h"
#include "criu/log.h"
#include "util/mem.h"
#include "util/text.h"

#define MAX_LINES    4
#define MAX_LINE_LEN 300
#define PID_MAX	     (1 << 22) /* the kernel's */
#define MAX_SAID     2
#define MAX_HINTED   64 /* a log of nothing but errors must not cost seconds */

enum level {
	LEVEL_OTHER,
	LEVEL_WARN,
	LEVEL_ERROR,
};

struct log_line {
	enum level level;
	struct span where; /* "criu/tty.c:2399"; empty in a script's line */
	struct span text;
};

/* The lines of one kind that are worth showing, and the first hint any of them gave. */
struct finding {
	char *lines[MAX_LINES];
	size_t n;
	size_t seen;
	const char *hint;
	bool passing;
	bool racing;
};

static bool span_starts(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.p, prefix, len) == 0;
}

static void span_skip(struct span *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static void span_skip_spaces(struct span *s)
{
	while (s->len > 0 && (*s->p == ' ' || *s->p == '\t'))
		span_skip(s, 1);
}

static size_t span_digits(struct span s)
{
	size_t n = 0;

	while (n < s.len && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
		n++;
	return n;
}

/* "(00.012345)    123: " and "pie: 123: ", any of which may be missing. */
static void skip_prefix(struct span *s)
{
	size_t n;

	if (s->len > 0 && *s->p == '(') {
		struct span inner = {s->p + 1, s->len - 1};

		n = span_digits(inner);
		if (n > 0 && n < inner.len && inner.p[n] == ')')
			span_skip(s, n + 2);
	}
	for (;;) {
		span_skip_spaces(s);
		if (span_starts(*s, "pie:")) {
			span_skip(s, strlen("pie:"));
			continue;
		}
		n = span_digits(*s);
		if (n == 0 || n == s->len || s->p[n] != ':')
			return;
		span_skip(s, n + 1);
	}
}

/* "(criu/file.c:123): " behind the level. */
static void split_where(struct log_line *l)
{
	const char *end;

	if (l->text.len == 0 || *l->text.p != '(')
		return;
	end = memmem(l->text.p, l->text.len, "):", 2);
	if (!end)
		return;
	l->where = (struct span){l->text.p + 1, (size_t)(end - l->text.p) - 1};
	span_skip(&l->text, (size_t)(end - l->text.p) + 2);
}

static struct log_line parse_line(struct span s)
{
	struct log_line l = {LEVEL_OTHER, {NULL, 0}, s};

	skip_prefix(&l.text);
	if (span_starts(l.text, "Error (")) {
		l.level = LEVEL_ERROR;
		span_skip(&l.text, strlen("Error "));
		split_where(&l);
	} else if (span_starts(l.text, "Warn  (")) {
		l.level = LEVEL_WARN;
		span_skip(&l.text, strlen("Warn  "));
		split_where(&l);
	} else if (span_starts(l.text, "lxc-restore-net: ") ||
		   span_starts(l.text, "lxc-checkpoint-ip: cannot ")) {
		/* Our own programs, whose stderr is CRIU's log. */
		l.level = LEVEL_ERROR;
	}
	span_skip_spaces(&l.text);
	if (span_starts(l.text, "`-"))
		span_skip(&l.text, 2);
	span_skip_spaces(&l.text);
	return l;
}

/* A terminal shows this: nothing in it may be taken for a command. Caller frees. */
static char *printable(struct span s)
{
	char *out = xcalloc(MAX_LINE_LEN + sizeof("..."), 1);
	size_t len = 0;

	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\r'))
		s.len--;
	while (s.len > 0) {
		size_t n = printable_length(s.p, s.len), take = n ? n : 1;

		if (len + take > MAX_LINE_LEN) {
			memcpy(out + len, "...", 3);
			break;
		}
		if (n)
			memcpy(out + len, s.p, n);
		else
			out[len] = *s.p == '\t' ? ' ' : '?';
		len += take;
		span_skip(&s, take);
	}
	return out;
}

/* "text (tty.c:2399)". Caller frees. */
static char *format_line(const struct log_line *l)
{
	_cleanup_free_ char *text = printable(l->text);
	_cleanup_free_ char *where = printable(l->where);
	const char *base = strrchr(where, '/');

	if (*where == '\0')
		return TAKE_PTR(text);
	return xasprintf("%s (%s)", text, base ? base + 1 : where);
}

/* A full disk has room for no more than the beginning of "(criu/bfd.c:131): ". */
static bool is_cut(const struct log_line *l)
{
	return l->where.len == 0 && span_starts(l->text, "(");
}

/* How a program ended that CRIU has run. What names a process first is another thing. */
static bool is_of_script(const struct log_line *l)
{
	return span_starts(l->text, "killed by signal");
}

static bool finding_knows(const struct finding *f, const char *line)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->lines[i], line) == 0)
			return true;
	return false;
}

/* Beyond the lines shown the first hint is still looked for. */
static void finding_add(struct finding *f, const struct log_line *l)
{
	if (!f->hint && f->seen++ < MAX_HINTED) {
		f->hint = criu_known_hint(l->text);
		f->passing |= criu_is_passing(l->text);
	}
	f->racing |= criu_is_racing(l->text);
	if (f->n < MAX_LINES) {
		_cleanup_free_ char *line = format_line(l);

		if (*line && !finding_knows(f, line))
			f->lines[f->n++] = TAKE_PTR(line);
	}
}

static void finding_clear(struct finding *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->lines[i]);
	*f = (struct finding){0};
}
#define _cleanup_finding_ __attribute__((cleanup(finding_clear)))

struct scan {
	struct finding causes;
	struct finding probes; /* errors from before CRIU began */
	struct finding noise;
	struct log_line last_warn, last;
	struct span
		said[MAX_SAID]; /* what an action script has printed last, the newest first, ... */
	size_t n_said;
	struct span ended; /* ... and how it ended: "status=7" */
	bool timed_out;
	pid_t waited_for;
};

static void scan_clear(struct scan *s)
{
	finding_clear(&s->causes);
	finding_clear(&s->probes);
	finding_clear(&s->noise);
}

static bool span_skip_word(struct span *s, const char *word)
{
	if (!span_starts(*s, word))
		return false;
	span_skip(s, strlen(word));
	return true;
}

/* The alarm breaks off a wait, and who it was for is in the line after it. */
static void scan_timeout(struct scan *scan, struct span text)
{
	long pid = 0;

	if (span_skip_word(&text, "Timeout reached."))
		scan->timed_out = true;
	if (!scan->timed_out || !span_skip_word(&text, "Unseizable non-zombie "))
		return;
	for (; text.len > 0 && *text.p >= '0' && *text.p <= '9' && pid < PID_MAX;
	     span_skip(&text, 1))
		pid = pid * 10 + (*text.p - '0');
	scan->waited_for = pid < PID_MAX ? (pid_t)pid : 0;
}

/* Action scripts write to the same log: their lines are those that have no time. */
static void scan_script(struct scan *scan, struct span s, const struct log_line *l)
{
	struct span ended = l->text;

	if (l->level == LEVEL_OTHER && s.len > 0 && *s.p != '(') {
		scan->said[1] = scan->said[0];
		scan->said[0] = s;
		scan->n_said += scan->n_said < MAX_SAID;
	} else if (l->level == LEVEL_ERROR &&
		   (span_skip_word(&ended, "exited, ") || span_starts(ended, "killed by signal"))) {
		scan->ended = ended;
	} else {
		scan->n_said = 0;
		scan->ended = (struct span){NULL, 0};
	}
}

/* "exited with status 7". Caller frees. */
static char *ended_text(const struct scan *scan)
{
	_cleanup_free_ char *how = printable(scan->ended);

	return strncmp(how, "status=", 7) == 0 ? xasprintf("exited with status %s", how + 7)
					       : xasprintf("was %s", how);
}

/* "Script PATH exited with -1", whatever it exited with: CRIU has said that before. */
static bool scan_script_failed(struct scan *scan, const struct log_line *l)
{
	static const char end[] = " exited with -1";
	size_t len = strlen(end);
	struct finding *f = &scan->causes;
	_cleanup_free_ char *path = NULL, *how = NULL;

	if (!scan->ended.len || l->text.len < len || !span_starts(l->text, "Script ") ||
	    memcmp(l->text.p + l->text.len - len, end, len) != 0)
		return false;
	for (size_t i = scan->n_said; i-- > 0 && f->n < MAX_LINES;)
		f->lines[f->n++] = printable(scan->said[i]);
	path = printable((struct span){l->text.p, l->text.len - len});
	how = ended_text(scan);
	if (f->n < MAX_LINES)
		f->lines[f->n++] = xasprintf("%s %s", path, how);
	if (!f->hint)
		f->hint = criu_known_hint(l->text);
	return true;
}

static void scan_line(struct scan *scan, struct span s)
{
	struct log_line l = parse_line(s);
	bool failed_script = l.level == LEVEL_ERROR && scan_script_failed(scan, &l);

	scan_script(scan, s, &l);
	if (failed_script)
		return;
	if (l.text.len > 0)
		scan->last = l;
	switch (l.level) {
	case LEVEL_ERROR:
		scan_timeout(scan, l.text);
		if (criu_is_noise(l.text) || is_cut(&l) || is_of_script(&l))
			finding_add(&scan->noise, &l);
		else
			finding_add(&scan->causes, &l);
		break;
	case LEVEL_WARN:
		scan->last_warn = l;
		break;
	case LEVEL_OTHER:
		if (scan->causes.n > 0 && criu_is_beginning(l.text)) {
			finding_clear(&scan->probes);
			scan->probes = scan->causes;
			scan->causes = (struct finding){0};
		}
		break;
	}
}

static void report(const struct finding *f, struct criu_cause *ret)
{
	for (size_t i = 0; i < f->n; i++)
		str_append(&ret->lines, "%s%s", i ? "\n" : "", f->lines[i]);
	if (f->hint)
		ret->hint = xstrdup(f->hint);
	ret->passing = f->passing;
	ret->racing = f->racing;
}

/* The last warning says more than the errors that always are there, which come behind it. */
static void report_the_rest(const struct scan *scan, struct criu_cause *ret)
{
	_cleanup_finding_ struct finding f = {0};

	if (scan->last_warn.text.len > 0)
		finding_add(&f, &scan->last_warn);
	else if (scan->noise.n == 0 && scan->last.text.len > 0)
		finding_add(&f, &scan->last);
	for (size_t i = 0; i < scan->noise.n && f.n < MAX_LINES; i++)
		f.lines[f.n++] = xstrdup(scan->noise.lines[i]);
	report(&f, ret);
}

void criu_log_cause(const char *text, size_t len, struct criu_cause *ret)
{
	struct scan scan = {0};

	*ret = (struct criu_cause){0};
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		scan_line(&scan, (struct span){text, n});
		n += end != NULL;
		text += n;
		len -= n;
	}
	if (scan.causes.n > 0)
		report(&scan.causes, ret);
	else if (scan.probes.n > 0)
		report(&scan.probes, ret);
	else
		report_the_rest(&scan, ret);
	if (!ret->lines)
		ret->lines = xstrdup("");
	ret->timed_out = scan.timed_out;
	ret->waited_for = scan.waited_for;
	/* no single one was in the way */
	ret->racing |= scan.timed_out && scan.waited_for == 0;
	scan_clear(&scan);
}

/* --- scripts that fail where CRIU goes on --- */

/* The last failure, whose stage a later line may tell. */
struct script_failure {
	char *how, *said; /* "status 7"; what the script has printed, or "" */
	const char *stage;
};

static void failure_end(struct script_failure *f, struct strv *ret)
{
	if (f->how)
		strv_add(ret, "%s at %s%s%s", f->how, f->stage, *f->said ? ": " : "", f->said);
	free(f->how);
	free(f->said);
	*f = (struct script_failure){0};
}

static bool is_path_of(struct span text, const char *script)
{
	size_t len = strlen(script);

	return span_skip_word(&text, "Script ") && text.len > len &&
	       memcmp(text.p, script, len) == 0 && text.p[len] == ' ';
}

/* CRIU runs the script itself. */
static void failure_of_criu(struct scan *scan, const struct log_line *l, const char *script,
			    struct script_failure *f, struct strv *ret)
{
	struct finding *lines = &scan->causes;

	if (!scan_script_failed(scan, l))
		return;
	if (is_path_of(l->text, script) && lines->n > 0) {
		failure_end(f, ret);
		f->how = ended_text(scan);
		f->said = xstrdup("");
		for (size_t i = 0; i + 1 < lines->n; i++)
			str_append(&f->said, "%s%s", i ? "; " : "", lines->lines[i]);
		f->stage = "network-unlock";
	}
	finding_clear(lines);
}

/* "the action script PATH exited with status 7 at STAGE": the callback has run it. */
static void failure_of_callback(const struct log_line *l, const char *script,
				struct script_failure *f, struct strv *ret)
{
	struct span text = l->text;
	size_t len = strlen(script);

	if (!span_skip_word(&text, "lxc-restore-net: the action script ") || text.len <= len ||
	    memcmp(text.p, script, len) != 0 || text.p[len] != ' ')
		return;
	failure_end(f, ret);
	span_skip(&text, len + 1);
	strv_add(ret, "%.*s", (int)MIN(text.len, (size_t)MAX_LINE_LEN), text.p);
	make_printable(ret->v[ret->n - 1]);
}

static void failure_line(struct scan *scan, struct span s, const char *script,
			 struct script_failure *f, struct strv *ret)
{
	struct log_line l = parse_line(s);

	if (l.level == LEVEL_ERROR) {
		failure_of_criu(scan, &l, script, f, ret);
		failure_of_callback(&l, script, f, ret);
		if (f->how && span_starts(l.text, "Pre-resume script "))
			f->stage = "pre-resume";
		if (f->how && span_starts(l.text, "Post-resume script "))
			f->stage = "post-resume";
	}
	scan_script(scan, s, &l);
}

void criu_log_script_failures(const char *text, size_t len, const char *script, struct strv *ret)
{
	struct script_failure f = {0};
	struct scan scan = {0};

	while (len > 0 && ret->n < MAX_LINES) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		failure_line(&scan, (struct span){text, n}, script, &f, ret);
		n += end != NULL;
		text += n;
		len -= n;
	}
	failure_end(&f, ret);
	scan_clear(&scan);
}

void criu_cause_clear(struct criu_cause *c)
{
	free(c->lines);
	free(c->hint);
	*c = (struct criu_cause){0};
}
