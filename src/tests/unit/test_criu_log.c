/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "criu/log.h"
#include "unit.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef TEST_FIXTURES
#define TEST_FIXTURES "src/tests/fixtures"
#endif

#define _cleanup_cause_ __attribute__((cleanup(criu_cause_clear)))

/* Logs of dumps and restores that CRIU 4.2.1 really failed at. */
static const struct {
	const char *log;
	const char *lines; /* the whole of it */
	const char *hint;  /* a part of it; NULL: none */
} fixtures[] = {
	{"dump-console-not-external",
	 "mnt: 109:./dev/console doesn't have a proper root mount (mount.c:753)", "console"},
	{"dump-mount-not-external",
	 "mnt: 103:./sys/kernel/security doesn't have a proper root mount (mount.c:753)",
	 "lxc.mount.entry"},
	{"dump-tcp-established",
	 "inet: Connected TCP socket, consider using --tcp-established option. (sk-inet.c:200)",
	 "TCP connections"},
	{"dump-nested-uts", "Can't dump nested uts namespace for 571 (namespaces.c:460)",
	 "ProtectHostname"},
	{"dump-nested-user", "Can't dump nested user namespace for 601 (namespaces.c:460)",
	 "PrivateUsers"},
	{"dump-ctty",
	 "tty: ctty inheritance detected sid/pgrp 17, no PTY peer with sid/pgrp needed "
	 "(tty.c:2281)",
	 "log out"},
	{"dump-nested-pid", "Can't dump nested pid namespace for 632 (namespaces.c:460)",
	 "containers within"},
	{"dump-bpf",
	 "Can't dump file 3 of that type [600] (anon anon_inode:bpf-prog) (files-ext.c:94)",
	 "seccomp"},
	{"dump-io-uring", "send_fds failed (-22) (parasite.c:588)", "io_uring"},
	{"dump-vsock", "sockets: BUG! Unknown socket collected (family 40) (sockets.c:767)",
	 "vsock"},
	{"dump-netlink-data", "netlink: The socket has data to read (sk-netlink.c:77)",
	 "try again"},
	{"dump-part-acknowledged",
	 "recv failed (12288, want 8192): Invalid argument (soccr.c:371)\n"
	 "tcp: libsoccr_save() failed with -6 (sk-tcp.c:147)",
	 "retransmission"},
	{"dump-mptcp",
	 "inet: Unsupported proto 262 for socket 12cce (sk-inet.c:137)\n"
	 "inet: For Go programs, consider using \"GODEBUG=multipathtcp=0\" to disable MPTCP "
	 "(sk-inet.c:139)",
	 "Multipath"},
	{"dump-traced", "Unseizable non-zombie 511 found, state S, err -1/10 (infect.c:262)",
	 "strace"},
	{"dump-ghost-limit",
	 "Can't dump ghost file /ghostfile of 65536 size, increase limit (files-reg.c:1031)",
	 "deleted file"},
	{"dump-file-lock",
	 "Some file locks are hold by dumping tasks! You can try --file-locks to dump them. "
	 "(file-lock.c:110)",
	 "file lock"},
	{"dump-outside-file", "Can't lookup mount=24 for fd=10 path=/dev/null (files-reg.c:1790)",
	 "lxc-attach"},
	{"dump-no-space",
	 "page-xfer: Unable to spice data: No space left on device (page-xfer.c:263)\n"
	 "bfd: Error flushing image: No space left on device (bfd.c:131)\n"
	 "Can't dump page with parasite (mem.c:718)",
	 "free space"},
	{"dump-no-space-cut",
	 "bfd: Error flushing image: No space left on device (bfd.c:131)\n"
	 "page-xfer: Unable to spice data: No space left on device (page-xfer.c:263)",
	 "free space"},
	{"dump-timeout",
	 "Timeout reached. Try to interrupt: 0 (cr-dump.c:1655)\n"
	 "Unseizable non-zombie 3665 found, state D, err -1/4 (infect.c:262)",
	 "--timeout"},
	{"dump-script-fails",
	 "lxc-restore-net: veth1: no such device\n"
	 "Script /run/s exited with status 1",
	 "callback"},
	{"dump-action-script",
	 "asking the database\n"
	 "the database does not answer\n"
	 "Script /run/script exited with status 7",
	 "an action script failed"},
	{"restore-action-script",
	 "Script /run/script was killed by signal 15: Terminated\n"
	 "Aborting restore due to pre-restore script ret code -1 (cr-restore.c:2013)",
	 "an action script failed"},
	{"dump-no-such-pid",
	 "Unable to interrupt task: 99999 (No such process) (infect.c:132)\n"
	 "rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted (util.c:1534)\n"
	 "Unable to detach from 99999: No such process (infect.c:417)\n"
	 "Dumping FAILED. (cr-dump.c:1975)",
	 "init is gone"},
	{"restore-no-mapping", "mnt: No mapping for 115:(null) mountpoint (mount.c:3141)",
	 "manifest.json"},
	{"restore-symlink-source",
	 "mnt-v2: Failed to move_mount from /lib to /tmp/.criu.mntns.RNLZUN/mnt-0000000152: "
	 "Invalid argument (mount-v2.c:324)",
	 "symbolic"},
	{"restore-bad-size",
	 "File datafile has bad size 11 (expect 5) (files-reg.c:2175)\n"
	 "Unable to open fd=3 id=0x15 (files.c:1221)",
	 "has changed"},
	{"restore-bad-mode",
	 "File datafile has bad mode 0100644 (expect 0100600) (files-reg.c:2294)\n"
	 "Unable to open fd=3 id=0x15 (files.c:1221)",
	 "permissions"},
	{"restore-no-file",
	 "Can't open file datafile on restore: No such file or directory (files-reg.c:2353)\n"
	 "Can't open file datafile: No such file or directory (files-reg.c:2267)\n"
	 "Unable to open fd=3 id=0x15 (files.c:1221)",
	 "missing from its rootfs"},
	{"restore-no-pages",
	 "Can't read async pr bytes (-1 / 40960 read, 0 off, 3 iovs) (pagemap.c:557)",
	 "incomplete"},
	{"restore-no-root",
	 "mnt-v2: Unable to mount /run/rootfs /tmp/.criu.mntns.dCKqHg/mnt-0000000144 (id=144): "
	 "No such file or directory (mount-v2.c:465)",
	 "rootfs"},
	{"restore-lsm", "apparmor LSM specified but apparmor not supported by kernel (lsm.c:406)",
	 "security module"},
};

static char *read_fixture(const char *name, size_t *ret_len)
{
	const char *dir = getenv("TEST_FIXTURES");
	_cleanup_free_ char *path =
		xasprintf("%s/criu-log/%s.log", dir ? dir : TEST_FIXTURES, name);
	char *text;
	ssize_t n = read_file_at(AT_FDCWD, path, 1024 * 1024, &text);

	ck_assert_msg(n > 0, "%s: %s", path, strerror((int)-n));
	*ret_len = (size_t)n;
	return text;
}

START_TEST(test_fixture)
{
	_cleanup_cause_ struct criu_cause c;
	size_t len;
	_cleanup_free_ char *text = read_fixture(fixtures[_i].log, &len);

	criu_log_cause(text, len, &c);
	ck_assert_str_eq(c.lines, fixtures[_i].lines);
	ck_assert_msg(c.hint && strstr(c.hint, fixtures[_i].hint), "%s: hint: %s", fixtures[_i].log,
		      c.hint ? c.hint : "none");
	ck_assert(c.passing == (strcmp(fixtures[_i].log, "dump-netlink-data") == 0 ||
				strcmp(fixtures[_i].log, "dump-part-acknowledged") == 0 ||
				strcmp(fixtures[_i].log, "dump-ctty") == 0));
}
END_TEST

/* An obstacle that passes is told from what CRIU says after it. */
START_TEST(test_passing)
{
	static const char *const texts[] = {
		"recv failed (8192, want 4096): Invalid argument",
		"tty: ctty inheritance detected sid/pgrp 17, no PTY peer with sid/pgrp needed",
		"A session leader of zombie process 12 (-1) has been dead",
		"netlink: The socket has data to read",
		"Control messages in queue, not supported",
		"Can't dump corked dgram socket 1f",
		"unix: In-flight connection on 1f",
		"unix: Non-empty write queue on an in-flight socket 0x1f",
		"inet: Unknown inet socket 1f state 3",
		"inet: Socket state 2 obtained but expected 7",
		"Can't dump the 12 thread with a pending SIGTRAP.",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_cause_ struct criu_cause c;
		_cleanup_free_ char *log = xasprintf(
			"(00.1) Dumping processes (pid: 1 comm: init)\n(00.2) Error (a.c:1): %s\n"
			"(00.3) Error (b.c:2): tcp: libsoccr_save() failed with -6\n",
			texts[i]);

		criu_log_cause(log, strlen(log), &c);
		ck_assert_msg(c.passing, "%s", texts[i]);
	}
}
END_TEST

/* Whatever a log is cut to, there is no crash and (sanitizers) no read beyond its end. */
START_TEST(test_fixture_cut)
{
	size_t len;
	_cleanup_free_ char *text = read_fixture(fixtures[_i].log, &len);

	for (size_t n = 0; n < len; n += n < 2000 ? 1 : 997) {
		_cleanup_cause_ struct criu_cause c;
		_cleanup_free_ char *copy = xcalloc(n + 1, 1);
		char *exact = realloc(memcpy(copy, text + len - n, n), n ? n : 1);

		ck_assert_ptr_nonnull(exact);
		copy = exact;
		criu_log_cause(copy, n, &c);
		ck_assert_ptr_nonnull(c.lines);
	}
}
END_TEST

static const struct {
	const char *text, *lines, *hint;
} lines[] = {
	{"", "", NULL},
	{"\n\n", "", NULL},
	{"Usage: criu dump|restore\n", "Usage: criu dump|restore", NULL},
	{"(00.000001) one\n(00.000002) two", "two", NULL},
	{"(00.000001) Warn  (criu/a.c:1): first\n(00.000001) Warn  (criu/b.c:2): second\nlast\n",
	 "second (b.c:2)", NULL},
	{"Error (criu/tty.c:2306): tty: Unable to find a master for /4\n",
	 "tty: Unable to find a master for /4 (tty.c:2306)", "lxc-attach"},
	{"(00.036) pie: 14: Error (criu/pie/restorer.c:174): can't write lsm profile -2\n",
	 "can't write lsm profile -2 (restorer.c:174)", "apparmor_parser"},
	{"pie: 13: 13: Error (criu/pie/restorer.c:174): x\n", "x (restorer.c:174)", NULL},
	{"(00.01)      1: Error (/usr/src/criu-3.19/criu/mem.c:13): `- Can't open vma\n",
	 "Can't open vma (mem.c:13)", NULL},
	/* the last line needs no newline, and may end in the middle */
	{"(00.01) Error (criu/mem", "(criu/mem", NULL},
	{"(00.01", "(00.01", NULL},
	/* at most four, each once */
	{"Error (a.c:1): 1\nError (a.c:1): 1\nError (a.c:2): 2\nError (a.c:3): 3\nError (a.c:4): "
	 "4\n"
	 "Error (a.c:5): No space left on device\n",
	 "1 (a.c:1)\n2 (a.c:2)\n3 (a.c:3)\n4 (a.c:4)", "free space"},
	/* probes before the beginning */
	{"Error (k.c:1): probe\n(00.1) Dumping processes (pid: 1)\nError (a.c:1): cause\n",
	 "cause (a.c:1)", NULL},
	{"Error (k.c:1): vdso: Unexpected rt vDSO area bounds\n(00.1) Reading image tree\n",
	 "vdso: Unexpected rt vDSO area bounds (k.c:1)", "too old"},
	/* the first known one gives the hint */
	{"Error (a.c:1): riddle\nError (b.c:2): Can't get rlimit 0: Operation not permitted\n",
	 "riddle (a.c:1)\nCan't get rlimit 0: Operation not permitted (b.c:2)", "CAP_SYS_RESOURCE"},
	{"Error (b.c:2): Can't get rlimit 0: Invalid argument\n",
	 "Can't get rlimit 0: Invalid argument (b.c:2)", NULL},
	{"Error (b.c:2): sockets: Can't get 1:16 opt: Operation not supported\n",
	 "sockets: Can't get 1:16 opt: Operation not supported (b.c:2)", "CRIU 4.2"},
	/* nothing a terminal would obey; UTF-8 stays */
	{"Error (a.c:1): \033[31m\tx\001\177\r\n", "?[31m x?? (a.c:1)", NULL},
	{"Error (a.c:1): gr\303\274n \233 \302\233 \300\200 \355\240\200 \303\n",
	 "gr\303\274n ? ?? ?? ??? ? (a.c:1)", NULL},
};

START_TEST(test_line)
{
	_cleanup_cause_ struct criu_cause c;

	criu_log_cause(lines[_i].text, strlen(lines[_i].text), &c);
	ck_assert_str_eq(c.lines, lines[_i].lines);
	if (lines[_i].hint)
		ck_assert_msg(c.hint && strstr(c.hint, lines[_i].hint), "hint: %s",
			      c.hint ? c.hint : "none");
	else
		ck_assert_ptr_null(c.hint);
}
END_TEST

START_TEST(test_nul_and_long)
{
	static const char nul[] = "Error (a.c:1): a\0b\n";
	_cleanup_cause_ struct criu_cause c, d;
	_cleanup_free_ char *text = xcalloc(100001, 1);

	criu_log_cause(nul, sizeof(nul) - 1, &c);
	ck_assert_str_eq(c.lines, "a?b (a.c:1)");

	memset(text, 'x', 100000);
	memcpy(text, "Error (a.c:1): ", 15);
	criu_log_cause(text, 100000, &d);
	ck_assert_uint_lt(strlen(d.lines), 330);
	ck_assert_ptr_nonnull(strstr(d.lines, "xxx... (a.c:1)"));
}
END_TEST

/* A dump that worked has such errors too: they are not taken for a cause. */
START_TEST(test_survived)
{
	_cleanup_cause_ struct criu_cause c;
	size_t len;
	_cleanup_free_ char *text = read_fixture("dump-succeeds", &len);

	criu_log_cause(text, len, &c);
	ck_assert_ptr_null(c.hint);
}
END_TEST

/* On a disk that was full before anything went wrong: of the cause there is nothing. */
START_TEST(test_no_room_for_the_log)
{
	_cleanup_cause_ struct criu_cause c;
	size_t len;
	_cleanup_free_ char *text = read_fixture("dump-no-space-silent", &len);

	criu_log_cause(text, len, &c);
	ck_assert_ptr_null(c.hint);
	ck_assert(!c.timed_out);
}
END_TEST

static const struct {
	const char *text;
	bool timed_out;
	pid_t waited_for;
} timeouts[] = {
	{"Error (a.c:1): Timeout reached. Try to interrupt: 0\n"
	 "Error (b.c:1): Unseizable non-zombie 12 found, state D, err -1/4\n",
	 true, 12},
	{"Error (a.c:1): Timeout reached. Try to interrupt: 0\n", true, 0},
	{"Error (a.c:1): Timeout reached. Try to interrupt: 0\n"
	 "Error (b.c:1): Unseizable non-zombie 99999999999999999999 found\n",
	 true, 0},
	{"Error (a.c:1): Timeout reached. Try\nError (b.c:1): Unseizable non-zombie 1", true, 1},
	{"Error (a.c:1): Timeout reached. Try\nError (b.c:1): Unseizable non-zombie ", true, 0},
	/* what the process is called is the container's: no line of CRIU's begins with that */
	{"Error (b.c:1): Unseizable non-zombie 12 found, state S, err -1/10\n", false, 0},
	{"Error (a.c:1): x Timeout reached.\nTimeout reached.\n", false, 0},
};

START_TEST(test_timeout)
{
	_cleanup_cause_ struct criu_cause c;

	criu_log_cause(timeouts[_i].text, strlen(timeouts[_i].text), &c);
	ck_assert(c.timed_out == timeouts[_i].timed_out);
	ck_assert_int_eq(c.waited_for, timeouts[_i].waited_for);
}
END_TEST

#define FAILS(how, path)                                                                           \
	"(00.710210) Error (criu/util.c:657): " how "\n"                                           \
	"(00.710224) Error (criu/action-scripts.c:94): Script " path " exited with -1\n"           \
	"(00.762858) Error (criu/action-scripts.c:156): One of more action scripts failed\n"

static const struct {
	const char *text, *failures; /* with '|' between them */
} scripts[] = {
	{"(00.344639) net: Unlock network\nno\n" FAILS("exited, status=7", "/s"),
	 "exited with status 7 at network-unlock: no"},
	{FAILS("killed by signal 9: Killed", "/s"),
	 "was killed by signal 9: Killed at network-unlock"},
	{FAILS("exited, status=7", "/s")
		 FAILS("exited, status=8",
		       "/s") "(00.36) Error (criu/cr-restore.c:2278): Pre-resume script ret code "
			     "-1\n" FAILS("exited, status=9",
					  "/s") "(00.36) Error (criu/cr-restore.c:2295): "
						"Post-resume script ret code -1",
	 "exited with status 7 at network-unlock|exited with status 8 at pre-resume|"
	 "exited with status 9 at post-resume"},
	/* another one, the callback among them */
	{FAILS("exited, status=7", "/s2") FAILS("exited, status=7", "/x/s"), ""},
	/* run by the callback */
	{"lxc-restore-net: the action script /s exited with status 7 at post-resume\n" FAILS(
		 "exited, status=7", "/x/lxc-restore-net"),
	 "exited with status 7 at post-resume"},
	{"lxc-restore-net: the action script /s2 exited with status 7 at post-resume\n", ""},
	{"\033[1m\n" FAILS("exited, status=7", "/s"),
	 "exited with status 7 at network-unlock: ?[1m"},
	{"(00.344639) Dumping finished successfully\n", ""},
	{"", ""},
};

START_TEST(test_scripts)
{
	_cleanup_strv_ struct strv v = {0};
	_cleanup_free_ char *all = xstrdup("");

	criu_log_script_failures(scripts[_i].text, strlen(scripts[_i].text), "/s", &v);
	for (size_t i = 0; i < v.n; i++)
		str_append(&all, "%s%s", i ? "|" : "", v.v[i]);
	ck_assert_str_eq(all, scripts[_i].failures);
}
END_TEST

Suite *criu_log_suite(void)
{
	Suite *s = suite_create("criu_log");
	TCase *t = tcase_create("criu_log");

	tcase_add_loop_test(t, test_fixture, 0, sizeof(fixtures) / sizeof(fixtures[0]));
	tcase_add_test(t, test_passing);
	tcase_add_loop_test(t, test_fixture_cut, 0, sizeof(fixtures) / sizeof(fixtures[0]));
	tcase_add_loop_test(t, test_line, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(t, test_nul_and_long);
	tcase_add_test(t, test_survived);
	tcase_add_test(t, test_no_room_for_the_log);
	tcase_add_loop_test(t, test_timeout, 0, sizeof(timeouts) / sizeof(timeouts[0]));
	tcase_add_loop_test(t, test_scripts, 0, sizeof(scripts) / sizeof(scripts[0]));
	suite_add_tcase(s, t);
	return s;
}
