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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

/*
 * A sandbox as systemd makes it: what appears in a folder of the service's own is seen in
 * /run/incoming. A file of a cgroup can be written where the others cannot, credentials are on a
 * tmpfs without links, and /proc shows only its own processes.
 */
static void sandbox(const char *service)
{
	char path[64];

	propagation(MS_SHARED);
	mkdir("/run/services", 0755);
	mkdir("/run/incoming", 0755);
	mkdir("/run/credentials", 0755);
	snprintf(path, sizeof(path), "/run/services/%s", service);
	mkdir(path, 0755);
	own(MS_SLAVE);
	CHECK(mount("none", "/run/credentials", "tmpfs",
		    MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW, "mode=700") == 0);
	make_file("/run/credentials/password", "secret\n");
	CHECK(mount(NULL, "/run/credentials", NULL,
		    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC |
			    MS_NOSYMFOLLOW,
		    NULL) == 0);
	CHECK(mount("none", "/mnt", "tmpfs", MS_RDONLY | MS_NODEV, "mode=755") == 0);
	CHECK(mount("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.procs", NULL, MS_BIND,
		    NULL) == 0);
	CHECK(mount(NULL, "/sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
	CHECK(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "hidepid=invisible,subset=pid") == 0);
	CHECK(mount(path, "/run/incoming", NULL, MS_BIND, NULL) == 0);
	propagation(MS_SHARED);
	CHECK(mount(NULL, "/run/incoming", NULL, MS_SLAVE, NULL) == 0);
}

static void sandbox_a(void)
{
	sandbox("a");
}

static void sandbox_b(void)
{
	sandbox("b b");
}

/* in the container's namespace: two folders that hear of others, and a folder of cgroups */
static void listeners(void)
{
	propagation(MS_SHARED);
	for (const char *name = "xyz"; *name; name++) {
		char from[] = "/run/from-?", to[] = "/run/to-?";

		from[sizeof(from) - 2] = to[sizeof(to) - 2] = *name;
		mkdir(from, 0755);
		mkdir(to, 0755);
		CHECK(mount(from, to, NULL, MS_BIND, NULL) == 0);
		CHECK(mount(NULL, to, NULL, MS_SLAVE, NULL) == 0);
	}
	mkdir("/sys/fs/cgroup/part", 0755);
	mkdir("/run/part", 0755);
	CHECK(mount("/sys/fs/cgroup/part", "/run/part", NULL, MS_BIND, NULL) == 0);
}

/*
 * Mounts of each kind that a process can make: with content, read-only, on top of others, of
 * single files, of parts, and /proc and /sys anew.
 */
static void many_kinds(void)
{
	private();
	mkdir("/many", 0755);
	CHECK(mount("none", "/many", "tmpfs", MS_NODEV, "mode=751,size=1m") == 0);
	mkdir("/many/part", 01770);
	make_file("/many/part/file", "with content\n");
	CHECK(symlink("part/file", "/many/link") == 0 && chown("/many/part/file", 12, 34) == 0);
	for (const char *name = "abcdefg"; *name; name++) {
		char path[] = "/many/?";

		path[sizeof(path) - 2] = *name;
		mkdir(path, 0755);
	}
	CHECK(mount("/many/part", "/many/a", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "/many/a", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOEXEC, NULL) ==
	      0);
	CHECK(mount("lower", "/many/b", "tmpfs", 0, NULL) == 0);
	make_file("/many/b/file", "of the lower one\n");
	CHECK(mount("upper", "/many/b", "tmpfs", MS_NOATIME, "mode=700") == 0);
	make_file("/many/b/file", "of the upper one\n");
	CHECK(mount("proc", "/many/c", "proc", MS_RDONLY, "hidepid=2") == 0);
	CHECK(mount("sysfs", "/many/d", "sysfs", MS_NOSUID, NULL) == 0);
	CHECK(mount("/proc", "/many/e", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(mount("/etc", "/many/f", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "/many/f", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
	CHECK(mount("/dev/null", "/proc/kmsg", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/many/part/file", "/etc/passwd", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/many", "/many/g", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "/many", NULL, MS_UNBINDABLE, NULL) == 0);
}

/* The parent exits. */
static void orphan(void)
{
	pid_t pid;

	slave_shared();
	pid = fork();
	CHECK(pid >= 0);
	if (pid > 0)
		_exit(0);
	while (getppid() != 1)
		usleep(1000);
}

/* Two of them, with a mount namespace each; the parent is not the one that says its number. */
static void second(unsigned long how)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid > 0)
		close(3);
	else
		own(how);
}

/* They share with each other, and with nobody else. */
static void peers(void)
{
	private();
	CHECK(mount("none", "/mnt", "tmpfs", 0, "mode=755") == 0);
	CHECK(mount(NULL, "/mnt", NULL, MS_SHARED, NULL) == 0);
	second(0);
}

/* The second hears of the first, which hears of the container. */
static void chain(void)
{
	slave_shared();
	second(MS_SLAVE);
}

/* A socket of a process of the container's namespace, which answers. */
static void answer(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	unlink(path);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 9) == 0);
	if (fork() > 0) {
		close(fd);
		return;
	}
	close(3);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0 && write(peer, "answer\n", 7) == 7)
			close(peer);
	}
}

static void mount_socket(const char *from, const char *to)
{
	CHECK(mount(from, to, NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, to, NULL,
		    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    NULL) == 0);
}

/*
 * As systemd mounts the journal's sockets: at another root's place, and over themselves; one is on
 * the rootfs.
 */
static void sockets(void)
{
	propagation(MS_SHARED);
	mkdir("/sockets", 0755);
	CHECK(mount("none", "/sockets", "tmpfs", MS_NOSUID, "mode=755") == 0);
	mkdir("/sockets/folder", 0755);
	answer("/sockets/folder/socket");
	answer("/own.socket");
	own(MS_SLAVE);
	CHECK(mount("none", "/mnt", "tmpfs", 0, "mode=755") == 0);
	make_file("/mnt/moved", "");
	make_file("/mnt/rootfs", "");
	mount_socket("/sockets/folder/socket", "/mnt/moved");
	mount_socket("/own.socket", "/mnt/rootfs");
	mount_socket("/sockets/folder/socket", "/sockets/folder/socket");
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
	{"private", private},
	{"slave", slave},
	{"slave-shared", slave_shared},
	{"shared", shared},
	{"own-mounts", own_mounts},
	{"own-dev", own_dev},
	{"own-tracefs", own_tracefs},
	{"pivot-tmpfs", pivot_tmpfs},
	{"pivot-bind", pivot_bind},
	{"pivot-whole", pivot_whole},
	{"chroot", other_root},
	{"sandbox-a", sandbox_a},
	{"sandbox-b", sandbox_b},
	{"listeners", listeners},
	{"many-kinds", many_kinds},
	{"orphan", orphan},
	{"peers", peers},
	{"chain", chain},
	{"sockets", sockets},
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

/* Connects to a socket, and writes what it says. */
static int ask(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char text[64];
	ssize_t n;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	n = read(fd, text, sizeof(text));
	return n > 0 && write(1, text, (size_t)n) == n ? 0 : 1;
}

int main(int argc, char **argv)
{
	int ready;

	if (argc == 3 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2]);
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
