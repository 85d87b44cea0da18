/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process in a state that a checkpoint can or cannot take; a mode a state.
 *
 *   blocker MODE READY     sets the state, writes its process id to the file
 *                          READY and waits to be killed
 *
 * What the mode cannot set is an error and not a mode that is skipped. The
 * children of a mode die with it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define PIDFD_THREAD_FLAG O_EXCL
#define NETLINK_GROUP_FAR 36 /* beyond the first 32 */

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "blocker:%d: not so: %s (%s)\n", __LINE__, #what,          \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* A child that dies with us. Returns its pid in the parent, 0 in the child. */
static pid_t child(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	return pid;
}

static pid_t sleeping_child(void)
{
	pid_t pid = child();

	if (pid == 0)
		sleeper(NULL);
	return pid;
}

/* --- kinds of files
 * ------------------------------------------------------------------------------- */

static void bpf_map(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	CHECK(syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)) >= 0);
}

static void bpf_prog(void)
{
	static const struct bpf_insn program[] = {
		{.code = 0xb7 /* r0 = 0 */},
		{.code = 0x95 /* exit */},
	};
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2};
	static const char licence[] = "GPL";

	a.insns = (uint64_t)(uintptr_t)program;
	a.license = (uint64_t)(uintptr_t)licence;
	CHECK(syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a)) >= 0);
}

static void io_uring(void)
{
	unsigned char parameters[120] = {0};

	CHECK(syscall(SYS_io_uring_setup, 4, parameters) >= 0);
}

static void perf_event(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_TASK_CLOCK};

	CHECK(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0) >= 0);
}

static void userfault(void)
{
	CHECK(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK) >= 0);
}

static void seccomp_notify(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = 1, .filter = allow};

	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		      &program) >= 0);
}

static void landlock(void)
{
	struct landlock_ruleset_attr a = {.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE};

	CHECK(syscall(SYS_landlock_create_ruleset, &a, sizeof(a), 0) >= 0);
}

static void secret_memory(void)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);

	CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
}

static void mount_fd(void)
{
	CHECK(syscall(SYS_fsopen, "tmpfs", 0) >= 0);
}

static int pidfd(pid_t pid, int flags)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, flags);

	CHECK(fd >= 0);
	return fd;
}

static void pidfd_of_child(void)
{
	pidfd(sleeping_child(), 0);
}

static void pidfd_of_thread(void)
{
	pidfd(getpid(), PIDFD_THREAD_FLAG);
}

static int device(mode_t type, unsigned int major_number, unsigned int minor_number, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/blocker.%u.%u", major_number, minor_number);
	unlink(path);
	CHECK(mknod(path, type | 0600, makedev(major_number, minor_number)) == 0);
	fd = open(path, flags);
	CHECK(fd >= 0);
	return fd;
}

static void fuse_device(void)
{
	device(S_IFCHR, 10, 229, O_RDWR);
}

static void loop_control(void)
{
	device(S_IFCHR, 10, 237, O_RDWR);
}

static void block_device(void)
{
	device(S_IFBLK, 7, 0, O_RDONLY);
}

static void tun_device(void)
{
	device(S_IFCHR, 10, 200, O_RDWR);
}

static void kmsg_device(void)
{
	device(S_IFCHR, 1, 11, O_WRONLY);
}

static void path_of_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/blocker.socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(a.sun_path);
	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(open(a.sun_path, O_PATH) >= 0);
}

/* --- sockets
 * -------------------------------------------------------------------------------------- */

static void vsock(void)
{
	CHECK(socket(AF_VSOCK, SOCK_STREAM, 0) >= 0);
}

static void mptcp(void)
{
	CHECK(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP) >= 0);
}

static void xdp(void)
{
	CHECK(socket(AF_XDP, SOCK_RAW, 0) >= 0);
}

static void netlink_groups(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int group = NETLINK_GROUP_FAR;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0);
}

static void netlink(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	CHECK(s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

/* a socket of the host that is mounted into the container */
static void unix_outside(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/outside.socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

static void unix_outside_datagram(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/outside.datagram"};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	CHECK(s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0);
}

static void sockets(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/blocker.stream"};
	socklen_t len = sizeof(in);
	int fds[2], l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), u;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && write(fds[0], "x", 1) == 1);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	CHECK(bind(l, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(l, 5) == 0);
	CHECK(getsockname(l, (struct sockaddr *)&in, &len) == 0);
	CHECK(connect(c, (struct sockaddr *)&in, sizeof(in)) == 0 && accept(l, NULL, NULL) >= 0);
	CHECK(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	CHECK(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	CHECK(socket(AF_INET6, SOCK_STREAM, 0) >= 0);
	CHECK(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_LOOP)) >= 0);
	u = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(un.sun_path);
	CHECK(bind(u, (struct sockaddr *)&un, sizeof(un)) == 0 && listen(u, 5) == 0);
	/* one that was accepted, one whose server is gone, one that was not accepted yet */
	for (int i = 0; i < 3; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);

		CHECK(connect(s, (struct sockaddr *)&un, sizeof(un)) == 0);
		if (i == 0)
			CHECK(accept(u, NULL, NULL) >= 0);
		if (i == 1)
			close(accept(u, NULL, NULL));
	}
}

static void raw_socket(void)
{
	CHECK(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
}

/* a descriptor on its way */
static void passed_descriptor(void)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	char byte = 'x';
	struct iovec data = {&byte, 1};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fds[2], e = eventfd(3, 0);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && e >= 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &e, sizeof(e));
	CHECK(sendmsg(fds[0], &m, 0) == 1);
	close(e);
}

/* --- namespaces
 * ----------------------------------------------------------------------------------- */

static void in_namespace(int flag)
{
	CHECK(unshare(flag) == 0);
}

static void namespace_user(void)
{
	in_namespace(CLONE_NEWUSER);
}

static void namespace_uts(void)
{
	in_namespace(CLONE_NEWUTS);
}

static void namespace_ipc(void)
{
	in_namespace(CLONE_NEWIPC);
}

static void namespace_net(void)
{
	in_namespace(CLONE_NEWNET);
}

static void namespace_cgroup(void)
{
	in_namespace(CLONE_NEWCGROUP);
}

/* the namespace is that of children only */
static void namespace_time(void)
{
	in_namespace(CLONE_NEWTIME);
	sleeping_child();
}

static void namespace_pid(void)
{
	in_namespace(CLONE_NEWPID);
	sleeping_child();
}

static void namespace_mnt(unsigned long propagation)
{
	in_namespace(CLONE_NEWNS);
	CHECK(mount(NULL, "/", NULL, MS_REC | propagation, NULL) == 0);
}

static void namespace_mnt_private(void)
{
	namespace_mnt(MS_PRIVATE);
}

static void namespace_mnt_slave(void)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	namespace_mnt(MS_SLAVE);
}

static void namespace_mnt_shared(void)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	in_namespace(CLONE_NEWNS);
}

/* as systemd gives it to a service: /incoming hears of what is mounted in /services/NAME */
static void service(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/services/%s", name);
	mkdir(path, 0755);
	namespace_mnt(MS_SLAVE);
	CHECK(mount(path, "/incoming", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	CHECK(mount(NULL, "/incoming", NULL, MS_SLAVE, NULL) == 0);
}

static void services(void)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	mkdir("/services", 0755);
	mkdir("/incoming", 0755);
}

static void namespace_mnt_service(void)
{
	services();
	service("a");
}

static void namespace_mnt_services(void)
{
	int sync[2];
	char c;

	services();
	CHECK(pipe(sync) == 0);
	if (child() == 0) {
		service("b");
		CHECK(write(sync[1], "x", 1) == 1);
		close(sync[0]);
		close(sync[1]);
		sleeper(NULL);
	}
	CHECK(read(sync[0], &c, 1) == 1);
	close(sync[0]);
	close(sync[1]);
	service("a");
}

/* two folders that share, and nothing that shows both */
static void shared_folders(void)
{
	services();
	mkdir("/services/a", 0755);
	mkdir("/services/b", 0755);
	CHECK(mount("/services/a", "/incoming", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("/services/b", "/mnt", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "/", NULL, MS_PRIVATE, NULL) == 0);
}

/* one that none of the container's processes is in */
static void namespace_fd(void)
{
	int sync[2];
	char c;
	pid_t pid;
	char path[64];

	CHECK(pipe(sync) == 0);
	pid = child();
	if (pid == 0) {
		in_namespace(CLONE_NEWUTS);
		CHECK(write(sync[1], "x", 1) == 1);
		sleeper(NULL);
	}
	CHECK(read(sync[0], &c, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)pid);
	CHECK(open(path, O_RDONLY) >= 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void own_namespace_fd(void)
{
	CHECK(open("/proc/self/ns/net", O_RDONLY) >= 0);
}

/* its own, with a file of a cgroup in it, as systemd gives it to services */
static void namespace_mnt_cgroup_file(void)
{
	namespace_mnt_private();
	close(open("/blocker.pressure", O_CREAT | O_WRONLY, 0600));
	CHECK(mount("/sys/fs/cgroup/cgroup.events", "/blocker.pressure", NULL, MS_BIND, NULL) == 0);
}

static void cgroup_file_mount(void)
{
	close(open("/blocker.pressure", O_CREAT | O_WRONLY, 0600));
	CHECK(mount("/sys/fs/cgroup/cgroup.events", "/blocker.pressure", NULL, MS_BIND, NULL) == 0);
}

/* with nothing shared but the container's own mounts */
static void namespace_mnt_own(void)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	mkdir("/own", 0755);
	CHECK(mount("none", "/own", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "/own", NULL, MS_SHARED, NULL) == 0);
	in_namespace(CLONE_NEWNS);
	CHECK(mount(NULL, "/own", NULL, MS_SLAVE, NULL) == 0);
}

/* --- processes
 * ------------------------------------------------------------------------------------ */

static void no_new_privileges(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void other_user(void)
{
	CHECK(setresgid(33, 33, 33) == 0 && setresuid(33, 33, 33) == 0);
}

static void traced(void)
{
	pid_t pid = sleeping_child();

	CHECK(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
}

/* main() ends its thread when it has told that all is set */
static void dead_leader(void)
{
}

/* The same with vfork(): it stands still until its child has gone on. */
static void waiting_for_vfork(void)
{
}

static void stopped_child(void)
{
	pid_t pid = sleeping_child();

	CHECK(kill(pid, SIGSTOP) == 0 && waitpid(pid, NULL, WUNTRACED) == pid);
}

static void zombie_child(void)
{
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	CHECK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0);
}

static void many_processes(void)
{
	for (int i = 0; i < 200; i++)
		sleeping_child();
}

static void threads(void)
{
	pthread_t t;

	for (int i = 0; i < 5; i++)
		CHECK(pthread_create(&t, NULL, sleeper, NULL) == 0);
}

/* --- terminals
 * ------------------------------------------------------------------------------------ */

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

/* --- mounts
 * --------------------------------------------------------------------------------------- */

static void covered_file(void)
{
	mkdir("/covered", 0755);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
	CHECK(open("/covered/file", O_CREAT | O_RDWR, 0600) >= 0);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
}

static void queue_mount(bool full)
{
	struct mq_attr a = {.mq_maxmsg = 1, .mq_msgsize = 1};

	mkdir("/queues", 0755);
	CHECK(mount("none", "/queues", "mqueue", 0, NULL) == 0);
	if (full)
		CHECK(mq_open("/blocker", O_CREAT | O_RDWR, 0600, &a) >= 0);
}

static void message_queue(void)
{
	queue_mount(true);
}

static void mqueue_empty(void)
{
	queue_mount(false);
}

static void ramfs(void)
{
	mkdir("/ram", 0755);
	CHECK(mount("none", "/ram", "ramfs", 0, NULL) == 0);
	CHECK(close(open("/ram/file", O_CREAT | O_WRONLY, 0600)) == 0);
}

static void fuse_mount(void)
{
	int fd = device(S_IFCHR, 10, 229, O_RDWR);
	char options[64];

	mkdir("/fuse", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	/* with a subtype, as those have that are not made for this test */
	CHECK(mount("none", "/fuse", "fuse.sshfs", 0, options) == 0);
}

static void bracket_mount(void)
{
	mkdir("/a]b", 0755);
	CHECK(mount("none", "/a]b", "tmpfs", 0, NULL) == 0);
}

static void tracefs_file(void)
{
	CHECK(mount("none", "/mnt", "tracefs", 0, NULL) == 0);
	CHECK(open("/mnt/trace_marker", O_WRONLY) >= 0);
	CHECK(chdir("/mnt/events") == 0);
}

static void mount_on_tracefs(void)
{
	CHECK(mount("none", "/mnt", "tracefs", 0, NULL) == 0);
	CHECK(mount("none", "/mnt/events", "tmpfs", 0, NULL) == 0);
}

static void hugepage_file(void)
{
	CHECK(mount("none", "/mnt", "hugetlbfs", 0, NULL) == 0);
	close(open("/mnt/file", O_CREAT | O_RDWR, 0600));
}

static void overlay_mount(void)
{
	mkdir("/lower", 0755);
	mkdir("/upper", 0755);
	CHECK(mount("none", "/upper", "tmpfs", 0, NULL) == 0);
	mkdir("/upper/u", 0755);
	mkdir("/upper/w", 0755);
	mkdir("/overlay", 0755);
	CHECK(mount("none", "/overlay", "overlay", 0,
		    "lowerdir=/lower,upperdir=/upper/u,workdir=/upper/w") == 0);
}

static void namespace_mount(void)
{
	close(open("/netns", O_CREAT | O_WRONLY, 0600));
	CHECK(mount("/proc/self/ns/uts", "/netns", NULL, MS_BIND, NULL) == 0);
}

static void hugepage_mount(void)
{
	mkdir("/huge", 0755);
	CHECK(mount("none", "/huge", "hugetlbfs", 0, NULL) == 0);
}

/* --- deleted files
 * -------------------------------------------------------------------------------- */

#define GHOST_SIZE (3 * 1024 * 1024)

static int deleted_file(const char *path, size_t size)
{
	char *text = calloc(1, size);
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);

	CHECK(fd >= 0 && text);
	memset(text, 'x', size);
	CHECK(write(fd, text, size) == (ssize_t)size);
	CHECK(unlink(path) == 0);
	free(text);
	return fd;
}

static void deleted(void)
{
	deleted_file("/blocker.deleted", GHOST_SIZE);
}

static void deleted_mapped(void)
{
	int fd = deleted_file("/blocker.mapped", GHOST_SIZE);

	CHECK(mmap(NULL, GHOST_SIZE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	close(fd);
}

static void deleted_with_link(void)
{
	int fd = open("/blocker.one", O_CREAT | O_RDWR, 0600);

	unlink("/blocker.two");
	CHECK(fd >= 0 && link("/blocker.one", "/blocker.two") == 0 && unlink("/blocker.one") == 0);
}

/* --- what has to go through
 * ----------------------------------------------------------------------- */

static void event_files(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct itimerspec in_a_year = {.it_value.tv_sec = 31536000};
	sigset_t usr1;
	int event = eventfd(7, 0), poll = epoll_create1(0),
	    timer = timerfd_create(CLOCK_MONOTONIC, 0), watch = inotify_init();

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(event >= 0 && poll >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, event, &e) == 0);
	CHECK(timer >= 0 && timerfd_settime(timer, 0, &in_a_year, NULL) == 0);
	CHECK(signalfd(-1, &usr1, 0) >= 0);
	CHECK(watch >= 0 && inotify_add_watch(watch, "/etc", IN_CREATE) >= 0);
}

static void fan_watch(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/etc") == 0);
}

/* Of what has no place that could be found again by its number. */
static void watch(const char *path)
{
	int fd = inotify_init();

	CHECK(fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY) >= 0);
}

static void watch_proc(void)
{
	watch("/proc/self/status");
}

static void watch_sys(void)
{
	watch("/sys/kernel");
}

static void watch_terminals(void)
{
	watch("/dev/pts");
}

static void watch_cgroup(void)
{
	watch("/sys/fs/cgroup/cgroup.events");
}

static void watch_queues(void)
{
	mkdir("/queues", 0755);
	CHECK(mount("none", "/queues", "mqueue", 0, NULL) == 0);
	watch("/queues");
}

static void fan_watch_sys(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/sys/kernel") == 0);
}

/* Shared memory without a name, opened by the way of its mapping. */
static void mapping_opened(void)
{
	char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[64];

	CHECK(p != MAP_FAILED);
	memset(p, 'x', 65536);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)p,
		 (unsigned long)p + 65536);
	CHECK(open(path, O_RDWR) >= 0);
}

/* --- system calls that are sent back to the program (Syscall User Dispatch) --- */

static volatile char selector;

static void on_sigsys(int signal)
{
	(void)signal;
}

static void dispatch(void)
{
	signal(SIGSYS, on_sigsys);
	CHECK(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) == 0);
}

static void *dispatching_thread(void *fd)
{
	dispatch();
	CHECK(write((int)(intptr_t)fd, "x", 1) == 1);
	return sleeper(NULL);
}

static void (*thread_sets)(void);

static void *setting_thread(void *fd)
{
	thread_sets();
	CHECK(write((int)(intptr_t)fd, "x", 1) == 1);
	return sleeper(NULL);
}

static void in_thread(void (*sets)(void))
{
	int ends[2];
	pthread_t t;
	char c;

	thread_sets = sets;
	CHECK(pipe(ends) == 0);
	CHECK(pthread_create(&t, NULL, setting_thread, (void *)(intptr_t)ends[1]) == 0);
	CHECK(read(ends[0], &c, 1) == 1);
}

static void unshare_network(void)
{
	CHECK(unshare(CLONE_NEWNET) == 0);
}

static void thread_network(void)
{
	in_thread(unshare_network);
}

static void unshare_folder(void)
{
	CHECK(unshare(CLONE_FS) == 0 && chdir("/etc") == 0);
}

static void thread_folder(void)
{
	in_thread(unshare_folder);
}

static void unshare_files(void)
{
	CHECK(unshare(CLONE_FILES) == 0);
}

static void thread_files(void)
{
	in_thread(unshare_files);
}

static void unshare_name(void)
{
	CHECK(unshare(CLONE_NEWUTS) == 0);
}

static void thread_name(void)
{
	in_thread(unshare_name);
}

static void thread_deadline(void)
{
	const struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} wanted = {.size = 48,
		    .policy = 6,
		    .runtime = 1000000,
		    .deadline = 100000000,
		    .period = 100000000};

	CHECK(syscall(SYS_sched_setattr, 0, &wanted, 0) == 0);
}

static void deadline_in_thread(void)
{
	in_thread(thread_deadline);
}

static void class_reset_on_fork(void)
{
	struct sched_param param = {.sched_priority = 5};

	CHECK(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0);
}

static void open_in_thread(void)
{
	CHECK(open("/proc/thread-self/comm", O_RDONLY) >= 0);
}

static void proc_of_thread(void)
{
	in_thread(open_in_thread);
}

static void proc_of_first_thread(void)
{
	open_in_thread();
	CHECK(open("/proc/self/task", O_RDONLY) >= 0 && open("/proc/self/fd", O_RDONLY) >= 0);
	CHECK(open("/proc/self/status", O_RDONLY) >= 0 && open("/proc", O_RDONLY) >= 0);
	CHECK(open("/proc/loadavg", O_RDONLY) >= 0 && chdir("/proc/self/net") == 0);
}

static void proc_folder(void)
{
	CHECK(open("/proc/self", O_RDONLY | O_DIRECTORY) >= 0);
}

static void proc_directory(void)
{
	CHECK(chdir("/proc/1") == 0);
}

static void proc_of_descriptor(void)
{
	CHECK(open("/proc/self/fdinfo/0", O_RDONLY) >= 0);
}

static void fan_filesystem(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD,
				       "/etc") == 0);
}

static void alarm_timer(void)
{
	CHECK(timerfd_create(CLOCK_BOOTTIME_ALARM, 0) >= 0);
}

static void listen_as(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, name);
	unlink(name);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0);
}

static void renamed_socket(void)
{
	listen_as("/tmp/early.7.tmp");
	CHECK(rename("/tmp/early.7.tmp", "/tmp/early") == 0);
}

static void linked_socket(void)
{
	listen_as("/tmp/early.8");
	unlink("/tmp/late");
	CHECK(link("/tmp/early.8", "/tmp/late") == 0 && unlink("/tmp/early.8") == 0);
}

/* Nobody could reach it before. */
static void unlinked_socket(void)
{
	listen_as("/tmp/none");
	CHECK(unlink("/tmp/none") == 0);
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

static int sleeping(void *unused)
{
	sleeper(unused);
	return 0;
}

static char shared_stack[65536] __attribute__((aligned(16)));

static void sharing_child(int flags)
{
	CHECK(clone(sleeping, shared_stack + sizeof(shared_stack), flags | SIGCHLD, NULL) > 0);
}

static void shares_memory(void)
{
	sharing_child(CLONE_VM);
}

static void shares_folder(void)
{
	sharing_child(CLONE_FS);
}

static void shares_files(void)
{
	sharing_child(CLONE_FILES);
}

static void children_namespace(void)
{
	CHECK(unshare(CLONE_NEWPID) == 0);
}

static void frozen_child(void)
{
	pid_t pid = fork();
	char text[32];
	int fd;

	CHECK(pid >= 0);
	if (pid == 0)
		sleeper(NULL);
	CHECK(mkdir("/sys/fs/cgroup/still", 0755) == 0);
	fd = open("/sys/fs/cgroup/still/cgroup.procs", O_WRONLY);
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) > 0);
	fd = open("/sys/fs/cgroup/still/cgroup.freeze", O_WRONLY);
	CHECK(fd >= 0 && write(fd, "1", 1) == 1);
}

static void dispatch_in_thread(void)
{
	int done[2];
	pthread_t t;
	char c;

	CHECK(pipe(done) == 0);
	CHECK(pthread_create(&t, NULL, dispatching_thread, (void *)(intptr_t)done[1]) == 0);
	CHECK(read(done[0], &c, 1) == 1);
}

/* The handler alone means nothing: seccomp's users have it too. */
static void sigsys_handler(void)
{
	signal(SIGSYS, on_sigsys);
}

/* As tcpdump receives packets. */
static void packet_ring(void)
{
	struct tpacket_req ring = {
		.tp_block_size = 4096, .tp_block_nr = 4, .tp_frame_size = 2048, .tp_frame_nr = 8};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) == 0);
	CHECK(mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
}

static void memory_files(void)
{
	int m = memfd_create("memory", MFD_ALLOW_SEALING);
	int id = shmget(IPC_PRIVATE, 65536, IPC_CREAT | 0600);

	CHECK(m >= 0 && ftruncate(m, 65536) == 0);
	CHECK(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0) != MAP_FAILED);
	CHECK(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
	      MAP_FAILED);
	CHECK(id >= 0 && shmat(id, NULL, 0) != (void *)-1 && shmctl(id, IPC_RMID, NULL) == 0);
}

static void asynchronous_io(void)
{
	aio_context_t context = 0;

	CHECK(syscall(SYS_io_setup, 8, &context) == 0);
}

static void locks(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_len = 10}, o = {.l_type = F_WRLCK, .l_len = 10};
	int a = open("/blocker.a", O_CREAT | O_RDWR, 0600),
	    b = open("/blocker.b", O_CREAT | O_RDWR, 0600),
	    c = open("/blocker.c", O_CREAT | O_RDWR, 0600),
	    d = open("/blocker.d", O_CREAT | O_RDWR, 0600);

	CHECK(fcntl(a, F_SETLK, &l) == 0);
	CHECK(fcntl(b, F_OFD_SETLK, &o) == 0);
	CHECK(flock(c, LOCK_EX) == 0);
	CHECK(fcntl(d, F_SETLEASE, F_WRLCK) == 0);
}

static void pipes(void)
{
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
	mkfifo("/blocker.pipe", 0600);
	CHECK(open("/blocker.pipe", O_RDWR) >= 0);
}

static void devices(void)
{
	CHECK(open("/dev/null", O_RDWR) >= 0 && open("/dev/zero", O_RDWR) >= 0 &&
	      open("/dev/full", O_RDWR) >= 0 && open("/dev/urandom", O_RDONLY) >= 0 &&
	      open("/dev/random", O_RDONLY) >= 0);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0) != MAP_FAILED);
	CHECK(open("/proc/self/status", O_RDONLY) >= 0 && open("/sys", O_RDONLY) >= 0);
}

static void nothing(void)
{
}

static const struct mode {
	const char *name;
	void (*set)(void);
} modes[] = {
	{"alarm-timer", alarm_timer},
	{"asynchronous-io", asynchronous_io},
	{"children-namespace", children_namespace},
	{"class-reset-on-fork", class_reset_on_fork},
	{"deadline-in-thread", deadline_in_thread},
	{"fan-filesystem", fan_filesystem},
	{"frozen-child", frozen_child},
	{"proc-directory", proc_directory},
	{"proc-folder", proc_folder},
	{"proc-of-descriptor", proc_of_descriptor},
	{"proc-of-first-thread", proc_of_first_thread},
	{"proc-of-thread", proc_of_thread},
	{"shares-files", shares_files},
	{"shares-folder", shares_folder},
	{"shares-memory", shares_memory},
	{"thread-files", thread_files},
	{"thread-folder", thread_folder},
	{"thread-name", thread_name},
	{"thread-network", thread_network},
	{"block-device", block_device},
	{"bpf-map", bpf_map},
	{"bpf-prog", bpf_prog},
	{"bracket-mount", bracket_mount},
	{"cgroup-file-mount", cgroup_file_mount},
	{"covered-file", covered_file},
	{"dead-leader", dead_leader},
	{"deleted", deleted},
	{"deleted-mapped", deleted_mapped},
	{"deleted-with-link", deleted_with_link},
	{"devices", devices},
	{"dispatch", dispatch},
	{"dispatch-in-thread", dispatch_in_thread},
	{"event-files", event_files},
	{"fan-watch", fan_watch},
	{"fan-watch-sys", fan_watch_sys},
	{"fuse-device", fuse_device},
	{"fuse-mount", fuse_mount},
	{"hugepage-file", hugepage_file},
	{"hugepage-mount", hugepage_mount},
	{"io-uring", io_uring},
	{"kmsg-device", kmsg_device},
	{"landlock", landlock},
	{"locks", locks},
	{"loop-control", loop_control},
	{"many-processes", many_processes},
	{"mapping-opened", mapping_opened},
	{"memory-files", memory_files},
	{"message-queue", message_queue},
	{"mount-fd", mount_fd},
	{"mptcp", mptcp},
	{"mount-on-tracefs", mount_on_tracefs},
	{"mqueue-empty", mqueue_empty},
	{"namespace-cgroup", namespace_cgroup},
	{"namespace-fd", namespace_fd},
	{"namespace-ipc", namespace_ipc},
	{"namespace-mnt-cgroup-file", namespace_mnt_cgroup_file},
	{"namespace-mnt-own", namespace_mnt_own},
	{"namespace-mnt-private", namespace_mnt_private},
	{"namespace-mnt-service", namespace_mnt_service},
	{"namespace-mnt-services", namespace_mnt_services},
	{"namespace-mnt-shared", namespace_mnt_shared},
	{"namespace-mnt-slave", namespace_mnt_slave},
	{"namespace-mount", namespace_mount},
	{"namespace-net", namespace_net},
	{"namespace-pid", namespace_pid},
	{"namespace-time", namespace_time},
	{"namespace-user", namespace_user},
	{"namespace-uts", namespace_uts},
	{"netlink", netlink},
	{"netlink-groups", netlink_groups},
	{"no-new-privileges", no_new_privileges},
	{"nothing", nothing},
	{"other-user", other_user},
	{"overlay-mount", overlay_mount},
	{"own-namespace-fd", own_namespace_fd},
	{"packet-ring", packet_ring},
	{"passed-descriptor", passed_descriptor},
	{"other-devpts", other_devpts},
	{"linked-socket", linked_socket},
	{"renamed-socket", renamed_socket},
	{"unlinked-socket", unlinked_socket},
	{"path-of-socket", path_of_socket},
	{"perf-event", perf_event},
	{"pidfd-of-child", pidfd_of_child},
	{"pidfd-of-thread", pidfd_of_thread},
	{"pipes", pipes},
	{"pty-job", pty_job},
	{"pty-shell", pty_shell},
	{"pty-without-master", pty_without_master},
	{"ramfs", ramfs},
	{"raw-socket", raw_socket},
	{"seccomp-notify", seccomp_notify},
	{"secret-memory", secret_memory},
	{"shared-folders", shared_folders},
	{"sigsys-handler", sigsys_handler},
	{"sockets", sockets},
	{"stopped-child", stopped_child},
	{"threads", threads},
	{"traced", traced},
	{"tracefs-file", tracefs_file},
	{"tty-getty", tty_getty},
	{"tty-shell", tty_shell},
	{"tun-device", tun_device},
	{"unix-outside", unix_outside},
	{"unix-outside-datagram", unix_outside_datagram},
	{"userfault", userfault},
	{"vsock", vsock},
	{"waiting-for-vfork", waiting_for_vfork},
	{"watch-cgroup", watch_cgroup},
	{"watch-proc", watch_proc},
	{"watch-queues", watch_queues},
	{"watch-sys", watch_sys},
	{"watch-terminals", watch_terminals},
	{"xdp", xdp},
	{"zombie-child", zombie_child},
};

static void set(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0) {
			modes[i].set();
			return;
		}
	fprintf(stderr, "blocker: what is %s?\n", name);
	_exit(2);
}

/* Opened first: a mode may take away what it needs. One write, so whoever waits has all of it. */
static int ready;

static void announce(void)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	CHECK(write(ready, text, (size_t)len) == len && close(ready) == 0);
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	ready = open(argv[2], O_CREAT | O_WRONLY | O_TRUNC, 0644);
	CHECK(ready >= 0);
	set(argv[1]);
	if (strcmp(argv[1], "dead-leader") == 0) {
		pthread_t t;

		CHECK(pthread_create(&t, NULL, sleeper, NULL) == 0);
		announce();
		pthread_exit(NULL);
	}
	announce();
	if (strcmp(argv[1], "waiting-for-vfork") == 0 && vfork() == 0)
		for (;;)
			pause();
	sleeper(NULL);
}
