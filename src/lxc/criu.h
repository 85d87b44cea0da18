/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_H
#define LXCCKPT_CRIU_H

#include <sys/types.h>

#include "criu/argv.h"
#include "util/error.h"

/* CRIU's default log level here: errors, and the steps before them. */
#define CRIU_VERBOSITY	   3
#define CRIU_VERBOSITY_MAX 4 /* everything */

/*
 * CRIU's code writes to its log as the process that it is in, whose limit of a file's size
 * (RLIMIT_FSIZE) counts then: the process dies of SIGXFSZ. How much to log, so that none does,
 * where limit is the smallest that one has.
 */
unsigned int criu_verbosity_for(unsigned int wanted, uint64_t limit);

/* Seconds that a dump may take to stop the processes, unless it is told otherwise: CRIU's own. */
#define CRIU_TIMEOUT 10

/* The CRIU that would be used, and what is known of it on this kernel. */
struct criu_program {
	char *path; /* absolute */
	struct criu_version version;
};

/*
 * Finds CRIU ($LXC_CHECKPOINT_CRIU, else PATH, else the usual sbin
 * directories), reads its version and lets it check this kernel. The answer is
 * kept in the runtime directory until the next boot, the next kernel or the
 * next criu, because a check costs as much as a small dump.
 * Every failure is a refusal that says what to install.
 */
int criu_find(struct criu_program *ret, struct error **reterr) _must_check_;
void criu_program_clear(struct criu_program *p);

/* Whether CRIU and this kernel have a feature, by CRIU's word for it ("mem_dirty_track"). */
bool criu_checks(const struct criu_program *criu, const char *feature);

/* Whether that program was built with a library, by the beginning of its name ("libbpf.so"). */
bool criu_needs_library(const char *path, const char *library);

/* Whether CRIU says that this machine's CPU can run what is in an image. */
bool criu_accepts_cpu_of(const struct criu_program *criu, const char *image);

#define _cleanup_criu_ __attribute__((cleanup(criu_program_clear)))

/* How to take back a run. */
enum criu_cancel {
	CRIU_GO_ON,
	CRIU_KILL, /* it has done nothing yet that would have to be undone */
	/* CRIU can write no more to its files, fails, and undoes everything it did. */
	CRIU_LET_FAIL,
};

/* Callbacks that the runner makes while CRIU works; members may be NULL. */
struct criu_events {
	/*
	 * An action of `actions` (space separated) came up; not 0 makes CRIU give up,
	 * and the error is criu_run()'s.
	 */
	const char *actions;
	int (*action)(const char *action, pid_t init_pid, void *userdata, struct error **reterr);
	/* Those of them after whose refusal CRIU is killed, because it would not give up; or NULL.
	 */
	const char *last_actions;
	/* Once, when it has been started. */
	void (*started)(pid_t criu, void *userdata);
	/*
	 * About five times a second. Not 0 ends CRIU, with all that it has started, and the
	 * error is criu_run()'s.
	 */
	int (*tick)(void *userdata, struct error **reterr);
	/*
	 * Once, before CRIU is ended so. True: what it has made has been ended, so that it
	 * fails and cleans up. It is killed if it is still there some seconds later; else at once.
	 */
	bool (*give_up)(pid_t criu, void *userdata);
	/*
	 * As often, and after each signal; a run is taken back once. The error is why, where
	 * nobody has interrupted it.
	 */
	enum criu_cancel (*cancel)(void *userdata, struct error **reterr);
	/*
	 * Called while serve_fd polls as readable. Not 0 ends CRIU, with all that it has
	 * started, and the error is criu_run()'s.
	 */
	int serve_fd;
	int (*serve)(void *userdata, struct error **reterr);
	/* In the child, before the exec. Text for the error goes to stderr. */
	int (*prepare)(void *userdata);
	/* Descriptors that CRIU keeps open, ended by -1: their locks last as long as it works. */
	const int *locks;
	/* Environment for the callback beside our own, "NAME=value", NULL-terminated */
	const char *const *environment;
	void *userdata;
};

/*
 * Runs CRIU for the job and waits for it. CRIU is a direct child of the calling
 * thread and in a process group of its own: a ^C on the terminal does not stop
 * it half-way. If the caller dies, CRIU goes on; the callback then finds no one
 * to answer it, fails, and CRIU lets the container run on.
 */
int criu_run(const struct criu_job *job, const struct criu_events *events,
	     struct error **reterr) _must_check_;

/* Path of a program of ours in libexec; LXC_CHECKPOINT_LIBEXEC in the environment goes first. */
char *libexec_path(const char *program);

#endif
