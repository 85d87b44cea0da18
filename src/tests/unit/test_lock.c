/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock/operation.c and the healings, as root: a container that does not run, in a temporary
 * directory, and cgroups that are directories with files.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/identity.h"
#include "lock/operation.h"
#include "lock/recover.h"
#include "sys/link.h"
#include "sys/process.h"
#include "sys/remove_tree.h"
#include "sys/runtime.h"
#include "unit.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

static char lxcpath[] = "/tmp/unit-lock-XXXXXX";
static char *place, *name, *lock_path, *record_path;
static char c_name[] = "c1";

static const char *config_path(struct lxc_container *c)
{
	(void)c;
	return lxcpath;
}

static struct lxc_container c = {.name = c_name, .get_config_path = config_path};

static void setup(void)
{
	strcpy(lxcpath + strlen(lxcpath) - strlen("XXXXXX"), "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(lxcpath));
	place = xasprintf("%s/c1", lxcpath);
	ck_assert_int_eq(mkdir(place, 0755), 0);
	name = container_lock_name(place);
	lock_path = xasprintf(RUNTIME_DIR "/%s", name);
	record_path =
		xasprintf("%.*s.record", (int)(strrchr(lock_path, '.') - lock_path), lock_path);
}

static void teardown(void)
{
	record_remove(name, RECORD_OPERATION);
	record_remove(name, RECORD_LINKS);
	unlink(lock_path);
	ck_assert_int_eq(remove_tree(lxcpath), 0);
	free(place);
	free(name);
	free(lock_path);
	free(record_path);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void check_text(const char *directory, const char *file, const char *expected)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);
	_cleanup_free_ char *text = NULL;

	ck_assert_int_ge(read_file_at(AT_FDCWD, path, 4096, &text), 0);
	ck_assert_str_eq(text, expected);
}

static void begin(struct operation *op)
{
	struct error *e = NULL;

	ck_assert_msg(operation_begin(&c, place, "a checkpoint", op, &e) == 0, "%s",
		      e ? e->message : "");
}

/* A process that has just ended. */
static pid_t dead_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_ge(wait_status(pid), 0);
	return pid;
}

START_TEST(test_one_at_a_time)
{
	struct operation op, second;
	struct error *e = NULL;
	char *who = xasprintf("(process %d)", (int)getpid());

	ck_assert_int_eq(operation_look(&c, place, NULL), 0);
	begin(&op);
	ck_assert_int_eq(access(record_path, F_OK), 0);
	ck_assert_int_eq(operation_begin(&c, place, "a restore", &second, &e), -EBUSY);
	ck_assert(e->refused);
	ck_assert(strstr(e->message, "a checkpoint of c1 has been running since 20"));
	ck_assert(strstr(e->message, who));
	error_free(e);
	ck_assert_int_eq(operation_look(&c, place, NULL), -EBUSY);
	operation_end(&op);
	ck_assert_int_ne(access(record_path, F_OK), 0);
	begin(&op);
	operation_end(&op);
	free(who);
}
END_TEST

/* Whoever is killed leaves the record, and the next is not told of a lock. */
/* Half-made processes that are still there are the next operation's, which needs the record. */
START_TEST(test_not_regained)
{
	struct operation op;
	struct error *e = NULL;
	int over[2];
	pid_t pid;

	begin(&op);
	ck_assert_int_eq(pipe(over), 0);
	pid = fork();
	if (pid == 0) {
		char end;

		close(over[1]);
		_exit((int)read(over[0], &end, 1));
	}
	ck_assert_int_eq(operation_regain(&c, &op, &e), -EBUSY);
	error_free(e);
	operation_end(&op);
	ck_assert_int_eq(access(record_path, F_OK), 0);
	close(over[0]);
	close(over[1]);
	ck_assert_int_eq(wait_status(pid), 0);
}
END_TEST

START_TEST(test_killed)
{
	struct nic nic = {.host_name = xstrdup("unit-none0"), .bridge = xstrdup("unit-none1")};
	struct record r = {0};
	struct operation op;
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		begin(&op);
		operation_about(&op, getpid(), "/sys/fs/cgroup/unit-none");
		ck_assert_int_eq(operation_set_network(&op, &nic, 1, NULL), 0);
		ck_assert_int_eq(write_all(ready[1], "x", 1), 0);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(record_read(name, RECORD_OPERATION, &r, NULL), 1);
	ck_assert_int_eq(r.pid, pid);
	ck_assert_int_eq(r.init, pid);
	ck_assert_str_eq(r.frozen, "/sys/fs/cgroup/unit-none");
	ck_assert_uint_eq(r.n_nics, 1);
	ck_assert_str_eq(r.nics[0].bridge, "unit-none1");
	record_clear(&r);
	kill(pid, SIGKILL);
	wait_status(pid);
	/* the container does not run: nothing is put back, and nothing refused */
	begin(&op);
	operation_end(&op);
	ck_assert_int_eq(record_read(name, RECORD_OPERATION, &r, NULL), 0);
	free(nic.host_name);
	free(nic.bridge);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* An earlier version's, in the lock itself. */
START_TEST(test_lines_in_the_lock)
{
	char *text = xasprintf("# %d 1764007948 a restore\n", (int)dead_process());
	struct operation op;
	struct stat st;
	int fd;

	close(runtime_dir_open());
	write_text(lock_path, text);
	/* as long as somebody has it, it says who */
	fd = open(lock_path, O_RDONLY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(operation_look(&c, place, NULL), -EBUSY);
	close(fd);
	begin(&op);
	ck_assert_int_eq(stat(lock_path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	operation_end(&op);
	free(text);
}
END_TEST

START_TEST(test_unreadable)
{
	struct operation op;
	struct error *e = NULL;

	close(runtime_dir_open());
	write_text(record_path, "{");
	ck_assert_int_lt(operation_begin(&c, place, "a restore", &op, &e), 0);
	ck_assert(strstr(e->message, record_path));
	error_free(e);
	/* it is still there, and it is no lock */
	ck_assert_int_eq(access(record_path, F_OK), 0);
	ck_assert_int_eq(operation_look(&c, place, NULL), 0);
}
END_TEST

START_TEST(test_others_may_write)
{
	struct operation op;

	close(runtime_dir_open());
	write_text(lock_path, "");
	ck_assert_int_eq(chmod(lock_path, 0622), 0);
	ck_assert_int_eq(operation_begin(&c, place, "a restore", &op, NULL), -EPERM);
	/* nobody else's lock is believed */
	ck_assert_int_eq(operation_look(&c, place, NULL), 0);
}
END_TEST

/* ---- the healings ---- */

static char *fake_cgroup(const char *file, const char *text)
{
	char *directory = xasprintf("%s/cgroup", lxcpath);
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);

	ck_assert(mkdir(directory, 0755) == 0 || errno == EEXIST);
	write_text(path, text);
	return directory;
}

START_TEST(test_freezer)
{
	char *directory = fake_cgroup("cgroup.freeze", "1");

	recover_freezer("/nowhere");
	recover_freezer(directory);
	check_text(directory, "cgroup.freeze", "0");
	free(directory);
}
END_TEST

static struct record cgroup_record(const char *directory, uint64_t number)
{
	struct record r = {.what = xstrdup("a restore")};
	struct record_cgroup *cgroup = ARRAY_ADD(r.cgroups, r.n_cgroups);

	cgroup->path = xstrdup(directory);
	cgroup->number = number;
	return r;
}

START_TEST(test_cgroups)
{
	char *directory = fake_cgroup("cgroup.kill", "-");
	struct record r;
	struct stat st;

	free(fake_cgroup("cgroup.events", "populated 0\n"));
	ck_assert_int_eq(stat(directory, &st), 0);
	/* another cgroup has the name by now */
	r = cgroup_record(directory, st.st_ino + 1);
	recover_cgroups(&r, 0);
	check_text(directory, "cgroup.kill", "-");
	r.cgroups[0].number = st.st_ino;
	recover_cgroups(&r, 0);
	check_text(directory, "cgroup.kill", "1");
	record_clear(&r);
	free(directory);
}
END_TEST

/* What a dead restore has left is ended before the next operation does anything. */
START_TEST(test_half_made)
{
	char *directory = fake_cgroup("cgroup.kill", "-");
	struct operation op;
	struct record r;
	struct stat st;

	free(fake_cgroup("cgroup.events", "populated 0\n"));
	ck_assert_int_eq(stat(directory, &st), 0);
	r = cgroup_record(directory, st.st_ino);
	r.pid = r.monitor = dead_process();
	ck_assert_int_eq(record_write(name, RECORD_OPERATION, &r, NULL), 0);
	begin(&op);
	check_text(directory, "cgroup.kill", "1");
	operation_end(&op);
	record_clear(&r);
	free(directory);
}
END_TEST

static void write_links(int init, int monitor, uint64_t start)
{
	struct record r = {
		.what = xstrdup("a container that runs"),
		.init = init,
		.monitor = monitor,
		.monitor_start = start,
	};
	struct record_link *link = ARRAY_ADD(r.links, r.n_links);

	link->name = xstrdup("lo");
	link->number = 1;
	link->mac = xstrdup("00:00:00:00:00:00");
	ck_assert_int_eq(record_write(name, RECORD_LINKS, &r, NULL), 0);
	record_clear(&r);
}

static bool has_links(void)
{
	struct record r = {0};
	int n = record_read(name, RECORD_LINKS, &r, NULL);

	record_clear(&r);
	return n == 1;
}

/* The record of a monitor that lives stays; of a dead one, no link that is not a veth is deleted.
 */
START_TEST(test_links)
{
	struct operation op;

	write_links(0, (int)getpid(), process_start_time(getpid()));
	begin(&op);
	operation_end(&op);
	ck_assert(has_links());
	/* another process has its number */
	write_links(0, (int)getpid(), process_start_time(getpid()) + 1);
	begin(&op);
	ck_assert(!has_links());
	operation_end(&op);
	ck_assert_int_eq(access("/sys/class/net/lo", F_OK), 0);
	write_links(dead_process(), dead_process(), 0);
	recover_left_links(name);
	ck_assert(!has_links());
}
END_TEST

/* ---- links, in a network namespace of their own: 0, or the number of what is wrong ---- */

static int run_ip(const char *a, const char *b, const char *c1, const char *d, const char *e,
		  const char *f)
{
	_cleanup_free_ char *ip = system_program("ip");

	return run_capture((const char *const[]){ip, "link", a, b, c1, d, e, f, NULL}, NULL);
}

/* Deletes what the record of a dead monitor names. */
static bool is_deleted(const char *link, unsigned int number, const char *mac)
{
	struct record r = {.what = xstrdup("a container that runs"), .monitor = dead_process()};
	struct record_link *l = ARRAY_ADD(r.links, r.n_links);
	const unsigned int before = if_nametoindex("unit0");

	l->name = xstrdup(link);
	l->number = number;
	l->mac = mac ? xstrdup(mac) : NULL;
	if (record_write(name, RECORD_LINKS, &r, NULL) < 0)
		_exit(100);
	record_clear(&r);
	recover_left_links(name);
	return before != 0 && if_nametoindex("unit0") == 0;
}

static int look_at_links(void)
{
	_cleanup_free_ char *mac = NULL, *other = NULL;
	unsigned int number, bridge;

	if (unshare(CLONE_NEWNET) < 0 ||
	    run_ip("add", "unit0", "type", "veth", "peer", "unit1") != 0 ||
	    run_ip("add", "unit2", "type", "bridge", NULL, NULL) != 0)
		return 1;
	number = if_nametoindex("unit0");
	bridge = if_nametoindex("unit2");
	mac = link_address("unit0", number);
	other = link_address("unit2", bridge);
	if (!mac || !other || link_address("unit1", number) || link_address("unit0", 0))
		return 2;
	/* each is another link than that in one thing */
	if (is_deleted("unit0", number, other) || is_deleted("unit1", number, mac) ||
	    is_deleted("unit0", bridge, mac) || is_deleted("unit0", number, NULL) ||
	    is_deleted("unit0", number + 100, mac))
		return 3;
	is_deleted("unit2", bridge, other);
	link_delete_unused("unit2");
	if (if_nametoindex("unit2") != bridge)
		return 4;
	return is_deleted("unit0", number, mac) ? 0 : 5;
}

START_TEST(test_links_that_are_the_same)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(look_at_links());
	ck_assert_int_eq(wait_status(pid), 0);
}
END_TEST

#define ENTRIES 20000
#define COPIES	10000

static bool make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

/* A file that is open under a name that is deleted, of which others exist. */
static int hold_named(const char *own, const char *const others[])
{
	int fd = open(own, O_WRONLY | O_CREAT | O_EXCL, 0600);

	for (size_t i = 0; fd >= 0 && others[i]; i++)
		if (link(own, others[i]) < 0)
			return -1;
	return unlink(own) < 0 ? -1 : fd;
}

static int enter_root_of_its_own(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("unit", lxcpath, "tmpfs", 0, NULL) < 0 || chdir(lxcpath) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

static int hold_many(void)
{
	const struct rlimit limit = {COPIES + 100, COPIES + 100};
	int fd;

	if (enter_root_of_its_own() < 0 || mkdir("/d", 0700) < 0 || mkdir("/d/gone", 0700) < 0)
		return -1;
	for (int i = 0; i < ENTRIES; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/d/%d", i);
		if (!make_file(path))
			return -1;
	}
	if (!make_file("/d/link_remap.1") ||
	    hold_named("/d/gone/deep", (const char *const[]){"/d/kept", "/d/link_remap.3", NULL}) <
		    0 ||
	    rmdir("/d/gone") < 0)
		return -1;
	fd = hold_named("/d/own", (const char *const[]){"/d/a", "/d/b", "/d/link_remap.2",
							"/d/link_remap.22", NULL});
	if (fd < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	for (int i = 0; i < COPIES; i++)
		if (dup(fd) < 0)
			return -1;
	return 0;
}

static bool is_there(pid_t pid, const char *file)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root/d/%s", (int)pid, file);

	return access(path, F_OK) == 0;
}

/* One file that is open very often in a directory of very many: the time is not their product. */
START_TEST(test_names)
{
	int ready[2], said = 1;
	int64_t took;
	bool removed, again;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		said = hold_many();
		(void)!write(ready[1], &said, sizeof(said));
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &said, sizeof(said)), sizeof(said));
	took = monotonic_ms();
	removed = recover_names(pid);
	took = monotonic_ms() - took;
	again = recover_names(pid);
	said |= (is_there(pid, "link_remap.2") || is_there(pid, "link_remap.22") ||
		 is_there(pid, "link_remap.3"))
		<< 1;
	said |= (!is_there(pid, "link_remap.1") || !is_there(pid, "a") || !is_there(pid, "b") ||
		 !is_there(pid, "kept"))
		<< 2;
	kill(pid, SIGKILL);
	ck_assert_int_ge(wait_status(pid), 0);
	ck_assert_int_eq(said, 0);
	ck_assert(removed && !again);
	ck_assert_int_lt(took, 2000);
}
END_TEST

Suite *lock_suite(void)
{
	Suite *s = suite_create("lock");
	TCase *t = tcase_create("operation"), *h = tcase_create("healings");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_one_at_a_time);
	tcase_add_test(t, test_not_regained);
	tcase_add_test(t, test_killed);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_lines_in_the_lock);
	tcase_add_test(t, test_unreadable);
	tcase_add_test(t, test_others_may_write);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(h, setup, teardown);
	tcase_add_test(h, test_freezer);
	tcase_add_test(h, test_cgroups);
	tcase_add_test(h, test_half_made);
	tcase_add_test(h, test_links);
	tcase_add_test(h, test_links_that_are_the_same);
	tcase_add_test(h, test_names);
	tcase_set_timeout(h, 60);
	suite_add_tcase(s, h);
	return s;
}
