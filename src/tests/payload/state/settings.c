/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Settings of processes and files that few programs use. Kinds of state.c, see there. A machine may
 * lack one; then there is nothing to verify.
 */
#include <linux/landlock.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "state.h"

#define LARGE		  0x500000007ULL
#define PAGE		  4096UL
#define NUMA_INTERLEAVE	  3
#define SESSION		  (-3) /* KEY_SPEC_SESSION_KEYRING */
#define KEYCTL_JOIN	  1
#define KEYCTL_SEARCH	  10
#define WATCHED		  (IN_CREATE | IN_ONESHOT | IN_EXCL_UNLINK)
#define SYS_MSEAL	  462
#define SYS_LANDLOCK	  444 /* landlock_create_ruleset() */
#define SYS_LANDLOCK_SELF 446 /* landlock_restrict_self() */

static int fd;
static char *page;
static long number;
static bool missing; /* the machine lacks it */

static void map_page(void)
{
	page = TRY((char *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				0));
	*page = 1;
}

/* --- memory --- */

static void set_seal(void)
{
	map_page();
	missing = syscall(SYS_MSEAL, page, PAGE, 0UL) < 0;
}

static void verify_seal(void)
{
	if (!missing && mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0)
		complain("it is not sealed");
}

static void set_numa(void)
{
	unsigned long nodes = 1;

	missing = syscall(SYS_set_mempolicy, NUMA_INTERLEAVE, &nodes, 64UL) < 0;
}

static void verify_numa(void)
{
	int policy = -1;

	syscall(SYS_get_mempolicy, &policy, NULL, 0UL, NULL, 0UL);
	if (!missing)
		same("the policy", NUMA_INTERLEAVE, policy);
}

static void set_locked_segment(void)
{
	fd = TRY(shmget(IPC_PRIVATE, PAGE, 0600 | IPC_CREAT));
	TRY(shmctl(fd, SHM_LOCK, NULL));
}

static void verify_locked_segment(void)
{
	struct shmid_ds ds = {0};

	shmctl(fd, IPC_STAT, &ds);
	same("SHM_LOCKED", SHM_LOCKED, ds.shm_perm.mode & SHM_LOCKED);
}

static void remove_segment(void)
{
	shmctl(fd, IPC_RMID, NULL);
}

static void set_segment(void)
{
	set_locked_segment();
	at_end = remove_segment;
}

/* --- what a process may --- */

static void set_landlock(void)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs =
							   LANDLOCK_ACCESS_FS_READ_FILE};

	fd = (int)syscall(SYS_LANDLOCK, &attr, sizeof(attr), 0UL);
	missing = fd < 0;
	if (missing)
		return;
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	TRY(syscall(SYS_LANDLOCK_SELF, fd, 0UL));
	close(fd);
}

static void verify_landlock(void)
{
	int file = open("/etc/inittab", O_RDONLY | O_CLOEXEC);

	if (!missing && file >= 0)
		complain("it can open files");
	if (file >= 0)
		close(file);
}

static void set_speculation(void)
{
	missing = prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0) < 0;
	number = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
}

static void verify_speculation(void)
{
	if (!missing)
		same("it", number, prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0));
}

static void set_keyring(void)
{
	TRY(syscall(SYS_keyctl, KEYCTL_JOIN, NULL));
	TRY(syscall(SYS_add_key, "user", "of the process", "secret", 6UL, SESSION));
}

static void verify_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_SEARCH, SESSION, "user", "of the process", 0) < 0)
		complain("the key is not there");
}

/* --- files --- */

static void set_large(void)
{
	const uint64_t count = LARGE;

	fd = TRY(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	TRY(write(fd, &count, sizeof(count)));
}

static void verify_large(void)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) < 0)
		complain("it is zero");
	else
		same("the counter", (long)LARGE, (long)count);
	count = LARGE;
	if (write(fd, &count, sizeof(count)) < 0)
		complain("it cannot be added to");
}

static void set_watch_flags(void)
{
	fd = TRY(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	TRY(inotify_add_watch(fd, ".", WATCHED));
}

static void verify_watch_flags(void)
{
	const char *mask = strstr(text_of("/proc/self/fdinfo/%d", fd), "mask:");

	same("the mask", (long)WATCHED & 0xffffffffL, mask ? strtol(mask + 5, NULL, 16) : -1);
}

static volatile sig_atomic_t notified;

static void on_notice(int sig)
{
	(void)sig;
	notified = 1;
}

static void set_notify(void)
{
	signal(SIGIO, on_notice);
	fd = TRY(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	TRY(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
}

static void verify_notify(void)
{
	notified = 0;
	close(open("new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	unlink("new");
	if (!notified)
		complain("no signal comes");
}

const struct kind setting_kinds[] = {
	{"memory-sealed", set_seal, verify_seal, NULL},
	{"memory-policy", set_numa, verify_numa, NULL},
	{"sysv-shm-locked", set_segment, verify_locked_segment, NULL},
	{"landlock", set_landlock, verify_landlock, NULL},
	{"speculation", set_speculation, verify_speculation, NULL},
	{"session-keyring-own", set_keyring, verify_keyring, NULL},
	{"eventfd-large", set_large, verify_large, NULL},
	{"inotify-flags", set_watch_flags, verify_watch_flags, NULL},
	{"directory-notify", set_notify, verify_notify, NULL},
	{0},
};
