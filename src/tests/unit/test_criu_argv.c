/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "criu/argv.h"
#include "unit.h"

#define COMMON                                                                                     \
	"--no-default-config --tcp-established --file-locks --link-remap --manage-cgroups=full "   \
	"--enable-fs all "                                                                         \
	"--enable-external-sharing --enable-external-masters"
#define DUMP "/sbin/criu dump -D /img -o dump.log -v4 " COMMON
#define PTS  " --irmap-scan-path /dev/pts --cpu-cap=fpu,ins"
#define TTYS " --irmap-scan-path /dev/console --irmap-scan-path /dev/tty1"
#define RESTORE                                                                                    \
	"/sbin/criu restore -D /img -o dump.log -v4 " COMMON " --restore-detached "                \
	"--restore-sibling"

#define JOB_OF(verb_, ...)                                                                         \
	.verb = (verb_), .criu = "/sbin/criu", .version = {__VA_ARGS__}, .image_dir = "/img",      \
	.log_file = "dump.log", .verbosity = 4
#define JOB(verb_) JOB_OF(verb_, 4, 2, 1)

static char eth0[] = "eth0", eth1[] = "eth1", veth[] = "veth", macvlan[] = "macvlan", lib[] = "lib",
	    slash_lib[] = "/lib", usr_lib[] = "/usr/lib", key0[] = "dev_console",
	    console[] = "/dev/console", key1[] = "dev_tty1", tty1[] = "/dev/tty1", none[] = "",
	    payload[] = "/lxc.payload.c1", box[] = "/box.7",
	    deeper[] = "/lxc.payload.c1/init.scope", other[] = "/lxc.payload.c10", top[] = "/",
	    memory[] = "memory", cpu[] = "cpu,cpuacct", systemd[] = "name=systemd", pids[] = "pids";

static struct nic nics[] = {{.type = veth, .name = eth0}, {.type = macvlan, .name = eth1}};
static const char *const laid_sources[] = {"/laid/0/lib"};
static struct ext_mount mounts[] = {{.key = lib, .target = slash_lib, .source = usr_lib}};
static struct tty ttys[] = {
	{.index = 0, .key = key0, .target = console, .rdev = 0x8800, .dev = 0x1a},
	{.index = 1, .key = key1, .target = tty1, .rdev = 0x8801, .dev = 0xabc},
};
static struct cgroup v2[] = {{.controllers = none, .path = payload}};
static struct cgroup mixed[] = {
	{.controllers = memory, .path = payload}, {.controllers = systemd, .path = top},
	{.controllers = cpu, .path = deeper},	  {.controllers = pids, .path = other},
	{.controllers = none, .path = payload},
};
static struct cgroup v1_only[] = {{.controllers = memory, .path = payload},
				  {.controllers = systemd, .path = box},
				  {.controllers = none, .path = top}};

static const struct container_facts bare = {.init_pid = 42};
static const struct container_facts full = {
	.init_pid = 42,
	.nics = nics,
	.n_nics = 2,
	.mounts = mounts,
	.n_mounts = 1,
	.ttys = ttys,
	.n_ttys = 2,
	.cgroups = v2,
	.n_cgroups = 1,
};
/* LXC's console, where ttys have a folder of their own: the same terminal in two places */
static struct tty twice[] = {
	{.index = 0, .key = key0, .target = console, .rdev = 0x8800, .dev = 0x1a},
	{.index = 0, .key = key1, .target = tty1, .rdev = 0x8800, .dev = 0x1a},
};
static const struct container_facts with_twice = {.init_pid = 42, .ttys = twice, .n_ttys = 2};
static const struct container_facts with_mixed = {.cgroups = mixed, .n_cgroups = 5};
static const struct container_facts with_v1 = {.cgroups = v1_only, .n_cgroups = 3};

static char loop0[] = "/dev/loop0";
static struct block_filesystem filesystems[] = {{.source = loop0}};
static const struct container_facts with_device = {
	.block_filesystems = filesystems,
	.n_block_filesystems = 1,
};
static const char *const devices[] = {"/dev/disk/by-uuid/1-2"};

static const char *const scripts[] = {"/first", "/second", "/third", NULL};
static const char *const no_scripts[] = {NULL};
static const struct tty_end ends[] = {{7, "/dev/pts/3"}, {9, "/dev/pts/4"}};
static const struct tty_end same_ends[] = {{7, "/dev/pts/3"}, {7, "/dev/pts/3"}};
static const char *const host_veths[] = {"vethX", NULL};

static const struct {
	const char *what;
	struct criu_job job;
	const char *argv;
} vectors[] = {
	{"dump", {JOB(CRIU_DUMP), .facts = &bare}, DUMP PTS " -t 42 --skip-in-flight"},
	{"a directory that is open",
	 {JOB(CRIU_DUMP), .facts = &bare, .image_fd = 5},
	 "/sbin/criu dump -D /proc/self/fd/5 -o dump.log -v4 " COMMON PTS " -t 42 "
	 "--skip-in-flight"},
	{"images elsewhere",
	 {JOB(CRIU_RESTORE), .facts = &bare, .image_fd = 5, .images_path = "/laid/images"},
	 "/sbin/criu restore -D /laid/images -W /proc/self/fd/5 -o dump.log -v4 " COMMON
	 " --restore-detached --restore-sibling"},
	{"dump, a terminal in two places",
	 {JOB(CRIU_DUMP), .facts = &with_twice},
	 DUMP TTYS PTS " -t 42 --external mnt[/dev/console]:dev_console --external tty[8800:1a] "
		       "--external mnt[/dev/tty1]:dev_tty1 --skip-in-flight"},
	{"restore, a terminal in two places",
	 {JOB(CRIU_RESTORE), .facts = &with_twice, .tty_ends = same_ends},
	 RESTORE " --external mnt[dev_console]:/dev/pts/3 --inherit-fd fd[7]:tty[8800:1a] "
		 "--external mnt[dev_tty1]:/dev/pts/3"},
	{"a block device under the name that it has now",
	 {JOB(CRIU_RESTORE), .facts = &with_device, .devices = devices},
	 RESTORE " --external /dev/loop0:/dev/disk/by-uuid/1-2"},
	{"verbosity",
	 {.verb = CRIU_DUMP,
	  .criu = "/c",
	  .version = {4, 2, 1},
	  .image_dir = "d",
	  .log_file = "l",
	  .verbosity = 0,
	  .facts = &bare},
	 "/c dump -D d -o l -v0 " COMMON PTS " -t 42 --skip-in-flight"},
	{"externals",
	 {JOB(CRIU_DUMP), .facts = &full},
	 DUMP TTYS PTS " -t 42 --external mnt[/lib]:lib --external mnt[/dev/console]:dev_console "
		       "--external tty[8800:1a] --external mnt[/dev/tty1]:dev_tty1 "
		       "--external tty[8801:abc] --skip-in-flight"},
	{"scripts run in their order: the last one given is CRIU's first",
	 {JOB(CRIU_DUMP), .facts = &bare, .action_scripts = scripts},
	 DUMP " --action-script /third --action-script /second --action-script /first" PTS " -t 42 "
	      "--skip-in-flight"},
	{"no scripts",
	 {JOB(CRIU_DUMP), .facts = &bare, .action_scripts = no_scripts},
	 DUMP PTS " -t 42 --skip-in-flight"},
	{"leave running",
	 {JOB(CRIU_DUMP), .facts = &bare, .leave_running = true},
	 DUMP PTS " -t 42 --leave-running --skip-in-flight"},
	{"a time-out",
	 {JOB(CRIU_DUMP), .facts = &bare, .timeout = 25},
	 DUMP PTS " -t 42 --timeout 25 --skip-in-flight"},
	{"a restore has no time-out", {JOB(CRIU_RESTORE), .facts = &bare, .timeout = 25}, RESTORE},
	{"in flight",
	 {JOB(CRIU_DUMP), .facts = &bare, .no_skip_in_flight = true},
	 DUMP PTS " -t 42"},
	{"large deleted files",
	 {JOB(CRIU_DUMP), .facts = &bare, .ghost_limit = 5000000000},
	 DUMP PTS " -t 42 --skip-in-flight --ghost-limit 5000000000"},
	{"files of the host's",
	 {JOB(CRIU_DUMP), .facts = &bare,
	  .null_files =
		  &(const struct null_files){.v = (struct null_file[]){{31, 4}, {32, 1ULL << 40}},
					     .n = 2}},
	 DUMP PTS " -t 42 --external file[1f:4] --external file[20:10000000000] --skip-in-flight"},
	{"a dump's cgroups, and what is restore's",
	 {JOB(CRIU_DUMP), .facts = &bare, .cgroup_yard = "/yard", .images_path = "/laid",
	  .mount_sources = laid_sources},
	 DUMP " --cgroup-yard /yard" PTS " -t 42 --skip-in-flight"},
	{"a dump ignores what is restore's",
	 {JOB(CRIU_DUMP), .facts = &bare, .root = "/r", .cgroup_root = "/x", .pidfile = "/p",
	  .tty_ends = ends, .host_veths = host_veths},
	 DUMP PTS " -t 42 --skip-in-flight"},

	/* --network-lock by version */
	{"skip, 4.2.1",
	 {JOB(CRIU_DUMP), .facts = &bare, .network_lock = NETWORK_LOCK_SKIP},
	 DUMP PTS " -t 42 --network-lock skip --skip-in-flight"},
	{"skip, 3.19",
	 {JOB_OF(CRIU_DUMP, 3, 19, 0), .facts = &bare, .network_lock = NETWORK_LOCK_SKIP},
	 DUMP PTS " -t 42 --network-lock skip --skip-in-flight"},
	{"skip, 3.18",
	 {JOB_OF(CRIU_DUMP, 3, 18, 0), .facts = &bare, .network_lock = NETWORK_LOCK_SKIP},
	 DUMP PTS " -t 42 --skip-in-flight"},
	{"nftables, 3.17",
	 {JOB_OF(CRIU_DUMP, 3, 17, 0), .facts = &bare, .network_lock = NETWORK_LOCK_NFTABLES},
	 DUMP PTS " -t 42 --network-lock nftables --skip-in-flight"},
	{"nftables, 3.16.1",
	 {JOB_OF(CRIU_DUMP, 3, 16, 1), .facts = &bare, .network_lock = NETWORK_LOCK_NFTABLES},
	 DUMP PTS " -t 42 --skip-in-flight"},

	/* restore */
	{"restore", {JOB(CRIU_RESTORE), .facts = &bare}, RESTORE},
	{"restore, all",
	 {JOB(CRIU_RESTORE), .facts = &full, .root = "/r", .cgroup_root = "/lxc.payload.c1",
	  .tty_ends = ends, .host_veths = host_veths, .pidfile = "/p", .action_scripts = scripts},
	 "/sbin/criu restore -D /img -o dump.log -v4 " COMMON
	 " --action-script /third --action-script /second --action-script /first "
	 "--restore-detached --restore-sibling --root /r --cgroup-root :/lxc.payload.c1 "
	 "--external mnt[lib]:/usr/lib --external mnt[dev_console]:/dev/pts/3 "
	 "--inherit-fd fd[7]:tty[8800:1a] --external mnt[dev_tty1]:/dev/pts/4 "
	 "--inherit-fd fd[9]:tty[8801:abc] --external veth[eth0]:vethX "
	 "--pidfile /p"},
	{"what is not looked at",
	 {JOB(CRIU_RESTORE), .facts = &bare, .ignore_cpu = true, .ignore_files = true},
	 RESTORE " --cpu-cap=none --file-validation filesize --skip-file-rwx-check"},
	{"what is not looked at, 3.17",
	 {JOB_OF(CRIU_RESTORE, 3, 17, 1), .facts = &bare, .ignore_files = true},
	 RESTORE " --file-validation filesize"},
	{"what is laid out for it",
	 {JOB(CRIU_RESTORE), .facts = &full, .images_path = "/laid/images",
	  .mount_sources = laid_sources, .cgroup_yard = "/laid/cgroups"},
	 "/sbin/criu restore -D /laid/images -W /img -o dump.log -v4 " COMMON
	 " --cgroup-yard /laid/cgroups --restore-detached --restore-sibling "
	 "--external mnt[lib]:/laid/0/lib"},
	{"a restore ignores what is a dump's",
	 {JOB(CRIU_RESTORE), .facts = &bare, .leave_running = true, .freeze_cgroup = "/f",
	  .network_lock = NETWORK_LOCK_SKIP, .ghost_limit = 1},
	 RESTORE},

	/* cgroups: cgroup2 moves, v1 hierarchies only where the payload had its own directory */
	{"v1 hierarchies",
	 {JOB(CRIU_RESTORE), .facts = &with_mixed, .cgroup_root = "/new"},
	 RESTORE " --cgroup-root :/new --cgroup-root memory:/new "
		 "--cgroup-root cpu,cpuacct:/new/init.scope"},
	{"cgroup2 at its root",
	 {JOB(CRIU_RESTORE), .facts = &with_v1, .cgroup_root = "/new"},
	 RESTORE " --cgroup-root :/new"},
	{"no new root", {JOB(CRIU_RESTORE), .facts = &with_mixed}, RESTORE},
};

START_TEST(test_vector)
{
	_cleanup_strv_ struct strv argv = criu_argv(&vectors[_i].job);
	_cleanup_free_ char *joined = xstrdup("");

	for (size_t i = 0; i < argv.n; i++)
		str_append(&joined, "%s%s", i ? " " : "", argv.v[i]);
	ck_assert_msg(strcmp(joined, vectors[_i].argv) == 0, "%s:\n  is   %s\n  want %s",
		      vectors[_i].what, joined, vectors[_i].argv);
	ck_assert_ptr_null(argv.v[argv.n]);
}
END_TEST

/* A value with a space, or none at all, stays one argument. */
START_TEST(test_arguments_stay_whole)
{
	const struct criu_job job = {JOB(CRIU_DUMP), .facts = &bare, .freeze_cgroup = "/a b"};
	_cleanup_strv_ struct strv argv = criu_argv(&job);
	bool found = false;

	for (size_t i = 0; i < argv.n; i++)
		found |= strcmp(argv.v[i], "/a b") == 0;
	ck_assert(found);
}
END_TEST

static const struct {
	const char *text;
	int result;
	struct criu_version version;
} versions[] = {
	{"Version: 4.2.1\n", 0, {4, 2, 1}},
	{"Version: 3.17.1\n", 0, {3, 17, 1}},
	{"Version: 3.17\n", 0, {3, 17, 0}},
	{"Version: 4.2\nGitID: v4.2-12-gabcdef\n", 0, {4, 2, 0}},
	{"Version: 4.1.1 (gitid 0)\n", 0, {4, 1, 1}},
	{"(00.000013) Version: 4.2.1 (gitid 0)\n", 0, {4, 2, 1}},
	{"Warn  (criu/kerndat.c:845): Stale\nVersion: 4.2\n", 0, {4, 2, 0}},
	{"Version: 4.2-rc1\n", 0, {4, 2, 0}},
	{"4.2.1", 0, {4, 2, 1}},
	{"", -EINVAL, {0}},
	{"Version: ", -EINVAL, {0}},
	{"Version: 4\n", -EINVAL, {0}},
	{"Version: 4.\n", -EINVAL, {0}},
	{"Version: 4.2.\n", -EINVAL, {0}},
	{"Version: v4.2\n", -EINVAL, {0}},
	{"Version: -4.2\n", -EINVAL, {0}},
	{"Version: 99999999999.1\n", -EINVAL, {0}},
	{"criu: not found\n", -EINVAL, {0}},
};

START_TEST(test_version_parse)
{
	struct criu_version v = {1, 2, 3};
	const struct criu_version untouched = {1, 2, 3};

	ck_assert_int_eq(criu_version_parse(versions[_i].text, &v), versions[_i].result);
	ck_assert_int_eq(
		criu_version_cmp(&v, versions[_i].result ? &untouched : &versions[_i].version), 0);
}
END_TEST

START_TEST(test_version_cmp)
{
	static const struct criu_version sorted[] = {{3, 9, 0},	 {3, 17, 0}, {3, 17, 1},
						     {3, 19, 0}, {4, 0, 0},  {4, 2, 1}};
	const int n = sizeof(sorted) / sizeof(sorted[0]);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			int c = criu_version_cmp(&sorted[i], &sorted[j]);

			ck_assert_int_eq((c > 0) - (c < 0), (i > j) - (i < j));
		}
}
END_TEST

/* The last version without each, and the first with it. */
static const struct {
	enum criu_feature feature;
	struct criu_version last, first;
	const char *remedy;
} features[] = {
	{CRIU_WORKS, {3, 16, 1}, {3, 17, 0}, "install CRIU 3.17 or later"},
	{CRIU_LOCK_BY_NFTABLES, {3, 16, 1}, {3, 17, 0}, "install CRIU 3.17 or later"},
	{CRIU_SKIP_RWX_CHECK, {3, 17, 1}, {3, 18, 0}, "install CRIU 3.18 or later"},
	{CRIU_LOCK_NOTHING, {3, 18, 0}, {3, 19, 0}, "install CRIU 3.19 or later"},
	{CRIU_NO_NEW_PRIVS, {3, 18, 0}, {3, 19, 0}, "install CRIU 3.19 or later"},
	{CRIU_AMBIENT_CAPS, {4, 0, 0}, {4, 1, 0}, "install CRIU 4.1 or later"},
	{CRIU_PIDFDS, {4, 0, 0}, {4, 1, 0}, "install CRIU 4.1 or later"},
	{CRIU_NO_PASSCRED, {4, 1, 1}, {4, 2, 0}, "install CRIU 4.2 or later"},
	{CRIU_UNMAPPED_NOBODY, {4, 2, 1}, {4, 3, 0}, "install CRIU 4.3 or later"},
};

START_TEST(test_features)
{
	char *remedy = criu_feature_remedy(features[_i].feature);

	ck_assert(!criu_has(&features[_i].last, features[_i].feature));
	ck_assert(criu_has(&features[_i].first, features[_i].feature));
	ck_assert_str_eq(remedy, features[_i].remedy);
	free(remedy);
	ck_assert(!criu_has(&features[_i].first, CRIU_NEVER));
	ck_assert_ptr_null(criu_feature_remedy(CRIU_NEVER));
}
END_TEST

static const struct {
	const char *line;
	bool is_one;
} tables[] = {
	{"table inet CRIU-4711", true},
	{"table inet CRIU-0f3e-A9", true},
	{"table inet CRIU-", false},
	{"table ip CRIU-4711", false},
	{"table inet filter", false},
	{"table inet CRIU-1; include \"/etc/shadow\"", false},
	{"table inet CRIU-1 { }", false},
	{"table inet CRIU-1#", false},
	{"table inet CRIU-1\\", false},
	{"table inet CRIU-$x", false},
	{"table inet CRIU-\xc3\xa4", false},
	{"table inet CRIU-00000000000000000000000000000000000000000000000000000000000000000",
	 false},
};

START_TEST(network_locks_are_told_from_names_like_them)
{
	const char *line = tables[_i].line;

	ck_assert_int_eq(criu_is_network_lock(line, strlen(line)), tables[_i].is_one);
}
END_TEST

Suite *criu_argv_suite(void)
{
	Suite *s = suite_create("criu_argv");
	TCase *t = tcase_create("criu_argv");

	tcase_add_loop_test(t, test_vector, 0, sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(t, test_arguments_stay_whole);
	tcase_add_loop_test(t, test_version_parse, 0, sizeof(versions) / sizeof(versions[0]));
	tcase_add_test(t, test_version_cmp);
	tcase_add_loop_test(t, test_features, 0, sizeof(features) / sizeof(features[0]));
	tcase_add_loop_test(t, network_locks_are_told_from_names_like_them, 0,
			    sizeof(tables) / sizeof(tables[0]));
	suite_add_tcase(s, t);
	return s;
}
