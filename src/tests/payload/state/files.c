/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "state.h"

static int a, b, c;

static int make_file(const char *name, int flags, const char *text)
{
	int fd = TRY(open(name, flags | O_CREAT | O_CLOEXEC, 0640));

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		cannot("write a file");
	return fd;
}

static void same_content(const char *what, int fd, const char *wanted)
{
	char text[256] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		complain("%s cannot be read: %s", what, strerror(errno));
	same_text(what, wanted, text);
}

static long position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* --- offsets and flags ---------------------------------------------------- */

static void set_offsets(void)
{
	a = make_file("one", O_RDWR, "0123456789");
	TRY(lseek(a, 4, SEEK_SET));
	b = TRY(dup(a));
	c = TRY(open("one", O_RDONLY | O_NONBLOCK | O_NOATIME));
	TRY(lseek(c, 7, SEEK_SET));
	TRY(dup3(a, 200, O_CLOEXEC));
}

static void verify_offsets(void)
{
	same("the offset", 4, position(a));
	same("the other's offset", 7, position(c));
	lseek(b, 2, SEEK_SET);
	same("the offset by way of the other fd", 2, position(a));
	same("the offset by way of fd 200", 2, position(200));
	same("the other's offset then", 7, position(c));
	lseek(a, 4, SEEK_SET);
	same("FD_CLOEXEC", FD_CLOEXEC, fcntl(200, F_GETFD));
	same("FD_CLOEXEC", 0, fcntl(b, F_GETFD));
	same("the flags", O_RDONLY | O_NONBLOCK | O_NOATIME, fcntl(c, F_GETFL) & ~0100000);
	same("the access mode", O_RDWR, fcntl(a, F_GETFL) & O_ACCMODE);
}

static int ask[2];

static void child_reads(void)
{
	char ch;

	while (read(ask[0], &ch, 1) == 1)
		lseek(a, 1, SEEK_CUR);
}

static long wanted_offset;

static bool has_moved(void)
{
	return position(a) == wanted_offset;
}

static void set_shared(void)
{
	a = make_file("one", O_RDWR, "0123456789");
	TRY(pipe2(ask, O_CLOEXEC));
	start_child(child_reads);
}

static void verify_shared(void)
{
	wanted_offset = position(a) + 1;
	if (write(ask[1], "x", 1) != 1 || !comes(has_moved))
		complain("the child moves another offset");
}

static void set_append(void)
{
	a = make_file("log", O_WRONLY | O_APPEND, "abc");
}

static void verify_append(void)
{
	struct stat st;

	same("O_APPEND", O_APPEND, fcntl(a, F_GETFL) & O_APPEND);
	lseek(a, 0, SEEK_SET);
	if (write(a, "d", 1) != 1 || fstat(a, &st) < 0)
		complain("it cannot be written: %s", strerror(errno));
	else if (position(a) != st.st_size)
		complain("it has written at %ld of %ld", position(a), (long)st.st_size);
}

static void set_path(void)
{
	close(make_file("one", O_RDWR, "x"));
	TRY(symlink("one", "link"));
	a = TRY(open("one", O_PATH | O_CLOEXEC));
	b = TRY(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void verify_path(void)
{
	struct stat st;
	int fd;

	same("O_PATH", O_PATH, fcntl(a, F_GETFL) & O_PATH);
	fd = openat(b, "one", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstatat(a, "", &st, AT_EMPTY_PATH) < 0 || st.st_size != 1)
		complain("it leads nowhere: %s", strerror(errno));
	close(fd);
}

static void set_o_path_symlink(void)
{
	TRY(symlink("one", "link"));
	a = TRY(open("link", O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

static void verify_o_path_symlink(void)
{
	char to[16] = "";

	if (readlinkat(a, "", to, sizeof(to) - 1) < 0)
		complain("it is no link: %s", strerror(errno));
	same_text("where it leads", "one", to);
}

static void set_directory(void)
{
	TRY(mkdir("dir", 0755));
	a = TRY(open("dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void verify_directory(void)
{
	int fd = openat(a, "in-it", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || access("dir/in-it", F_OK) < 0)
		complain("it is another one: %s", strerror(errno));
	close(fd);
}

/* --- deleted -------------------------------------------------------------- */

static void set_deleted(void)
{
	a = make_file("gone", O_RDWR, "deleted");
	TRY(fchmod(a, 0604));
	b = TRY(open("gone", O_RDONLY | O_CLOEXEC));
	TRY(unlink("gone"));
}

static void verify_deleted(void)
{
	struct stat st = {0}, other = {0};

	same_content("the content", a, "deleted");
	fstat(a, &st);
	fstat(b, &other);
	same("the number of links", 0, (long)st.st_nlink);
	same("the mode", 0604, st.st_mode & 07777);
	same("the two fds' inodes", 1, st.st_ino == other.st_ino);
	same("the access to its name", -1, access("gone", F_OK));
}

/* A file of this name is there again, and is another one. */
static void set_replaced(void)
{
	a = make_file("name", O_RDWR, "old");
	TRY(unlink("name"));
	close(make_file("name", O_RDWR, "new"));
}

static void verify_replaced(void)
{
	int fd = open("name", O_RDONLY | O_CLOEXEC);

	same_content("the old content", a, "old");
	same_content("the new content", fd, "new");
	close(fd);
}

static void set_deleted_linked(void)
{
	struct stat st;

	a = make_file("name", O_RDWR, "linked");
	TRY(link("name", "other-name"));
	TRY(unlink("name"));
	TRY(fstat(a, &st));
}

static void verify_deleted_linked(void)
{
	struct stat st = {0}, other = {0};

	same_content("the content", a, "linked");
	fstat(a, &st);
	stat("other-name", &other);
	same("the same inode", 1, st.st_ino == other.st_ino);
	same("the number of links", 1, (long)st.st_nlink);
	same("the access to its old name", -1, access("name", F_OK));
}

static void set_deleted_directory(void)
{
	TRY(mkdir("gone", 0755));
	TRY(chdir("gone"));
	a = TRY(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	TRY(rmdir("../gone"));
}

static void verify_deleted_directory(void)
{
	struct stat st = {0}, other = {0};

	if (stat(".", &st) < 0 || fstat(a, &other) < 0)
		complain("it is not there: %s", strerror(errno));
	same("the number of links", 0, (long)st.st_nlink);
	same("the same inode", 1, st.st_ino == other.st_ino);
}

static void set_tmpfile(void)
{
	a = TRY(open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	TRY(write(a, "tmpfile", 7));
}

static void verify_tmpfile(void)
{
	char path[32];

	same_content("the content", a, "tmpfile");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", a);
	if (linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) < 0)
		complain("it cannot get a name: %s", strerror(errno));
	/* what once had a name cannot get another one */
	unlink("named");
	close(a);
	set_tmpfile();
}

static void set_sparse(void)
{
	a = TRY(open("gone", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	TRY(ftruncate(a, 512 << 20));
	TRY(pwrite(a, "x", 1, 256 << 20));
	TRY(unlink("gone"));
}

static void verify_sparse(void)
{
	struct stat st = {0};
	char ch = 0;

	fstat(a, &st);
	same("the size", 512 << 20, st.st_size);
	if (st.st_blocks > 2048)
		complain("it takes %ld blocks", (long)st.st_blocks);
	if (pread(a, &ch, 1, 256 << 20) != 1 || ch != 'x')
		complain("its content is lost");
}

static void set_deleted_fifo(void)
{
	TRY(mkfifo("fifo", 0600));
	a = TRY(open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	TRY(unlink("fifo"));
	TRY(write(a, "fifo", 4));
}

static void verify_fifo(void)
{
	char text[16] = "";

	if (read(a, text, sizeof(text) - 1) != 4)
		complain("what was in it is not: %s", strerror(errno));
	same_text("the content", "fifo", text);
	if (write(a, "fifo", 4) != 4)
		complain("it cannot be written: %s", strerror(errno));
}

static void set_fifo(void)
{
	TRY(mkfifo("fifo", 0600));
	a = TRY(open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	TRY(write(a, "fifo", 4));
}

/* --- in memory, and devices ----------------------------------------------- */

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static void set_memfd(void)
{
	a = TRY(memfd_create("some name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	TRY(write(a, "memfd", 5));
	TRY(fcntl(a, F_ADD_SEALS, SEALS));
	TRY(lseek(a, 3, SEEK_SET));
	TRY(fchmod(a, 0700));
	b = TRY(memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	TRY(write(b, "sealed", 6));
	TRY(fcntl(b, F_ADD_SEALS, SEALS | F_SEAL_WRITE | F_SEAL_SEAL));
}

static void verify_memfd(void)
{
	struct stat st = {0};
	char path[64] = "", link[32];

	same_content("the content", a, "memfd");
	same_content("the sealed content", b, "sealed");
	same("the seals", SEALS, fcntl(a, F_GET_SEALS));
	same("all seals", SEALS | F_SEAL_WRITE | F_SEAL_SEAL, fcntl(b, F_GET_SEALS));
	same("the offset", 3, position(a));
	same("writing", -1, pwrite(b, "x", 1, 0));
	fstat(a, &st);
	same("the mode", 0700, st.st_mode & 07777);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", a);
	if (readlink(link, path, sizeof(path) - 1) > 0)
		same_text("the name", "/memfd:some name (deleted)", path);
}

static void set_devices(void)
{
	a = TRY(open("/dev/null", O_RDWR | O_CLOEXEC));
	b = TRY(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	c = TRY(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
}

static void verify_devices(void)
{
	char byte[2] = {1, 1};

	same("writing /dev/null", 1, write(a, "x", 1));
	same("reading /dev/null", 0, read(a, byte, 1));
	same("reading /dev/zero", 1, read(b, byte, 1));
	same("what comes of it", 0, byte[0]);
	same("reading /dev/urandom", 1, read(c, byte, 1));
}

static void set_proc(void)
{
	a = TRY(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
	b = TRY(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	c = TRY(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
}

static void verify_proc(void)
{
	char path[64] = "", text[1024] = "", self[32];
	int fd = openat(b, "self/status", O_RDONLY | O_CLOEXEC);

	snprintf(self, sizeof(self), "%d", getpid());
	if (pread(a, text, sizeof(text) - 1, 0) <= 0)
		complain("/proc/self/status cannot be read: %s", strerror(errno));
	same_text("Pid", self, field_of(text, "Pid"));
	same("opening in /proc", 1, fd >= 0);
	close(fd);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", c);
	if (readlink(self, path, sizeof(path) - 1) < 0 || strncmp(path, "net:", 4) != 0)
		complain("the namespace is \"%s\"", path);
}

/* --- across exec and in flight -------------------------------------------- */

static int pair[2];

static void send_fds(void)
{
	struct iovec iov = {"x", 1};
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fds[2];

	fds[0] = make_file("sent", O_RDWR, "sent");
	fds[1] = TRY(memfd_create("sent", MFD_CLOEXEC));
	TRY(write(fds[1], "memory", 6));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	TRY(sendmsg(pair[0], &msg, 0));
	close(fds[0]);
	close(fds[1]);
}

static void set_in_flight(void)
{
	TRY(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	send_fds();
}

static void verify_in_flight(void)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg;
	int fds[2] = {-1, -1};

	if (recvmsg(pair[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1) {
		complain("nothing comes: %s", strerror(errno));
		return;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_len != CMSG_LEN(sizeof(fds))) {
		complain("the message has no files");
		return;
	}
	memcpy(fds, CMSG_DATA(cmsg), sizeof(fds));
	same_content("the content", fds[0], "sent");
	same_content("the memory", fds[1], "memory");
	close(fds[0]);
	close(fds[1]);
	unlink("sent");
	send_fds();
}

/* Many, far up, and one that is every one. */
static void set_many(void)
{
	a = make_file("one", O_RDWR, "many");
	for (int fd = 300; fd < 800; fd += 2)
		TRY(dup2(a, fd));
}

static void verify_many(void)
{
	for (int fd = 300; fd < 800; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd % 2 == 0))
			complain("fd %d is %s", fd, fd % 2 ? "open" : "closed");
	lseek(798, 1, SEEK_SET);
	same("the offset by way of another fd", 1, position(300));
}

const struct kind file_kinds[] = {
	{"file-offsets", set_offsets, verify_offsets, NULL},
	{"file-offset-shared", set_shared, verify_shared, NULL},
	{"file-append", set_append, verify_append, NULL},
	{"file-path", set_path, verify_path, NULL},
	{"file-path-symlink", set_o_path_symlink, verify_o_path_symlink, NULL},
	{"directory", set_directory, verify_directory, NULL},
	{"file-deleted", set_deleted, verify_deleted, NULL},
	{"file-replaced", set_replaced, verify_replaced, NULL},
	{"file-deleted-linked", set_deleted_linked, verify_deleted_linked, NULL},
	{"file-deleted-sparse", set_sparse, verify_sparse, NULL},
	{"cwd-deleted", set_deleted_directory, verify_deleted_directory, NULL},
	{"tmpfile", set_tmpfile, verify_tmpfile, NULL},
	{"fifo", set_fifo, verify_fifo, NULL},
	{"fifo-deleted", set_deleted_fifo, verify_fifo, NULL},
	{"memfd", set_memfd, verify_memfd, NULL},
	{"devices", set_devices, verify_devices, NULL},
	{"proc-files", set_proc, verify_proc, NULL},
	{"fds-in-flight", set_in_flight, verify_in_flight, NULL},
	{"fds-many", set_many, verify_many, NULL},
	{0},
};
