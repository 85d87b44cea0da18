/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/file.h>
#include <sys/stat.h>

#include "state.h"

/* What is locked is asked for by a child of its own for each question. */
static int fd;

/* The exit status of a process that runs this; -1 if it has none. */
static int status_of(void (*run)(void))
{
	int status = 0;
	pid_t pid = start_child(run);

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_file(void)
{
	fd = TRY(open("locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	TRY(ftruncate(fd, 1000));
}

/* --- flock ---------------------------------------------------------------- */

static void try_flock(int how)
{
	int other = open("locked", O_RDWR | O_CLOEXEC);

	_exit(flock(other, how | LOCK_NB) < 0 ? errno : 0);
}

static void try_exclusive(void)
{
	try_flock(LOCK_EX);
}

static void try_shared(void)
{
	try_flock(LOCK_SH);
}

static void set_flock(void)
{
	open_file();
	TRY(flock(fd, LOCK_EX));
}

static void verify_flock(void)
{
	same("another's lock", EWOULDBLOCK, status_of(try_shared));
	/* and is really this one's */
	flock(fd, LOCK_UN);
	same("another's lock after it", 0, status_of(try_exclusive));
	flock(fd, LOCK_EX);
}

static void set_flock_shared(void)
{
	open_file();
	TRY(flock(fd, LOCK_SH));
}

static void verify_flock_shared(void)
{
	same("another's shared lock", 0, status_of(try_shared));
	same("another's exclusive lock", EWOULDBLOCK, status_of(try_exclusive));
}

/* --- ranges --------------------------------------------------------------- */

struct range {
	short type;
	long start, len;
};

static const struct range ranges[] = {{F_WRLCK, 10, 10}, {F_RDLCK, 100, 50}, {F_WRLCK, 500, 0}};

static void lock_ranges(int how)
{
	for (int i = 0; i < 3; i++) {
		struct flock l = {.l_type = ranges[i].type,
				  .l_whence = SEEK_SET,
				  .l_start = ranges[i].start,
				  .l_len = ranges[i].len};

		TRY(fcntl(fd, how, &l));
	}
}

static struct flock answer;

static void ask_range(int how, short type, long start)
{
	int other = open("locked", O_RDWR | O_CLOEXEC);
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
	int out = open("answer", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fcntl(other, how, &l) < 0 || write(out, &l, sizeof(l)) != sizeof(l))
		_exit(errno);
	_exit(0);
}

static long at;

static void ask_posix(void)
{
	ask_range(F_GETLK, F_WRLCK, at);
}

static void ask_ofd(void)
{
	ask_range(F_OFD_GETLK, F_WRLCK, at);
}

static void verify_ranges(void (*ask)(void), long owner)
{
	static const long probes[] = {5, 15, 25, 120, 160, 700};

	for (int i = 0; i < 6; i++) {
		int in = -1, r;
		const struct range *range = i == 1   ? &ranges[0]
					    : i == 3 ? &ranges[1]
					    : i == 5 ? &ranges[2]
						     : NULL;

		at = probes[i];
		r = status_of(ask);
		in = open("answer", O_RDONLY | O_CLOEXEC);
		if (r != 0 || read(in, &answer, sizeof(answer)) != sizeof(answer))
			complain("asking for byte %ld: %s", at, strerror(r));
		close(in);
		same("the type", range ? range->type : F_UNLCK, answer.l_type);
		if (!range)
			continue;
		same("the start", range->start, answer.l_start);
		same("the length", range->len, answer.l_len);
		same("the owner", owner, answer.l_pid);
	}
}

static void set_posix_locks(void)
{
	open_file();
	lock_ranges(F_SETLK);
}

static void verify_posix_locks(void)
{
	verify_ranges(ask_posix, getpid());
}

static void set_ofd_locks(void)
{
	open_file();
	lock_ranges(F_OFD_SETLK);
}

static void verify_ofd_locks(void)
{
	verify_ranges(ask_ofd, -1);
}

/* --- leases --------------------------------------------------------------- */

static void break_lease(void)
{
	_exit(open("locked", O_WRONLY | O_NONBLOCK | O_CLOEXEC) < 0 ? errno : 0);
}

static void set_lease(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	TRY(sigprocmask(SIG_BLOCK, &set, NULL));
	open_file();
	close(fd);
	fd = TRY(open("locked", O_RDONLY | O_CLOEXEC));
	TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static void verify_lease(void)
{
	struct timespec minute = {60, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	same("the lease", F_RDLCK, fcntl(fd, F_GETLEASE));
	same("opening for writing", EWOULDBLOCK, status_of(break_lease));
	if (sigtimedwait(&set, NULL, &minute) < 0)
		complain("no signal says that it is broken");
	fcntl(fd, F_SETLEASE, F_UNLCK);
	fcntl(fd, F_SETLEASE, F_RDLCK);
}

const struct kind lock_kinds[] = {
	{"flock", set_flock, verify_flock, NULL},
	{"flock-shared", set_flock_shared, verify_flock_shared, NULL},
	{"posix-locks", set_posix_locks, verify_posix_locks, NULL},
	{"ofd-locks", set_ofd_locks, verify_ofd_locks, NULL},
	{"lease", set_lease, verify_lease, NULL},
	{0},
};
