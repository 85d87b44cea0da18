/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes the library call that a command line asks for, with its progress and signals. Runs in
 * lxc-checkpoint, as root, in the host's namespaces.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tools/answer.h"
#include "tools/operate.h"
#include "tools/refuse.h"
#include "tools/show_findings.h"
#include "util/clock.h"

static volatile sig_atomic_t interrupted;    /* the signal */
static const char *volatile acknowledgement; /* NULL: print none */

/* A second signal changes nothing. */
static void on_interrupt(int sig)
{
	int e = errno;

	if (!interrupted && acknowledgement)
		(void)!write(STDERR_FILENO, acknowledgement, strlen(acknowledgement));
	interrupted = sig;
	errno = e;
}

static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define N_SIGS (sizeof(sigs) / sizeof(sigs[0]))

/*
 * A dump or restore never stops half-way: the container would stay frozen, or start behind the
 * user's back. It is cancelled, or completed if it is too late for that. what: the line that
 * acknowledges a signal at once.
 */
static void hold_signals(const char *what)
{
	struct sigaction sa = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};

	acknowledgement = what;
	for (size_t i = 0; i < N_SIGS; i++) {
		struct sigaction old;

		/* respect nohup */
		if (sigaction(sigs[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
}

static bool is_interrupted(void *userdata)
{
	(void)userdata;
	return interrupted != 0;
}

struct progress {
	int64_t start; /* ms */
	const char *name;
	bool shown;
};

static void show_progress(uint64_t bytes, void *userdata)
{
	struct progress *p = userdata;
	double s = (double)(monotonic_ms() - p->start) / 1000;

	/* most dumps are done before anybody could read a line */
	if (s < 1)
		return;
	p->shown = true;
	fprintf(stderr, "\r%s: %.1f MiB written, %.0f s\033[K", p->name,
		(double)bytes / (1024 * 1024), s);
	fflush(stderr);
}

int do_checkpoint(struct lxc_container *c, const struct arguments *a)
{
	struct progress p = {.name = a->name};
	struct lxc_checkpoint_options o = {
		.size = sizeof(o),
		.directory = a->directory,
		.stop = a->stop,
		.replace = a->replace,
		.drop_outside = a->drop_outside,
		.verbosity = a->verbose ? 4 : 0,
		.action_script = a->action_script,
		.timeout = arguments_seconds(a->timeout),
		.userdata = &p,
		.cancelled = is_interrupted,
		.found = a->quiet ? NULL : warn_of_finding,
	};
	int r;

	hold_signals(a->quiet ? NULL : "lxc-checkpoint: interrupted; taking the checkpoint back\n");
	p.start = monotonic_ms();
	if (!a->quiet && isatty(STDERR_FILENO))
		o.progress = show_progress;
	r = lxc_checkpoint_dump(c, &o);
	if (p.shown)
		fputs("\r\033[K", stderr);
	return r;
}

int do_check(struct lxc_container *c, const struct arguments *a)
{
	struct lxc_checkpoint_check_options o = {
		.size = sizeof(o),
		.directory = a->directory,
		.restore = arguments_verb(a) == VERB_CHECK_RESTORE,
		.force = a->force,
		.stop = a->stop,
		.replace = a->replace,
		.drop_outside = a->drop_outside,
	};

	return a->json ? check_as_json(c, &o) : check_as_text(c, &o, a->quiet);
}

static int exit_status(int wait_status)
{
	/*
	 * The kernel kills an init that halts in this way: reboot(2) in a PID namespace. No other
	 * SIGINT can kill an init, so this is not a failure.
	 */
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGINT)
		return EXIT_OK;
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/*
 * The monitor, in the same process group, passes ^C and ^\ on to the container. The other signals
 * end this process, and with it the container.
 */
static void let_signals_go(void)
{
	for (size_t i = 0; i < N_SIGS; i++) {
		struct sigaction old;
		bool passed_on = sigs[i] == SIGINT || sigs[i] == SIGQUIT;

		if (sigaction(sigs[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			signal(sigs[i], passed_on ? SIG_IGN : SIG_DFL);
	}
	if (interrupted == SIGTERM || interrupted == SIGHUP)
		raise(interrupted);
}

#define TOO_LATE                                                                                   \
	"lxc-checkpoint: too late to take the restore back; it is finished first (lxc-stop -k "    \
	"ends it)\n"

static void on_committed(void *userdata)
{
	const struct arguments *a = userdata;

	if (a->foreground) {
		let_signals_go();
		return;
	}
	if (a->quiet)
		return;
	acknowledgement = TOO_LATE;
	if (interrupted)
		fputs(TOO_LATE, stderr);
}

int do_restore(struct lxc_container *c, const struct arguments *a, int *ret_status)
{
	int wait_status = 0, r;
	struct termios saved;
	bool terminal = a->foreground && tcgetattr(STDIN_FILENO, &saved) == 0;
	const struct lxc_restore_options o = {
		.size = sizeof(o),
		.directory = a->directory,
		.foreground = a->foreground,
		.verbosity = a->verbose ? 4 : 0,
		.action_script = a->action_script,
		.wait_status = &wait_status,
		.no_verify = a->no_verify,
		.log_file = a->log_file,
		.log_level = a->log_level,
		.force = a->force,
		.found = a->quiet ? NULL : warn_of_finding,
		.userdata = (void *)(uintptr_t)a,
		.cancelled = is_interrupted,
		.committed = on_committed,
	};

	hold_signals(a->quiet ? NULL : "lxc-checkpoint: interrupted; taking the restore back\n");
	r = lxc_checkpoint_restore(c, &o);
	if (r == 0 && interrupted && !a->foreground && !a->quiet)
		complain("%s was restored and is running", a->name);
	/* the monitor has done that itself, unless it was killed */
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	*ret_status = a->foreground ? exit_status(wait_status) : EXIT_OK;
	return r;
}
