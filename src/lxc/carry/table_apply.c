/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls the kinds of state that CRIU does not carry at the moments of a restore. Runs in the
 * monitor, as root in the host's namespaces; at two moments in a child of it (table_apply.h).
 */
#include "config.h"

#include <stddef.h>

#include "carry/table_apply.h"

#define STEPS_MAX 4

static const struct {
	struct {
		enum apply_moment moment;
		apply_fn *apply;
	} steps[STEPS_MAX];
	undo_fn *undo;
} kinds[] = {
#define KIND(name, save, apply, undo) {{apply}, undo},
#define APPLY(moment, function)	      {APPLY_##moment, function},
#define UNDO(function)		      function
#define NOTHING			      {0},
#define NO_UNDO			      NULL
#include "carry/kinds.inc"
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

int carry_apply(struct restore *r, pid_t init, enum apply_moment moment, struct error **reterr)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < N_KINDS; i++)
		for (size_t k = 0; e == 0 && k < STEPS_MAX; k++)
			if (kinds[i].steps[k].moment == moment)
				e = kinds[i].steps[k].apply(r, init, reterr);
	return e;
}

void carry_undo(struct restore *r)
{
	for (size_t n = N_KINDS; n-- > 0;)
		if (kinds[n].undo)
			kinds[n].undo(r);
}
