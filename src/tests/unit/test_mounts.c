/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What inspect/ makes of files captured from /proc of a running stock container. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "carry/apparmor_save.h"
#include "carry/cgroup_tree_save.h"
#include "inspect/cgroups.h"
#include "inspect/mounts.h"
#include "unit.h"

static struct libmnt_table *table(const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%s", TEST_FIXTURES, name);
	struct libmnt_table *t = mnt_new_table();
	FILE *f = fopen(path, "re");

	ck_assert_msg(f != NULL, "no fixture %s", path);
	ck_assert_int_eq(mnt_table_parse_stream(t, f, path), 0);
	fclose(f);
	return t;
}

static struct libmnt_fs *mount_of(struct libmnt_table *t, const char *target)
{
	struct libmnt_fs *fs = mnt_table_find_target(t, target, MNT_ITER_BACKWARD);

	ck_assert_msg(fs != NULL, "no mount %s in the fixture", target);
	return fs;
}

static const struct {
	const char *target;
	enum mount_class class;
	const char *source; /* the first candidate; NULL where there is none */
} stock[] = {
	{"/dev", MOUNT_OWN, NULL},
	{"/proc", MOUNT_OWN, NULL},
	{"/proc/sys", MOUNT_OWN, NULL},
	{"/proc/sys/net", MOUNT_OWN, NULL},
	{"/proc/sys/kernel/random/boot_id", MOUNT_OWN, NULL},
	{"/sys", MOUNT_OWN, NULL},
	{"/sys/fs/cgroup", MOUNT_OWN, "/sys/fs/cgroup/lxc.payload.c1"},
	{"/dev/pts", MOUNT_OWN, NULL},
	{"/dev/ptmx", MOUNT_OWN, NULL},
	{"/dev/mqueue", MOUNT_OWN, NULL},
	{"/dev/shm", MOUNT_OWN, NULL},
	{"/lib", MOUNT_EXTERNAL, "/usr/lib"},
	{"/usr/lib", MOUNT_EXTERNAL, "/usr/lib"},
	{"/lib64", MOUNT_EXTERNAL, "/usr/lib64"},
	{"/sys/kernel/security", MOUNT_EXTERNAL, "/sys/kernel/security"},
	{"/dev/console", MOUNT_TTY, "/dev/pts/0"},
	{"/dev/tty1", MOUNT_TTY, NULL},
	{"/dev/tty5", MOUNT_TTY, NULL},
	/* not in the stock container: added to the capture */
	{"/srv/part", MOUNT_OWN, "/var/lib/lxc/c1/rootfs/part"},
	{"/srv/neighbour", MOUNT_EXTERNAL, "/var/lib/lxc/c1/rootfs2"},
	{"/srv/whole", MOUNT_EXTERNAL, "/run"},
};

START_TEST(classify)
{
	struct libmnt_table *container = table("stock.mountinfo");
	struct libmnt_table *host = table("host.mountinfo");
	struct libmnt_fs *fs = mount_of(container, stock[_i].target);
	struct strv sources = mount_source_candidates(fs, host);

	ck_assert_int_eq(mount_classify(fs, mount_of(container, "/"), host), stock[_i].class);
	if (stock[_i].source)
		ck_assert_str_eq(sources.v[0], stock[_i].source);
	else
		ck_assert_uint_eq(sources.n, 0);
	strv_free(&sources);
	mnt_unref_table(container);
	mnt_unref_table(host);
}
END_TEST

/* Only a path of the host's is a source: a fuzzer's idea of a table. */
START_TEST(relative_targets)
{
	static char text[] = "1 0 8:1 / here rw - ext4 /dev/sda1 rw\n"
			     "2 0 8:1 /c1 /there rw - ext4 /dev/sda1 rw\n";
	struct libmnt_table *t = mnt_new_table();
	FILE *f = fmemopen(text, strlen(text), "r");
	struct strv sources;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(mnt_table_parse_stream(t, f, "mountinfo"), 0);
	fclose(f);
	sources = mount_source_candidates(mount_of(t, "/there"), t);
	ck_assert_uint_eq(sources.n, 1);
	ck_assert_str_eq(sources.v[0], "/there");
	strv_free(&sources);
	mnt_unref_table(t);
}
END_TEST

static const struct {
	const char *target;
	int index;
} ttys[] = {
	{"/dev/console", 0},	  {"/dev/tty1", 1},   {"/dev/tty12", 12}, {"/dev/lxc/tty3", 3},
	{"/dev/lxc/console", 0},  {"/dev/tty", -1},   {"/dev/tty0", -1},  {"/dev/tty1x", -1},
	{"/dev/ttyS0", -1},	  {"/dev/pts/1", -1}, {"/console", -1},	  {"/devices/tty1", -1},
	{"/dev/tty99999999", -1},
};

START_TEST(tty_numbers)
{
	ck_assert_int_eq(tty_index(ttys[_i].target), ttys[_i].index);
}
END_TEST

static void check_key(struct map *taken, const char *target, const char *wanted)
{
	_cleanup_free_ char *key = mount_key(taken, target);

	ck_assert_str_eq(key, wanted);
}

START_TEST(keys_are_plain_and_different)
{
	_cleanup_map_ struct map taken = {0};

	check_key(&taken, "/usr/lib", "usr_lib");
	check_key(&taken, "/usr/lib-2", "usr_lib-2");
	check_key(&taken, "/dev/tty1", "dev_tty1");
	check_key(&taken, "/usr/lib", "usr_lib-3");
	check_key(&taken, "/a b:c]d\xc3\xa9", "a_b_c_d__");
	for (int i = 0; i < 40; i++)
		free(mount_key(&taken, "/x"));
	ck_assert_uint_eq(taken.n, 45);
}
END_TEST

static const struct {
	const char *text, *payload, *cgroup2, *first;
} cgroups[] = {
	{"0::/lxc.payload.c1\n", "lxc.payload.c1", "/lxc.payload.c1", ""},
	{"0::/lxc.payload.c1/init.scope\n", "lxc.payload.c1", "/lxc.payload.c1", ""},
	{"0::/lxc.payload.c1-12/a/b\n", "lxc.payload.c1", "/lxc.payload.c1-12", ""},
	{"0::/lxc.payload.c10/a\n", "lxc.payload.c1", "/lxc.payload.c10/a", ""},
	{"0::/x.lxc.payload.c1/lxc.payload.c1/a\n", "lxc.payload.c1",
	 "/x.lxc.payload.c1/lxc.payload.c1", ""},
	{"0::/machine/lxc.payload.c1/a\n", "lxc.payload.c1", "/machine/lxc.payload.c1", ""},
	{"3:cpu,cpuacct:/lxc.payload.c1/x\n0::/other:with:colons\n", "lxc.payload.c1",
	 "/other:with:colons", "cpu,cpuacct"},
	{"0::/lxc/c1/payload/init.scope\n", "lxc/c1/payload", "/lxc/c1/payload", ""},
	{"0::/sub/a/con/in\n", "a/con", "/sub/a/con", ""},
	{"1:name=systemd:/\n0::/\n", NULL, "/", "name=systemd"},
};

START_TEST(cgroup_paths)
{
	_cleanup_facts_ struct container_facts f = {0};

	ck_assert_int_eq(cgroups_parse(cgroups[_i].text, cgroups[_i].payload, &f, NULL), 0);
	ck_assert_str_eq(facts_cgroup2(&f)->path, cgroups[_i].cgroup2);
	ck_assert_str_eq(f.cgroups[0].controllers, cgroups[_i].first);
}
END_TEST

static const struct {
	const char *path, *payload, *base;
} bases[] = {
	{"/lxc.payload.c1", "lxc.payload.c1", ""},
	{"/lxc.payload.c1-3", "lxc.payload.c1", ""},
	{"/sub/deep/lxc.payload.c1", "lxc.payload.c1", "/sub/deep"},
	{"/sub/a/con", "a/con", "/sub"},
	{"/a/con", "a/con", ""},
	{"/a/con/a/con", "a/con", "/a/con"},
	{"/lxc/c1/payload-1", "lxc/c1/payload", ""},
	/* it was called otherwise */
	{"/sub/lxc.payload.c1", "a/con", "/sub"},
	{"/x.lxc.payload.c1", "lxc.payload.c1", ""},
	{"/lxc.payload.c1", "a/con", ""},
	{"/", "lxc.payload.c1", ""},
	{"", "lxc.payload.c1", ""},
};

START_TEST(cgroup_bases)
{
	_cleanup_free_ char *base = cgroup_base(bases[_i].path, bases[_i].payload);

	ck_assert_str_eq(base, bases[_i].base);
}
END_TEST

START_TEST(cgroup_rubbish)
{
	static const char *const bad[] = {"0", "0:", "0::", "0::x", "0:/lxc"};
	_cleanup_facts_ struct container_facts f = {0};
	_cleanup_error_ struct error *e = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_lt(cgroups_parse(bad[i], NULL, &f, &e), 0);
	ck_assert_ptr_nonnull(strstr(e->message, "/proc/PID/cgroup"));
	ck_assert_ptr_null(facts_cgroup2(&f));
}
END_TEST

static const struct {
	const char *file, *value;
	bool setting;
} cgroup_files[] = {
	{"memory.max", "max", false},
	{"memory.max", "1048576", true},
	{"pids.max", "0", true},
	{"hugetlb.2MB.max", "4194304", true},
	{"cpu.max", "max 100000", false},
	{"cpu.max", "50000 100000", true},
	{"cpu.weight", "100", false},
	{"cpu.weight", "79", true},
	{"io.max", "", false},
	{"io.max", "8:0 rbps=1 wbps=max riops=max wiops=max", true},
	{"memory.low", "0", false},
	{"memory.low", "4096", true},
	{"cpuset.cpus", "", false},
	{"cpuset.cpus", "0-1", true},
	{"cpuset.cpus.effective", "0-1", false},
	{"memory.current", "4096", false},
	{"cgroup.max.depth", "5", true},
	{"cgroup.procs", "1", false},
	{"memory.events", "max 1", false},
	{"cpu.stat", "x", false},
};

START_TEST(cgroup_settings_are_told_from_the_rest)
{
	ck_assert(cgroup_is_setting(cgroup_files[_i].file, cgroup_files[_i].value) ==
		  cgroup_files[_i].setting);
}
END_TEST

static const struct {
	const char *text, *label;
} labels[] = {
	{"unconfined\n", NULL},
	{"", NULL},
	{"lxc-container-default-cgns (enforce)\n", "lxc-container-default-cgns"},
	{"lxc-c1_</var/lib/lxc>//&:lxc-c1_<-var-lib-lxc>:unconfined (enforce)\n",
	 "lxc-c1_</var/lib/lxc>//&:lxc-c1_<-var-lib-lxc>:unconfined"},
	{"lxc-c1_</srv/my lxc> (complain)", "lxc-c1_</srv/my lxc>"},
};

START_TEST(apparmor_labels)
{
	_cleanup_free_ char *label = lsm_label(labels[_i].text);

	if (labels[_i].label)
		ck_assert_str_eq(label, labels[_i].label);
	else
		ck_assert_ptr_null(label);
}
END_TEST

Suite *mounts_suite(void)
{
	Suite *s = suite_create("mounts");
	TCase *t = tcase_create("inspect");

	tcase_add_loop_test(t, classify, 0, sizeof(stock) / sizeof(stock[0]));
	tcase_add_test(t, relative_targets);
	tcase_add_loop_test(t, tty_numbers, 0, sizeof(ttys) / sizeof(ttys[0]));
	tcase_add_test(t, keys_are_plain_and_different);
	tcase_add_loop_test(t, cgroup_paths, 0, sizeof(cgroups) / sizeof(cgroups[0]));
	tcase_add_loop_test(t, cgroup_bases, 0, sizeof(bases) / sizeof(bases[0]));
	tcase_add_test(t, cgroup_rubbish);
	tcase_add_loop_test(t, cgroup_settings_are_told_from_the_rest, 0,
			    sizeof(cgroup_files) / sizeof(cgroup_files[0]));
	tcase_add_loop_test(t, apparmor_labels, 0, sizeof(labels) / sizeof(labels[0]));
	suite_add_tcase(s, t);
	return s;
}
