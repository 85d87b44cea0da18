/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nested MODE READY: a process of a container that makes itself mounts, mostly in a mount
 * namespace of its own, opens a file and a terminal there, writes its number to READY (a
 * file that it has opened before), and sleeps. What it looks like is seen from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "nested: line %d: %s: %s\n", __LINE__, #x,                 \
				strerror(errno));                                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void copy_program(const char *to)
{
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY),
	    out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	ssize_t n;

	CHECK(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		CHECK(write(out, buf, (size_t)n) == n);
	close(in);
	close(out);
}

static void propagation(unsigned long how)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | how, NULL) == 0);
}

static void own(unsigned long how)
{
	CHECK(unshare(CLONE_NEWNS) == 0);
	if (how)
		propagation(how);
}

static void private(void)
{
	own(MS_PRIVATE);
}

/* what it shares with the container it hears of */
static void slave(void)
{
	propagation(MS_SHARED);
	own(MS_SLAVE);
}

static void slave_shared(void)
{
	slave();
	propagation(MS_SHARED);
}

static void shared(void)
{
	propagation(MS_SHARED);
	own(0);
}

static void own_mounts(void)
{
	private();
	CHECK(mount("none", "/tmp", "tmpfs", MS_NOSUID, "mode=1777") == 0);
	CHECK(mount("/bin", "/tmp", NULL, MS_BIND, NULL) == 0);
}

/* a tracefs that is nowhere else */
static void own_tracefs(void)
{
	private();
	CHECK(mount("none", "/mnt", "tracefs", MS_NOSUID, NULL) == 0);
	CHECK(mount("/mnt/events", "/tmp", NULL, MS_BIND, NULL) == 0);
}

/* a /dev with the container's terminals at other places */
static void own_dev(void)
{
	private();
	mkdir("/dev/own", 0755);
	CHECK(mount("none", "/tmp", "tmpfs", MS_NOSUID, "mode=755") == 0);
	make_file("/tmp/null", "");
	make_file("/tmp/tty1", "");
	make_file("/tmp/second", "");
	make_file("/tmp/console", "");
	CHECK(mount("/dev/null", "/tmp/null", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/dev/tty1", "/tmp/tty1", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/dev/tty2", "/tmp/second", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/dev/console", "/tmp/console", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/tmp", "/dev", NULL, MS_MOVE, NULL) == 0);
	CHECK(symlink("second", "/dev/tty2") == 0);
}

static void pivot(const char *to)
{
	CHECK(chdir(to) == 0);
	mkdir("bin", 0755);
	mkdir("old", 0755);
	mkdir("dev", 0755);
	copy_program("bin/nested");
	make_file("file", "of the other root\n");
	CHECK(mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(syscall(SYS_pivot_root, ".", "old") == 0);
	CHECK(chdir("/") == 0);
	CHECK(umount2("/old", MNT_DETACH) == 0);
}

static void pivot_tmpfs(void)
{
	private();
	mkdir("/nested.tmpfs", 0755);
	CHECK(mount("none", "/nested.tmpfs", "tmpfs", 0, NULL) == 0);
	pivot("/nested.tmpfs");
}

static void pivot_bind(void)
{
	private();
	mkdir("/nested.bind", 0755);
	CHECK(mount("/nested.bind", "/nested.bind", NULL, MS_BIND, NULL) == 0);
	pivot("/nested.bind");
}

/* as systemd does for a service */
static void pivot_whole(void)
{
	propagation(MS_SHARED);
	own(MS_SLAVE);
	mkdir("/run/nested.root", 0755);
	CHECK(mount("/", "/run/nested.root", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(chdir("/run/nested.root") == 0);
	CHECK(syscall(SYS_pivot_root, ".", ".") == 0);
	CHECK(umount2(".", MNT_DETACH) == 0);
	CHECK(chdir("/") == 0);
	propagation(MS_SHARED);
	make_file("/file", "of the other root\n");
}

static void other_root(void)
{
	mkdir("/nested.chroot", 0755);
	CHECK(chdir("/nested.chroot") == 0);
	mkdir("bin", 0755);
	mkdir("dev", 0755);
	copy_program("bin/nested");
	make_file("file", "of the other root\n");
	CHECK(mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(chroot(".") == 0);
}

static const struct {
	const char *name;
	void (*set)(void);
} modes[] = {
	{"private", private},		{"slave", slave},
	{"slave-shared", slave_shared}, {"shared", shared},
	{"own-mounts", own_mounts},	{"own-dev", own_dev},
	{"own-tracefs", own_tracefs},	{"pivot-tmpfs", pivot_tmpfs},
	{"pivot-bind", pivot_bind},	{"pivot-whole", pivot_whole},
	{"chroot", other_root},
};

static void become(const char *mode)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, mode) == 0) {
			modes[i].set();
			return;
		}
	}
	fprintf(stderr, "nested: no mode %s\n", mode);
	exit(1);
}

/* Of the program that is there now: it has to be found again too. */
static void wait_there(void)
{
	int file = open("/file", O_RDONLY), terminal;

	if (file < 0) {
		make_file("/file", "of the container\n");
		file = open("/file", O_RDONLY);
	}
	terminal = open("/dev/tty2", O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK(file >= 0 && terminal >= 0);
	CHECK(dup2(file, 20) == 20 && dup2(terminal, 21) == 21);
	close(file);
	close(terminal);
	dprintf(3, "%d\n", (int)getpid());
	close(3);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int ready;

	if (argc == 2 && strcmp(argv[1], "wait") == 0)
		wait_there();
	if (argc != 3)
		return 2;
	setsid();
	ready = open(argv[2], O_CREAT | O_TRUNC | O_WRONLY, 0644);
	CHECK(ready >= 0 && dup2(ready, 3) == 3);
	if (ready != 3)
		close(ready);
	become(argv[1]);
	execl("/bin/nested", "/bin/nested", "wait", NULL);
	CHECK(!"exec");
	return 1;
}
