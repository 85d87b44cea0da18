/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "state.h"

static int master, slave;
static char name[64];
static pid_t child;

static void open_pty(void)
{
	struct winsize size = {33, 101, 7, 8};
	struct termios t;

	master = TRY(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	TRY(grantpt(master));
	TRY(unlockpt(master));
	errno = ptsname_r(master, name, sizeof(name));
	if (errno)
		cannot("ptsname");
	slave = TRY(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
	TRY(ioctl(master, TIOCSWINSZ, &size));
	TRY(tcgetattr(slave, &t));
	t.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	t.c_iflag |= IXANY;
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_cc[VINTR] = 7;
	t.c_cc[VMIN] = 1;
	TRY(tcsetattr(slave, TCSANOW, &t));
}

static void passes(int from, int to, const char *text)
{
	struct pollfd p = {.fd = to, .events = POLLIN};
	char found[64] = "";

	if (write(from, text, strlen(text)) < 0)
		complain("writing: %s", strerror(errno));
	if (poll(&p, 1, 60000) != 1 || read(to, found, sizeof(found) - 1) < 0)
		complain("nothing comes");
	same_text("what comes", text, found);
}

static void verify_pty(void)
{
	struct winsize size = {0};
	struct termios t = {0};
	char now[64] = "";
	int n = -1;

	ioctl(slave, TIOCGWINSZ, &size);
	same("the rows", 33, size.ws_row);
	same("the columns", 101, size.ws_col);
	same("the pixels", 7 * 8, size.ws_xpixel * size.ws_ypixel);
	if (tcgetattr(slave, &t) < 0)
		complain("no settings: %s", strerror(errno));
	same("ECHO and ICANON", 0, t.c_lflag & (ECHO | ICANON));
	same("IXANY", IXANY, t.c_iflag & IXANY);
	same("OPOST", 0, t.c_oflag & OPOST);
	same("VINTR", 7, t.c_cc[VINTR]);
	ptsname_r(master, now, sizeof(now));
	same_text("the name", name, now);
	same("TIOCGPTLCK", 0, ioctl(master, TIOCGPTLCK, &n) | n);
	passes(master, slave, "down");
	passes(slave, master, "up");
}

static void await_data(int fd, int len)
{
	int n = 0;

	while (ioctl(fd, FIONREAD, &n) == 0 && n < len)
		usleep(1000);
}

static void fill(void)
{
	if (write(master, "down", 4) != 4 || write(slave, "up", 2) != 2)
		complain("writing: %s", strerror(errno));
	await_data(slave, 4);
	await_data(master, 2);
}

static void set_data(void)
{
	open_pty();
	fill();
}

static void same_read(int fd, const char *wanted)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char found[16] = "";

	if (poll(&p, 1, 0) != 1)
		complain("\"%s\" is not there", wanted);
	else if (read(fd, found, sizeof(found) - 1) < 0)
		complain("reading: %s", strerror(errno));
	else
		same_text("what is there", wanted, found);
}

static void verify_data(void)
{
	same_read(slave, "down");
	same_read(master, "up");
	fill();
}

/* A session whose terminal it is, with a group in the foreground. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

static void be_foreground(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGINT, &sa, NULL);
	setpgid(0, 0);
	/* not stopped by it, as who is in the background yet */
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(slave, getpid());
	for (;;) {
		while (!interrupted)
			sigsuspend(&old);
		interrupted = 0;
		if (write(slave, "!", 1) != 1)
			_exit(1);
	}
}

static void set_controlling(void)
{
	open_pty();
	TRY(ioctl(slave, TIOCSCTTY, 0));
	child = start_child(be_foreground);
	await_call(child, SYS_rt_sigsuspend);
}

static void verify_controlling(void)
{
	char found = 0;
	struct pollfd p = {.fd = master, .events = POLLIN};
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		complain("no controlling terminal: %s", strerror(errno));
	close(fd);
	same("its session", getpid(), tcgetsid(slave));
	same("its foreground", child, tcgetpgrp(slave));
	if (write(master, "\7", 1) != 1 || poll(&p, 1, 60000) != 1 || read(master, &found, 1) != 1)
		complain("nobody is interrupted");
}

/* The slave is closed: only the master is there. */
static void set_master(void)
{
	open_pty();
	close(slave);
}

static void verify_master(void)
{
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		complain("its slave: %s", strerror(errno));
		return;
	}
	verify_pty();
	close(slave);
}

static void set_packet_mode(void)
{
	int one = 1;

	open_pty();
	TRY(ioctl(master, TIOCPKT, &one));
	TRY(ioctl(slave, TIOCEXCL));
}

static void verify_packet_mode(void)
{
	int on = 0;

	ioctl(master, TIOCGPKT, &on);
	same("TIOCPKT", 1, on);
	on = 0;
	ioctl(slave, TIOCGEXCL, &on);
	same("TIOCEXCL", 1, on);
}

const struct kind terminal_kinds[] = {
	{"pty", open_pty, verify_pty, NULL},
	{"pty-unread", set_data, verify_data, NULL},
	{"pty-controlling", set_controlling, verify_controlling, NULL},
	{"pty-master-only", set_master, verify_master, NULL},
	{"pty-packet-mode", set_packet_mode, verify_packet_mode, NULL},
	{0},
};
