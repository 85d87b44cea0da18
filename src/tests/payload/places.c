/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `places MODE READY`: has files open whose places are gone, or another's, or code in an odd place,
 * and then writes its number to READY. When there is a file READY.ask it looks whether all is as it
 * was, and answers by writing "right" to it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			perror(#x);                                                                \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define HUGE (2 * 1024 * 1024)

static int files[3];

static void make(const char *folder)
{
	(void)!mkdir("/places", 0755);
	CHECK(mkdir(folder, 0755) == 0);
}

static int have(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	CHECK(fd >= 0);
	return fd;
}

static void write_to(const char *path)
{
	int fd = have(path, O_CREAT | O_RDWR);

	CHECK(write(fd, "mine", 4) == 4);
	close(fd);
}

/* Each before what is in it, as CRIU is not to remove them again. */
static void folders(void)
{
	make("/places/a");
	make("/places/a/b");
	files[0] = have("/places/a", O_RDONLY | O_DIRECTORY);
	files[1] = have("/places/a/b", O_RDONLY | O_DIRECTORY);
	write_to("/places/a/b/f");
	files[2] = have("/places/a/b/f", O_RDWR);
	make("/places/a/b/c");
	CHECK(chdir("/places/a/b/c") == 0);
	CHECK(unlink("/places/a/b/f") == 0 && rmdir("/places/a/b/c") == 0);
	CHECK(rmdir("/places/a/b") == 0 && rmdir("/places/a") == 0);
}

static void replaced_by_folder(void)
{
	make("/places/folder");
	files[0] = have("/places/folder", O_RDONLY | O_DIRECTORY);
	CHECK(rmdir("/places/folder") == 0);
	make("/places/folder");
}

static void replaced_by_file(void)
{
	make("/places/file");
	make("/places/file/a");
	CHECK(chdir("/places/file/a") == 0);
	CHECK(rmdir("/places/file/a") == 0 && rmdir("/places/file") == 0);
	write_to("/places/file");
}

static void twice(void)
{
	for (int i = 0; i < 2; i++) {
		make("/places/twice");
		files[i] = have("/places/twice", O_RDONLY | O_DIRECTORY);
		CHECK(rmdir("/places/twice") == 0);
	}
}

static void file_without_folder(void)
{
	make("/places/above");
	write_to("/places/above/f");
	files[0] = have("/places/above/f", O_RDWR);
	CHECK(unlink("/places/above/f") == 0 && rmdir("/places/above") == 0);
	write_to("/places/above");
}

static void removed_cgroup(void)
{
	CHECK(mkdir("/sys/fs/cgroup/places", 0755) == 0);
	files[0] = have("/sys/fs/cgroup/places/cgroup.events", O_RDONLY);
	CHECK(rmdir("/sys/fs/cgroup/places") == 0);
}

static int bound(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, name);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(fd, 5) == 0);
	return fd;
}

static void socket_without_folder(void)
{
	make("/places/s");
	CHECK(chdir("/places/s") == 0);
	bound("socket");
	CHECK(chdir("/") == 0 && unlink("/places/s/socket") == 0 && rmdir("/places/s") == 0);
}

static void socket_moved(void)
{
	make("/places/s");
	bound("/places/s/socket");
	CHECK(rename("/places/s", "/places/moved") == 0);
}

static void socket_renamed(void)
{
	make("/places/r");
	CHECK(chdir("/places/r") == 0);
	bound("socket");
	CHECK(rename("socket", "other") == 0 && chdir("/") == 0);
}

static void socket_in_jail(void)
{
	int root = have("/", O_RDONLY | O_DIRECTORY);

	make("/places/jail");
	make("/places/jail/tmp");
	CHECK(chroot("/places/jail") == 0);
	bound("/tmp/jailed");
	CHECK(fchdir(root) == 0 && chroot(".") == 0);
	close(root);
}

static void pipe_without_folder(void)
{
	make("/places/pipe");
	CHECK(mkfifo("/places/pipe/f", 0600) == 0);
	files[0] = have("/places/pipe/f", O_RDWR);
	CHECK(unlink("/places/pipe/f") == 0 && rmdir("/places/pipe") == 0);
	write_to("/places/pipe");
}

/* CRIU makes these filesystems anew without what was in them. */
static void on_ramfs(void)
{
	make("/places/ram");
	CHECK(mount("ram", "/places/ram", "ramfs", 0, NULL) == 0);
	write_to("/places/ram/f");
	files[0] = have("/places/ram/f", O_RDWR);
}

static void in_ramfs(void)
{
	make("/places/ram");
	CHECK(mount("ram", "/places/ram", "ramfs", 0, NULL) == 0);
	make("/places/ram/folder");
	CHECK(chdir("/places/ram/folder") == 0);
}

static void mapped_huge(void)
{
	void *p;

	make("/places/huge");
	CHECK(mount("huge", "/places/huge", "hugetlbfs", 0, NULL) == 0);
	files[0] = have("/places/huge/f", O_CREAT | O_RDWR);
	CHECK(ftruncate(files[0], HUGE) == 0);
	p = mmap(NULL, HUGE, PROT_READ, MAP_SHARED | MAP_NORESERVE, files[0], 0);
	CHECK(p != MAP_FAILED);
	close(files[0]);
}

static void sockets(void)
{
	make("/places/fine");
	CHECK(chdir("/places/fine") == 0);
	bound("./socket");
	bound("/places/fine/absolute");
	bound("/places/fine/gone");
	CHECK(unlink("/places/fine/gone") == 0 && chdir("/") == 0);
}

/* In a place before the program's own. */
static void shared_code(void)
{
	void *p = mmap((void *)0x100000, 4096, PROT_READ | PROT_EXEC,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(p == (void *)0x100000);
}

/* One before it is enough. */
static void shared_code_behind(void)
{
	void *p = mmap((void *)0x80000, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(p == (void *)0x80000);
	shared_code();
}

static const struct {
	const char *name;
	void (*set)(void);
} modes[] = {
	{"folders", folders},
	{"replaced-by-folder", replaced_by_folder},
	{"replaced-by-file", replaced_by_file},
	{"twice", twice},
	{"file-without-folder", file_without_folder},
	{"removed-cgroup", removed_cgroup},
	{"socket-without-folder", socket_without_folder},
	{"socket-moved", socket_moved},
	{"socket-renamed", socket_renamed},
	{"socket-in-jail", socket_in_jail},
	{"pipe-without-folder", pipe_without_folder},
	{"on-ramfs", on_ramfs},
	{"in-ramfs", in_ramfs},
	{"mapped-huge", mapped_huge},
	{"sockets", sockets},
	{"shared-code", shared_code},
	{"shared-code-behind", shared_code_behind},
};

/* What files has of folders() */
static int folders_are_right(void)
{
	struct stat st;
	char text[5] = "";

	for (int i = 0; i < 3; i++)
		if (fstat(files[i], &st) < 0 || S_ISDIR(st.st_mode) != (i < 2))
			return 0;
	return pread(files[2], text, 4, 0) == 4 && strcmp(text, "mine") == 0 &&
	       stat(".", &st) == 0 && S_ISDIR(st.st_mode) && access("/places/a", F_OK) < 0;
}

static int sockets_are_right(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/places/fine/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void answer(const char *mode, const char *ask)
{
	int right = strcmp(mode, "folders") == 0   ? folders_are_right()
		    : strcmp(mode, "sockets") == 0 ? sockets_are_right()
						   : 1;
	FILE *f = fopen(ask, "w");

	if (f) {
		fputs(right ? "right" : "wrong", f);
		fclose(f);
	}
}

int main(int argc, char *argv[])
{
	char ask[200];
	struct stat st;
	FILE *ready;

	if (argc != 3)
		return 2;
	snprintf(ask, sizeof(ask), "%s.ask", argv[2]);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			modes[i].set();
	ready = fopen(argv[2], "w");
	CHECK(ready);
	fprintf(ready, "%d\n", (int)getpid());
	fclose(ready);
	for (;; usleep(50000))
		if (stat(ask, &st) == 0 && st.st_size == 0)
			answer(argv[1], ask);
}
