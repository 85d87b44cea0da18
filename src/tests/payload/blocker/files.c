/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Open, mapped and deleted files. Modes of blocker.c, which runs as a process of the container. */
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/timerfd.h>

#include "blocker.h"

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

static void alarm_timer(void)
{
	CHECK(timerfd_create(CLOCK_BOOTTIME_ALARM, 0) >= 0);
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

static void path_of_fifo(void)
{
	CHECK(mkfifo("/fifo", 0600) == 0 || errno == EEXIST);
	CHECK(open("/fifo", O_PATH) >= 0);
}

static void pipes(void)
{
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
	mkfifo("/blocker.pipe", 0600);
	CHECK(open("/blocker.pipe", O_RDWR) >= 0);
}

/* The other end is opened by the way of /proc. */
static void pipe_by_proc(void)
{
	char path[64];
	int p[2];

	CHECK(pipe(p) == 0);
	close(p[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[1]);
	CHECK(open(path, O_RDONLY) == p[0]);
}

/* Of a filesystem that a restore makes anew. */
static void fifo_never_written(void)
{
	mkfifo("/dev/blocker.pipe", 0600);
	CHECK(open("/dev/blocker.pipe", O_RDONLY | O_NONBLOCK) >= 0);
}

/* What was passed on to it. */
static void watched_nine(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	int fd = epoll_create1(0);

	CHECK(fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, 9, &e) == 0);
}

static void devices(void)
{
	CHECK(open("/dev/null", O_RDWR) >= 0 && open("/dev/zero", O_RDWR) >= 0 &&
	      open("/dev/full", O_RDWR) >= 0 && open("/dev/urandom", O_RDONLY) >= 0 &&
	      open("/dev/random", O_RDONLY) >= 0);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0) != MAP_FAILED);
	CHECK(open("/proc/self/status", O_RDONLY) >= 0 && open("/sys", O_RDONLY) >= 0);
}

const struct mode files_modes[] = {
	{"alarm-timer", alarm_timer},
	{"asynchronous-io", asynchronous_io},
	{"block-device", block_device},
	{"bpf-map", bpf_map},
	{"bpf-prog", bpf_prog},
	{"deleted", deleted},
	{"deleted-mapped", deleted_mapped},
	{"deleted-with-link", deleted_with_link},
	{"devices", devices},
	{"fifo-never-written", fifo_never_written},
	{"fuse-device", fuse_device},
	{"io-uring", io_uring},
	{"kmsg-device", kmsg_device},
	{"landlock", landlock},
	{"locks", locks},
	{"loop-control", loop_control},
	{"mapping-opened", mapping_opened},
	{"memory-files", memory_files},
	{"mount-fd", mount_fd},
	{"path-of-fifo", path_of_fifo},
	{"perf-event", perf_event},
	{"pidfd-of-child", pidfd_of_child},
	{"pidfd-of-thread", pidfd_of_thread},
	{"pipe-by-proc", pipe_by_proc},
	{"pipes", pipes},
	{"proc-directory", proc_directory},
	{"proc-folder", proc_folder},
	{"proc-of-descriptor", proc_of_descriptor},
	{"seccomp-notify", seccomp_notify},
	{"secret-memory", secret_memory},
	{"tun-device", tun_device},
	{"userfault", userfault},
	{"watched-nine", watched_nine},
	{0},
};
