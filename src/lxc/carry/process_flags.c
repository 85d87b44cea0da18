/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Text of the settings that only a thread itself can set. Pure: the command writes it at a dump,
 * and the monitor reads it at a restore.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/process_flags.h"
#include "sys/process_fields.h"
#include "util/mem.h"

static const char *const words[N_PROCESS_FLAGS] = {
	[PROCESS_IO_FLUSHER] = "io_flusher",
	[PROCESS_MEMORY_MERGE] = "memory_merge",
	[PROCESS_LOCK_CURRENT] = "lock_current",
	[PROCESS_LOCK_FUTURE] = "lock_future",
	[PROCESS_LOCK_ON_FAULT] = "lock_on_fault",
	[PROCESS_MDWE_NOT_INHERITED] = "mdwe_not_inherited",
	[PROCESS_MDWE] = "mdwe",
};

#define IO_FLUSHER 0x180000 /* PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE */

/* Digits, of which there is at least one. */
static bool take_number(const char **p, int base, unsigned long max, unsigned long *ret)
{
	char *end;

	if (!isxdigit((unsigned char)**p))
		return false;
	errno = 0;
	*ret = strtoul(*p, &end, base);
	if (end == *p || errno || *ret > max || (base == 16 && (*p)[1] == 'x'))
		return false;
	*p = end;
	return true;
}

static bool take_word(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

/* " WORD", each at most once and in the order of the list. */
static bool take_thread(const char **p, struct thread_flags *ret)
{
	unsigned long tid, personality;

	*ret = (struct thread_flags){0};
	if (!take_number(p, 10, INT_MAX, &tid) || tid == 0 || !take_word(p, " ") ||
	    !take_number(p, 16, UINT_MAX, &personality))
		return false;
	ret->tid = (pid_t)tid;
	ret->personality = (unsigned int)personality;
	for (size_t i = 0; i < N_PROCESS_FLAGS; i++) {
		const char *before = *p;

		ret->has[i] = take_word(p, " ") && take_word(p, words[i]);
		if (!ret->has[i])
			*p = before;
	}
	return take_word(p, "\n");
}

int process_flags_parse(const char *text, size_t len, struct process_flags *ret)
{
	_cleanup_process_flags_ struct process_flags flags = {0};
	const char *p = text;
	unsigned long personality;

	if (strlen(text) != len || !take_number(&p, 16, UINT_MAX, &personality) ||
	    !take_word(&p, "\n"))
		return -EBADMSG;
	flags.personality = (unsigned int)personality;
	while (*p) {
		struct thread_flags t;

		if (!take_thread(&p, &t) || (flags.n > 0 && flags.v[flags.n - 1].tid >= t.tid))
			return -EBADMSG;
		*ARRAY_ADD(flags.v, flags.n) = t;
	}
	*ret = (struct process_flags){flags.personality, TAKE_PTR(flags.v), flags.n};
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct thread_flags *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

char *process_flags_format(struct process_flags *p)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		abort();
	if (p->n > 0)
		qsort(p->v, p->n, sizeof(*p->v), compare);
	fprintf(to, "%x\n", p->personality);
	for (size_t i = 0; i < p->n; i++) {
		fprintf(to, "%d %x", (int)p->v[i].tid, p->v[i].personality);
		for (size_t k = 0; k < N_PROCESS_FLAGS; k++)
			if (p->v[i].has[k])
				fprintf(to, " %s", words[k]);
		fputc('\n', to);
	}
	if (fclose(to) != 0)
		abort();
	return text;
}

struct thread_flags process_flags_find(const struct process_flags *p, pid_t tid)
{
	const struct thread_flags key = {.tid = tid, .personality = p->personality};
	const struct thread_flags *found =
		p->n > 0 ? bsearch(&key, p->v, p->n, sizeof(*p->v), compare) : NULL;

	return found ? *found : key;
}

bool process_flags_usual(const struct process_flags *p)
{
	return p->personality == 0 && p->n == 0;
}

bool process_stat_io_flusher(const char *stat)
{
	return (process_stat_number(stat, PROCESS_STAT_FLAGS) & IO_FLUSHER) == IO_FLUSHER;
}

void process_flags_clear(struct process_flags *p)
{
	free(TAKE_PTR(p->v));
	p->n = 0;
}
