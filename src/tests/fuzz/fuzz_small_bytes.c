/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those of fuzz_small.c that read bytes, and one whose header does not get on with the others. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "carry/ip_saved.h"
#include "carry/nexthops.h"
#include "carry/superblock.h"
#include "criu/image_calls.h"
#include "criu/image_files.h"
#include "criu/image_ghosts.h"
#include "criu/image_hugepages.h"
#include "criu/image_locks.h"
#include "criu/image_mend.h"
#include "criu/image_network.h"
#include "criu/image_sockets.h"
#include "criu/image_tree.h"
#include "criu/null_files.h"
#include "criu/null_pipes.h"
#include "fuzz.h"
#include "fuzz_small.h"
#include "monitor/device_rules.h"
#include "preflight/survey.h"
#include "util/mem.h"

void status(char *text, size_t len)
{
	static const char *const fields[] = {"Pid", "NSpid", "NSsid", "TracerPid", "SigQ"};

	(void)len;
	free(process_stat_name(text));
	(void)process_stat_state(text);
	(void)process_stat_number(text, PROCESS_STAT_START);
	(void)process_status_inner_id(text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = field_count(text, fields[i]);

		must(n == 0 || field_nth(text, fields[i], n - 1) >= 0);
		(void)field_number(text, fields[i], 16);
	}
}

static bool is_odd(int ifindex)
{
	return ifindex & 1;
}

static void ip_saved(char *bytes, size_t len)
{
	size_t offset = 0;
	struct nlmsghdr *m;

	ip_saved_mend_routes(bytes, len);
	while ((m = ip_saved_next(bytes, len, &offset))) {
		_cleanup_free_ struct nlmsghdr *request = ip_saved_request(m);

		if (!request)
			continue;
		must(ip_saved_wants(m, ip_saved_family(m)) == ip_saved_wants(m, AF_UNSPEC));
		must(ip_saved_rank(m) < IP_SAVED_RANKS);
		if (ip_saved_skip_dad(request))
			ip_saved_unskip_dad(request);
		(void)ip_saved_drop_nexthops(request, is_odd);
	}
}

void nexthops(char *bytes, size_t len)
{
	/* as the kernel's messages and malloc() are */
	_cleanup_free_ struct nlmsghdr *request = NULL;
	const struct nlmsghdr *said = (const void *)bytes;

	(void)nexthop_request_valid(bytes, len);
	if (len >= sizeof(*said) && said->nlmsg_len <= len && said->nlmsg_len >= sizeof(*said))
		request = nexthop_request(said);
	must(!request || nexthop_request_valid(request, request->nlmsg_len));
	must(nexthop_filter_saved(bytes, len) <= len);
	ip_saved(bytes, len);
}

static void mount_images(const char *bytes, size_t len)
{
	struct skipped_mount mount = {.id = 2,
				      .parent = 1,
				      .type = (char *)(uintptr_t)"tracefs",
				      .root = (char *)(uintptr_t)"/",
				      .target = (char *)(uintptr_t)"/t",
				      .source = (char *)(uintptr_t)"none"};
	const struct skipped_mounts skipped = {&mount, 1};
	struct mount_change change = {
		.id = 1, .root = (char *)(uintptr_t)"/part", .flags = 256, .no_master = true};
	const struct mount_changes changes = {&change, 1};
	struct keyed_mounts keyed = {0};
	_cleanup_free_ char *text = NULL, *again = NULL;
	size_t n = 0;

	criu_mounts_keyed(bytes, len, &keyed);
	text = criu_mounts_with_keys(bytes, len, &keyed, &n);
	/* they have keys now */
	again = text ? criu_mounts_with_keys(text, n, &keyed, &n) : NULL;
	must(!again);
	free(keyed.v);
	free(text);
	text = criu_mounts_with_skipped(bytes, len, &skipped, &n);
	must(!text || n > len);
	free(text);
	text = criu_mounts_with_changes(bytes, len, &changes, &n);
	must(!text || n >= len);
}

static void watch_images(const char *bytes, size_t len)
{
	_cleanup_criu_watches_ struct criu_watches watches = {0};
	struct watch_change change = {.path = (char *)(uintptr_t)"/a", .mount = 1};
	const struct watch_changes changes = {&change, 1};
	_cleanup_free_ char *text = NULL;
	size_t n = 0;

	criu_watches_read(bytes, len, &watches);
	if (watches.n > 0) {
		change.dev = watches.v[0].dev;
		change.inode = watches.v[0].inode;
	}
	text = criu_watches_with_changes(bytes, len, &changes, &n);
	must(text || watches.n == 0);
}

static void ghost_image(const char *bytes, size_t len)
{
	_cleanup_free_ struct criu_ghost_name *names = NULL;
	struct criu_ghost ghost;
	struct ghost_chunk chunk;

	must(criu_ghosts_names(bytes, len, &names) == 0 || names);
	if (!criu_ghost_parse(bytes, len, &ghost))
		return;
	while (criu_ghost_take_chunk(&ghost, &ghost.content, &chunk))
		must(chunk.offset <= ghost.size && chunk.data.len <= ghost.size - chunk.offset);
}

static bool say(uint32_t pid, void *userdata)
{
	(void)pid;
	return *(const bool *)userdata;
}

static void null_pipes(char *bytes, size_t len)
{
	const uint32_t inodes[] = {1, 2, 3, 300};
	struct null_ids ids = {0};
	size_t text_len = 0;
	char *text = null_pipes_in_files(bytes, len, inodes, 4, &ids, &text_len);

	must(!text || ids.n > 0);
	null_pipes_in_descriptors(bytes, len, &ids);
	free(text);
	free(ids.v);
}

static void process_tree(char *bytes, size_t len)
{
	bool all = true, none = false;
	_cleanup_free_ struct criu_relative *v = NULL;
	const size_t n = criu_tree_read(bytes, len, &v);

	for (size_t i = 0; i < n; i++)
		if (criu_tree_is_leaderless(v, n, i) && criu_tree_join_parent(v, n, i))
			must(!criu_tree_is_leaderless(v, n, i));
	if (!criu_tree_give_lost(v, n, say, &all))
		must(!criu_tree_give_lost(v, n, say, &none));
	(void)criu_image_adopts(bytes, len);
}

void criu_images(char *bytes, size_t len)
{
	const uint32_t programs[] = {1, 2, 3, criu_image_program(bytes, len)};
	_cleanup_free_ uint32_t *ghosts = NULL;
	struct half_closed *closed = NULL;
	struct huge_areas areas = {0};
	size_t n;

	criu_image_core_file_limit(bytes, len);
	criu_image_clear_o_path(bytes, len, programs, sizeof(programs) / sizeof(programs[0]));
	null_files_mend(bytes, len);
	null_pipes(bytes, len);
	criu_hugepages_add(&areas, bytes, len);
	must(areas.n == 0 || areas.v);
	free(areas.v);
	ghost_image(bytes, len);
	ghosts = criu_ghosts_read(bytes, len, &n);
	must(n == 0 || ghosts);
	criu_ghosts_shorten(bytes, len, programs, sizeof(programs) / sizeof(programs[0]));
	must(criu_ghosts_shorten(bytes, len, programs, sizeof(programs) / sizeof(programs[0])) ==
	     0);
	criu_ghosts_order(bytes, len, bytes, len);
	must(!criu_ghosts_order(bytes, len, bytes, len));
	criu_calls_restart(bytes, len);
	must(!criu_calls_restart(bytes, len));
	mount_images(bytes, len);
	watch_images(bytes, len);
	process_tree(bytes, len);
	(void)criu_files_mount_ns(bytes, len);
	criu_network_name_bridges(bytes, len, (const uint8_t[MAC_LEN]){2});
	must(criu_sockets_half_closed(bytes, len, &closed) == 0 || closed);
	free(closed);
	(void)criu_sockets_mend_window(bytes, len);
	must(!criu_sockets_mend_window(bytes, len));
}

void device_programs(char *bytes, size_t len)
{
	static const struct device_rule rule = {.access = 7, .major = 1, .minor = 3};
	_cleanup_device_rules_ struct device_rules rules = {0};
	_cleanup_device_rules_ struct device_rules again = {0};
	_cleanup_free_ void *program = NULL;
	size_t n = 0;

	device_rules_read(&rules, bytes, len / 8 * 8);
	(void)device_rules_add(&rules, &rule);
	program = device_rules_program(&rules, &n);
	device_rules_read(&again, program, n);
	must(again.n >= rules.n);
}

/* Two bytes say how much of it is files.img, or mountpoints-13.img; the rest is remap-fpath.img. */
static void file_locks(const uint8_t *p, size_t len)
{
	_cleanup_criu_locks_ struct criu_locks locks = {0};
	uint32_t id;

	criu_locks_add(&locks, p, len);
	for (size_t i = 0; i < locks.n; i++)
		must(locks.v[i].lock.end >= locks.v[i].lock.start);
	(void)criu_locks_files_id(p, len, &id);
	(void)criu_locks_file(p, len, 3, &id);
}

void criu_file_lists(char *bytes, size_t len)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	const uint8_t *p = (const void *)bytes;
	size_t first, before;

	if (len < 2)
		return;
	first = p[0] | (size_t)p[1] << 8;
	p += 2;
	len -= 2;
	first = first < len ? first : len;
	file_locks(p, first);
	criu_files_add(&files, p, first);
	criu_files_add_mounts(&files, 1, p, first);
	before = files.n;
	criu_files_remove(&files, p + first, len - first);
	must(files.n <= before);
	for (size_t i = 0; i < files.n; i++) {
		const struct criu_mount *m = criu_files_mount(&files, files.v[i].mount);
		_cleanup_free_ char *path = criu_files_in_rootfs(&files, &files.v[i]);
		const char *key = NULL;
		_cleanup_free_ char *below = criu_files_in_external(&files, &files.v[i], &key);

		must(!path || path[0] != '/');
		must(!below || (key && below[0] != '/'));
		must(files.v[i].path[0] == '/' && files.v[i].build_id_len <= BUILD_ID_MAX);
		must(!m || m->id == files.v[i].mount);
	}
}

/* The first byte says what it is read as. */
void superblocks(char *bytes, size_t len)
{
	static const char *const types[] = {"ext4", "xfs", "btrfs", "vfat", "squashfs", "iso9660"};
	_cleanup_free_ char *id = NULL;

	if (len == 0)
		return;
	id = superblock_identity(types[(uint8_t)*bytes % (sizeof(types) / sizeof(types[0]))],
				 bytes + 1, len - 1);
	must(!id || strchr(id, ':'));
}

void elf_files(char *bytes, size_t len)
{
	uint8_t id[BUILD_ID_MAX];
	size_t n = elf_build_id(bytes, len, id);

	must(n <= BUILD_ID_MAX && n % 4 == 0);
}
