/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container has of its host, and what of its config counts. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "inspect/settings.h"
#include "preflight/survey.h"
#include "unit.h"

/* Never freed: literals. */
#define TEXT(s) ((char *)(uintptr_t)(s))

static struct container_facts facts_of_now(void)
{
	return (struct container_facts){
		.name = TEXT("c1"), .lxcpath = TEXT("/var/lib/lxc"), .rootfs = TEXT("/srv/c1")};
}

static struct findings find(const struct container_facts *facts)
{
	const struct preflight p = {.facts = facts, .config_file = "/etc/c1"};
	struct findings found = {0};
	struct survey s = {.p = &p, .found = &found};

	check_storage(&s);
	check_starter(&s);
	check_device_rules(&s);
	check_odd_mounts(&s);
	return found;
}

START_TEST(test_no_obstacle)
{
	struct container_facts facts = facts_of_now();
	_cleanup_findings_ struct findings found = find(&facts);

	ck_assert_uint_eq(found.n, 0);
}
END_TEST

/* None hides another. */
START_TEST(test_all_obstacles)
{
	static const char *const wanted[] = {
		"rootfs",	 "idmap",     "starter",      "device-rules", "mount-source",
		"mount-options", "no-answer", "mount-source", "terminal",     "too-many-mounts"};
	struct odd_mount mounts[] = {
		{.kind = ODD_SOURCE},
		{.kind = ODD_OPTIONS},
		{.kind = ODD_UNSEEN, .err = ETIMEDOUT},
		{.kind = ODD_TERMINAL_UNSEEN, .err = EIO},
		{.kind = ODD_TERMINAL_COVERED},
		{.kind = ODD_BEYOND},
		{.kind = ODD_BEYOND},
	};
	struct container_facts facts = facts_of_now();
	_cleanup_findings_ struct findings found = {0};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		mounts[i].target = mounts[i].root = mounts[i].type = mounts[i].options = TEXT("x");
	facts.rootfs_idmapped = true;
	facts.obstacles = (struct obstacles){
		.rootfs = ROOTFS_MISSING,
		.starter = 1000,
		.devices_err = EPERM,
		.device_program = 7,
		.mounts = mounts,
		.n_mounts = sizeof(mounts) / sizeof(mounts[0]),
	};
	found = find(&facts);
	ck_assert_uint_eq(found.n, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < found.n; i++) {
		ck_assert_str_eq(found.v[i].check, wanted[i]);
		ck_assert(found.v[i].blocks);
		ck_assert_ptr_nonnull(found.v[i].remedy);
	}
}
END_TEST

static const struct {
	enum rootfs_kind kind;
	const char *said;
} roots[] = {
	{ROOTFS_MISSING, "the rootfs of c1, /srv/c1, is missing"},
	{ROOTFS_UNSET, "c1 has no lxc.rootfs.path"},
	{ROOTFS_OTHER, "is of a kind that cannot be mounted for a restore"},
};

START_TEST(test_rootfs)
{
	struct container_facts facts = facts_of_now();
	_cleanup_findings_ struct findings found = {0};

	facts.obstacles.rootfs = roots[_i].kind;
	found = find(&facts);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_ptr_nonnull(strstr(found.v[0].reason, roots[_i].said));
	ck_assert_ptr_nonnull(strstr(found.v[0].remedy, "/etc/c1"));
}
END_TEST

/* Without a root inside no user namespace can be restored. */
START_TEST(test_user_namespace)
{
	struct idmap maps[] = {{TEXT("u"), 0, 100000, 10}, {TEXT("g"), 1, 100001, 10}};
	struct container_facts facts = facts_of_now();
	_cleanup_findings_ struct findings found = {0}, none = {0};

	facts.obstacles.own_users = true;
	facts.idmaps = maps;
	facts.n_idmaps = 2;
	found = find(&facts);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_str_eq(found.v[0].check, "idmap");
	maps[1] = (struct idmap){TEXT("g"), 0, 100000, 10};
	none = find(&facts);
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

/* Of a running container, what it was started with counts, also where that is nothing. */
START_TEST(test_settings)
{
	struct config_item items[] = {
		{TEXT("lxc.ephemeral"), TEXT("1")},
		{TEXT("lxc.namespace.share.net"), TEXT("c2")},
		{TEXT("lxc.rootfs.path"), TEXT("dir:/srv")},
		{TEXT("lxc.log.file"), TEXT("(null)")},
		{TEXT("lxc.idmap"), TEXT("")},
	};
	struct config_item started[] = {{TEXT("lxc.namespace.share.ipc"), TEXT("c3")}};
	struct settings s = {.items = items, .n = 5, .started = started, .n_started = 1};

	ck_assert_str_eq(settings_get(&s, "lxc.ephemeral"), "1");
	ck_assert_str_eq(settings_get(&s, "lxc.namespace.share.net"), "c2");
	ck_assert_ptr_null(settings_get(&s, "lxc.namespace.share.ipc"));
	ck_assert_ptr_null(settings_get(&s, "lxc.log.file"));
	ck_assert_ptr_null(settings_get(&s, "lxc.idmap"));
	s.is_running = true;
	ck_assert_ptr_null(settings_get(&s, "lxc.ephemeral"));
	ck_assert_ptr_null(settings_get(&s, "lxc.namespace.share.net"));
	ck_assert_str_eq(settings_get(&s, "lxc.namespace.share.ipc"), "c3");
	ck_assert_str_eq(settings_get(&s, "lxc.rootfs.path"), "dir:/srv");
}
END_TEST

Suite *obstacles_suite(void)
{
	Suite *s = suite_create("obstacles");
	TCase *t = tcase_create("obstacles");

	tcase_add_test(t, test_no_obstacle);
	tcase_add_test(t, test_all_obstacles);
	tcase_add_loop_test(t, test_rootfs, 0, sizeof(roots) / sizeof(roots[0]));
	tcase_add_test(t, test_user_namespace);
	tcase_add_test(t, test_settings);
	suite_add_tcase(s, t);
	return s;
}
