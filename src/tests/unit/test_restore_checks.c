/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "preflight/restore/restore_checks.h"
#include "sys/cpuinfo.h"
#include "unit.h"
#include "util/mem.h"

/* --- the machine --- */

static const struct {
	const char *then, *now, *missing;
} words[] = {
	{"", "", NULL},
	{"fpu avx2", "fpu avx2", NULL},
	{"fpu avx2", "avx2 sse fpu", NULL},
	{"fpu  avx2  ", " fpu", "avx2"},
	{"fpu avx avx512f", "fpu avx2", "avx, avx512f"},
	{"fpu", "", "fpu"},
	{"xsave_size=832", "xsave_size=2696", "xsave_size=832"},
};

START_TEST(test_missing_words)
{
	_cleanup_free_ char *missing = missing_words(words[_i].then, words[_i].now);

	if (words[_i].missing)
		ck_assert_pstr_eq(missing, words[_i].missing);
	else
		ck_assert_ptr_null(missing);
}
END_TEST

static const struct {
	const char *text, *model, *features;
} cpus[] = {
	{"processor\t: 0\nmodel name\t: Some CPU @ 2.10GHz\nflags\t\t: fpu vme\nbugs\t: x\n"
	 "\nprocessor\t: 1\nflags\t\t: other\n",
	 "Some CPU @ 2.10GHz", "fpu vme"},
	{"processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp asimd\n", NULL, "fp asimd"},
	{"processor\t: 0\nvmx flags\t: no\n", NULL, ""},
	{"flags\t\t: cut off", NULL, "cut off"},
	{"flags", NULL, ""},
	{"", NULL, ""},
};

START_TEST(test_cpuinfo)
{
	_cleanup_cpuinfo_ struct cpuinfo c = {0};

	cpuinfo_parse(cpus[_i].text, &c);
	ck_assert_pstr_eq(c.model, cpus[_i].model);
	ck_assert_str_eq(c.features, cpus[_i].features);
}
END_TEST

static const struct {
	const char *a, *b;
	int cmp;
} kernels[] = {
	{"6.12.0", "6.12.0", 0},
	{"6.9.3-1-amd64", "6.12.0", -1},
	{"6.12.38+deb13-amd64", "6.12.0", 0},
	{"7.0.0", "6.18.44", 1},
	{"5.15", "6.1", -1},
	{"rubbish", "6.1", 0},
	{"6", "6.1", 0},
	{"", "", 0},
};

START_TEST(test_kernel_version)
{
	ck_assert_int_eq(kernel_version_cmp(kernels[_i].a, kernels[_i].b), kernels[_i].cmp);
	ck_assert_int_eq(kernel_version_cmp(kernels[_i].b, kernels[_i].a), -kernels[_i].cmp);
}
END_TEST

START_TEST(test_available_memory)
{
	ck_assert_uint_eq(
		available_memory("MemTotal:  9 kB\nMemAvailable:  3 kB\nSwapFree: 1 kB\n"), 4096);
	ck_assert_uint_eq(available_memory("MemTotal:  9 kB\n"), 0);
	ck_assert_uint_eq(available_memory(""), 0);
}
END_TEST

/* Never freed: literals. */
#define TEXT(s) ((char *)(uintptr_t)(s))

static bool has(const struct findings *f, const char *check, bool blocks, const char *force)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].check, check) == 0 && f->v[i].blocks == blocks &&
		    (force ? f->v[i].force && strcmp(f->v[i].force, force) == 0 : !f->v[i].force))
			return true;
	return false;
}

static struct manifest manifest_of_now(void)
{
	return (struct manifest){
		.criu_version = TEXT("4.2.1"),
		.kernel = TEXT("2.6.32"),
		.lxc_version = TEXT("7.0.0"),
		.created = TEXT("2026-01-31T12:00:00Z"),
	};
}

static struct findings machine(const struct manifest *m, const char *criu, struct criu_version v)
{
	const struct criu_program program = {.path = TEXT(criu), .version = v};
	const struct restore_check r = {
		.manifest = m, .criu = &program, .image = -1, .image_path = "/nowhere"};
	struct findings f = {0};

	check_machine(&r, &f);
	return f;
}

START_TEST(test_machine_fits)
{
	struct manifest m = manifest_of_now();
	_cleanup_cpuinfo_ struct cpuinfo now = {0};
	_cleanup_findings_ struct findings f = {0};

	cpuinfo_read(&now);
	ck_assert(*now.features);
	m.cpu_features = now.features;
	f = machine(&m, "/bin/false", (struct criu_version){4, 2, 0});
	ck_assert_uint_eq(f.n, 0);
}
END_TEST

START_TEST(test_old_kernel)
{
	struct manifest m = manifest_of_now();
	_cleanup_findings_ struct findings f = {0};

	m.kernel = TEXT("99.1.0");
	f = machine(&m, "/bin/false", (struct criu_version){4, 2, 1});
	ck_assert(has(&f, "kernel", false, NULL));
	ck_assert_uint_eq(f.n, 1);
}
END_TEST

static const struct {
	struct criu_version now;
	bool blocks;
} crius[] = {
	{{4, 2, 1}, false}, {{4, 2, 0}, false}, {{4, 3, 0}, false},
	{{5, 0, 0}, false}, {{4, 1, 9}, true},	{{3, 19, 0}, true},
};

START_TEST(test_old_criu)
{
	struct manifest m = manifest_of_now();
	_cleanup_findings_ struct findings f = machine(&m, "/bin/false", crius[_i].now);

	ck_assert_int_eq(has(&f, "criu-version", true, "criu"), crius[_i].blocks);
	ck_assert_uint_eq(f.n, crius[_i].blocks);
}
END_TEST

/* CRIU decides, where it has something to compare with. */
START_TEST(test_other_cpu)
{
	struct image_file cpuinfo = {.name = TEXT("cpuinfo.img")};
	struct manifest m = manifest_of_now();
	static const struct criu_version v = {4, 2, 1};
	_cleanup_findings_ struct findings yes = {0}, no = {0}, none = {0};

	m.cpu_features = TEXT("feature_of_the_future");
	m.files = &cpuinfo;
	m.n_files = 1;
	yes = machine(&m, "/bin/true", v);
	ck_assert_uint_eq(yes.n, 0);
	no = machine(&m, "/bin/false", v);
	ck_assert(has(&no, "cpu", true, "cpu"));
	ck_assert_ptr_nonnull(strstr(no.v[0].reason, ": feature_of_the_future"));
	m.n_files = 0;
	none = machine(&m, "/bin/false", v);
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

START_TEST(test_memory)
{
	struct image_file pages[] = {{.name = TEXT("pages-1.img"), .size = (uint64_t)1 << 50},
				     {.name = TEXT("tmpfs.img"), .size = (uint64_t)1 << 50}};
	struct manifest m = manifest_of_now();
	_cleanup_findings_ struct findings f = {0}, none = {0};

	m.files = pages;
	m.n_files = 2;
	f = machine(&m, "/bin/true", (struct criu_version){4, 2, 1});
	ck_assert(has(&f, "memory", false, NULL));
	m.files = pages + 1;
	m.n_files = 1;
	none = machine(&m, "/bin/true", (struct criu_version){4, 2, 1});
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

/* --- the config --- */

#define ITEMS_MAX 6

static const struct {
	const char *then[ITEMS_MAX], *now[ITEMS_MAX]; /* key, value, ...; NULL: the end */
	const char *reason;			      /* of the one finding; NULL: none */
	bool blocks;
} configs[] = {
	{{"lxc.tty.max", "4"}, {"lxc.tty.max", "4"}, NULL, false},
	{{"lxc.tty.max", "4"}, {"lxc.tty.max", "5"}, "lxc.tty.max was \"4\" and is \"5\"", false},
	{{"lxc.tty.dir", "lxc"},
	 {"lxc.uts.name", ""},
	 "lxc.tty.dir was \"lxc\" and is not set",
	 false},
	/* unset in one way or another */
	{{"lxc.tty.dir", "(null)"}, {"lxc.tty.dir", ""}, NULL, false},
	{{"lxc.uts.name", "a"},
	 {"lxc.uts.name", "b"},
	 "lxc.uts.name was \"a\" and is \"b\"",
	 false},
	{{"lxc.net.0.type", "veth", "lxc.net.0.link", "br0"},
	 {"lxc.net.0.link", "br0", "lxc.net.0.type", "veth"},
	 NULL,
	 false},
	{{"lxc.net.0.type", "veth", "lxc.net.0.link", "br0"},
	 {"lxc.net.0.type", "veth", "lxc.net.0.link", "br1"},
	 "lxc.net.0.link was \"br0\" and is \"br1\"",
	 true},
	{{"lxc.net.0.type", "veth"},
	 {"lxc.net.0.type", "veth", "lxc.net.0.veth.vlan.id", "5"},
	 "lxc.net.0.veth.vlan.id was not set and is \"5\"",
	 true},
	{{"lxc.net.0.type", "veth"},
	 {"lxc.net.0.type", "veth", "lxc.net.7.type", "empty"},
	 "lxc.net.7 has been added",
	 true},
	{{"lxc.net.0.type", "veth", "lxc.net.1.type", "veth"},
	 {"lxc.net.1.type", "veth"},
	 "lxc.net.0 has been removed",
	 true},
	{{"lxc.mount.entry", "/a a none bind 0 0\n/b b none bind 0 0\n"},
	 {"lxc.mount.entry", "/b b none bind 0 0\n/a a none bind 0 0\n"},
	 NULL,
	 false},
	{{"lxc.mount.entry", "/a a none bind 0 0\n"},
	 {"lxc.mount.entry", "/a a none bind 0 0\n/b b none bind,ro 0 0\n"},
	 "lxc.mount.entry has been added: /b b none bind,ro 0 0",
	 true},
	{{"lxc.mount.entry", "/a a none bind 0 0\n"},
	 {"lxc.uts.name", ""},
	 "lxc.mount.entry has been removed: /a a none bind 0 0",
	 true},
	{{"lxc.cap.drop", "sys_time\nsys_module\n"},
	 {"lxc.cap.drop", "sys_module\n"},
	 "lxc.cap.drop has been removed: sys_time",
	 true},
	{{"lxc.cgroup2", "lxc.cgroup2.memory.max = 1G\n"},
	 {"lxc.cgroup2", "lxc.cgroup2.memory.max = 1G\nlxc.cgroup2.pids.max = 9\n"},
	 "lxc.cgroup2 has been added: lxc.cgroup2.pids.max = 9",
	 false},
	{{"lxc.cgroup2", "lxc.cgroup2.devices.deny = a\n"}, {"lxc.cgroup2", ""}, NULL, false},
	{{"lxc.apparmor.profile", "generated"},
	 {"lxc.apparmor.profile", "unconfined"},
	 "lxc.apparmor.profile was \"generated\" and is \"unconfined\"",
	 true},
	/* what schema 1 did not keep */
	{{NULL}, {"lxc.tty.max", "5"}, NULL, false},
};

static size_t items_of(const char *const *list, struct config_item *ret)
{
	size_t n = 0;

	for (; n < ITEMS_MAX / 2 && list[2 * n]; n++)
		ret[n] = (struct config_item){TEXT(list[2 * n]), TEXT(list[2 * n + 1])};
	return n;
}

static struct findings compare(size_t i, const char *lxc)
{
	struct config_item then[ITEMS_MAX / 2], now[ITEMS_MAX / 2];
	struct manifest m = manifest_of_now();
	const struct restore_check r = {
		.manifest = &m,
		.config = now,
		.n_config = items_of(configs[i].now, now),
		.config_file = "/c1/config",
		.lxc_version = lxc,
	};
	struct findings f = {0};

	m.items = then;
	m.n_items = items_of(configs[i].then, then);
	check_config(&r, &f);
	return f;
}

START_TEST(test_config)
{
	_cleanup_findings_ struct findings f = compare((size_t)_i, "7.0.0");

	ck_assert_uint_eq(f.n, configs[_i].reason != NULL);
	if (!configs[_i].reason)
		return;
	ck_assert_str_eq(f.v[0].reason, configs[_i].reason);
	ck_assert(has(&f, "config", configs[_i].blocks, "config"));
	ck_assert_int_eq(strstr(f.v[0].remedy, "--force=config") != NULL, configs[_i].blocks);
}
END_TEST

/* Another version may say the same in other words: nothing blocks by that. */
START_TEST(test_config_of_another_lxc)
{
	_cleanup_findings_ struct findings f = compare((size_t)_i, "6.0.4");

	ck_assert_uint_eq(findings_blocking(&f), 0);
	ck_assert_int_eq(f.n > 0 && f.v[0].note, configs[_i].then[0] != NULL);
}
END_TEST

static const struct {
	const char *key;
	bool matters;
} keys[] = {
	{"lxc.net.0.link", true},    {"lxc.net.12.veth.vlan.tagged.id", true},
	{"lxc.net.0.hwaddr", false}, {"lxc.net.0", false},
	{"lxc.net.x.link", false},   {"lxc.mount.entry", true},
	{"lxc.hook.start", false},   {"lxc.cgroup2.memory.max", false},
	{"lxc.console.path", false}, {"", false},
};

START_TEST(test_config_matters)
{
	ck_assert_int_eq(preflight_config_matters(keys[_i].key), keys[_i].matters);
}
END_TEST

/* --- users --- */

static const struct {
	const char *map;
	struct idmap range;
	bool ours;
} maps[] = {
	{"         0          0 4294967295\n", {NULL, 0, 100000, 65536}, true},
	{"0 100000 65536\n", {NULL, 0, 100000, 65536}, false},
	{"0 100000 65536\n", {NULL, 0, 0, 65536}, true},
	{"0 100000 65536\n", {NULL, 0, 1, 65536}, false},
	{"0 100000 1000\n1000 5000 10\n", {NULL, 0, 1000, 10}, true},
	{"0 100000 1000\n1000 5000 10\n", {NULL, 0, 999, 2}, false},
	{"", {NULL, 0, 0, 1}, false},
};

START_TEST(test_ids_are_ours)
{
	struct idmap range = maps[_i].range;
	const struct container_facts facts = {.idmaps = &range, .n_idmaps = 1};

	range.kind = TEXT("u");
	ck_assert_int_eq(ids_are_ours(&facts, "u", maps[_i].map), maps[_i].ours);
	ck_assert(ids_are_ours(&facts, "g", ""));
}
END_TEST

Suite *restore_checks_suite(void)
{
	Suite *s = suite_create("restore_checks");
	TCase *t = tcase_create("compat");

	tcase_add_loop_test(t, test_missing_words, 0, sizeof(words) / sizeof(words[0]));
	tcase_add_loop_test(t, test_cpuinfo, 0, sizeof(cpus) / sizeof(cpus[0]));
	tcase_add_loop_test(t, test_kernel_version, 0, sizeof(kernels) / sizeof(kernels[0]));
	tcase_add_test(t, test_available_memory);
	tcase_add_test(t, test_machine_fits);
	tcase_add_test(t, test_old_kernel);
	tcase_add_loop_test(t, test_old_criu, 0, sizeof(crius) / sizeof(crius[0]));
	tcase_add_test(t, test_other_cpu);
	tcase_add_test(t, test_memory);
	tcase_add_loop_test(t, test_config, 0, sizeof(configs) / sizeof(configs[0]));
	tcase_add_loop_test(t, test_config_of_another_lxc, 0, sizeof(configs) / sizeof(configs[0]));
	tcase_add_loop_test(t, test_config_matters, 0, sizeof(keys) / sizeof(keys[0]));
	tcase_add_loop_test(t, test_ids_are_ours, 0, sizeof(maps) / sizeof(maps[0]));
	suite_add_tcase(s, t);
	return s;
}
