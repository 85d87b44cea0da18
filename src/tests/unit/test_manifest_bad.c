/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader of manifests refuses. */
#include "config.h"

#include <string.h>

#include "manifest_text.h"
#include "unit.h"
#include "util/mem.h"

static char *small_text(void)
{
	static char time[] = "2026-01-31T12:00:00Z", version[] = "1", root[] = "/", name[] = "c1";
	struct image_file file = {.name = name,
				  .xxh3_128 = (char[]){"99aa06d3014798d86001c324468d497f"}};
	const struct manifest m = {
		.created = time,
		.tool_version = version,
		.lxc_version = version,
		.criu_version = version,
		.kernel = version,
		.arch = version,
		.facts = {.name = name, .lxcpath = root, .rootfs = root},
		.files = &file,
		.n_files = 1,
	};

	return manifest_to_json(&m);
}

/* Each byte of it with another value, and with each bit flipped. */
START_TEST(test_flips)
{
	_cleanup_free_ char *whole = small_text();
	_cleanup_manifest_ struct manifest as_it_is = {0};
	size_t len = strlen(whole);

	ck_assert_int_eq(manifest_from_json(whole, len, &as_it_is, NULL), 0);
	for (size_t i = 0; i < len; i++) {
		char was = whole[i];

		for (unsigned int bit = 0; bit < 9; bit++) {
			struct manifest m;

			whole[i] = bit < 8 ? (char)(was ^ (1 << bit)) : was == ' ' ? '\t' : ' ';
			ck_assert_msg(manifest_from_json(whole, len, &m, NULL) < 0,
				      "byte %zu from '%c' to '%c'", i, was, whole[i]);
		}
		whole[i] = was;
	}
}
END_TEST

/* Also where it stays the same JSON. */
START_TEST(test_end)
{
	static const struct {
		const char *from, *to, *named;
	} ends[] = {
		{"\"\n}\n", "\"}\n", "checksum: "},
		{"\"\n}\n", "\"\n}", "checksum: "},
		{"\"\n}\n", "\"\n}\n\n", "checksum: "},
		{"\"\n}\n", "\"\n} x\n", "line "},
		{"\"\n}\n", "\"\n", "line "},
		{"  \"checksum\": ", "\"checksum\": ", "checksum: "},
		{"  \"checksum\": ", "  \"checksums\": ", "checksum: "},
		{"  ],\n  \"checksum\"", "  ], \"checksum\"", "checksum: "},
		{"\"created\"", "\"checksum\": \"\", \"created\"", "duplicate"},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		_cleanup_free_ char *whole = manifest_good();
		_cleanup_free_ char *text = manifest_replace(whole, ends[i].from, ends[i].to);

		manifest_refused(text, strlen(text), ends[i].named);
	}
}
END_TEST

/* One change each to the good one: the first occurrence of from becomes to. */
static const struct {
	const char *from, *to, *named;
} bad[] = {
	/* as JSON */
	{"{\n", "[\n", "line "},
	{"\"schema\": 3,", "\"schema\": 3, \"schema\": 3,", "duplicate"},
	{"\"name\": \"c1\"", "\"name\": \"c1\", \"name\": \"c1\"", "duplicate"},
	{"\"0.1\"", "\"0\\u0000.1\"", "line "},
	{"\"0.1\"", "\"0\344.1\"", "line "},
	/* members */
	{"\"schema\": 3", "\"schema\": 0", "schema: "},
	{"\"schema\": 3", "\"schema\": 4", "schema: 4 "},
	{"\"schema\": 3", "\"schema\": \"3\"", "schema: "},
	{"\"schema\": 3", "\"schema\": 3.0", "schema: "},
	{"  \"schema\": 3,\n", "", "schema: is missing"},
	{"\"schema\": 3,", "\"schema\": 3, \"x\": 1,", "x: "},
	{"\"created\": ", "\"crated\": ", "crated: "},
	{"12:00:00Z", "12:00:00", "created: "},
	{"12:00:00Z", "12:00:00Zx", "created: "},
	{"2026-", "26-", "created: "},
	{"\"0.1\"", "1", "tool_version: "},
	{"\"0.1\"", "null", "tool_version: "},
	{"\"7.0.0\"", "\"\"", "lxc_version: "},
	{"\"4.2.1\"", "[]", "criu_version: "},
	{"\"6.18.0\"", "\"6\\n\"", "kernel: "},
	{"\"x86_64\"", "{}", "arch: "},
	{"../pre1", "/pre1", "parent: "},
	{"../pre1", "..", "parent: "},
	{"../pre1", "../a/../b", "parent: "},
	{"../pre1", "./a", "parent: "},
	{"../pre1", "a/", "parent: "},
	{"\"../pre1\"", "false", "parent: "},
	{"  \"parent\": \"../pre1\",\n", "", "parent: is missing"},
	/* container */
	{"\"name\": \"c1\",", "\"name\": \"c1\", \"init_pid\": 1,", "container.init_pid: "},
	{"\"c1\"", "\"a/b\"", "container.name: "},
	{"\"c1\"", "\"..\"", "container.name: "},
	{"\"c1\"", "\"\"", "container.name: "},
	{"c1/rootfs", "c1/../rootfs", "container.rootfs: "},
	{"c1/rootfs", "c1/./rootfs", "container.rootfs: "},
	{"c1/rootfs", "c1//rootfs", "container.rootfs: "},
	{"\"/var/lib/lxc\"", "\"\"", "container.lxcpath: "},
	{"c1/rootfs", "c1/root\\u001bfs", "container.rootfs: "},
	{"\"apparmor_label\": null", "\"apparmor_label\": \"\"", "container.apparmor_label: "},
	{"\"apparmor_file\": null", "\"apparmor_file\": \"../x\"", "container.apparmor_file: "},
	{"\"apparmor_file\": null", "\"apparmor_file\": \"a/x\"", "container.apparmor_file: "},
	/* nics */
	{"\"ifindex\": 2", "\"ifindex\": 0", "container.nics[0].ifindex: "},
	{"\"ifindex\": 3", "\"ifindex\": 2147483648", "container.nics[1].ifindex: "},
	{"\"ifindex\": 3", "\"ifindex\": true", "container.nics[1].ifindex: "},
	{"\"veth\"", "\"ve th\"", "container.nics[0].type: "},
	{"\"veth\"", "\"bridge\"", "container.nics[0].type: "},
	{"\"eth0\"", "\"eth 0\"", "container.nics[0].name: "},
	{"\"eth0\"", "\"1234567890123456\"", "container.nics[0].name: "},
	{"\"eth0\"", "null", "container.nics[0].name: "},
	{"\"eth0\"", "\"eth1\"", "container.nics: duplicate name \"eth1\""},
	{"00:16:3e:00:00:01", "00:16:3e:00:00", "container.nics[0].mac: "},
	{"1500", "67", "container.nics[0].mtu: "},
	{"1500", "65536", "container.nics[0].mtu: "},
	{"1500", "-1", "container.nics[0].mtu: "},
	{"1500", "1e3", "container.nics[0].mtu: "},
	{"\"vethA\"", "\"a;b\"", "container.nics[0].host_name: "},
	{"\"vethA\"", "\"all\"", "container.nics[0].host_name: "},
	{"fe:00", "fe-00", "container.nics[0].host_mac: "},
	{"\"lxcbr0\"", "\"-\"", "container.nics[0].bridge: "},
	{"\"host_ipv6_disabled\": true", "\"host_ipv6_disabled\": 1",
	 "container.nics[0].host_ipv6_disabled: "},
	{"\"eth9\"", "\"a;b\"", "container.nics[1].parent: "},
	{"\"parent\": null", "\"parent\": \"eth0\"", "container.nics[0].parent: "},
	{"port.isolated", "port.colour", "container.nics[0].host_settings[0]: bad setting"},
	{"port.isolated", "", "container.nics[0].host_settings[0].name: "},
	{"ipv4.proxy_arp", "ipv4../x", "container.nics[0].host_settings[1]: bad setting"},
	{"\"value\": \"2\"", "\"value\": \"2\\n\"",
	 "container.nics[0].host_settings[1]: bad setting"},
	{"\"value\": \"2\"", "\"value\": 2", "container.nics[0].host_settings[1].value: "},
	{"\"lxcbr0\"", "null", "container.nics[0].host_settings[0]: bad setting"},
	{"\"host_settings\": []", "\"host_settings\": [{\"name\": \"mtu\", \"value\": \"1400\"}]",
	 "container.nics[1].type: "},
	{"\"stopped\": true", "\"stopped\": 1", "stopped: "},
	{"\"host_name\": null", "\"host_name\": \"x\"", "container.nics[1].type: "},
	/* mounts, ttys, cgroups */
	{"\"mounts\": [", "\"mounts\": [ 1,", "container.mounts[0]: "},
	{"\"key\": \"lib\"", "\"key\": \"a]b\"", "container.mounts[0].key: "},
	{"\"key\": \"lib\"", "\"key\": \"\"", "container.mounts[0].key: "},
	{"\"key\": \"lib\"", "\"key\": \"dev_console\"", "key \"dev_console\""},
	{"\"/lib\"", "\"lib\"", "container.mounts[0].target: "},
	{"\"/lib\"", "\"/a]:b\"", "container.mounts[0].target: "},
	{"\"/dev/console\"", "\"/a]:b\"", "container.ttys[0].target: "},
	{"rw,nosuid,noexec,relatime", "rw,nosuid,nothing", "container.ttys[0].options: "},
	{"\"core_group\": 1", "\"core_group\": -1", "container.threads[0].core_group: "},
	{"\"host_network\": false", "\"host_network\": true", "container.host_network: "},
	{"\"/usr/lib\"", "\"/usr/..\"", "container.mounts[0].source: "},
	{"ro,nosuid,relatime", "", "container.mounts[0].options: "},
	{"\"directory\"", "\"socket\"", "container.mounts[0].kind: "},
	{"\"/usr\"", "\"usr\"", "container.mounts[0].mount_point: "},
	{"4711", "-1", "container.rootfs_inode: "},
	{"\"loop\"", "\"dir\"", "container.rootfs_kind: "},
	{"\"/srv/c1.img\"", "\"c1.img\"", "container.rootfs_layers[0].path: "},
	{"\"ext3\"", "null", "container.rootfs_type: "},
	{"rw,noatime", "rw,,", "container.rootfs_options: "},
	{"\"page_size\": 4096", "\"page_size\": \"4096\"", "page_size: "},
	{"\"lxc.tty.max\"", "\"\"", "config_items[0].key: "},
	{"\"Some CPU\"", "\"\"", "cpu_model: "},
	{"ro,nosuid,", "ro,,", "container.mounts[0].options: "},
	{"ro,nosuid,", "ro,idmapped,", "container.mounts[0].options: "},
	{"\"u\"", "\"b\"", "container.idmaps[0].kind: "},
	{"\"count\": 65536", "\"count\": 0", "container.idmaps[0].count: "},
	{"\"outside\": 100000", "\"outside\": -1", "container.idmaps[0].outside: "},
	{"\"index\": -1", "\"index\": -2", "container.ttys[0].index: "},
	{"\"index\": -1", "\"index\": 4096", "container.ttys[0].index: "},
	{"\"mode\": 400", "\"mode\": 4096", "container.ttys[0].mode: "},
	{"\"in\"", "\"in/in\"", "container.inner_cgroup: "},
	{"\"in\"", "\"\"", "container.inner_cgroup: "},
	{"\"in\"", "\"..\"", "container.inner_cgroup: "},
	{"memory.max", "../x", "container.cgroup_tree[0].settings[0].file: "},
	{"memory.max", "cgroup.kill", "container.cgroup_tree[0].settings[0].file: "},
	{"memory.max", ".", "container.cgroup_tree[0].settings[0].file: "},
	{"memory.max", "", "container.cgroup_tree[0].settings[0].file: "},
	{"memory pids", "memory/pids", "container.cgroup_tree[0].subtree_control: "},
	{"system.slice/", "../", "container.cgroup_tree[1].path: "},
	{"system.slice/", "/", "container.cgroup_tree[1].path: "},
	{"\"file\": \".\"", "\"file\": \"..\"", "container.cgroup_tree[1].owners[0].file: "},
	{"\"mode\": 509", "\"mode\": 512", "container.cgroup_tree[1].owners[0].mode: "},
	{"user.delegate", "security.capability", "container.cgroup_tree[1].attributes[0].name: "},
	{"\"31\"", "\"3\"", "container.cgroup_tree[1].attributes[0].value: "},
	{"20000000680005", "20000000690005", "container.nexthops[0].message: "},
	{"20000000680005", "21000000680005", "container.nexthops[0].message: "},
	{"20000000680005", "2000000068000", "container.nexthops[0].message: "},
	{"b700", "b70g", "container.device_programs[0].instructions: "},
	{"b700", "b7", "container.device_programs[0].instructions: "},
	{"0-3,8", "", "container.threads[0].cpus: "},
	{"0-3,8", "3-0", "container.threads[0].cpus: "},
	{"\"tid\": 17", "\"tid\": 0", "container.threads[0].tid: "},
	{"16390", "65536", "container.threads[0].io_priority: "},
	{"\"settings\": null", "\"settings\": \"500:5\"", "container.ttys[0].settings: "},
	{"\"/dev/console\"", "\"console\"", "container.ttys[0].target: "},
	{"34816", "-1", "container.ttys[0].rdev: "},
	{"4294967295", "4294967296", "container.ttys[0].dev: "},
	{"name=systemd", "a b", "container.cgroups[1].controllers: "},
	{"\"/lxc.payload.c1\"", "\"/../x\"", "container.cgroups[0].path: "},
	{"\"path\": \"/\"", "\"paths\": \"/\"", "container.cgroups[1].paths: "},
	/* files */
	{"\"config\": \"", "\"config\": 1, \"x\": \"", "x: "},
	{"core-1.img", "../core-1.img", "files[0].name: "},
	{"core-1.img", "a/b", "files[0].name: "},
	{"core-1.img", ".x", "files[0].name: "},
	{"core-1.img", "", "files[0].name: "},
	{"core-1.img", "a b", "files[0].name: "},
	{"core-1.img", "manifest.json", "files[0].name: "},
	{"core-1.img", "network", "files[1].name: "},
	{"core-1.img", "z", "files[1].name: "},
	{"9223372036854775807", "-1", "files[0].size: "},
	{"99aa06", "99AA06", "files[0].xxh3_128: "},
	{"99aa06", "9aa06", "files[0].xxh3_128: "},
	{"\"0123456789abcdef0123456789abcdef\"", "null", "files[1].xxh3_128: "},
	{"9223372036854775807", "9223372036854775808", "line "},
	{"\"files\": [", "\"files\": {}, \"y\": [", "y: "},
};

START_TEST(test_bad)
{
	_cleanup_free_ char *begins = manifest_change(bad[_i].from, bad[_i].to);
	_cleanup_free_ char *text = manifest_sealed(begins);

	manifest_refused(text, strlen(text), bad[_i].named);
}
END_TEST

/* Whatever else a later version's file has, its number is what is spoken of. */
START_TEST(test_newer)
{
	static const char *const newer[] = {
		"{\"schema\": 7}",
		"{\"schema\": 7, \"files\": 3, \"x\": {}}",
		"{\"x\": 1, \"x\": 2, \"schema\": 7}",
	};

	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		_cleanup_error_ struct error *e = NULL;
		struct manifest m;

		ck_assert_int_eq(manifest_from_json(newer[i], strlen(newer[i]), &m, &e),
				 -EPROTONOSUPPORT);
		ck_assert_ptr_nonnull(strstr(e->message, "schema: 7 "));
	}
}
END_TEST

START_TEST(test_hostile)
{
	size_t len = 17 * 1024 * 1024, size = strlen(manifest_begins) + 1;
	_cleanup_free_ char *text = xcalloc(len, 1);
	_cleanup_free_ char *nul = xcalloc(size + 8, 1);

	manifest_refused("", 0, "line ");
	manifest_refused("null", 4, "line ");
	manifest_refused("[]", 2, "checksum: ");
	memset(text, ' ', len);
	manifest_refused(text, len, "larger than");
	memset(text, '[', len);
	manifest_refused(text, 1024 * 1024, "line ");
	for (size_t i = 0; i + 5 <= 1024 * 1024; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	manifest_refused(text, 1024 * 1024, "line ");
	memcpy(nul, manifest_begins, size);
	manifest_refused(nul, size, "line ");
}
END_TEST

/* Cut off anywhere it is no manifest, and nothing is read beyond its end. */
START_TEST(test_cut)
{
	_cleanup_free_ char *whole = manifest_good();

	for (size_t len = 0; len < strlen(whole); len++) {
		_cleanup_free_ char *text = xcalloc(len ? len : 1, 1);
		struct manifest m;

		memcpy(text, whole, len);
		ck_assert_int_lt(manifest_from_json(text, len, &m, NULL), 0);
	}
}
END_TEST

Suite *manifest_bad_suite(void)
{
	Suite *s = suite_create("manifest_bad");
	TCase *t = tcase_create("manifest_bad");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_flips);
	tcase_add_test(t, test_end);
	tcase_add_loop_test(t, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, test_newer);
	tcase_add_test(t, test_hostile);
	tcase_add_test(t, test_cut);
	suite_add_tcase(s, t);
	return s;
}
