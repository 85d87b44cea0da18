/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/socket.h>

#include "preflight/survey.h"
#include "unit.h"
#include "util/mem.h"
#include "util/text.h"

/* --- mounts that share
 * ----------------------------------------------------------------------------
 */

#define INIT_NS	  1
#define OTHER_NS  2
#define ROOTFS	  10
#define OF_HOST	  20
#define DEVPTS	  30
#define MOUNT_MAX 8

/* The rootfs is a slave of the host's in each case, /lib and /dev/tty1 are of the host's. */
#define COMMON                                                                                     \
	{.ns = INIT_NS, .dev = ROOTFS, .root = "/c1", .target = "/", .master = 90},                \
		{.ns = INIT_NS,                                                                    \
		 .dev = OF_HOST,                                                                   \
		 .root = "/usr/lib",                                                               \
		 .target = "/lib",                                                                 \
		 .external = true},                                                                \
		{.ns = INIT_NS,                                                                    \
		 .dev = DEVPTS,                                                                    \
		 .root = "/0",                                                                     \
		 .target = "/dev/tty1",                                                            \
		 .type = "devpts",                                                                 \
		 .external = true,                                                                 \
		 .shared = 3}

static const struct shared_mounts {
	struct {
		ino_t ns;
		dev_t dev;
		const char *root, *target;
		const char *type; /* NULL: one that does not matter */
		bool external;
		int shared, master;
	} v[MOUNT_MAX];
	const char *check;  /* that finds something; NULL: none does */
	const char *target; /* of what */
} shared_mounts[] = {
	{{COMMON}, NULL, NULL},
	/* a copy that is a slave, of the whole, of a part, of a terminal */
	{{COMMON,
	  {.ns = INIT_NS, .dev = ROOTFS, .root = "/c1", .target = "/x", .shared = 5},
	  {.ns = OTHER_NS, .dev = ROOTFS, .root = "/c1", .target = "/", .master = 5},
	  {.ns = OTHER_NS, .dev = ROOTFS, .root = "/c1/a", .target = "/a", .master = 5},
	  {.ns = OTHER_NS,
	   .dev = DEVPTS,
	   .root = "/0",
	   .target = "/t",
	   .type = "devpts",
	   .master = 3}},
	 NULL,
	 NULL},
	/* two folders side by side, in init's namespace, or each in another one */
	{{COMMON,
	  {.ns = INIT_NS, .dev = ROOTFS, .root = "/c1/a", .target = "/x", .shared = 5},
	  {.ns = INIT_NS, .dev = ROOTFS, .root = "/c1/ab", .target = "/y", .shared = 5}},
	 "mount-sharing",
	 "/y"},
	{{COMMON,
	  {.ns = INIT_NS, .dev = ROOTFS, .root = "/c1", .target = "/x", .shared = 5},
	  {.ns = OTHER_NS, .dev = ROOTFS, .root = "/c1/a", .target = "/in", .master = 5},
	  {.ns = OTHER_NS + 1, .dev = ROOTFS, .root = "/c1/ab", .target = "/in", .master = 5}},
	 "nested-namespace",
	 "/in"},
	/* slaves of a folder that show another one */
	{{COMMON,
	  {.ns = INIT_NS, .dev = ROOTFS, .root = "/c1/a", .target = "/x", .shared = 5},
	  {.ns = OTHER_NS, .dev = ROOTFS, .root = "/c1/b", .target = "/y", .master = 5}},
	 "nested-namespace",
	 "/y"},
	/* of a mount of the host's: each has it from there, but not where they are one group too */
	{{COMMON,
	  {.ns = OTHER_NS, .dev = OF_HOST, .root = "/usr/lib/a", .target = "/x", .master = 9},
	  {.ns = OTHER_NS, .dev = OF_HOST, .root = "/usr/lib/b", .target = "/y", .master = 9}},
	 NULL,
	 NULL},
	{{COMMON,
	  {.ns = OTHER_NS,
	   .dev = OF_HOST,
	   .root = "/usr/lib/a",
	   .target = "/x",
	   .shared = 8,
	   .master = 9},
	  {.ns = OTHER_NS,
	   .dev = OF_HOST,
	   .root = "/usr/lib/b",
	   .target = "/y",
	   .shared = 8,
	   .master = 9}},
	 "nested-namespace",
	 "/y"},
	/* a master that is nowhere */
	{{COMMON, {.ns = OTHER_NS, .dev = 40, .root = "/", .target = "/own", .master = 9}},
	 "nested-namespace",
	 "/own"},
	/* a terminal becomes one of the host's, and what it shares with does not */
	{{COMMON,
	  {.ns = INIT_NS,
	   .dev = DEVPTS,
	   .root = "/",
	   .target = "/p",
	   .type = "devpts",
	   .shared = 3}},
	 "mount-sharing",
	 "/dev/tty1"},
};

START_TEST(test_propagation)
{
	const struct shared_mounts *c = &shared_mounts[_i];
	const struct process process = {.pid = 100, .name = "x"};
	_cleanup_findings_ struct findings found = {0};
	struct mount mounts[MOUNT_MAX];
	/* a later one can be helped */
	const struct criu_program criu = {.version = {4, 0, 0}};
	const struct preflight p = {.criu = &criu};
	struct survey s = {.p = &p, .mounts = mounts, .found = &found};

	for (; s.n_mounts < MOUNT_MAX && c->v[s.n_mounts].ns; s.n_mounts++) {
		const char *type = c->v[s.n_mounts].type;

		mounts[s.n_mounts] = (struct mount){
			.ns = c->v[s.n_mounts].ns,
			.process = &process,
			.id = (int)s.n_mounts + 1,
			.dev = c->v[s.n_mounts].dev,
			.type = (char *)(uintptr_t)(type ? type : "ext4"),
			.root = (char *)(uintptr_t)c->v[s.n_mounts].root,
			.target = (char *)(uintptr_t)c->v[s.n_mounts].target,
			.external = c->v[s.n_mounts].external,
			.shared = c->v[s.n_mounts].shared,
			.master = c->v[s.n_mounts].master,
		};
	}
	check_propagation(&s, ROOTFS, INIT_NS);
	ck_assert_uint_eq(found.n, c->check ? 1 : 0);
	if (c->check) {
		_cleanup_free_ char *words = xasprintf("mount %s (", c->target);

		ck_assert_str_eq(found.v[0].check, c->check);
		ck_assert_ptr_nonnull(strstr(found.v[0].reason, words));
	}
}
END_TEST

static const struct {
	const char *link;
	bool known, saved;
	enum criu_feature since;
} kinds[] = {
	{"anon_inode:[eventfd]", true, true, CRIU_NEVER},
	{"anon_inode:[eventpoll]", true, true, CRIU_NEVER},
	{"anon_inode:inotify", true, true, CRIU_NEVER},
	{"anon_inode:[fanotify]", true, true, CRIU_NEVER},
	{"anon_inode:[signalfd]", true, true, CRIU_NEVER},
	{"anon_inode:[timerfd]", true, true, CRIU_NEVER},
	{"anon_inode:[pidfd]", true, false, CRIU_PIDFDS},
	{"pidfd:[12]", true, false, CRIU_PIDFDS},
	{"anon_inode:bpf-prog", true, false, CRIU_NEVER},
	{"anon_inode:bpf-map", true, false, CRIU_NEVER},
	{"anon_inode:bpf_link", true, false, CRIU_NEVER},
	{"anon_inode:[io_uring]", true, false, CRIU_NEVER},
	{"anon_inode:kvm-vcpu:0", true, false, CRIU_NEVER},
	{"/secretmem (deleted)", true, false, CRIU_NEVER},
	{"/dmabuf:", true, false, CRIU_NEVER},
	/* what nobody has heard of yet CRIU has not either */
	{"anon_inode:[from-the-future]", true, true, CRIU_NEVER},
	{"/etc/passwd", false, false, CRIU_NEVER},
	{"net:[4026531840]", false, false, CRIU_NEVER},
};

START_TEST(test_file_kind)
{
	const struct file_kind *k = file_kind(kinds[_i].link);

	ck_assert_int_eq(k != NULL, kinds[_i].known);
	if (!k)
		return;
	ck_assert_int_eq(k->what == NULL, kinds[_i].saved);
	ck_assert_int_eq(k->since, kinds[_i].since);
	ck_assert_int_eq(k->what != NULL, k->remedy != NULL);
}
END_TEST

static const struct {
	int domain, type, protocol;
	const char *what;
} sockets[] = {
	{AF_UNIX, SOCK_STREAM, 0, NULL},
	{AF_UNIX, SOCK_SEQPACKET, 0, NULL},
	{AF_NETLINK, SOCK_RAW, 0, NULL},
	{AF_PACKET, SOCK_DGRAM, 0, NULL},
	{AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL},
	{AF_INET6, SOCK_DGRAM, IPPROTO_UDP, NULL},
	{AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, NULL},
	{AF_INET, SOCK_DGRAM, IPPROTO_ICMP, NULL},
	/* a raw one may be of any */
	{AF_INET, SOCK_RAW, 89, NULL},
	{AF_INET, SOCK_STREAM, 262, "Multipath"},
	{AF_INET, SOCK_STREAM, IPPROTO_SCTP, "SCTP"},
	{AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, "SCTP"},
	{AF_INET6, SOCK_DGRAM, 137, "rare protocol"},
	{40, SOCK_STREAM, 0, "vsock"},
	{AF_ALG, SOCK_SEQPACKET, 0, "AF_ALG"},
	{AF_BLUETOOTH, SOCK_STREAM, 0, "Bluetooth"},
	{99, SOCK_STREAM, 0, "rare family"},
};

START_TEST(test_unsupported_socket)
{
	const char *remedy = NULL;
	const char *what = unsupported_socket(sockets[_i].domain, sockets[_i].type,
					      sockets[_i].protocol, &remedy);

	ck_assert_int_eq(what != NULL, sockets[_i].what != NULL);
	ck_assert(!what || (strstr(what, sockets[_i].what) && remedy));
}
END_TEST

START_TEST(test_is_fixed)
{
	const struct criu_program criu = {.version = {4, 1, 1}};
	const struct preflight p = {.criu = &criu};
	const struct survey s = {.p = &p};

	ck_assert(!is_fixed(&s, CRIU_NEVER));
	ck_assert(is_fixed(&s, CRIU_LOCK_NOTHING));
	ck_assert(is_fixed(&s, CRIU_PIDFDS));
	ck_assert(!is_fixed(&s, CRIU_NO_PASSCRED));
}
END_TEST

START_TEST(test_mapped_file)
{
	static const char *const lines[] = {
		"7f0000000000-7f0000001000 rw-s 00000000 00:05 1234                       /dev/x",
		"7f0000002000-7f0000003000 r--p 00001000 00:05 1234                       /dev/x y",
		"7f0000000000-7f0000001000 rw-s 00000000 00:05 12345                      /dev/x",
		"7f0000000000-7f0000001000 rw-s 00000000 00:06 1234                       /dev/x",
	};
	uint64_t first = mapped_file(lines[0], strlen(lines[0]));

	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(first, mapped_file(lines[1], strlen(lines[1])));
	ck_assert_uint_ne(first, mapped_file(lines[2], strlen(lines[2])));
	ck_assert_uint_ne(first, mapped_file(lines[3], strlen(lines[3])));
	/* up to the inode there has to be all */
	for (size_t len = 0; len < strcspn(lines[0], "/"); len++) {
		_cleanup_free_ char *cut = xstrndup(lines[0], len);

		ck_assert_uint_eq(mapped_file(cut, len), len < 51 ? 0 : first);
	}
}
END_TEST

static const struct {
	const char *text, *shown;
} texts[] = {
	{"", ""},
	{"plain", "plain"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{"\033[2J", "?[2J"},
	{"a\tb\r\n", "a?b??"},
	{"\xc3", "?"},
	{"\xc2\x9b"
	 "x",
	 "??x"},
	{"\xe2\x82", "??"},
	{"\x7f", "?"},
	/* it would be read from right to left; and what is not seen */
	/* NOLINTBEGIN(misc-misleading-bidirectional) */
	{"a\xe2\x80\xae"
	 "b",
	 "a???b"},
	{"\xe2\x81\xa6\xd8\x9c\xe2\x80\xa8\xef\xbb\xbf", "???????????"},
	/* NOLINTEND(misc-misleading-bidirectional) */
	{"\xd7\x90 \xe2\x82\xac", "\xd7\x90 \xe2\x82\xac"},
};

START_TEST(test_shell_word)
{
	static const char *const words[][2] = {
		{"/srv/web", "/srv/web"}, {"a b", "'a b'"},   {"", "''"},
		{"it's", "'it'\\''s'"},	  {"$(x)", "'$(x)'"}, {"~", "'~'"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		_cleanup_free_ char *word = shell_word(words[i][0]);

		ck_assert_str_eq(word, words[i][1]);
	}
}
END_TEST

START_TEST(test_watched_device)
{
	const struct {
		const char *line;
		dev_t dev; /* 0: it tells of no file */
	} lines[] = {
		{"inotify wd:1 ino:a6d sdev:800003 mask:2 ignored_mask:0", makedev(8, 3)},
		{"fanotify ino:4f969 sdev:16 mflags:0 mask:3b", makedev(0, 0x16)},
		{"fanotify mnt_id:12 mflags:0 mask:3b", 0},
		{"fanotify sdev:800013 mflags:0 mask:3b", 0},
		{"fanotify flags:10 event-flags:0", 0},
		{"tfd: 5 events: 19 ino:1 sdev:10", 0},
		{"inotify wd:1 ino:", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		dev_t dev = 0;

		ck_assert_int_eq(watched_device(lines[i].line, strlen(lines[i].line), &dev),
				 lines[i].dev != 0);
		ck_assert_uint_eq(dev, lines[i].dev);
	}
}
END_TEST

START_TEST(test_watches_filesystem)
{
	ck_assert(watches_filesystem("fanotify sdev:800013 mflags:0 mask:3b"));
	ck_assert(!watches_filesystem("fanotify ino:4f969 sdev:16 mflags:0 mask:3b"));
	ck_assert(!watches_filesystem("fanotify mnt_id:12 mflags:0 mask:3b"));
	ck_assert(!watches_filesystem("inotify wd:1 ino:a6d sdev:800003"));
	ck_assert(!watches_filesystem(""));
}
END_TEST

START_TEST(test_has_overlay_handle)
{
	static const char overlay[] =
		"inotify wd:1 ino:a sdev:50 mask:2 fhandle-bytes:20 fhandle-type:f8 f_handle:00";
	static const char other[] =
		"inotify wd:1 ino:a sdev:50 mask:2 fhandle-bytes:8 fhandle-type:1 f_handle:f8";

	ck_assert(has_overlay_handle(overlay, strlen(overlay)));
	ck_assert(!has_overlay_handle(other, strlen(other)));
	ck_assert(!has_overlay_handle(overlay, 20));
}
END_TEST

START_TEST(test_has_another_name)
{
	ck_assert(!has_another_name("/run/x", "/run/x", true));
	ck_assert(!has_another_name("/var/run/x", "/run/x", true));
	ck_assert(!has_another_name("x", "/srv/x", true));
	ck_assert(has_another_name("/run/x.7.tmp", "/run/x", true));
	ck_assert(has_another_name("/run/x.7", "/run/x.7 (deleted)", true));
	ck_assert(!has_another_name("/run/x.7", "/run/x.7 (deleted)", false));
	ck_assert(has_another_name("x", "/", true));
}
END_TEST

START_TEST(test_gains_rights)
{
	ck_assert(gains_rights(33, 0, 0));
	ck_assert(gains_rights(33, 34, 0));
	ck_assert(!gains_rights(33, 33, 0));
	ck_assert(!gains_rights(0, 33, 0));
	/* of another user namespace than the host's */
	ck_assert(!gains_rights(100000, 100033, 100000));
	ck_assert(gains_rights(0, 100000, 100000));
	ck_assert(!gains_rights((uid_t)-1, 0, 0));
}
END_TEST

START_TEST(test_scheduling_is_known)
{
	ck_assert(scheduling_is_known(SCHED_OTHER) && scheduling_is_known(SCHED_IDLE));
	ck_assert(scheduling_is_known(SCHED_FIFO | SCHED_RESET_ON_FORK));
	ck_assert(!scheduling_is_known(SCHED_DEADLINE));
	ck_assert(!scheduling_is_known(SCHED_DEADLINE | SCHED_RESET_ON_FORK));
	ck_assert(!scheduling_is_known(7) && !scheduling_is_known(4));
}
END_TEST

static const struct {
	const char *path;
	bool lost;
} proc_files[] = {
	{"/8", true},
	{"/8 (deleted)", false},
	{"/8/", false},
	{"/8/status", false},
	{"/8/fd", false},
	{"/8/fdinfo", false},
	{"/8/fdinfo/3", true},
	{"/8/fdinfo/3 (deleted)", true},
	{"/8/fdinfo/x", false},
	{"/8/task", false},
	{"/8/task/", false},
	{"/8/task/8", false},
	{"/8/task/8/comm", false},
	{"/8/task/8/fdinfo/3", true},
	{"/8/task/9", true},
	{"/8/task/9/comm", true},
	{"/8/task/88/comm", true},
	{"/88/task/8/comm", true},
	{"/8/task/9/comm (deleted)", true},
	{"/8/taskx/9", false},
	{"/8x", false},
	{"", false},
	{"/", false},
	{"/version", false},
	{"/sys/kernel/hostname", false},
	{"x", false},
};

START_TEST(test_lost_proc_file)
{
	ck_assert_msg(!!lost_proc_file(proc_files[_i].path) == proc_files[_i].lost, "%s",
		      proc_files[_i].path);
}
END_TEST

START_TEST(test_make_printable)
{
	_cleanup_free_ char *text = xstrdup(texts[_i].text);

	make_printable(text);
	ck_assert_str_eq(text, texts[_i].shown);
}
END_TEST

START_TEST(test_addresses)
{
	static const unsigned char v4[] = {10, 1, 2, 3}, inside[] = {10, 1, 7, 9},
				   outside[] = {10, 1, 8, 9};
	struct in6_addr own[] = {mapped_address(AF_INET, v4)}, a = mapped_address(AF_INET, inside);
	struct address_network network = {own[0], 96 + 21};
	struct addresses all = {.v = own, .n = 1};

	ck_assert(addresses_have(&all, &own[0]));
	ck_assert(!addresses_have(&all, &a));
	all.networks = &network;
	all.n_networks = 1;
	ck_assert(addresses_have(&all, &a));
	a = mapped_address(AF_INET, outside);
	ck_assert(!addresses_have(&all, &a));
	network.bits = 96;
	ck_assert(addresses_have(&all, &a));
	a.s6_addr[0] = 0xfd;
	ck_assert(!addresses_have(&all, &a));
	ck_assert(!addresses_have(&(struct addresses){0}, &a));
}
END_TEST

Suite *dump_checks_suite(void)
{
	Suite *s = suite_create("dump_checks");
	TCase *t = tcase_create("preflight");

	tcase_add_loop_test(t, test_propagation, 0,
			    sizeof(shared_mounts) / sizeof(shared_mounts[0]));
	tcase_add_loop_test(t, test_file_kind, 0, sizeof(kinds) / sizeof(kinds[0]));
	tcase_add_loop_test(t, test_unsupported_socket, 0, sizeof(sockets) / sizeof(sockets[0]));
	tcase_add_test(t, test_is_fixed);
	tcase_add_test(t, test_mapped_file);
	tcase_add_test(t, test_shell_word);
	tcase_add_test(t, test_watched_device);
	tcase_add_test(t, test_watches_filesystem);
	tcase_add_test(t, test_has_overlay_handle);
	tcase_add_test(t, test_has_another_name);
	tcase_add_test(t, test_gains_rights);
	tcase_add_test(t, test_scheduling_is_known);
	tcase_add_loop_test(t, test_lost_proc_file, 0, sizeof(proc_files) / sizeof(proc_files[0]));
	tcase_add_loop_test(t, test_make_printable, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(t, test_addresses);
	suite_add_tcase(s, t);
	return s;
}
