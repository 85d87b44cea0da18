/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/manifest.h"
#include "unit.h"
#include "util/checksum.h"
#include "util/fd.h"
#include "util/mem.h"

/* What the writer writes: the order and the layout are the format's, too. Its last line is
 * sealed()'s. */
static const char good[] = "{\n"
			   "  \"schema\": 3,\n"
			   "  \"created\": \"2026-01-31T12:00:00Z\",\n"
			   "  \"stopped\": true,\n"
			   "  \"tool_version\": \"0.1\",\n"
			   "  \"lxc_version\": \"7.0.0\",\n"
			   "  \"criu_version\": \"4.2.1\",\n"
			   "  \"kernel\": \"6.18.0\",\n"
			   "  \"arch\": \"x86_64\",\n"
			   "  \"page_size\": 4096,\n"
			   "  \"cpu_model\": \"Some CPU\",\n"
			   "  \"cpu_features\": \"fpu avx xsave_size=832\",\n"
			   "  \"config_items\": [\n"
			   "    {\n"
			   "      \"key\": \"lxc.tty.max\",\n"
			   "      \"value\": \"4\"\n"
			   "    }\n"
			   "  ],\n"
			   "  \"parent\": \"../pre1\",\n"
			   "  \"container\": {\n"
			   "    \"name\": \"c1\",\n"
			   "    \"lxcpath\": \"/var/lib/lxc\",\n"
			   "    \"rootfs\": \"/var/lib/lxc/c1/rootfs\",\n"
			   "    \"rootfs_inode\": 4711,\n"
			   "    \"idmaps\": [\n"
			   "      {\n"
			   "        \"kind\": \"u\",\n"
			   "        \"inside\": 0,\n"
			   "        \"outside\": 100000,\n"
			   "        \"count\": 65536\n"
			   "      }\n"
			   "    ],\n"
			   "    \"rootfs_idmapped\": false,\n"
			   "    \"apparmor_label\": null,\n"
			   "    \"apparmor_file\": null,\n"
			   "    \"apparmor_policy\": null,\n"
			   "    \"host_network\": false,\n"
			   "    \"nics\": [\n"
			   "      {\n"
			   "        \"ifindex\": 2,\n"
			   "        \"type\": \"veth\",\n"
			   "        \"name\": \"eth0\",\n"
			   "        \"mac\": \"00:16:3e:00:00:01\",\n"
			   "        \"mtu\": 1500,\n"
			   "        \"ipv6_link_local\": false,\n"
			   "        \"host_name\": \"vethA\",\n"
			   "        \"host_mac\": \"fe:00:00:00:00:01\",\n"
			   "        \"bridge\": \"lxcbr0\",\n"
			   "        \"host_ipv6_disabled\": true\n"
			   "      },\n"
			   "      {\n"
			   "        \"ifindex\": 3,\n"
			   "        \"type\": \"macvlan\",\n"
			   "        \"name\": \"eth1\",\n"
			   "        \"mac\": null,\n"
			   "        \"mtu\": 1400,\n"
			   "        \"ipv6_link_local\": true,\n"
			   "        \"host_name\": null,\n"
			   "        \"host_mac\": null,\n"
			   "        \"bridge\": null,\n"
			   "        \"host_ipv6_disabled\": false\n"
			   "      }\n"
			   "    ],\n"
			   "    \"mounts\": [\n"
			   "      {\n"
			   "        \"key\": \"lib\",\n"
			   "        \"target\": \"/lib\",\n"
			   "        \"source\": \"/usr/lib\",\n"
			   "        \"options\": \"ro,nosuid,relatime\",\n"
			   "        \"kind\": \"directory\",\n"
			   "        \"mount_point\": \"/usr\",\n"
			   "        \"filesystem\": \"ext4\",\n"
			   "        \"identity\": null,\n"
			   "        \"inode\": 77\n"
			   "      }\n"
			   "    ],\n"
			   "    \"block_filesystems\": [\n"
			   "      {\n"
			   "        \"source\": \"/dev/loop0\",\n"
			   "        \"type\": \"ext4\",\n"
			   "        \"identity\": \"uuid:30313233-3435-3637-3839-616263646566\",\n"
			   "        \"backing\": null\n"
			   "      }\n"
			   "    ],\n"
			   "    \"ttys\": [\n"
			   "      {\n"
			   "        \"index\": -1,\n"
			   "        \"key\": \"dev_console\",\n"
			   "        \"target\": \"/dev/console\",\n"
			   "        \"rdev\": 34816,\n"
			   "        \"dev\": 4294967295,\n"
			   "        \"uid\": 0,\n"
			   "        \"gid\": 5,\n"
			   "        \"mode\": 400,\n"
			   "        \"settings\": null,\n"
			   "        \"options\": \"rw,nosuid,noexec,relatime\"\n"
			   "      }\n"
			   "    ],\n"
			   "    \"cgroups\": [\n"
			   "      {\n"
			   "        \"controllers\": \"\",\n"
			   "        \"path\": \"/lxc.payload.c1\"\n"
			   "      },\n"
			   "      {\n"
			   "        \"controllers\": \"name=systemd\",\n"
			   "        \"path\": \"/\"\n"
			   "      }\n"
			   "    ],\n"
			   "    \"inner_cgroup\": \"in\",\n"
			   "    \"cgroup_tree\": [\n"
			   "      {\n"
			   "        \"path\": \"\",\n"
			   "        \"subtree_control\": \"memory pids\",\n"
			   "        \"settings\": [\n"
			   "          {\n"
			   "            \"file\": \"memory.max\",\n"
			   "            \"value\": \"1048576\"\n"
			   "          }\n"
			   "        ],\n"
			   "        \"owners\": [],\n"
			   "        \"attributes\": []\n"
			   "      },\n"
			   "      {\n"
			   "        \"path\": \"system.slice/a\\\\x2db.service\",\n"
			   "        \"subtree_control\": \"\",\n"
			   "        \"settings\": [],\n"
			   "        \"owners\": [\n"
			   "          {\n"
			   "            \"file\": \".\",\n"
			   "            \"uid\": 100033,\n"
			   "            \"gid\": 100034,\n"
			   "            \"mode\": 509\n"
			   "          }\n"
			   "        ],\n"
			   "        \"attributes\": [\n"
			   "          {\n"
			   "            \"name\": \"user.delegate\",\n"
			   "            \"value\": \"31\"\n"
			   "          }\n"
			   "        ]\n"
			   "      }\n"
			   "    ],\n"
			   "    \"nexthops\": [\n"
			   "      {\n"
			   "        \"message\": \"2000000068000506"
			   "00000000000000000a000000000000000800010001000000\"\n"
			   "      }\n"
			   "    ],\n"
			   "    \"device_programs\": [\n"
			   "      {\n"
			   "        \"instructions\": \"b7000000000000009500000000000000\"\n"
			   "      }\n"
			   "    ],\n"
			   "    \"threads\": [\n"
			   "      {\n"
			   "        \"tid\": 17,\n"
			   "        \"cpus\": \"0-3,8\",\n"
			   "        \"io_priority\": 16390,\n"
			   "        \"timer_slack\": 123456,\n"
			   "        \"coredump_filter\": -1,\n"
			   "        \"core_group\": 1\n"
			   "      }\n"
			   "    ]\n"
			   "  },\n"
			   "  \"config\": \"lxc.uts.name = c1\\n# \303\244\\n\",\n"
			   "  \"files\": [\n"
			   "    {\n"
			   "      \"name\": \"core-1.img\",\n"
			   "      \"size\": 9223372036854775807,\n"
			   "      \"xxh3_128\": \"99aa06d3014798d86001c324468d497f\"\n"
			   "    },\n"
			   "    {\n"
			   "      \"name\": \"network\",\n"
			   "      \"size\": 0,\n"
			   "      \"xxh3_128\": \"0123456789abcdef0123456789abcdef\"\n"
			   "    }\n"
			   "  ],\n";

/* As this text has to end: a change of the format is seen here. */
static const char good_ends[] = "  \"checksum\": \"d99eb26e950d09045e38bb2f6640ac2a\"\n"
				"}\n";

/* With the end that its beginning has to have. Caller frees. */
static char *sealed(const char *begins)
{
	_cleanup_free_ char *sum = checksum_of(begins, strlen(begins));

	return xasprintf("%s  \"checksum\": \"%s\"\n}\n", begins, sum);
}

static char *good_text(void)
{
	return xasprintf("%s%s", good, good_ends);
}

static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "\"%s\" is not in it", from);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static char *change(const char *from, const char *to)
{
	return replace(good, from, to);
}

static void expect_refusal(const char *text, size_t len, const char *named)
{
	_cleanup_error_ struct error *e = NULL;
	struct manifest m;

	memset(&m, 0x55, sizeof(m));
	ck_assert_int_lt(manifest_from_json(text, len, &m, &e), 0);
	ck_assert(e->refused);
	ck_assert_msg(strncmp(e->message, "manifest.json: ", 15) == 0 &&
			      strstr(e->message, named) != NULL,
		      "want \"%s\", is \"%s\"", named, e->message);
	for (size_t i = 0; i < sizeof(m); i++)
		ck_assert_uint_eq(((const unsigned char *)&m)[i], 0x55);
}

static void expect_facts(const struct manifest *m)
{
	ck_assert_str_eq(m->parent, "../pre1");
	ck_assert_uint_eq(m->facts.n_nics, 2);
	ck_assert(m->facts.nics[0].host_ipv6_disabled);
	ck_assert_ptr_null(m->facts.nics[1].mac);
	ck_assert_int_eq(m->facts.ttys[0].index, -1);
	ck_assert_uint_eq(m->facts.ttys[0].dev, 0xffffffffU);
	ck_assert_uint_eq(m->facts.ttys[0].gid, 5);
	ck_assert_uint_eq(m->facts.ttys[0].mode, 0620);
	ck_assert_ptr_null(m->facts.apparmor_label);
	ck_assert_uint_eq(m->n_files, 2);
	ck_assert_uint_eq(m->files[0].size, INT64_MAX);
}

START_TEST(test_round_trip)
{
	_cleanup_free_ char *whole = good_text(), *text = NULL;
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_error_ struct error *e = NULL;
	int r = manifest_from_json(whole, strlen(whole), &m, &e);

	ck_assert_msg(r == 0, "%s", e ? e->message : "");
	ck_assert_uint_eq(m.schema, 3);
	ck_assert(m.stopped);
	expect_facts(&m);
	ck_assert_str_eq(m.files[0].xxh3_128, "99aa06d3014798d86001c324468d497f");
	ck_assert_str_eq(m.facts.inner_cgroup, "in");
	ck_assert_uint_eq(m.page_size, 4096);
	ck_assert_str_eq(m.cpu_model, "Some CPU");
	ck_assert_str_eq(m.cpu_features, "fpu avx xsave_size=832");
	ck_assert_uint_eq(m.n_items, 1);
	ck_assert_str_eq(m.items[0].key, "lxc.tty.max");
	ck_assert_str_eq(m.items[0].value, "4");
	ck_assert_uint_eq(m.facts.rootfs_inode, 4711);
	ck_assert_str_eq(m.facts.mounts[0].kind, "directory");
	ck_assert_str_eq(m.facts.mounts[0].mount_point, "/usr");
	ck_assert_str_eq(m.facts.mounts[0].filesystem, "ext4");
	ck_assert_ptr_null(m.facts.mounts[0].identity);
	ck_assert_uint_eq(m.facts.mounts[0].inode, 77);
	ck_assert_str_eq(m.facts.ttys[0].options, "rw,nosuid,noexec,relatime");
	ck_assert_int_eq(m.facts.threads[0].core_group, 1);
	ck_assert_str_eq(m.facts.block_filesystems[0].source, "/dev/loop0");
	ck_assert_ptr_null(m.facts.block_filesystems[0].backing);

	m.facts.init_pid = 4711;
	text = manifest_to_json(&m);
	ck_assert_str_eq(text, whole);
}
END_TEST

static void expect_schema_1(const struct manifest *m)
{
	ck_assert_ptr_null(m->files[0].xxh3_128);
	ck_assert_ptr_null(m->facts.inner_cgroup);
	ck_assert_uint_eq(m->page_size, 0);
	ck_assert_ptr_null(m->cpu_features);
	ck_assert_ptr_null(m->items);
	ck_assert_uint_eq(m->facts.rootfs_inode, 0);
	ck_assert_ptr_null(m->facts.mounts[0].kind);
	ck_assert_ptr_null(m->facts.ttys[0].options);
	ck_assert_int_eq(m->facts.threads[0].core_group, 0);
}

/* Has checksums, and what came with them. */
static void expect_schema_2(const struct manifest *m)
{
	ck_assert_str_eq(m->facts.inner_cgroup, "in");
	ck_assert_uint_eq(m->page_size, 4096);
	ck_assert_ptr_nonnull(m->files[0].xxh3_128);
	ck_assert(!m->stopped);
}

static void (*const schemas[])(const struct manifest *m) = {expect_schema_1, expect_schema_2};

/* As earlier versions wrote it. */
START_TEST(test_earlier_schema)
{
	const unsigned int schema = (unsigned int)_i + 1;
	_cleanup_free_ char *path = xasprintf(TEST_FIXTURES "/manifest/schema-%u.json", schema);
	_cleanup_free_ char *text = NULL;
	ssize_t len = read_file_at(AT_FDCWD, path, 65536, &text);
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_error_ struct error *e = NULL;
	int r;

	ck_assert_int_gt(len, 0);
	r = manifest_from_json(text, (size_t)len, &m, &e);
	ck_assert_msg(r == 0, "%s", e ? e->message : "");
	ck_assert_uint_eq(m.schema, schema);
	expect_facts(&m);
	schemas[_i](&m);
}
END_TEST

/* What came later is not known in it. */
START_TEST(test_schema_1_strict)
{
	_cleanup_free_ char *text = change("\"schema\": 3", "\"schema\": 1");
	_cleanup_free_ char *sums = xasprintf("%.*s\n}\n", (int)strlen(text) - 2, text);
	_cleanup_free_ char *whole = sealed(text);

	expect_refusal(sums, strlen(sums), "stopped: ");
	expect_refusal(whole, strlen(whole), "stopped: is not a member");
}
END_TEST

START_TEST(test_checksum)
{
	_cleanup_checksum_ struct checksum *c = checksum_new();
	_cleanup_free_ char *nothing = checksum_text(c), *parts = NULL, *whole = NULL;

	/* as xxh128sum has it */
	ck_assert_str_eq(nothing, "99aa06d3014798d86001c324468d497f");
	for (const char *p = good; *p; p++)
		checksum_add(c, p, 1);
	parts = checksum_text(c);
	whole = checksum_of(good, strlen(good));
	ck_assert_str_eq(parts, whole);
}
END_TEST

START_TEST(test_checksum_file)
{
	FILE *f = tmpfile();
	_cleanup_checksum_ struct checksum *c = checksum_new();
	_cleanup_free_ char *data = xcalloc(600001, 1), *whole = NULL, *of_file = NULL;

	for (size_t i = 0; i < 600001; i++)
		data[i] = (char)(i * i >> 7);
	whole = checksum_of(data + 1, 600000);
	ck_assert_uint_eq(fwrite(data, 1, 600001, f), 600001);
	ck_assert_int_eq(fflush(f), 0);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 1, 300000), 0);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 300000, 600001), 0);
	of_file = checksum_text(c);
	ck_assert_str_eq(whole, of_file);
	ck_assert_int_eq(checksum_add_file(c, fileno(f), 600000, 600002), -ENODATA);
	fclose(f);
}
END_TEST

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
		_cleanup_free_ char *whole = good_text();
		_cleanup_free_ char *text = replace(whole, ends[i].from, ends[i].to);

		expect_refusal(text, strlen(text), ends[i].named);
	}
}
END_TEST

START_TEST(test_write_not_utf8)
{
	_cleanup_free_ char *whole = good_text();
	_cleanup_manifest_ struct manifest m = {0};

	ck_assert_int_eq(manifest_from_json(whole, strlen(whole), &m, NULL), 0);
	free(m.config);
	m.config = xstrdup("# \344\n");
	ck_assert_ptr_null(manifest_to_json(&m));
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
	_cleanup_free_ char *begins = change(bad[_i].from, bad[_i].to);
	_cleanup_free_ char *text = sealed(begins);

	expect_refusal(text, strlen(text), bad[_i].named);
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
	size_t len = 17 * 1024 * 1024;
	_cleanup_free_ char *text = xcalloc(len, 1);
	_cleanup_free_ char *nul = xcalloc(sizeof(good) + 8, 1);

	expect_refusal("", 0, "line ");
	expect_refusal("null", 4, "line ");
	expect_refusal("[]", 2, "checksum: ");
	memset(text, ' ', len);
	expect_refusal(text, len, "larger than");
	memset(text, '[', len);
	expect_refusal(text, 1024 * 1024, "line ");
	for (size_t i = 0; i + 5 <= 1024 * 1024; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	expect_refusal(text, 1024 * 1024, "line ");
	memcpy(nul, good, sizeof(good));
	expect_refusal(nul, sizeof(good), "line ");
}
END_TEST

/* Cut off anywhere it is no manifest, and nothing is read beyond its end. */
START_TEST(test_cut)
{
	_cleanup_free_ char *whole = good_text();

	for (size_t len = 0; len < strlen(whole); len++) {
		_cleanup_free_ char *text = xcalloc(len ? len : 1, 1);
		struct manifest m;

		memcpy(text, whole, len);
		ck_assert_int_lt(manifest_from_json(text, len, &m, NULL), 0);
	}
}
END_TEST

Suite *manifest_suite(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("manifest");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_round_trip);
	tcase_add_loop_test(t, test_earlier_schema, 0, sizeof(schemas) / sizeof(schemas[0]));
	tcase_add_test(t, test_schema_1_strict);
	tcase_add_test(t, test_checksum);
	tcase_add_test(t, test_checksum_file);
	tcase_add_test(t, test_flips);
	tcase_add_test(t, test_end);
	tcase_add_test(t, test_write_not_utf8);
	tcase_add_loop_test(t, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, test_newer);
	tcase_add_test(t, test_hostile);
	tcase_add_test(t, test_cut);
	suite_add_tcase(s, t);
	return s;
}
