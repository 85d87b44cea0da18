/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library and the monitor tell each other. */
#include "config.h"

#include <check.h>
#include <string.h>

#include "restorer/plan.h"
#include "unit.h"
#include "util/mem.h"

static char force[] = "stale,rootfs";
static char name[] = "c1", lxcpath[] = "/var/lib/lxc", dir[] = "/run/i m\xc3\xa4ge";
static char config[] = "/etc/c1.conf";
static char rootfs[] = "/var/lib/lxc/c1/rootfs", mnt[] = "/usr/lib/lxc/rootfs";
static char base[] = "/a";
static char monitor[] = "/lxc.monitor.c1", payload[] = "/lxc.payload.c1", pivot[] = "/lxc.pivot";
static char criu[] = "/usr/sbin/criu", script[] = "/root/script";
static char log_file[] = "/var/log/lxc/c1.log", log_level[] = "INFO";
static char key[] = "lxc.net.0.type", value[] = "veth";
static struct config_item items[] = {{.key = key, .value = value}};

static const struct restore_plan plan = {
	.name = name,
	.lxcpath = lxcpath,
	.config_file = config,
	.image_dir = dir,
	.rootfs = rootfs,
	.rootfs_mount = mnt,
	.base_cgroup = base,
	.monitor_cgroup = monitor,
	.payload_cgroup = payload,
	.pivot_cgroup = pivot,
	.criu = criu,
	.criu_version = {4, 2, 1},
	.action_script = script,
	.log_file = log_file,
	.log_level = log_level,
	.verbosity = 4,
	.foreground = true,
	.hooks = true,
	.force = force,
	.ignore_cpu = true,
	.config = items,
	.n_config = 1,
};

START_TEST(plan_round_trip)
{
	_cleanup_free_ char *text = restore_plan_to_json(&plan);
	_cleanup_plan_ struct restore_plan p = {0};

	ck_assert_int_eq(restore_plan_from_json(text, strlen(text), &p, NULL), 0);
	ck_assert_str_eq(p.name, name);
	ck_assert_str_eq(p.config_file, config);
	ck_assert_str_eq(p.image_dir, dir);
	ck_assert_str_eq(p.base_cgroup, base);
	ck_assert_str_eq(p.pivot_cgroup, pivot);
	ck_assert_str_eq(p.action_script, script);
	ck_assert_str_eq(p.log_file, log_file);
	ck_assert_str_eq(p.log_level, log_level);
	ck_assert_uint_eq(p.criu_version.patch, 1);
	ck_assert(p.foreground);
	ck_assert(p.hooks);
	ck_assert_str_eq(p.force, "stale,rootfs");
	ck_assert(p.ignore_cpu);
	ck_assert(!p.ignore_files);
	ck_assert_str_eq(restore_plan_config(&p, key), value);
	ck_assert_ptr_null(restore_plan_config(&p, "lxc.net.0"));
	restore_plan_set_config(&p, key, "none");
	restore_plan_set_config(&p, "lxc.net.0.veth.pair", "veth1");
	ck_assert_str_eq(restore_plan_config(&p, key), "none");
	ck_assert_str_eq(restore_plan_config(&p, "lxc.net.0.veth.pair"), "veth1");
	ck_assert_uint_eq(p.n_config, 2);
}
END_TEST

START_TEST(plan_without_the_optional)
{
	struct restore_plan some = plan;
	_cleanup_plan_ struct restore_plan p = {0};
	_cleanup_free_ char *text = NULL;

	some.action_script = some.log_file = NULL;
	some.n_config = 0;
	text = restore_plan_to_json(&some);
	ck_assert_int_eq(restore_plan_from_json(text, strlen(text), &p, NULL), 0);
	ck_assert_ptr_null(p.action_script);
	ck_assert_ptr_null(p.log_file);
	ck_assert_uint_eq(p.n_config, 0);
}
END_TEST

START_TEST(plan_rubbish)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"name\":1}", "{\"name\":\"c1\""};
	_cleanup_free_ char *text = restore_plan_to_json(&plan);
	_cleanup_free_ char *more = xasprintf("{\"more\":1,%s", text + 1);
	_cleanup_plan_ struct restore_plan p = {0};
	struct restore_plan latin1 = plan;
	char bytes[] = "c\xe9";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_lt(restore_plan_from_json(bad[i], strlen(bad[i]), &p, NULL), 0);
	ck_assert_int_eq(restore_plan_from_json(more, strlen(more), &p, NULL), -EBADMSG);
	ck_assert_ptr_null(p.name);
	latin1.name = bytes;
	ck_assert_ptr_null(restore_plan_to_json(&latin1));
}
END_TEST

static char types[4][20] = {"lxc.net.0.type", "lxc.net.1.type", "lxc.net.2.type", "lxc.net.3.type"};
static char up[3][20] = {"lxc.net.0.script.up", "lxc.net.2.script.up", "lxc.net.3.script.up"};
static char link0[] = "lxc.net.0.link", link3[] = "lxc.net.3.link", empty[] = "", none[] = "empty";

START_TEST(veths_of_a_config)
{
	const struct config_item net[] = {
		{types[0], value}, {up[0], script},   {link0, name},
		{types[1], none},  {types[2], value}, {up[1], script},
		{types[3], value}, {up[2], script},   {link3, empty},
	};
	const size_t n = sizeof(net) / sizeof(net[0]);

	ck_assert_int_eq(config_item_veth(net, n, 0), 0);
	ck_assert_int_eq(config_item_veth(net, n, 1), 2);
	ck_assert_int_eq(config_item_veth(net, n, 2), 3);
	ck_assert_int_eq(config_item_veth(net, n, 3), -1);
	/* has a bridge; is no veth with a script; has none; has an empty one */
	ck_assert(!config_item_is_by_script(net, n, 0));
	ck_assert(!config_item_is_by_script(net, n, 1));
	ck_assert(config_item_is_by_script(net, n, 2));
	ck_assert(config_item_is_by_script(net, n, 3));
	ck_assert(!config_item_is_by_script(net, n, -1));
}
END_TEST

START_TEST(reports)
{
	struct error *e = NULL;
	struct restore_report r = {.kind = REPORT_RUNNING, .init_pid = 4711}, found;
	_cleanup_free_ char *running = restore_report_to_json(&r);
	_cleanup_free_ char *failed = NULL, *reboot = NULL, *committed = NULL;

	ck_assert_int_eq(running[strlen(running) - 1], '\n');
	ck_assert_int_eq(restore_report_from_json(running, &found), 0);
	ck_assert_int_eq(found.kind, REPORT_RUNNING);
	ck_assert_int_eq(found.init_pid, 4711);

	r = (struct restore_report){.kind = REPORT_COMMITTED};
	committed = restore_report_to_json(&r);
	ck_assert_int_eq(restore_report_from_json(committed, &found), 0);
	ck_assert_int_eq(found.kind, REPORT_COMMITTED);
	r = (struct restore_report){.kind = REPORT_REBOOT};
	reboot = restore_report_to_json(&r);
	ck_assert_int_eq(restore_report_from_json(reboot, &found), 0);
	ck_assert_int_eq(found.kind, REPORT_REBOOT);

	error_refuse(&e, EBUSY, "it is \"busy\"");
	error_set_detail(&e, "one\ntwo");
	error_set_log(&e, "/run/log");
	r = (struct restore_report){.kind = REPORT_FAILED, .error = e};
	failed = restore_report_to_json(&r);
	ck_assert_ptr_eq(strchr(failed, '\n'), failed + strlen(failed) - 1);
	ck_assert_int_eq(restore_report_from_json(failed, &found), 0);
	ck_assert_int_eq(found.kind, REPORT_FAILED);
	ck_assert_int_eq(found.error->err, EBUSY);
	ck_assert(found.error->refused);
	ck_assert_str_eq(found.error->message, "it is \"busy\"");
	ck_assert_str_eq(found.error->detail, "one\ntwo");
	ck_assert_str_eq(found.error->log, "/run/log");
	ck_assert_ptr_null(found.error->hint);
	error_free(found.error);
	error_free(e);
}
END_TEST

START_TEST(a_report_is_never_lost)
{
	struct error *e = NULL;
	struct restore_report r = {.kind = REPORT_FAILED}, found;
	_cleanup_free_ char *text = NULL;

	/* CRIU's log may hold any byte */
	error_set(&e, EIO, "criu said \xff\xfe");
	r.error = e;
	text = restore_report_to_json(&r);
	ck_assert_int_eq(restore_report_from_json(text, &found), 0);
	ck_assert_int_eq(found.kind, REPORT_FAILED);
	ck_assert_ptr_nonnull(found.error->message);
	ck_assert_int_lt(restore_report_from_json("", &found), 0);
	error_free(found.error);
	error_free(e);
}
END_TEST

Suite *plan_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_add_test(t, plan_round_trip);
	tcase_add_test(t, plan_without_the_optional);
	tcase_add_test(t, plan_rubbish);
	tcase_add_test(t, veths_of_a_config);
	tcase_add_test(t, reports);
	tcase_add_test(t, a_report_is_never_lost);
	suite_add_tcase(s, t);
	return s;
}
