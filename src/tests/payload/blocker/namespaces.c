/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Namespaces. Modes of blocker.c, which runs as a process of the container. */
#include <sys/mount.h>
#include <sys/socket.h>

#include "blocker.h"

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

static void map_ids(pid_t pid, const char *name)
{
	static const char map[] = "0 1000 1\n";
	bool done = false;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	while (!done) {
		int fd = open(path, O_WRONLY);

		done = write(fd, map, sizeof(map) - 1) == sizeof(map) - 1;
		close(fd);
		usleep(1000);
	}
}

/* a tmpfs that shows other owners than its files have */
static void namespace_mnt_idmapped(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	char path[64];
	int ns, fs;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		unshare(CLONE_NEWUSER);
		for (;;)
			pause();
	}
	namespace_mnt(MS_PRIVATE);
	map_ids(pid, "uid_map");
	map_ids(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	attr.userns_fd = (uint64_t)ns;
	CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) == 0);
	fs = (int)syscall(SYS_open_tree, AT_FDCWD, "/mnt", 1 /* OPEN_TREE_CLONE */);
	CHECK(ns >= 0 && fs >= 0);
	CHECK(syscall(SYS_mount_setattr, fs, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0);
	CHECK(syscall(SYS_move_mount, fs, "", AT_FDCWD, "/mnt", 4 /* F_EMPTY_PATH */) == 0);
	close(ns);
	close(fs);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

/* two folders that share with each other in there, and nothing that shows both */
static void namespace_mnt_folders(void)
{
	services();
	mkdir("/services/a", 0755);
	mkdir("/services/b", 0755);
	namespace_mnt(MS_PRIVATE);
	CHECK(mount(NULL, "/", NULL, MS_SHARED, NULL) == 0);
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

static void children_namespace(void)
{
	CHECK(unshare(CLONE_NEWPID) == 0);
}

static void overlay_on(const char *dir)
{
	mkdir(dir, 0755);
	CHECK(mount("none", dir, "tmpfs", 0, NULL) == 0 && chdir(dir) == 0);
	CHECK(mkdir("lower", 0755) == 0 && mkdir("upper", 0755) == 0 && mkdir("work", 0755) == 0);
	CHECK(mkdir("merged", 0755) == 0);
	CHECK(mount("none", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work") ==
	      0);
}

/* as Docker, Podman and LXC make one */
static void namespace_container(void)
{
	in_namespace(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID |
		     CLONE_NEWUTS);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	overlay_on("/nested");
	sleeping_child();
}

const struct mode namespaces_modes[] = {
	{"children-namespace", children_namespace},
	{"namespace-cgroup", namespace_cgroup},
	{"namespace-container", namespace_container},
	{"namespace-fd", namespace_fd},
	{"namespace-ipc", namespace_ipc},
	{"namespace-mnt-cgroup-file", namespace_mnt_cgroup_file},
	{"namespace-mnt-folders", namespace_mnt_folders},
	{"namespace-mnt-idmapped", namespace_mnt_idmapped},
	{"namespace-mnt-own", namespace_mnt_own},
	{"namespace-mnt-private", namespace_mnt_private},
	{"namespace-mnt-service", namespace_mnt_service},
	{"namespace-mnt-services", namespace_mnt_services},
	{"namespace-mnt-shared", namespace_mnt_shared},
	{"namespace-mnt-slave", namespace_mnt_slave},
	{"namespace-net", namespace_net},
	{"namespace-pid", namespace_pid},
	{"namespace-time", namespace_time},
	{"namespace-user", namespace_user},
	{"namespace-uts", namespace_uts},
	{"own-namespace-fd", own_namespace_fd},
	{"shared-folders", shared_folders},
	{0},
};
