/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls the kinds of state that CRIU does not carry at the moments of a dump. Runs in the caller's
 * process, as root in the host's namespaces.
 */
#include "config.h"

#include "carry/process_answers_save.h"
#include "carry/standing_save.h"
#include "carry/table_save.h"
#include "util/fd.h"

#define STEPS_MAX 4

/* Either save or each is set. */
static const struct {
	struct {
		enum save_moment moment;
		save_fn *save;
		each_fn *each;
	} steps[STEPS_MAX];
} kinds[] = {
#define KIND(name, save, apply, undo) {{save}},
#define SAVE(moment, function)	      {SAVE_##moment, function, NULL},
#define EACH(function)		      {0, NULL, function},
#define NOTHING			      {0},
#include "carry/kinds.inc"
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

int carry_save(struct saving *s, enum save_moment moment, struct error **reterr)
{
	int r = 0;

	if (moment == SAVE_POST_DUMP)
		standing_join(s);
	for (size_t i = 0; r == 0 && i < N_KINDS; i++)
		for (size_t k = 0; r == 0 && k < STEPS_MAX; k++)
			if (kinds[i].steps[k].save && kinds[i].steps[k].moment == moment)
				r = kinds[i].steps[k].save(s, reterr);
	if (r == 0 && moment == SAVE_STOPPED)
		standing_begin(s);
	return r;
}

void carry_save_each(struct saving *s, struct standing *t)
{
	for (size_t i = 0; i < N_KINDS; i++)
		for (size_t k = 0; k < STEPS_MAX; k++)
			if (kinds[i].steps[k].each)
				kinds[i].steps[k].each(s, t);
}

void carry_save_end(struct saving *s)
{
	standing_end(s);
	threads_end(s);
	process_flags_forget(s);
	sockets_end(s);
	fd_close(&s->root);
	skipped_mounts_clear(&s->skipped);
	mount_changes_clear(&s->mount_changes);
	watch_changes_clear(&s->watch_changes);
	process_answers_free(s->answers);
}
