/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The only place that runs CRIU: descriptors, waiting, and what came of it. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "criu.h"
#include "criu/log.h"
#include "sys/inherited.h"
#include "sys/process.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/text.h"

#define TICK_MS	     200
#define ORPHANS_MS   1000
#define CLEANUP_MS   5000
#define LOG_TAIL_MAX (8 * 1024 * 1024)

#define LOG_MAX	      (256 * 1024 * 1024) /* no log comes near it */
#define VERBOSITY_LOW 2			  /* of nothing but errors and warnings */

struct run {
	const struct criu_job *job;
	const struct criu_events *events;
	pid_t pid;
	int pidfd;
	int from_script[2];  /* the callback writes, we read */
	int to_script[2];    /* our answers */
	int output;	     /* what CRIU says before it has a log */
	bool refused_action; /* an action handler said no: that is the cause, not CRIU's log */
	bool cancelled;
	int64_t killed_at;	    /* it is to have ended by then; 0: it is not being ended */
	struct error *action_error; /* why; NULL where it did not say */
};

static void run_clear(struct run *r)
{
	fd_close(&r->pidfd);
	for (int i = 0; i < 2; i++) {
		fd_close(&r->from_script[i]);
		fd_close(&r->to_script[i]);
	}
	fd_close(&r->output);
	error_free(r->action_error);
}

unsigned int criu_verbosity_for(unsigned int wanted, uint64_t limit)
{
	return limit < LOG_MAX && wanted > VERBOSITY_LOW ? VERBOSITY_LOW : wanted;
}

char *libexec_path(const char *program)
{
	const char *dir = secure_getenv("LXC_CHECKPOINT_LIBEXEC");

	return xasprintf("%s/%s", dir && *dir ? dir : LXC_CHECKPOINT_LIBEXECDIR, program);
}

static const char *verb_name(const struct criu_job *job)
{
	return job->verb == CRIU_RESTORE ? "restore" : "dump";
}

/*
 * CRIU has tar save and restore what is in a tmpfs, and asks it for no more than modes and
 * owners: also for extended attributes (file capabilities are one), ACLs and nanoseconds. Access
 * and inode times would only make it larger. A tar that knows none of it does not look at this.
 */
#define TAR_OPTIONS                                                                                \
	"TAR_OPTIONS=--xattrs --xattrs-include=* --acls --format=posix "                           \
	"--pax-option=delete=atime,delete=ctime"

/* CRIU runs ip, tar and nft by their names; cron jobs and services may have no sbin there. */
static void add_path(struct strv *env, bool firewall_quick)
{
	const char *path = getenv("PATH");
	_cleanup_free_ char *first = firewall_quick ? libexec_path("criu-path:") : NULL;

	strv_add(env, "PATH=%s%s%s/usr/sbin:/usr/bin:/sbin:/bin", first ? first : "",
		 path ? path : "", path && *path ? ":" : "");
}

/* Drops variables that change what CRIU's tools do, and our own. */
static bool is_kept(const char *variable)
{
	static const char *const dropped[] = {
		"LXC_CHECKPOINT_",
		"CRTOOLS_",
		"CRIU_CONFIG_FILE=",
		"CR_IP_TOOL=",
		"CR_IPTABLES=",
		"CR_IP6TABLES=",
		"TAR_OPTIONS=",
		"GZIP=",
		"PATH=",
		/* it may be us who are preloaded, and there is nothing for us in CRIU */
		"LD_PRELOAD=",
	};

	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0)
			return false;
	return true;
}

/* The caller's environment without our own names, and with what the callback needs. */
static struct strv run_environment(const struct run *r)
{
	struct strv env = {0};

	for (char **e = environ; e && *e; e++)
		if (is_kept(*e))
			strv_add(&env, "%s", *e);
	add_path(&env, r->job->firewall_quick);
	strv_add(&env, "%s", TAR_OPTIONS);
	strv_add(&env, "LXC_CHECKPOINT_VERB=%s", verb_name(r->job));
	if (r->events->actions && r->events->action) {
		strv_add(&env, "LXC_CHECKPOINT_NOTIFY=%d:%d", r->from_script[1], r->to_script[0]);
		strv_add(&env, "LXC_CHECKPOINT_NOTIFY_ACTIONS=%s", r->events->actions);
	}
	for (const char *const *e = r->events->environment; e && *e; e++)
		strv_add(&env, "%s", *e);
	return env;
}

/*
 * In the child. The host program may be anything (python, a daemon with
 * threads): nothing of its descriptors or signal set-up may reach CRIU, which
 * would take inherited descriptors for its own.
 */
_Noreturn static void exec_criu(const struct run *r, char *const argv[], char *const envp[])
{
	const struct criu_job *job = r->job;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	reset_signals();
	limits_raise();
	/* see run_cancel() */
	signal(SIGXFSZ, SIG_IGN);
	setpgid(0, 0);
	if (null < 0 || fd_place(null, STDIN_FILENO) < 0 ||
	    fd_place(r->output, STDOUT_FILENO) < 0 || fd_place(r->output, STDERR_FILENO) < 0)
		_exit(127);
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	fd_set_cloexec(r->from_script[1], false);
	fd_set_cloexec(r->to_script[0], false);
	if (job->image_fd > STDERR_FILENO)
		fd_set_cloexec(job->image_fd, false);
	for (const int *fd = r->events->locks; fd && *fd >= 0; fd++)
		fd_set_cloexec(*fd, false);
	if (job->verb == CRIU_RESTORE) {
		/* what CRIU does not set the restored processes would have for good */
		settings_reset();
		for (size_t i = 0; i < job->facts->n_ttys; i++)
			fd_set_cloexec(job->tty_ends[i].slave_fd, false);
	} else {
		/* an image holds whatever memory held */
		umask(077);
	}
	if (r->events->prepare && r->events->prepare(r->events->userdata) < 0)
		_exit(126);
	execve(argv[0], argv, envp);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int open_channels(struct run *r)
{
	if (pipe2(r->from_script, O_CLOEXEC) < 0 || pipe2(r->to_script, O_CLOEXEC) < 0)
		return -errno;
	r->output = memfd_create("criu-output", MFD_CLOEXEC);
	if (r->output < 0 || fd_above_standard(&r->output) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		if (fd_above_standard(&r->from_script[i]) < 0 ||
		    fd_above_standard(&r->to_script[i]) < 0)
			return -errno;
	return 0;
}

static int run_start(struct run *r, struct error **reterr)
{
	_cleanup_strv_ struct strv argv = criu_argv(r->job);
	_cleanup_strv_ struct strv env = {0};

	if (open_channels(r) < 0)
		return error_errno(reterr, "cannot make the pipes to CRIU");
	env = run_environment(r);
	/* an earlier run's would be taken for this one's */
	unlinkat(r->job->image_fd, r->job->log_file, 0);
	r->pid = fork_quietly();
	if (r->pid < 0)
		return error_errno(reterr, "cannot start CRIU");
	if (r->pid == 0)
		exec_criu(r, argv.v, env.v);

	/* The other reading end stays: an answer to a CRIU that has just died is no SIGPIPE. */
	fd_close(&r->from_script[1]);
	r->pidfd = pidfd_open_pid(r->pid);
	if (r->pidfd < 0) {
		int e = errno;

		kill(r->pid, SIGKILL);
		wait_status(r->pid);
		return error_set(reterr, e, "cannot watch CRIU: %s", strerror(e));
	}
	if (r->events->started)
		r->events->started(r->pid, r->events->userdata);
	return 0;
}

static bool run_ask(struct run *r, const char *action, pid_t pid)
{
	const struct criu_events *e = r->events;

	return e->action && e->action(action, pid, e->userdata, &r->action_error) == 0;
}

static bool is_word_of(const char *word, const char *words)
{
	const size_t len = strlen(word);

	for (const char *w = words; w && *w; w += strcspn(w, " "), w += strspn(w, " "))
		if (strcspn(w, " ") == len && strncmp(w, word, len) == 0)
			return true;
	return false;
}

/*
 * "ACTION PID". The answer names the action, because it may come when the callback that has asked
 * was killed, and the next one is not to take it for its own.
 */
static void run_answer(struct run *r, char *line)
{
	char *save = NULL;
	const char *action = strtok_r(line, " ", &save), *pid = strtok_r(NULL, " ", &save);
	_cleanup_free_ char *answer = NULL;
	bool agreed, last;

	if (!action)
		return;
	last = is_word_of(action, r->events->last_actions);
	agreed = pid && run_ask(r, action, (pid_t)strtol(pid, NULL, 10));
	if (!agreed)
		r->refused_action = true;
	if (r->refused_action && last)
		kill(r->pid, SIGKILL);
	answer = xasprintf("%s %s\n", agreed ? "ok" : "no", action);
	write_all(r->to_script[1], answer, strlen(answer));
}

/* Whole lines, since the callback writes one at once, and never many. */
static void run_listen(struct run *r)
{
	char lines[4096], *save = NULL;
	ssize_t n = read(r->from_script[0], lines, sizeof(lines) - 1);

	if (n <= 0) {
		fd_close(&r->from_script[0]);
		return;
	}
	lines[n] = '\0';
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		run_answer(r, line);
}

static ino_t program_of(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/exe", (int)pid);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* CRIU waits for the callback, which may wait for something. Its own helpers it ends itself. */
static void end_scripts(pid_t criu)
{
	_cleanup_closedir_ DIR *proc = directory_at(AT_FDCWD, "/proc");
	const ino_t program = program_of(criu);
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		_cleanup_close_ int pidfd =
			pid > 0 && pid != criu && getpgid(pid) == criu ? pidfd_open_pid(pid) : -1;

		/* once more, now that it is known to be the same process */
		if (pidfd >= 0 && getpgid(pid) == criu && program_of(pid) != program)
			syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	}
}

/*
 * A CRIU that is killed leaves what it has made beside processes: files that were deleted and
 * open have names while it restores them, and no other restore could make them.
 */
static void run_end(struct run *r)
{
	const struct criu_events *e = r->events;

	r->refused_action = true;
	if (r->killed_at == 0)
		r->killed_at = e->give_up && e->give_up(r->pid, e->userdata)
				       ? monotonic_ms() + CLEANUP_MS
				       : monotonic_ms();
	if (monotonic_ms() < r->killed_at) {
		end_scripts(r->pid);
		return;
	}
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
}

/* Ended by the caller's wish. */
static void run_heed(struct run *r, int (*ask)(void *, struct error **))
{
	if (ask(r->events->userdata, r->action_error ? NULL : &r->action_error) < 0)
		run_end(r);
}

/*
 * Who was killed leaves its helpers and the callback behind, which would go on with what
 * they were at while we mend it. All are in its process group; of a dump nothing else is,
 * and of a restore nothing that is to stay.
 */
static bool end_orphans(const struct run *r)
{
	siginfo_t info = {0};

	/* until it is waited for, its number, and so the group's, is not given to another */
	return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOWAIT) == 0 &&
	       info.si_code != CLD_EXITED && kill(-r->pid, SIGKILL) == 0;
}

static int run_reap(struct run *r)
{
	bool killed = end_orphans(r);
	int status = wait_status(r->pid);

	/* of a restore it is the caller who waits for what is left */
	for (int ms = 0; killed && r->job->verb != CRIU_RESTORE && ms < ORPHANS_MS; ms++) {
		if (kill(-r->pid, 0) < 0)
			break;
		poll(NULL, 0, 1);
	}
	return status;
}

/*
 * Of a CRIU that is killed while its code is in processes some may die with it. One that
 * cannot write takes its code out of them, puts the network back, and ends.
 */
static void run_cancel(struct run *r)
{
	_cleanup_error_ struct error *why = NULL;
	enum criu_cancel how =
		r->cancelled ? CRIU_GO_ON : r->events->cancel(r->events->userdata, &why);
	struct rlimit files;

	if (how == CRIU_GO_ON)
		return;
	r->cancelled = true;
	r->refused_action = true;
	if (!r->action_error)
		r->action_error = TAKE_PTR(why);
	if (!r->action_error)
		error_set(&r->action_error, ECANCELED, "interrupted");
	if (how == CRIU_KILL) {
		kill(-r->pid, SIGKILL);
		kill(r->pid, SIGKILL);
	} else if (prlimit(r->pid, RLIMIT_FSIZE, NULL, &files) == 0) {
		files.rlim_cur = 0;
		prlimit(r->pid, RLIMIT_FSIZE, &files, NULL);
	}
}

static int run_wait(struct run *r)
{
	const bool ticks = r->events->tick || r->events->cancel;

	for (;;) {
		struct pollfd p[3] = {
			{.fd = r->pidfd, .events = POLLIN},
			{.fd = r->events->action ? r->from_script[0] : -1, .events = POLLIN},
			{.fd = r->events->serve ? r->events->serve_fd : -1, .events = POLLIN},
		};
		int n = poll(p, 3, ticks ? TICK_MS : -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && (p[1].revents & (POLLIN | POLLHUP)))
			run_listen(r);
		if (n > 0 && p[0].revents)
			return run_reap(r);
		if (n > 0 && r->events->serve && p[2].revents)
			run_heed(r, r->events->serve);
		if (r->events->cancel)
			run_cancel(r);
		if (r->events->tick)
			run_heed(r, r->events->tick);
	}
}

static ssize_t read_tail(const char *path, char **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > LOG_TAIL_MAX && lseek(fd, st.st_size - LOG_TAIL_MAX, SEEK_SET) < 0)
		return -errno;
	return read_all(fd, LOG_TAIL_MAX + 4096, ret);
}

/* Which one it was, and what can be done. */
static void tell_timeout(const struct run *r, const struct criu_cause *cause, struct error **reterr)
{
	unsigned int seconds = r->job->timeout ? r->job->timeout : CRIU_TIMEOUT;
	_cleanup_free_ char *path = xasprintf("/proc/%d/comm", (int)cause->waited_for);
	_cleanup_free_ char *name = NULL;
	_cleanup_free_ char *who = NULL;

	error_wrap(reterr, ETIMEDOUT, "its processes did not all stop within %u s", seconds);
	if (cause->waited_for && read_file_at(AT_FDCWD, path, 64, &name) > 0) {
		name[strcspn(name, "\n")] = '\0';
		make_printable(name);
		who = xasprintf("process %d (%s) waits in the kernel: see what for (cat "
				"/proc/%d/stack), ",
				(int)cause->waited_for, name, (int)cause->waited_for);
	}
	error_set_hint(reterr, "%stry again later, or with a larger --timeout", who ? who : "");
}

/* CRIU's log where it came to one, else what it printed. */
static void run_cause(const struct run *r, bool has_said, struct error **reterr)
{
	_cleanup_free_ char *log = xasprintf("%s/%s", r->job->image_dir, r->job->log_file);
	_cleanup_free_ char *text = NULL;
	struct criu_cause cause;
	bool has_log = true;
	ssize_t n = read_tail(log, &text);

	if (n <= 0) {
		free(TAKE_PTR(text));
		has_log = false;
		n = lseek(r->output, 0, SEEK_SET) < 0 ? -1
						      : read_all(r->output, LOG_TAIL_MAX, &text);
	}
	if (n <= 0)
		return;
	if (has_log)
		error_set_log(reterr, log);
	criu_log_cause(text, (size_t)n, &cause);
	if (!has_said && !cause.timed_out) {
		criu_cause_clear(&cause);
		return;
	}
	error_set_detail(reterr, cause.lines);
	if (cause.hint)
		error_set_hint(reterr, "%s", cause.hint);
	if (cause.timed_out && r->job->verb != CRIU_RESTORE)
		tell_timeout(r, &cause, reterr);
	if (reterr && *reterr) {
		(*reterr)->passing = cause.passing;
		(*reterr)->racing = cause.racing;
	}
	criu_cause_clear(&cause);
}

/*
 * For a host program that ignores SIGCHLD, or waits for whatever child it finds:
 * CRIU's status is lost then. The last thing that it logs is its success.
 */
static bool log_says_success(const struct run *r)
{
	_cleanup_free_ char *log = xasprintf("%s/%s", r->job->image_dir, r->job->log_file);
	_cleanup_free_ char *text = NULL;

	return read_tail(log, &text) > 0 && strstr(text, " finished successfully") != NULL;
}

static int run_outcome(struct run *r, int status, struct error **reterr)
{
	_cleanup_free_ char *how = NULL;

	if (status == -ECHILD && log_says_success(r))
		return 0;

	if (status < 0)
		return error_set(reterr, -status, "cannot wait for CRIU: %s", strerror(-status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (r->refused_action)
		/* CRIU only obeyed */
		return error_move(reterr, &r->action_error, ECANCELED);
	how = status_text(status);
	error_set(reterr, EIO, "criu %s %s", verb_name(r->job), how);
	/* one that was killed had no time to say why: what it logged last is no cause */
	run_cause(r, WIFEXITED(status), reterr);
	return -EIO;
}

int criu_run(const struct criu_job *job, const struct criu_events *events, struct error **reterr)
{
	struct run r = {
		.job = job,
		.events = events,
		.pidfd = -1,
		.from_script = {-1, -1},
		.to_script = {-1, -1},
		.output = -1,
	};
	int ret = run_start(&r, reterr);

	if (ret == 0)
		ret = run_outcome(&r, run_wait(&r), reterr);
	run_clear(&r);
	return ret;
}
