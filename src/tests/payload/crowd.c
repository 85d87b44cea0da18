/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * More of one thing than anybody has: `crowd KIND-NUMBER FILE` makes so many, writes
 * its number into FILE, and sleeps. Box cases 82 and 91 have it looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK(ok)                                                                                  \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "crowd: %s: %s\n", #ok, strerror(errno));                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define PART 5000 /* what one process may have open nearly everywhere, and some more */

/* Makes n of them, in as many processes as it takes; returns in the first when all are there. */
static void in_parts(int n, void (*make)(int n))
{
	int done[2];
	char c;

	CHECK(pipe(done) == 0);
	for (; n > 0; n -= PART) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			make(n < PART ? n : PART);
			CHECK(write(done[1], "x", 1) == 1);
			for (;;)
				pause();
		}
		CHECK(read(done[0], &c, 1) == 1);
	}
}

/* Connected to a server of the host. */
static void outside_sockets(int n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/outside.stream"};

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	}
}

static void pairs(int n)
{
	int fds[2];

	for (int i = 0; i < n; i += 2)
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
}

static void descriptors(int n)
{
	int fd = open("/crowd.file", O_CREAT | O_RDWR, 0600);

	CHECK(fd >= 0);
	for (int i = 1; i < n; i++)
		CHECK(dup(fd) >= 0);
}

/* Each stands for this process. */
static void pidfds(int n)
{
	for (int i = 0; i < n; i++)
		CHECK(syscall(SYS_pidfd_open, getpid(), 0) >= 0);
}

/* The one that it has, by that name. */
static void terminals(int n)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 && setsid() > 0);
	slave = open(ptsname(master), O_RDWR);
	CHECK(slave >= 0 && ioctl(slave, TIOCSCTTY, 0) == 0);
	for (int i = 0; i < n - 3; i++)
		CHECK(open("/dev/tty", O_RDWR) >= 0);
}

static void processes(int n)
{
	for (int i = 1; i < n; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		while (pid == 0)
			pause();
	}
}

static void own_mounts(int n)
{
	char path[64];

	mkdir("/crowd", 0755);
	CHECK(mount("none", "/crowd", "tmpfs", 0, NULL) == 0);
	for (int i = 1; i < n; i++) {
		snprintf(path, sizeof(path), "/crowd/%d", i);
		CHECK(mkdir(path, 0755) == 0 && mount("/bin", path, NULL, MS_BIND, NULL) == 0);
	}
}

/* Each of a socket of the host. */
static void outside_mounts(int n)
{
	char path[64];

	mkdir("/crowd", 0755);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/crowd/%d", i);
		CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0 &&
		      mount("/outside.stream", path, NULL, MS_BIND, NULL) == 0);
	}
}

/* Half of them show all that there is, and the others a file that is deleted. */
static void deleted_mounts(int n)
{
	char path[64], file[64];

	mkdir("/crowd", 0755);
	CHECK(mount("none", "/crowd", "tmpfs", 0, NULL) == 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/crowd/%d", i);
		if (i % 2) {
			CHECK(mkdir(path, 0755) == 0 && mount("/", path, NULL, MS_BIND, NULL) == 0);
			continue;
		}
		snprintf(file, sizeof(file), "/crowd.%d", i);
		CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
		CHECK(close(open(file, O_CREAT | O_WRONLY, 0600)) == 0);
		CHECK(mount(file, path, NULL, MS_BIND, NULL) == 0 && unlink(file) == 0);
	}
}

/* The last that the kernel tells of is in sysfs. */
static void watches(int n)
{
	int fd = inotify_init();
	char path[64];

	CHECK(fd >= 0 && inotify_add_watch(fd, "/sys/kernel", IN_CREATE) >= 0);
	mkdir("/crowd", 0755);
	CHECK(mount("none", "/crowd", "tmpfs", 0, NULL) == 0);
	for (int i = 1; i < n; i++) {
		snprintf(path, sizeof(path), "/crowd/%d", i);
		CHECK(mkdir(path, 0755) == 0 && inotify_add_watch(fd, path, IN_CREATE) >= 0);
	}
}

#define RING_BLOCK 4096

/* The first is the last in the order of addresses: a packet ring. The others have a long name. */
static void mappings(int n)
{
	static char path[4000];
	struct tpacket_req ring = {RING_BLOCK, 1, RING_BLOCK, 1};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	size_t len;

	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) == 0);
	CHECK(mmap(NULL, RING_BLOCK, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	for (len = 0; len < 1000; len += 201) {
		path[len] = '/';
		memset(path + len + 1, 'x', 200);
		CHECK(mkdir(path, 0755) == 0);
	}
	memcpy(path + len, "/file", sizeof("/file"));
	fd = open(path, O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && ftruncate(fd, RING_BLOCK) == 0);
	/* each of the same page, so that no two are one */
	for (int i = 1; i < n; i++)
		CHECK(mmap(NULL, RING_BLOCK, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
}

/* A namespace a process, with all mounts in each. */
static void mount_namespaces(int n)
{
	int done[2];
	char c;

	CHECK(pipe(done) == 0);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			CHECK(unshare(CLONE_NEWNS) == 0);
			CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
			CHECK(write(done[1], "x", 1) == 1);
			for (;;)
				pause();
		}
		CHECK(read(done[0], &c, 1) == 1);
	}
}

/* --- a filesystem whose server goes deaf --- */

struct answer {
	struct fuse_out_header header;
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
	} body;
};

static void answer(int fd, const struct fuse_in_header *in, struct answer *a, size_t size)
{
	a->header.unique = in->unique;
	a->header.len = (uint32_t)(sizeof(a->header) + size);
	CHECK(write(fd, a, a->header.len) == (ssize_t)a->header.len);
}

/* All names are those of files; none is believed longer than until the next look. */
static void answer_one(int fd, const struct fuse_in_header *in)
{
	struct answer a = {0};

	switch (in->opcode) {
	case FUSE_INIT:
		a.body.init = (struct fuse_init_out){.major = 7, .minor = 31, .max_write = 4096};
		answer(fd, in, &a, sizeof(a.body.init));
		return;
	case FUSE_LOOKUP:
		a.body.entry.nodeid = 2;
		a.body.entry.attr =
			(struct fuse_attr){.ino = 2, .mode = S_IFREG | 0644, .nlink = 1};
		answer(fd, in, &a, sizeof(a.body.entry));
		return;
	case FUSE_GETATTR:
		a.body.attr.attr = (struct fuse_attr){.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2};
		if (in->nodeid == 2)
			a.body.attr.attr.mode = S_IFREG | 0644;
		answer(fd, in, &a, sizeof(a.body.attr));
		return;
	default:
		a.header.error = -ENOSYS;
		answer(fd, in, &a, 0);
		return;
	}
}

static volatile sig_atomic_t deaf;

static void deafen(int signal)
{
	(void)signal;
	deaf = 1;
}

static void serve(int fd)
{
	static char request[1 << 20];

	for (;;) {
		ssize_t n = read(fd, request, sizeof(request));

		if (n <= 0 && errno != EINTR)
			_exit(0);
		if (n > 0 && !deaf)
			answer_one(fd, (struct fuse_in_header *)request);
	}
}

/* With a file of the host's (1) or of a cgroup (2) mounted beneath it. */
static void deaf_filesystem(int kind)
{
	const char *from = kind == 1 ? "/outside.stream" : "/sys/fs/cgroup/cgroup.events";
	char options[64];
	struct sigaction sa = {.sa_handler = deafen};
	pid_t server;
	int fd;

	CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
	CHECK(mknod("/crowd.fuse", S_IFCHR | 0600, makedev(10, 229)) == 0 || errno == EEXIST);
	fd = open("/crowd.fuse", O_RDWR);
	CHECK(fd >= 0);
	mkdir("/deaf", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	CHECK(mount("none", "/deaf", "fuse", 0, options) == 0);
	server = fork();
	CHECK(server >= 0);
	if (server == 0)
		serve(fd);
	CHECK(mount(from, "/deaf/file", NULL, MS_BIND, NULL) == 0);
	CHECK(kill(server, SIGUSR1) == 0);
}

static const struct {
	const char *name;
	void (*make)(int n);
	bool open; /* they are descriptors */
} kinds[] = {
	{"deaf-filesystem-", deaf_filesystem, false},
	{"deleted-mounts-", deleted_mounts, false},
	{"descriptors-", descriptors, true},
	{"mappings-", mappings, false},
	{"mount-namespaces-", mount_namespaces, false},
	{"outside-mounts-", outside_mounts, false},
	{"outside-sockets-", outside_sockets, true},
	{"own-mounts-", own_mounts, false},
	{"pairs-", pairs, true},
	{"pidfds-", pidfds, true},
	{"processes-", processes, false},
	{"terminals-", terminals, false},
	{"watches-", watches, false},
};

int main(int argc, char *argv[])
{
	struct rlimit files;
	char text[32];
	int ready, len;

	if (argc != 3)
		return 2;
	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
	files.rlim_cur = files.rlim_max;
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
	ready = open(argv[2], O_CREAT | O_WRONLY | O_TRUNC, 0644);
	CHECK(ready >= 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t name = strlen(kinds[i].name);

		if (strncmp(argv[1], kinds[i].name, name) != 0)
			continue;
		if (kinds[i].open)
			in_parts(atoi(argv[1] + name), kinds[i].make);
		else
			kinds[i].make(atoi(argv[1] + name));
	}
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	CHECK(write(ready, text, (size_t)len) == len && close(ready) == 0);
	for (;;)
		pause();
}
