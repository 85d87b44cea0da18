/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Settings of threads that CRIU does not restore, and that only the thread itself can set. Runs in
 * the command, as root on the host: in the walk beside CRIU (standing_save.h), and, for what
 * processes must be asked, before CRIU is started.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry/process_answers_save.h"
#include "carry/process_flags.h"
#include "carry/standing_save.h"
#include "carry/table_save.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

struct flags_reading {
	struct process_flags flags;
	bool merging; /* the kernel says of a process whether all of its memory is merged */
};

static unsigned int personality_of(pid_t tid)
{
	_cleanup_free_ char *text = process_text(tid, "personality");

	return (unsigned int)strtoul(text, NULL, 16);
}

static bool merges_memory(pid_t pid)
{
	_cleanup_free_ char *text = process_text(pid, "ksm_stat");

	return strstr(text, "ksm_merge_any: yes") != NULL;
}

static bool has_any(const struct thread_flags *t)
{
	for (size_t i = 0; i < N_PROCESS_FLAGS; i++)
		if (t->has[i])
			return true;
	return false;
}

void process_flags_look(struct saving *saving, struct standing *s)
{
	struct flags_reading *r = saving->flags;
	const bool is_first = s->tid == s->pid;
	_cleanup_free_ char *stat = process_text(s->tid, "stat");
	struct thread_flags t = {
		.personality = personality_of(s->tid),
		.has = {[PROCESS_IO_FLUSHER] = process_stat_io_flusher(stat),
			[PROCESS_MEMORY_MERGE] = is_first && r->merging && merges_memory(s->pid)},
	};

	if (is_first && saving->answers)
		process_answers_find(saving->answers, s->pid, stat, t.has);
	if (t.personality != r->flags.personality || has_any(&t))
		t.tid = standing_inner_id(s);
	if (t.tid > 0)
		*ARRAY_ADD(r->flags.v, r->flags.n) = t;
}

int process_flags_ask(struct saving *saving, struct error **reterr)
{
	(void)reterr;
	process_answers_free(saving->answers);
	saving->answers = process_answers_ask(saving->facts->init_pid);
	return 0;
}

int process_flags_begin(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *own = process_text(getpid(), "ksm_stat");
	struct flags_reading *r = xcalloc(1, sizeof(*r));

	(void)reterr;
	r->flags.personality = personality_of(s->facts->init_pid);
	r->merging = strstr(own, "ksm_merge_any:") != NULL;
	s->flags = r;
	return 0;
}

int process_flags_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;

	if (process_flags_usual(&s->flags->flags))
		return 0;
	text = process_flags_format(&s->flags->flags);
	return image_write(s->image, PROCESS_FLAGS_NAME, text, reterr);
}

void process_flags_forget(struct saving *s)
{
	if (s->flags)
		process_flags_clear(&s->flags->flags);
	free(s->flags);
	s->flags = NULL;
}
