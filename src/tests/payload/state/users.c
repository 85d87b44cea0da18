/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "state.h"

/* Processes that are not root's: where CRIU has CAP_SYS_RESOURCE. */
static const gid_t groups[] = {4, 24, 1000, 70000};
static pid_t tid;
static int fd, ends[2];

static void same_ids(const char *what, pid_t who, const char *uids, const char *gids,
		     const char *more)
{
	char found[3][128];
	const char *status = text_of("/proc/self/task/%d/status", (int)who);

	snprintf(found[0], sizeof(found[0]), "%s", field_of(status, "Uid"));
	snprintf(found[1], sizeof(found[1]), "%s", field_of(status, "Gid"));
	snprintf(found[2], sizeof(found[2]), "%s", field_of(status, "Groups"));
	same_text(what, uids, found[0]);
	same_text(what, gids, found[1]);
	found[2][strcspn(found[2], "\n")] = '\0';
	while (*found[2] && found[2][strlen(found[2]) - 1] == ' ')
		found[2][strlen(found[2]) - 1] = '\0';
	same_text(what, more, found[2]);
}

static void set_user(void)
{
	/* what was root's stays open, and is written to */
	fd = TRY(open("of-root", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	TRY(setgroups(4, groups));
	TRY(setresgid(5, 6, 7));
	TRY(setresuid(33, 34, 35));
	/* as for a program that was just started */
	TRY(prctl(PR_SET_DUMPABLE, 1));
}

static void verify_user(void)
{
	int again = open("of-root", O_RDWR | O_CLOEXEC);

	same_ids("the ids", gettid(), "33\t34\t35\t34", "5\t6\t7\t6", "4 24 1000 70000");
	same("writing to root's file", 1, write(fd, "x", 1));
	if (again >= 0)
		complain("root's file can be opened");
	same("PR_GET_DUMPABLE", 1, prctl(PR_GET_DUMPABLE));
	same_text("its capabilities", "0000000000000000",
		  field_of(text_of("/proc/self/status"), "CapEff"));
}

static void set_fsuid(void)
{
	setfsgid(8);
	setfsuid(9);
}

static void verify_fsuid(void)
{
	struct stat st = {0};

	same("the filesystem's user", 9, setfsuid(9));
	same("its group", 8, setfsgid(8));
	close(open("/tmp/of-9", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	stat("/tmp/of-9", &st);
	same("a new file's owner", 9, (long)st.st_uid);
	unlink("/tmp/of-9");
}

/* Only one thread: the C library would ask all of them to do so. */
static void *be_other(void *arg)
{
	syscall(SYS_setresgid, 40, 41, 42);
	syscall(SYS_setresuid, 43, 44, 45);
	for (;;)
		pause();
	return arg;
}

static void set_thread_user(void)
{
	TRY(setgroups(0, NULL));
	tid = start_thread(be_other, NULL);
	await_call(tid, SYS_pause);
}

static void verify_thread_user(void)
{
	same_ids("the thread's ids", tid, "43\t44\t45\t44", "40\t41\t42\t41", "");
	same_ids("the process's ids", gettid(), "0\t0\t0\t0", "0\t0\t0\t0", "");
}

static void set_peer(void)
{
	TRY(setresgid(6, 6, 6));
	TRY(setresuid(33, 33, 33));
	TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static void verify_peer(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &cred, &len);
	same("the uid", 33, (long)cred.uid);
	same("the gid", 6, (long)cred.gid);
}

/* A server that is not root's: what a client is told of it. */
static void set_listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};

	TRY(chmod(".", 0777));
	TRY(setresgid(6, 6, 6));
	TRY(setresuid(33, 33, 33));
	fd = TRY(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TRY(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	TRY(listen(fd, 3));
	TRY(prctl(PR_SET_DUMPABLE, 1));
}

static void verify_listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (connect(client, (struct sockaddr *)&address, sizeof(address)) < 0)
		complain("connecting: %s", strerror(errno));
	getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	same("the uid", 33, (long)cred.uid);
	same("the gid", 6, (long)cred.gid);
	same("the pid", getpid(), cred.pid);
	same("PR_GET_DUMPABLE", 1, prctl(PR_GET_DUMPABLE));
	close(client);
	close(accept(fd, NULL, NULL));
}

const struct kind user_kinds[] = {
	{"user", set_user, verify_user, NULL},
	{"user-of-files", set_fsuid, verify_fsuid, NULL},
	{"user-of-thread", set_thread_user, verify_thread_user, NULL},
	{"user-of-socket", set_peer, verify_peer, NULL},
	{"user-of-listener", set_listener, verify_listener, NULL},
	{0},
};
