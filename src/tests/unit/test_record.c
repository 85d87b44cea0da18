/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lock/record.c: what is to be put back, as text and as files in the runtime directory. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock/record.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"

#define LOCK	  "unit-test.lock"
#define RECORD	  RUNTIME_DIR "/unit-test.record"
#define TEMPORARY RUNTIME_DIR "/.unit-test.record"

static struct record example(void)
{
	struct record r = {
		.pid_namespace = 4026531836,
		.pid = 4711,
		.since = 1764007948,
		.what = xstrdup("a restore"),
		.init = 4800,
		.init_start = 10452377,
		.frozen = xstrdup("/sys/fs/cgroup/lxc.payload.c1"),
		.monitor = 4712,
		.monitor_start = 10452001,
	};
	struct nic *nic = ARRAY_ADD(r.nics, r.n_nics);
	struct record_cgroup *cgroup = ARRAY_ADD(r.cgroups, r.n_cgroups);
	struct record_link *link = ARRAY_ADD(r.links, r.n_links);

	nic->host_name = xstrdup("vethAbCdEf");
	nic->bridge = xstrdup("lxcbr0");
	cgroup->number = 7711;
	cgroup->path = xstrdup("/sys/fs/cgroup/lxc.payload.c1");
	link->name = xstrdup("vethAbCdEf");
	link->number = 7;
	link->mac = xstrdup("fe:01:02:03:04:05");
	return r;
}

static void check_example(const struct record *r)
{
	ck_assert_uint_eq(r->pid_namespace, 4026531836);
	ck_assert_int_eq(r->pid, 4711);
	ck_assert_uint_eq(r->since, 1764007948);
	ck_assert_str_eq(r->what, "a restore");
	ck_assert_int_eq(r->init, 4800);
	ck_assert_uint_eq(r->init_start, 10452377);
	ck_assert_str_eq(r->frozen, "/sys/fs/cgroup/lxc.payload.c1");
	ck_assert_uint_eq(r->n_nics, 1);
	ck_assert_str_eq(r->nics[0].host_name, "vethAbCdEf");
	ck_assert_str_eq(r->nics[0].bridge, "lxcbr0");
	ck_assert_ptr_null(r->nics[0].host_mac);
	ck_assert_int_eq(r->monitor, 4712);
	ck_assert_uint_eq(r->n_cgroups, 1);
	ck_assert_uint_eq(r->cgroups[0].number, 7711);
	ck_assert_str_eq(r->cgroups[0].path, "/sys/fs/cgroup/lxc.payload.c1");
	ck_assert_uint_eq(r->n_links, 1);
	ck_assert_str_eq(r->links[0].name, "vethAbCdEf");
	ck_assert_uint_eq(r->links[0].number, 7);
	ck_assert_str_eq(r->links[0].mac, "fe:01:02:03:04:05");
}

START_TEST(test_text)
{
	struct record r = example(), again = {0};
	char *text = record_to_text(&r);

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(record_from_text(text, strlen(text), &again, NULL), 0);
	check_example(&again);
	record_clear(&again);
	record_clear(&r);
	free(text);
}
END_TEST

/* Half a record is none, wherever it ends. */
START_TEST(test_half)
{
	struct record r = example(), again = {0};
	char *text = record_to_text(&r);

	for (size_t n = 0; n < strlen(text); n++)
		ck_assert_int_lt(record_from_text(text, n, &again, NULL), 0);
	record_clear(&r);
	free(text);
}
END_TEST

/* One thing is another than what record_to_text() has written. */
static const struct {
	const char *was, *is, *wrong;
} changes[] = {
	{"\"schema\": 1", "\"schema\": 2", "of another version"},
	{"\"schema\": 1", "\"schema\": true", "of another version"},
	{"\"pid\": 4711", "\"pid\": -1", "pid: is out of range"},
	{"\"pid\": 4711", "\"pid\": 99999999999", "pid: is out of range"},
	{"\"pid\": 4711", "\"pid\": 1, \"pid\": 2", "duplicate"},
	{"\"pid\"", "\"pod\"", "pod: is not a member this version knows"},
	{"\"a restore\"", "null", "what: is no string"},
	{"\"frozen\": \"/", "\"frozen\": \"", "frozen: is no absolute path"},
	{"/lxc.payload.c1\",", "/../../home\",", "frozen: is no absolute path"},
	{"\"number\": 7711", "\"number\": 0", "cgroups[0].number: is out of range"},
	{"\"lxcbr0\"", "\"..\"", "nics[0].bridge: is no name of a link"},
	{"\"lxcbr0\"", "\"a/b\"", "nics[0].bridge: is no name of a link"},
	{"\"lxcbr0\"", "\"abcdefghijklmnop\"", "nics[0].bridge: is no name of a link"},
	{"\"lxcbr0\"", "\"\"", "nics[0].bridge: is no name of a link"},
	{"\"fe:01:02:03:04:05\"", "\"fe:01:02:03:04\"", "links[0].mac: is no MAC address"},
	{"\"fe:01:02:03:04:05\"", "7", "links[0].mac: is no string or null"},
};

START_TEST(test_changed)
{
	struct record r = example(), again = {0};
	char *text = record_to_text(&r), *at = strstr(text, changes[_i].was);
	struct error *e = NULL;
	char *changed;

	ck_assert_ptr_nonnull(at);
	changed = xasprintf("%.*s%s%s", (int)(at - text), text, changes[_i].is,
			    at + strlen(changes[_i].was));
	ck_assert_int_lt(record_from_text(changed, strlen(changed), &again, &e), 0);
	ck_assert_msg(strstr(e->message, changes[_i].wrong), "\"%s\", not \"%s\"", e->message,
		      changes[_i].wrong);
	error_free(e);
	free(changed);
	free(text);
	record_clear(&r);
}
END_TEST

START_TEST(test_not_utf8)
{
	struct record r = example();

	free(r.frozen);
	r.frozen = xstrdup("/sys/fs/cgroup/\344");
	ck_assert_ptr_null(record_to_text(&r));
	record_clear(&r);
}
END_TEST

/* As the versions before this one wrote it into the lock. */
START_TEST(test_lines)
{
	struct record r;

	record_from_lines("# 4711 1764007948 a checkpoint\n"
			  "# init 4800 10452377\n"
			  "# freeze /sys/fs/cgroup/lxc.payload.c1\n"
			  "# Written by lxc-checkpoint for lxc-restore-net.\n"
			  "veth eth0 vethAbCdEf lxcbr0 fe:01:02:03:04:05 1500 on\n"
			  "veth eth1 vethGhIjKl - fe:01:02:03:04:06 - off\n"
			  "veth eth2 vethMnOpQr br1 - - on\n",
			  &r);
	ck_assert_int_eq(r.pid, 4711);
	ck_assert_uint_eq(r.since, 1764007948);
	ck_assert_str_eq(r.what, "a checkpoint");
	ck_assert_int_eq(r.init, 4800);
	ck_assert_uint_eq(r.init_start, 10452377);
	ck_assert_str_eq(r.frozen, "/sys/fs/cgroup/lxc.payload.c1");
	ck_assert_uint_eq(r.n_nics, 2);
	ck_assert_str_eq(r.nics[0].host_name, "vethAbCdEf");
	ck_assert_str_eq(r.nics[0].bridge, "lxcbr0");
	ck_assert_str_eq(r.nics[0].host_mac, "fe:01:02:03:04:05");
	ck_assert_str_eq(r.nics[1].host_name, "vethMnOpQr");
	ck_assert_ptr_null(r.nics[1].host_mac);
	ck_assert_int_eq(r.monitor, 0);
	record_clear(&r);
}
END_TEST

START_TEST(test_lines_of_restore)
{
	struct record r;

	record_from_lines("# 4711 1764007948 a restore\n# monitor 4712\n"
			  "# cgroup 7711 /sys/fs/cgroup/lxc.monitor.c1\n"
			  "# cgroup 7712 /sys/fs/cgroup/lxc.payload.c1\n"
			  "# link vethAbCdEf 0\n# link vethGhIjKl 0\n# link vethAbCdEf 7\n",
			  &r);
	ck_assert_int_eq(r.monitor, 4712);
	ck_assert_uint_eq(r.n_cgroups, 2);
	ck_assert_uint_eq(r.cgroups[1].number, 7712);
	ck_assert_str_eq(r.cgroups[1].path, "/sys/fs/cgroup/lxc.payload.c1");
	ck_assert_uint_eq(r.n_links, 2);
	ck_assert_str_eq(r.links[0].name, "vethAbCdEf");
	ck_assert_uint_eq(r.links[0].number, 7);
	ck_assert_uint_eq(r.links[1].number, 0);
	ck_assert_ptr_null(r.links[0].mac);
	record_clear(&r);
}
END_TEST

/* A process was killed in the middle of a line, or it is no record at all: nothing is taken. */
static const char *const rubbish[] = {
	"",
	"#",
	"# ",
	"# 4711",
	"# init",
	"# init 4800",
	"# cgroup",
	"# cgroup 7711",
	"# cgroup 7711 ",
	"# cgroup 7711 sys/fs",
	"# cgroup 99999999999999999999 /sys",
	"# link",
	"# link vethAbCdEf",
	"# link ../x 7",
	"# freeze ",
	"# freeze sys",
	"# monitor ",
	"# monitor -1",
	"veth ",
	"veth eth0 vethAbCdEf",
	"veth eth0 vethAbCdEf ../../x - - on",
	"\n\n\n",
};

START_TEST(test_rubbish)
{
	struct record r;

	record_from_lines(rubbish[_i], &r);
	ck_assert_int_eq(r.pid, 0);
	ck_assert_int_eq(r.init, 0);
	ck_assert_int_eq(r.monitor, 0);
	ck_assert_ptr_null(r.frozen);
	ck_assert_uint_eq(r.n_nics + r.n_cgroups + r.n_links, 0);
	ck_assert_str_eq(r.what, "another checkpoint or restore");
	record_clear(&r);
}
END_TEST

/* ---- files ---- */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
}

START_TEST(test_files)
{
	struct record r = example(), again = {0};

	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), 0);
	/* what one that was killed while it wrote has left is in nobody's way, and is not read */
	close(runtime_dir_open());
	write_text(TEMPORARY, "{ \"pid\": 1");
	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), 0);
	ck_assert_int_eq(record_write(LOCK, RECORD_OPERATION, &r, NULL), 0);
	ck_assert_int_ne(access(TEMPORARY, F_OK), 0);
	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), 1);
	check_example(&again);
	record_clear(&again);
	/* the other is another file */
	ck_assert_int_eq(record_read(LOCK, RECORD_LINKS, &again, NULL), 0);
	record_remove(LOCK, RECORD_OPERATION);
	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), 0);
	record_clear(&r);
}
END_TEST

START_TEST(test_files_that_are_none)
{
	struct record again = {0};
	struct error *e = NULL;

	close(runtime_dir_open());
	write_text(RECORD, "");
	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), 0);
	write_text(RECORD, "# 4711 1 a restore\n");
	ck_assert_int_lt(record_read(LOCK, RECORD_OPERATION, &again, &e), 0);
	ck_assert(e->refused);
	ck_assert(strstr(e->message, RECORD));
	ck_assert_ptr_nonnull(e->hint);
	error_free(e);
	/* written by whoever may write to it */
	ck_assert_int_eq(chmod(RECORD, 0666), 0);
	ck_assert_int_eq(record_read(LOCK, RECORD_OPERATION, &again, NULL), -EPERM);
	ck_assert_int_eq(unlink(RECORD), 0);
}
END_TEST

START_TEST(test_lock_name)
{
	int dir = runtime_dir_open(), fd = openat(dir, LOCK, O_RDWR | O_CREAT, 0600);
	char *name = record_lock_name(fd);

	ck_assert_str_eq(name, LOCK);
	free(name);
	/* its record would be another's */
	ck_assert_int_eq(unlinkat(dir, LOCK, 0), 0);
	ck_assert_ptr_null(record_lock_name(fd));
	ck_assert_ptr_null(record_lock_name(-1));
	close(fd);
	close(dir);
}
END_TEST

START_TEST(test_process)
{
	const unsigned long long start = process_start_time(getpid());
	struct record r = {.pid_namespace = record_pid_namespace()};
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_ge(wait_status(pid), 0);
	ck_assert(record_process_ended(&r, pid, 0));
	ck_assert(!record_process_ended(&r, (int)getpid(), 0));
	ck_assert(!record_process_ended(&r, (int)getpid(), start));
	/* another one has the number now */
	ck_assert(record_process_ended(&r, (int)getpid(), start + 1));
	ck_assert(record_process_ended(&r, 0, 0));
	/* of another namespace nothing is known */
	r.pid_namespace++;
	ck_assert(!record_process_ended(&r, pid, 0));
	/* the earlier form has none */
	r.pid_namespace = 0;
	ck_assert(record_process_ended(&r, pid, 0));
}
END_TEST

Suite *record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("text"), *f = tcase_create("files");

	tcase_add_test(t, test_text);
	tcase_add_test(t, test_half);
	tcase_add_loop_test(t, test_changed, 0, sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(t, test_not_utf8);
	tcase_add_test(t, test_lines);
	tcase_add_test(t, test_lines_of_restore);
	tcase_add_loop_test(t, test_rubbish, 0, sizeof(rubbish) / sizeof(rubbish[0]));
	suite_add_tcase(s, t);
	tcase_add_test(f, test_files);
	tcase_add_test(f, test_files_that_are_none);
	tcase_add_test(f, test_lock_name);
	tcase_add_test(f, test_process);
	suite_add_tcase(s, f);
	return s;
}
