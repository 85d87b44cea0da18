/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks at the TCP sockets of another process, and strikes while they are in repair mode, in
 * which CRIU has them from when it looks at them until it lets go of them. On the host:
 *
 *   repair show PID                        a line for each: inode, state, SO_REUSEADDR, repair
 *   repair strike PID DIR USEC|code:PID criu|command...
 *       SIGKILL to whoever traces PID, or to its parent, when a connection of PID is in repair
 *       mode and some MiB of memory are in DIR, and USEC microseconds have gone by then, or
 *       the code that CRIU has put into the other PID has been told to do something, which
 *       it can only begin some time after the kill;
 *       says "struck", or "late" if it is no more in repair mode, or most of the memory
 *       is written
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 60
#define FIRST  (8 * 1024 * 1024)
#define LAST   (256 * 1024 * 1024)
#define HELD_S 0.3
#define TOLD_S 0.002
#define CODE_S 0.2

static int option(int sock, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(sock, level, name, &value, &len) < 0 ? -1 : value;
}

static int state(int sock)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ? -1 : info.tcpi_state;
}

/* Calls fn for each of PID's TCP sockets until it returns 1; whether it did. */
static int each_socket(pid_t pid, int (*fn)(int sock))
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), found = 0;
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (pidfd >= 0 && dir && !found && (e = readdir(dir))) {
		int sock = *e->d_name == '.' ? -1
					     : (int)syscall(SYS_pidfd_getfd, pidfd,
							    (int)strtol(e->d_name, NULL, 10), 0);

		if (sock >= 0 && option(sock, IPPROTO_TCP, TCP_REPAIR) >= 0)
			found = fn(sock);
		if (sock >= 0)
			close(sock);
	}
	if (dir)
		closedir(dir);
	if (pidfd >= 0)
		close(pidfd);
	return found;
}

static int show(int sock)
{
	struct stat st;

	if (fstat(sock, &st) == 0)
		printf("%llu %d %d %d\n", (unsigned long long)st.st_ino, state(sock),
		       option(sock, SOL_SOCKET, SO_REUSEADDR),
		       option(sock, IPPROTO_TCP, TCP_REPAIR));
	return 0;
}

static int in_repair(int sock)
{
	return state(sock) == TCP_ESTABLISHED && option(sock, IPPROTO_TCP, TCP_REPAIR) == 1;
}

/* A field of /proc/PID/status. */
static pid_t status_of(pid_t pid, const char *field)
{
	char path[64], line[256];
	pid_t found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, field, strlen(field)) == 0)
			found = (pid_t)strtol(line + strlen(field), NULL, 10);
	if (f)
		fclose(f);
	return found;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is written of the largest process, whose memory CRIU is at for some time. */
static off_t pages(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *e;
	struct stat st;
	off_t most = 0;

	while (dir && (e = readdir(dir)))
		if (strncmp(e->d_name, "pages-", 6) == 0 &&
		    fstatat(dirfd(dir), e->d_name, &st, 0) == 0 && st.st_size > most)
			most = st.st_size;
	if (dir)
		closedir(dir);
	return most;
}

static char state_of(pid_t pid)
{
	char path[64], line[512];
	const char *end = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		end = strrchr(line, ')');
	if (f)
		fclose(f);
	return end && end[1] ? end[2] : 0;
}

/*
 * A processor for this and the other alone, this before the other: that has been woken by
 * CRIU then, and cannot do what it was woken for.
 */
struct held {
	pid_t pid; /* 0: none */
	cpu_set_t before;
};

static void hold(struct held *h)
{
	const struct sched_param first = {.sched_priority = 1};
	cpu_set_t one;
	int cpu = 0, r = sched_getaffinity(h->pid, sizeof(h->before), &h->before);

	while (r == 0 && cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &h->before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (r < 0 || sched_setaffinity(h->pid, sizeof(one), &one) < 0 ||
	    sched_setaffinity(0, sizeof(one), &one) < 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &first) < 0) {
		perror("cannot hold it");
		exit(2);
	}
}

static void spin(double seconds)
{
	double end = now() + seconds;

	while (now() < end)
		continue;
}

static void wait_until_told(const struct held *h)
{
	double end = now() + CODE_S;

	while (state_of(h->pid) != 'R' && now() < end)
		continue;
}

/* Of the messages that come at once the first means nothing: that may have its way. */
static void wait_for_code(struct held *h)
{
	hold(h);
	wait_until_told(h);
	usleep(60);
	wait_until_told(h);
	/* a descriptor comes behind it */
	spin(TOLD_S);
}

/* As long as it takes CRIU to be gone */
static void let_go(const struct held *h)
{
	spin(HELD_S);
	sched_setaffinity(h->pid, sizeof(h->before), &h->before);
}

static int strike(pid_t pid, const char *directory, const char *when, char *victims[])
{
	const char code[] = "code:";
	struct held held = {0};
	double since, end = now() + WAIT_S, seconds = strtod(when, NULL) / 1e6;
	pid_t criu, command;

	if (strncmp(when, code, strlen(code)) == 0)
		held.pid = (pid_t)strtol(when + strlen(code), NULL, 10);

	while (pages(directory) < FIRST || !each_socket(pid, in_repair)) {
		if (now() > end || kill(pid, 0) < 0)
			return 1;
		sched_yield();
	}
	since = now();
	criu = status_of(pid, "TracerPid:");
	command = status_of(criu, "PPid:");
	if (held.pid)
		wait_for_code(&held);
	while (now() < since + seconds)
		sched_yield();
	if (criu == 0 || pages(directory) > LAST || !each_socket(pid, in_repair)) {
		if (held.pid)
			let_go(&held);
		puts("late");
		return 0;
	}
	for (; *victims; victims++)
		kill(strcmp(*victims, "criu") == 0 ? criu : command, SIGKILL);
	if (held.pid)
		let_go(&held);
	puts("struck");
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "show") == 0)
		return each_socket((pid_t)strtol(argv[2], NULL, 10), show);
	if (argc > 5 && strcmp(argv[1], "strike") == 0)
		return strike((pid_t)strtol(argv[2], NULL, 10), argv[3], argv[4], argv + 5);
	fprintf(stderr, "Usage: repair show PID | strike PID DIR USEC|code:PID criu|command...\n");
	return 2;
}
