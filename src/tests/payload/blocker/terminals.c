/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Terminals and sessions. Modes of blocker.c, which runs as a process of the container. */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>

#include "blocker.h"

/* A session on a pty of the container; its leader has /dev/tty open, as a shell does. */
static void pty_session(bool foreground)
{
	int sync[2], master = posix_openpt(O_RDWR | O_NOCTTY);
	char c;

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	CHECK(pipe(sync) == 0);
	if (child() == 0) {
		int slave;

		setsid();
		slave = open(ptsname(master), O_RDWR);
		CHECK(slave >= 0);
		CHECK(ioctl(slave, TIOCSCTTY, 0) == 0);
		close(master);
		CHECK(open("/dev/tty", O_RDWR) >= 0);
		if (!foreground) {
			pid_t job = sleeping_child();

			CHECK(setpgid(job, job) == 0);
			signal(SIGTTOU, SIG_IGN);
			CHECK(tcsetpgrp(slave, job) == 0);
		}
		CHECK(write(sync[1], "x", 1) == 1);
		sleeper(NULL);
	}
	CHECK(read(sync[0], &c, 1) == 1);
}

static void pty_exclusive(void)
{
	int slave, master = posix_openpt(O_RDWR | O_NOCTTY);

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	CHECK(slave >= 0 && ioctl(slave, TIOCEXCL) == 0);
}

static void pty_shell(void)
{
	pty_session(true);
}

static void pty_job(void)
{
	pty_session(false);
}

/* A shell with job control on one of the container's own terminals. */
static void tty_shell(void)
{
	int sync[2];
	char c;

	CHECK(pipe(sync) == 0);
	if (child() == 0) {
		int slave;

		setsid();
		slave = open("/dev/tty3", O_RDWR | O_NOCTTY);
		CHECK(slave >= 0);
		CHECK(ioctl(slave, TIOCSCTTY, 1) == 0);
		CHECK(open("/dev/tty", O_RDWR) >= 0);
		CHECK(write(sync[1], "x", 1) == 1);
		sleeper(NULL);
	}
	CHECK(read(sync[0], &c, 1) == 1);
}

static void tty_getty(void)
{
	CHECK(open("/dev/tty3", O_RDWR | O_NOCTTY) >= 0);
}

/* A terminal whose other end nobody has. */
static void pty_without_master(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	CHECK(slave >= 0);
	close(master);
}

static void other_devpts(void)
{
	int master, unlock = 0;

	CHECK(mkdir("/tmp/pts", 0755) == 0 || errno == EEXIST);
	CHECK(mount("devpts", "/tmp/pts", "devpts", 0, "newinstance,ptmxmode=0666") == 0);
	master = open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY);
	CHECK(master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0);
	CHECK(open("/tmp/pts/0", O_RDWR | O_NOCTTY) >= 0);
}

const struct mode terminals_modes[] = {
	{"other-devpts", other_devpts},
	{"pty-exclusive", pty_exclusive},
	{"pty-job", pty_job},
	{"pty-shell", pty_shell},
	{"pty-without-master", pty_without_master},
	{"tty-getty", tty_getty},
	{"tty-shell", tty_shell},
	{0},
};
