/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Settings of threads that CRIU does not restore, and that only the thread itself can set. Runs in
 * the command, as root on the host: at CRIU's post-dump, while the threads stand still, and, for
 * what processes must be asked, before CRIU is started.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry/process_answers_save.h"
#include "carry/process_flags.h"
#include "carry/table_save.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

struct survey {
	struct process_flags flags;
	const struct process_answers *answers; /* NULL: none */
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

static int look_at_thread(pid_t pid, pid_t tid, void *userdata)
{
	struct survey *s = userdata;
	_cleanup_free_ char *stat = process_text(tid, "stat");
	struct thread_flags t = {
		.personality = personality_of(tid),
		.has = {[PROCESS_IO_FLUSHER] = process_stat_io_flusher(stat),
			[PROCESS_MEMORY_MERGE] = tid == pid && s->merging && merges_memory(pid)},
	};

	if (tid == pid && s->answers)
		process_answers_find(s->answers, pid, stat, t.has);
	if (t.personality != s->flags.personality || has_any(&t))
		t.tid = process_inner_id(tid);
	if (t.tid > 0)
		*ARRAY_ADD(s->flags.v, s->flags.n) = t;
	return 0;
}

int process_flags_ask(struct saving *saving, struct error **reterr)
{
	(void)reterr;
	process_answers_free(saving->answers);
	saving->answers = process_answers_ask(saving->facts->init_pid);
	return 0;
}

int process_flags_save(struct saving *saving, struct error **reterr)
{
	const pid_t init = saving->facts->init_pid;
	_cleanup_free_ char *own = process_text(getpid(), "ksm_stat");
	struct survey s = {
		.flags = {.personality = personality_of(init)},
		.answers = saving->answers,
		.merging = strstr(own, "ksm_merge_any:") != NULL,
	};
	_cleanup_free_ char *text = NULL;
	int r = 0;

	for_each_thread(init, look_at_thread, &s);
	if (!process_flags_usual(&s.flags)) {
		text = process_flags_format(&s.flags);
		r = image_write(saving->image, PROCESS_FLAGS_NAME, text, reterr);
	}
	process_flags_clear(&s.flags);
	return r;
}
