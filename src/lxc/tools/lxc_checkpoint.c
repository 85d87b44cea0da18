/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* lxc-checkpoint: parses, validates, calls the library once, prints the error. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lxccheckpoint.h"
#include "tools/answer.h"
#include "tools/check.h"
#include "tools/info.h"
#include "tools/lxcpath.h"
#include "tools/unknown.h"
#include "util/mem.h"
#include "util/text.h"

struct arguments {
	const char *name;
	char *lxcpath; /* on the heap, absolute */
	const char *directory;
	const char *action_script;
	const char *log_file;
	const char *log_level;
	const char *rcfile;
	const char *timeout;
	char *force; /* on the heap: one option may follow another */
	bool restore, check, info, verify, json, stop, replace, daemon, foreground, no_verify,
		verbose, quiet;
};

enum {
	OPT_USAGE = 0x100,
	OPT_VERSION,
	OPT_RCFILE,
	OPT_REPLACE,
	OPT_CHECK,
	OPT_JSON,
	OPT_NO_VERIFY,
	OPT_INFO,
	OPT_VERIFY,
	OPT_FORCE,
	OPT_TIMEOUT,
};

enum group { G_BOTH, G_CHECKPOINT, G_RESTORE, G_CHECK, G_IMAGE, G_COMMON };

/* The one list of options: the parser and the help are made of it. */
static const struct option_text {
	int key;
	const char *name;
	const char *argument;
	enum group group;
	const char *help;
} options[] = {
	{'n', "name", "NAME", G_BOTH, "name of the container; may also stand without -n"},
	{'r', "restore", NULL, G_BOTH, "restore it; without this, checkpoint it"},
	{'D', "checkpoint-dir", "DIR", G_BOTH, "image directory [LXCPATH/NAME/checkpoint]"},
	{'A', "action-script", "PATH", G_BOTH, "program that CRIU calls at its stages"},
	{'v', "verbose", NULL, G_BOTH, "make CRIU log everything"},
	{'s', "stop", NULL, G_CHECKPOINT, "stop it once the checkpoint is complete"},
	{OPT_REPLACE, "replace", NULL, G_CHECKPOINT,
	 "replace the checkpoint in DIR once the new one is complete"},
	{OPT_TIMEOUT, "timeout", "SECONDS", G_CHECKPOINT,
	 "how long its processes may take to stop [10]"},
	{'d', "daemon", NULL, G_RESTORE, "return when it runs (default)"},
	{'F', "foreground", NULL, G_RESTORE,
	 "show its console here, stay until it stops, exit with its status"},
	{OPT_NO_VERIFY, "no-verify", NULL, G_RESTORE,
	 "do not compare the image with its checksums first"},
	{OPT_FORCE, "force", "WORD,...", G_RESTORE,
	 "go on with another cpu, criu, config or rootfs, or stale files"},
	{OPT_CHECK, "check", NULL, G_CHECK,
	 "only say whether it would go through, and if not, why; with -r: a restore"},
	{OPT_INFO, "info", NULL, G_IMAGE, "say what is in the checkpoint in DIR"},
	{OPT_VERIFY, "verify", NULL, G_IMAGE, "say whether all of it is as it was written"},
	{OPT_JSON, "json", NULL, G_COMMON, "with --check, --info, --verify: say it as JSON"},
	{'P', "lxcpath", "PATH", G_COMMON, "directory of the containers"},
	{'o', "logfile", "FILE", G_COMMON, "write a log to FILE"},
	{'l', "logpriority", "LEVEL", G_COMMON, "what goes there: ERROR (default) ... TRACE"},
	{'q', "quiet", NULL, G_COMMON, "print nothing"},
	{OPT_RCFILE, "rcfile", "FILE", G_COMMON, "use FILE as the container's config"},
	{'h', "help", NULL, G_COMMON, "show this and exit"},
	{OPT_USAGE, "usage", NULL, G_COMMON, "show a short usage and exit"},
	{OPT_VERSION, "version", NULL, G_COMMON, "show the version and exit"},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void print_group(enum group g, const char *title)
{
	printf("\n%s\n", title);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_text *o = &options[i];
		char text[64];

		if (o->group != g)
			continue;
		snprintf(text, sizeof(text), "%s%s%s", o->name, o->argument ? "=" : "",
			 o->argument ? o->argument : "");
		if (o->key < OPT_USAGE)
			printf("  -%c, --%-20s %s\n", o->key, text, o->help);
		else
			printf("      --%-20s %s\n", text, o->help);
	}
}

static void print_usage(FILE *f)
{
	fprintf(f,
		"Usage: lxc-checkpoint -n NAME [-D DIR] [-s] [--replace] [-A PATH] [-v]\n"
		"                      [--timeout=SECONDS]\n"
		"       lxc-checkpoint -n NAME -r [-D DIR] [-d | -F] [--no-verify] [-A PATH] [-v]\n"
		"                      [--force=WORD,...]\n"
		"       lxc-checkpoint -n NAME --check [--json] [-D DIR] [-s] [--replace]\n"
		"       lxc-checkpoint -n NAME -r --check [--json] [-D DIR] [--force=WORD,...]\n");
}

static void print_help(void)
{
	print_usage(stdout);
	printf("\nSaves a running container with its processes, memory and connections to DIR,\n"
	       "and brings it back from there.\n");
	print_group(G_BOTH, "Options:");
	print_group(G_CHECKPOINT, "Checkpoint:");
	print_group(G_RESTORE, "Restore:");
	print_group(G_CHECK, "Check:");
	print_group(G_IMAGE, "Look at a checkpoint, with or without its container:");
	print_group(G_COMMON, "Common:");
	printf("\nExamples:\n"
	       "  lxc-checkpoint -n web --check      would it work?\n"
	       "  lxc-checkpoint -n web -s           save web and stop it\n"
	       "  lxc-checkpoint -n web -r           bring it back\n"
	       "  lxc-checkpoint -n web -r --check   would that work?\n"
	       "  lxc-checkpoint -n web -D /srv/web  save a copy while web runs on\n"
	       "\nExit status: 0 done; 1 failed, a running container runs on; 2 bad usage;\n"
	       "3 refused, nothing was touched. With --info and --verify 1 is: damaged. With -F: "
	       "the container's own, or 128 and the\n"
	       "signal that ended it. More: man lxc-checkpoint\n");
}

static void __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	make_lines_printable(text);
	fprintf(stderr, "lxc-checkpoint: %s\n", text);
}

/*
 * With --json stdout has one object, whatever comes: here where it did not come to more than
 * this. In text the reason is on stderr, and so it is beside the object.
 */
static void print_failure(const struct arguments *a, int status, const char *error,
			  const char *hint)
{
	json_t *o;

	if (!a->json)
		return;
	o = json_object();
	if (a->check)
		check_describe(o, a->name, a->restore);
	else if (a->info)
		info_describe(o, a->directory);
	else if (a->verify)
		info_describe_verified(o, a->directory);
	answer_set_outcome(o, status, error, hint);
	answer_print(o);
}

/* The command line makes no sense. */
static int refuse_usage(const struct arguments *a, const char *why)
{
	complain("%s", why);
	print_usage(stderr);
	print_failure(a, EXIT_USAGE, why, NULL);
	return EXIT_USAGE;
}

/* Nothing was touched. hint may be NULL. */
__attribute__((format(printf, 3, 4))) static int refuse(const struct arguments *a, const char *hint,
							const char *fmt, ...)
{
	char *why = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (!a->quiet && hint)
		complain("%s\n  hint: %s", why, hint);
	else if (!a->quiet)
		complain("%s", why);
	print_failure(a, EXIT_REFUSED, why, hint);
	free(why);
	return EXIT_REFUSED;
}

/* getopt's two tables out of ours; short[] and longs[] are large enough. */
static void getopt_tables(char *shorts, struct option *longs)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_text *o = &options[i];

		longs[i] = (struct option){
			.name = o->name,
			.has_arg = o->argument ? required_argument : no_argument,
			.val = o->key,
		};
		if (o->key >= OPT_USAGE)
			continue;
		*shorts++ = (char)o->key;
		if (o->argument)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[N_OPTIONS] = (struct option){0};
}

static void add_force(struct arguments *a, const char *words)
{
	char *both = NULL;

	if (asprintf(&both, "%s%s%s", a->force ? a->force : "", a->force ? "," : "", words) < 0)
		abort();
	free(a->force);
	a->force = both;
}

static int set_lxcpath(struct arguments *a, const char *path)
{
	if (!*path)
		return refuse_usage(a, "-P needs a directory");
	free(a->lxcpath);
	a->lxcpath = absolute_lxcpath(path);
	return -1;
}

/* -1: go on; else the exit status. */
static int parse_option(struct arguments *a, int key)
{
	switch (key) {
	case 'n':
		a->name = optarg;
		return -1;
	case 'D':
		a->directory = optarg;
		return -1;
	case 'A':
		a->action_script = optarg;
		return -1;
	case 'P':
		return set_lxcpath(a, optarg);
	case 'o':
		a->log_file = optarg;
		return -1;
	case 'l':
		a->log_level = optarg;
		return -1;
	case OPT_RCFILE:
		a->rcfile = optarg;
		return -1;
	case 'r':
		a->restore = true;
		return -1;
	case 's':
		a->stop = true;
		return -1;
	case 'd':
		a->daemon = true;
		return -1;
	case 'F':
		a->foreground = true;
		return -1;
	case 'v':
		a->verbose = true;
		return -1;
	case 'q':
		a->quiet = true;
		return -1;
	case OPT_REPLACE:
		a->replace = true;
		return -1;
	case OPT_NO_VERIFY:
		a->no_verify = true;
		return -1;
	case OPT_CHECK:
		a->check = true;
		return -1;
	case OPT_INFO:
		a->info = true;
		return -1;
	case OPT_VERIFY:
		a->verify = true;
		return -1;
	case OPT_JSON:
		a->json = true;
		return -1;
	case OPT_TIMEOUT:
		a->timeout = optarg;
		return -1;
	case OPT_FORCE:
		add_force(a, optarg);
		return -1;
	case OPT_USAGE:
		print_usage(stdout);
		return EXIT_OK;
	case OPT_VERSION:
		printf("%s\n", lxc_checkpoint_version());
		return EXIT_OK;
	case 'h':
		print_help();
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

/* Before the options are parsed: a mistake that comes before it is told as JSON too. */
static bool wants_json(char *const argv[])
{
	for (char *const *a = argv; *a && strcmp(*a, "--") != 0; a++)
		if (strlen(*a) > 2 && strncmp("--json", *a, strlen(*a)) == 0)
			return true;
	return false;
}

static int parse_options(struct arguments *a, int argc, char *argv[])
{
	struct option longs[N_OPTIONS + 1];
	char shorts[2 * N_OPTIONS + 2] = ":";
	int key, r = -1;

	getopt_tables(shorts + 1, longs);
	opterr = 0;
	while (r < 0 && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == '?' && optopt == '?') {
			/* the lxc-* tools take -? for help; so does getopt say "unknown" */
			print_help();
			r = EXIT_OK;
		} else if (key == '?' || key == ':') {
			char *why = explain_option(key, argv, longs);

			r = refuse_usage(a, why);
			free(why);
		} else {
			r = parse_option(a, key);
		}
	}
	return r;
}

static int parse(struct arguments *a, int argc, char *argv[])
{
	int r;

	a->json = wants_json(argv + 1);
	r = parse_options(a, argc, argv);
	if (r >= 0)
		return r;
	if (!a->name && optind < argc)
		a->name = argv[optind++];
	if (optind < argc) {
		char *why = NULL;

		if (asprintf(&why, "\"%s\" is one argument too many: the container is %s",
			     argv[optind], a->name) < 0)
			abort();
		r = refuse_usage(a, why);
		free(why);
	}
	return r;
}

/* liblxc takes any word for a priority, and then logs as it likes. */
static bool is_priority(const char *level)
{
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO",	"NOTICE", "WARN",
					     "ERROR", "CRIT",  "ALERT", "FATAL"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasecmp(level, levels[i]) == 0)
			return true;
	return false;
}

/* Digits alone, without a sign; 0: none that can be a time-out. */
static unsigned int seconds(const char *text)
{
	unsigned int n = 0;

	if (!text)
		return 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		n = n * 10 + (unsigned int)(*p - '0');
		if (n > LXC_CHECKPOINT_TIMEOUT_MAX)
			return 0;
	}
	return n;
}

/* Pairs that contradict each other, and why. */
static int validate(const struct arguments *a)
{
	bool looks = a->info || a->verify;
	const struct {
		bool wrong;
		const char *why;
	} conflicts[] = {
		{looks && !a->directory && !a->name, "no checkpoint is named: use -D DIR"},
		{looks ? a->name && !*a->name : !a->name || !*a->name,
		 "no container is named: use -n NAME"},
		{a->info && a->verify,
		 "--info and --verify conflict: what is in it, or whether it is whole"},
		{looks && (a->restore || a->stop || a->replace || a->check || a->action_script ||
			   a->daemon || a->foreground || a->no_verify || a->timeout),
		 "--info and --verify only read a checkpoint: with them go -D, -n, -P, --json and "
		 "-q"},
		{a->restore && a->stop, "-r and -s conflict: -s stops the container after a "
					"checkpoint, and -r restores one"},
		{a->restore && a->replace,
		 "-r and --replace conflict: a restore does not write to the image directory"},
		{a->restore && a->timeout, "-r and --timeout conflict: it is for stopping "
					   "processes, which a restore does not"},
		{a->check && a->timeout,
		 "--check and --timeout conflict: --check stops no processes"},
		{a->timeout && !seconds(a->timeout),
		 "--timeout takes a number of seconds, 1 to 86400"},
		{a->daemon && a->foreground, "-d and -F conflict: a restored container is in the "
					     "background or in the foreground"},
		{!a->restore && a->daemon,
		 "-d without -r: a checkpoint has nothing to send to the background"},
		{!a->restore && a->foreground,
		 "-F without -r: a checkpoint has nothing to show in the foreground"},
		{!a->restore && a->no_verify,
		 "--no-verify without -r: only a restore reads the image"},
		{!a->restore && a->force,
		 "--force without -r: what is in the way of a checkpoint cannot be overridden"},
		{a->check && (a->daemon || a->foreground),
		 "--check and -d or -F conflict: --check starts nothing"},
		{a->check && a->no_verify,
		 "--check and --no-verify conflict: --check does not read the image's memory"},
		{a->check && a->action_script,
		 "--check and -A conflict: --check runs nothing at CRIU's stages"},
		{a->json && !a->check && !looks,
		 "--json without --check, --info or --verify: nothing else speaks JSON"},
		{a->directory && !*a->directory, "-D needs a directory"},
		{a->log_level && !is_priority(a->log_level),
		 "-l takes one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL"},
	};

	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
		if (conflicts[i].wrong)
			return refuse_usage(a, conflicts[i].why);
	return -1;
}

static volatile sig_atomic_t interrupted;    /* the signal */
static const char *volatile acknowledgement; /* NULL: none is to be printed */

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
 * A dump or restore is never left half-way: the container would stand still, or
 * come up behind the user's back. It is taken back, or finished where it is too late for that.
 * what: the line that a signal is answered with at once.
 */
static void hold_signals(const char *what)
{
	struct sigaction sa = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};

	acknowledgement = what;
	for (size_t i = 0; i < N_SIGS; i++) {
		struct sigaction old;

		/* nohup's wish is respected */
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
	struct timespec start;
	const char *name;
	bool shown;
};

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void show_progress(uint64_t bytes, void *userdata)
{
	struct progress *p = userdata;
	double s = seconds_since(&p->start);

	/* most dumps are over before a line could be read */
	if (s < 1)
		return;
	p->shown = true;
	fprintf(stderr, "\r%s: %.1f MiB written, %.0f s\033[K", p->name,
		(double)bytes / (1024 * 1024), s);
	fflush(stderr);
}

static int do_checkpoint(struct lxc_container *c, const struct arguments *a)
{
	struct progress p = {.name = a->name};
	struct lxc_checkpoint_options o = {
		.size = sizeof(o),
		.directory = a->directory,
		.stop = a->stop,
		.replace = a->replace,
		.verbosity = a->verbose ? 4 : 0,
		.action_script = a->action_script,
		.timeout = seconds(a->timeout),
		.userdata = &p,
		.cancelled = is_interrupted,
		.found = a->quiet ? NULL : warn_of_finding,
	};
	int r;

	hold_signals(a->quiet ? NULL : "lxc-checkpoint: interrupted; taking the checkpoint back\n");
	clock_gettime(CLOCK_MONOTONIC, &p.start);
	if (!a->quiet && isatty(STDERR_FILENO))
		o.progress = show_progress;
	r = lxc_checkpoint_dump(c, &o);
	if (p.shown)
		fputs("\r\033[K", stderr);
	return r;
}

static int do_check(struct lxc_container *c, const struct arguments *a)
{
	const struct check_request q = {
		.directory = a->directory,
		.restore = a->restore,
		.force = a->force,
		.stop = a->stop,
		.replace = a->replace,
		.quiet = a->quiet,
	};

	return a->json ? check_as_json(c, &q) : check_as_text(c, &q);
}

static int exit_status(int wait_status)
{
	/*
	 * So the kernel ends an init that halts: reboot(2) in a PID namespace.
	 * No other SIGINT can end one, which is why this is no failure.
	 */
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGINT)
		return EXIT_OK;
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/*
 * The monitor, in the same process group, passes ^C and ^\ on to the container. The others end
 * this process, and with it the container.
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

static int do_restore(struct lxc_container *c, const struct arguments *a, int *ret_status)
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
		complain("%s was restored, and runs", a->name);
	/* the monitor has done so itself, unless it was killed */
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	*ret_status = a->foreground ? exit_status(wait_status) : EXIT_OK;
	return r;
}

static int init_log(const struct arguments *a)
{
	struct lxc_log log = {
		/* without -o liblxc would make one by the name, also of what is no container */
		.name = a->log_file ? a->name : NULL,
		.lxcpath = a->lxcpath,
		.file = a->log_file,
		.level = a->log_level ? a->log_level : "ERROR",
		.prefix = "lxc-checkpoint",
		.quiet = true, /* what goes wrong is told once, by us */
	};

	return lxc_log_init(&log);
}

/* NULL: it was said why not. */
static struct lxc_container *open_container(const struct arguments *a)
{
	const char *name = a->name ? a->name : "";
	struct lxc_container *c;

	/* before liblxc, which fails at its lock files and says so in its own words */
	if (geteuid() != 0) {
		refuse(a, "use sudo", "only root can checkpoint and restore containers");
		return NULL;
	}
	/* liblxc would take one with a slash, and look elsewhere */
	c = strchr(name, '/') ? NULL : lxc_container_new(name, a->lxcpath);
	if (!c) {
		refuse(a, NULL, "\"%s\" cannot be a container's name in %s", name,
		       a->lxcpath ? a->lxcpath : "the default LXCPATH");
		return NULL;
	}
	if (!a->rcfile)
		return c;
	c->clear_config(c);
	if (c->load_config(c, a->rcfile)) {
		free(c->configfile);
		c->configfile = strdup(a->rcfile);
		return c;
	}
	refuse(a, NULL, "cannot read the config %s", a->rcfile);
	lxc_container_put(c);
	return NULL;
}

static char *image_directory(const struct arguments *a)
{
	const char *lxcpath = a->lxcpath ? a->lxcpath : lxc_get_global_config_item("lxc.lxcpath");
	char *path = NULL;

	if (a->directory)
		return strdup(a->directory);
	return asprintf(&path, "%s/%s/checkpoint", lxcpath, a->name) < 0 ? NULL : path;
}

/* --info, --verify: there need not be a container, and none is asked for. */
static int look(const struct arguments *a)
{
	char *directory = image_directory(a);
	const struct info_request q = {
		.directory = directory,
		.json = a->json,
		.quiet = a->quiet,
	};
	int r = a->info ? info_print(&q) : info_verify(&q);
	const char *why = r < 0 ? lxc_checkpoint_error(NULL) : NULL;

	free(directory);
	if (r == 0)
		return EXIT_OK;
	/* damage is an answer, and stands on stdout; but where the manifest is, there is no info */
	if (why && !a->quiet && (a->info || r == -LXC_CHECKPOINT_EREFUSED))
		complain("%s", why);
	return r == -LXC_CHECKPOINT_EFAILED ? EXIT_FAILED : EXIT_REFUSED;
}

static int run(const struct arguments *a)
{
	struct lxc_container *c;
	int r, status = EXIT_OK;

	if (init_log(a) < 0)
		return refuse(a, NULL, "cannot write the log %s", a->log_file ? a->log_file : "");
	c = open_container(a);
	if (!c)
		return EXIT_REFUSED;
	if (a->check)
		r = do_check(c, a);
	else
		r = a->restore ? do_restore(c, a, &status) : do_checkpoint(c, a);
	if (r < 0) {
		const char *why = lxc_checkpoint_error(c);

		/* what a check has found is its answer, and stands on stdout */
		if (!a->quiet && (!a->check || r == -LXC_CHECKPOINT_EINVAL))
			complain("%s", why ? why : "failed");
		status = status_of_error(r);
	}
	lxc_container_put(c);
	return status;
}

int main(int argc, char *argv[])
{
	struct arguments a = {0};
	int r;

	answer_begin();
	r = parse(&a, argc, argv);
	/* who started us may ignore it, and then nobody's status can be had */
	signal(SIGCHLD, SIG_DFL);

	if (r < 0)
		r = validate(&a);
	if (r < 0)
		r = a.info || a.verify ? look(&a) : run(&a);
	free(a.force);
	free(a.lxcpath);
	return answer_end(r);
}
