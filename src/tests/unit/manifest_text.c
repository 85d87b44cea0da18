/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A manifest that is right, as text, and changes to it: for the tests of its reader. */
#include "config.h"

#include <string.h>

#include "manifest_text.h"
#include "unit.h"
#include "util/checksum.h"
#include "util/mem.h"

/* What the writer writes: the order and the layout are the format's, too. Its last line is
 * manifest_sealed()'s. */
const char manifest_begins[] =
	"{\n"
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
	"    \"rootfs_kind\": \"loop\",\n"
	"    \"rootfs_layers\": [\n"
	"      {\n"
	"        \"path\": \"/srv/c1.img\",\n"
	"        \"mount_point\": \"/srv\",\n"
	"        \"filesystem\": \"xfs\",\n"
	"        \"identity\": \"uuid:7\",\n"
	"        \"inode\": 4712\n"
	"      }\n"
	"    ],\n"
	"    \"rootfs_type\": \"ext3\",\n"
	"    \"rootfs_identity\": \"uuid:8\",\n"
	"    \"rootfs_options\": \"rw,noatime\",\n"
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
	"        \"parent\": null,\n"
	"        \"host_name\": \"vethA\",\n"
	"        \"host_mac\": \"fe:00:00:00:00:01\",\n"
	"        \"bridge\": \"lxcbr0\",\n"
	"        \"host_ipv6_disabled\": true,\n"
	"        \"host_settings\": [\n"
	"          {\n"
	"            \"name\": \"port.isolated\",\n"
	"            \"value\": \"1\"\n"
	"          },\n"
	"          {\n"
	"            \"name\": \"ipv4.proxy_arp\",\n"
	"            \"value\": \"2\"\n"
	"          }\n"
	"        ]\n"
	"      },\n"
	"      {\n"
	"        \"ifindex\": 3,\n"
	"        \"type\": \"macvlan\",\n"
	"        \"name\": \"eth1\",\n"
	"        \"mac\": null,\n"
	"        \"mtu\": 1400,\n"
	"        \"ipv6_link_local\": true,\n"
	"        \"parent\": \"eth9\",\n"
	"        \"host_name\": null,\n"
	"        \"host_mac\": null,\n"
	"        \"bridge\": null,\n"
	"        \"host_ipv6_disabled\": false,\n"
	"        \"host_settings\": []\n"
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
static const char good_ends[] = "  \"checksum\": \"1a752666764adac91762e4aeb51f8048\"\n"
				"}\n";

char *manifest_sealed(const char *begins)
{
	_cleanup_free_ char *sum = checksum_of(begins, strlen(begins));

	return xasprintf("%s  \"checksum\": \"%s\"\n}\n", begins, sum);
}

char *manifest_good(void)
{
	return xasprintf("%s%s", manifest_begins, good_ends);
}

char *manifest_replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "\"%s\" is not in it", from);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

char *manifest_change(const char *from, const char *to)
{
	return manifest_replace(manifest_begins, from, to);
}

void manifest_refused(const char *text, size_t len, const char *named)
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
