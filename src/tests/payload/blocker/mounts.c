/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mounts. Modes of blocker.c, which runs as a process of the container. */
#include <linux/fs.h>
#include <linux/fuse.h>
#include <mqueue.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "blocker.h"

static void cgroup_file_mount(void)
{
	close(open("/blocker.pressure", O_CREAT | O_WRONLY, 0600));
	CHECK(mount("/sys/fs/cgroup/cgroup.events", "/blocker.pressure", NULL, MS_BIND, NULL) == 0);
}

/* of a cgroup that is removed */
static void cgroup_file_gone(void)
{
	mkdir("/sys/fs/cgroup/gone", 0755);
	close(open("/blocker.pressure", O_CREAT | O_WRONLY, 0600));
	CHECK(mount("/sys/fs/cgroup/gone/cgroup.events", "/blocker.pressure", NULL, MS_BIND,
		    NULL) == 0);
	CHECK(rmdir("/sys/fs/cgroup/gone") == 0);
}

/* and nothing shows the others */
static void cgroup_file_alone(void)
{
	cgroup_file_mount();
	CHECK(umount2("/sys/fs/cgroup", MNT_DETACH) == 0);
}

static void mounted_socket(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/own.socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(at.sun_path);
	close(open("/other.socket", O_CREAT | O_WRONLY, 0600));
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0);
	CHECK(mount(at.sun_path, "/other.socket", NULL, MS_BIND, NULL) == 0);
}

static void covered_file(void)
{
	mkdir("/covered", 0755);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
	CHECK(open("/covered/file", O_CREAT | O_RDWR, 0600) >= 0);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
}

static void covered_folder(void)
{
	mkdir("/covered", 0755);
	CHECK(open("/covered/file", O_CREAT | O_RDWR, 0600) >= 0);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
}

static void covered_deleted(void)
{
	mkdir("/covered", 0755);
	CHECK(open("/covered/file", O_CREAT | O_RDWR, 0600) >= 0);
	CHECK(unlink("/covered/file") == 0);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
}

static void covered_cwd(void)
{
	CHECK((mkdir("/covered", 0755) == 0 || errno == EEXIST) && chdir("/covered") == 0);
	CHECK(mount("none", "/covered", "tmpfs", 0, NULL) == 0);
}

static void mount_options(void)
{
	int fd;

	mkdir("/options", 0755);
	CHECK(mount("none", "/options", "tmpfs", 0, NULL) == 0);
	CHECK(mknod("/options/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	CHECK(open("/options/null", O_RDWR) >= 0);
	fd = open("/options/code", O_CREAT | O_RDWR, 0755);
	CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	CHECK(mount("none", "/options", "tmpfs", MS_REMOUNT | MS_NODEV | MS_NOEXEC, NULL) == 0);
}

/* Both are for processes that have nothing of the kind open. */
static void mount_options_harmless(void)
{
	mkdir("/options", 0755);
	CHECK(mount("none", "/options", "tmpfs", MS_NODEV | MS_NOEXEC, NULL) == 0);
	CHECK(open("/options/file", O_CREAT | O_RDWR, 0755) >= 0);
	CHECK(mknod("/options/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	CHECK(open("/options/null", O_PATH) >= 0);
}

static int attributed_file(const char *name, int flags, int attributes)
{
	int fd = open(name, O_CREAT | flags, 0644);

	CHECK(fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &attributes) == 0);
	return fd;
}

static void attributes(void)
{
	mkdir("/attributes", 0755);
	CHECK(mount("none", "/attributes", "tmpfs", 0, NULL) == 0);
	attributed_file("/attributes/immutable", O_RDWR, FS_IMMUTABLE_FL);
	attributed_file("/attributes/append", O_WRONLY, FS_APPEND_FL);
}

static void attributes_harmless(void)
{
	mkdir("/attributes", 0755);
	CHECK(mount("none", "/attributes", "tmpfs", 0, NULL) == 0);
	attributed_file("/attributes/immutable", O_RDONLY, FS_IMMUTABLE_FL);
	attributed_file("/attributes/append", O_WRONLY | O_APPEND, FS_APPEND_FL);
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

static int mount_fuse(void)
{
	int fd = device(S_IFCHR, 10, 229, O_RDWR);
	char options[64];

	mkdir("/fuse", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	/* with a subtype, as those have that are not made for this test */
	CHECK(mount("none", "/fuse", "fuse.sshfs", 0, options) == 0);
	return fd;
}

static void fuse_mount(void)
{
	mount_fuse();
}

/* Answers only as long as a socket is made there. */
static void *serve_socket(void *device)
{
	static char in[1 << 17];
	const struct fuse_in_header *h = (const void *)in;
	struct {
		struct fuse_out_header h;
		union {
			struct fuse_init_out init;
			struct fuse_entry_out entry;
		};
	} out;
	bool made = false;

	while (!made && read(*(int *)device, in, sizeof(in)) > 0) {
		memset(&out, 0, sizeof(out));
		out.h.unique = h->unique;
		out.h.len = sizeof(out.h);
		if (h->opcode == FUSE_INIT) {
			out.h.len += sizeof(out.init);
			out.init.major = FUSE_KERNEL_VERSION;
			out.init.minor = 31;
			out.init.max_write = 4096;
		} else if (h->opcode == FUSE_MKNOD) {
			out.h.len += sizeof(out.entry);
			out.entry.nodeid = out.entry.attr.ino = 2;
			out.entry.entry_valid = 3600;
			out.entry.attr.mode = S_IFSOCK | 0755;
			out.entry.attr.nlink = 1;
			made = true;
		} else {
			out.h.error = -ENOENT;
		}
		CHECK(write(*(int *)device, &out, out.h.len) == (ssize_t)out.h.len);
	}
	return NULL;
}

/* A listening socket on a filesystem that does not answer. */
static void fuse_socket(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/fuse/socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	static int fuse;
	pthread_t thread;

	fuse = mount_fuse();
	CHECK(pthread_create(&thread, NULL, serve_socket, &fuse) == 0);
	CHECK(bind(s, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(s, 1) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
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

const struct mode mounts_modes[] = {
	{"bracket-mount", bracket_mount},
	{"cgroup-file-mount", cgroup_file_mount},
	{"attributes", attributes},
	{"attributes-harmless", attributes_harmless},
	{"mount-options", mount_options},
	{"mount-options-harmless", mount_options_harmless},
	{"covered-file", covered_file},
	{"covered-folder", covered_folder},
	{"covered-cwd", covered_cwd},
	{"covered-deleted", covered_deleted},
	{"cgroup-file-alone", cgroup_file_alone},
	{"cgroup-file-gone", cgroup_file_gone},
	{"mounted-socket", mounted_socket},
	{"fuse-mount", fuse_mount},
	{"fuse-socket", fuse_socket},
	{"hugepage-file", hugepage_file},
	{"hugepage-mount", hugepage_mount},
	{"message-queue", message_queue},
	{"mount-on-tracefs", mount_on_tracefs},
	{"mqueue-empty", mqueue_empty},
	{"namespace-mount", namespace_mount},
	{"overlay-mount", overlay_mount},
	{"ramfs", ramfs},
	{"tracefs-file", tracefs_file},
	{0},
};
