/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of what checks find, of a dump and of a restore. */
#include "config.h"

#include <string.h>

#include "preflight/findings.h"
#include "unit.h"
#include "util/mem.h"

/* No such process can be: it has no cgroup, and so no unit. */
static const struct finding_process redis = {-5, 45, "redis\033[1m", 0};
static const struct finding_process cron = {-6, 46, "cron", 0};

START_TEST(test_findings)
{
	_cleanup_findings_ struct findings f = {0};
	_cleanup_error_ struct error *e = NULL;

	ck_assert_int_eq(findings_refuse(&f, "web", &e), 0);
	findings_add(&f, FINDING("lost-content", FINDING_WARNING, "none"), "a warning");
	ck_assert_int_eq(findings_refuse(&f, "web", &e), 0);
	ck_assert_ptr_null(e);
	findings_add(&f, FINDING("traced", FINDING_BLOCKS, "end it", .process = &redis), "is %s",
		     "traced\nby\007 a \xff");
	findings_add(&f, FINDING("traced", FINDING_BLOCKS, "end it", .process = &redis), "is %s",
		     "traced\nby\007 a \xff");
	ck_assert_uint_eq(f.n, 2);
	ck_assert_str_eq(f.v[1].process, "redis?[1m");
	ck_assert_str_eq(f.v[1].reason, "is traced?by? a ?");
	ck_assert_ptr_null(f.v[1].unit);
	ck_assert_int_lt(findings_refuse(&f, "web", &e), 0);
	ck_assert(e->refused);
	ck_assert_str_eq(e->message, "process -5 (redis?[1m) of web is traced?by? a ?");
	ck_assert_str_eq(e->hint, "end it");
	/* the same of another, and another of the same */
	f.command = "lxc-checkpoint --check -n web";
	findings_add(&f, FINDING("traced", FINDING_BLOCKS, "end it", .process = &cron),
		     "is traced?by? a ?");
	ck_assert_int_lt(findings_refuse(&f, "web", &e), 0);
	ck_assert(strstr(e->message, "; 1 more reason: see lxc-checkpoint --check -n web"));
	findings_add(&f, FINDING("traced", FINDING_BLOCKS, NULL, .process = &cron),
		     "is traced twice");
	ck_assert_uint_eq(f.n, 4);
	ck_assert_int_lt(findings_refuse(&f, "web", &e), 0);
	ck_assert(strstr(e->message, "; 2 more reasons"));
	ck_assert_uint_eq(findings_blocking(&f), 3);
}
END_TEST

static bool is_of_seven(const struct finding *f, void *userdata)
{
	(*(unsigned int *)userdata)++;
	return f->pid == 7;
}

START_TEST(test_findings_that_are_forgotten)
{
	const struct finding_process seven = {7, 7, "x", 0}, eight = {8, 8, "y", 0};
	_cleanup_findings_ struct findings f = {0};
	unsigned int asked = 0;

	findings_forget(&f, is_of_seven, &asked);
	findings_add(&f, FINDING("a", FINDING_BLOCKS, NULL, .process = &seven), "first");
	findings_add(&f, FINDING("b", FINDING_BLOCKS, "r", .process = &eight), "second");
	findings_add(&f, FINDING("c", FINDING_BLOCKS, "r", .process = &seven), "third");
	findings_add(&f, FINDING("d", FINDING_WARNING, NULL), "fourth");
	findings_forget(&f, is_of_seven, &asked);
	ck_assert_uint_eq(asked, 4);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_str_eq(f.v[0].reason, "second");
	ck_assert_str_eq(f.v[1].reason, "fourth");
	ck_assert_uint_eq(findings_blocking(&f), 1);
}
END_TEST

START_TEST(test_findings_of_errors)
{
	_cleanup_findings_ struct findings f = {0};
	_cleanup_error_ struct error *from = NULL, *e = NULL;

	findings_add_error(&f, "criu", NULL);
	ck_assert_uint_eq(f.n, 0);
	error_refuse(&from, ENOEXEC, "criu cannot work");
	error_set_detail(&from, "one\ntwo");
	error_set_hint(&from, "install another");
	findings_add_error(&f, "criu", from);
	ck_assert_str_eq(f.v[0].reason, "criu cannot work; one; two");
	ck_assert_int_eq(findings_refuse(&f, "web", &e), -ENOEXEC);
	ck_assert_str_eq(e->message, "criu cannot work; one; two");
	ck_assert_str_eq(e->hint, "install another");
}
END_TEST

static const struct {
	const char *text, *top, *unit;
} cgroups[] = {
	{"0::/lxc.payload.web/system.slice/redis-server.service\n", "/lxc.payload.web",
	 "redis-server.service"},
	{"0::/lxc.payload.web/init.scope\n", "/lxc.payload.web", "init.scope"},
	/* the last one: a user's service is in the user's manager */
	{"0::/lxc.payload.web/user.slice/user@1000.service/app.slice/a.service\n",
	 "/lxc.payload.web", "a.service"},
	/* what a service has made below */
	{"0::/lxc.payload.web/system.slice/docker.service/libpod\n", "/lxc.payload.web",
	 "docker.service"},
	/* the host's own unit around the container is none of its */
	{"0::/system.slice/lxc@web.service/lxc.payload.web\n",
	 "/system.slice/lxc@web.service/lxc.payload.web", NULL},
	{"0::/lxc.payload.web\n", "/lxc.payload.web", NULL},
	{"0::/lxc.payload.web\n", NULL, NULL},
	{"0::/\n", "/", NULL},
	{"0::/x.service\n", "/", "x.service"},
	{"12:cpu:/x.service\n1:name=systemd:/y.service\n0::/\n", "/", "y.service"},
	{"12:cpu:/x.service\n0::/\n", "/", NULL},
	{"0::/.service\n", "/", NULL},
	{"0::/a.socket", "/", "a.socket"},
	{"", "/", NULL},
	{"nonsense", "/", NULL},
	{"0:", "/", NULL},
};

START_TEST(test_unit_of_cgroup)
{
	_cleanup_free_ char *unit = unit_of_cgroup(cgroups[_i].text, cgroups[_i].top);

	if (cgroups[_i].unit)
		ck_assert_pstr_eq(unit, cgroups[_i].unit);
	else
		ck_assert_ptr_null(unit);
}
END_TEST

/* --- what a user may decide --- */

START_TEST(test_force)
{
	_cleanup_findings_ struct findings f = {0};
	_cleanup_error_ struct error *e = NULL;

	findings_add(&f, FINDING("cpu", FINDING_BLOCKS, NULL, .force = "cpu"), "one");
	findings_add(&f, FINDING("config", FINDING_BLOCKS, "do this", .force = "config"), "two");
	findings_add(&f, FINDING("bridge", FINDING_BLOCKS, "do that"), "three");
	findings_add(&f, FINDING("lxcpath", FINDING_NOTE, NULL), "four");
	ck_assert_str_eq(f.v[0].remedy, "restore with --force=cpu");
	ck_assert_str_eq(f.v[1].remedy, "do this; or restore with --force=config");
	ck_assert_str_eq(f.v[2].remedy, "do that");
	ck_assert(f.v[3].note && !f.v[3].blocks);
	findings_force(&f, NULL);
	findings_force(&f, "cp,cpux,rootfs");
	ck_assert_uint_eq(findings_blocking(&f), 3);
	findings_force(&f, "rootfs,config");
	ck_assert_uint_eq(findings_blocking(&f), 2);
	findings_force(&f, "config,cpu");
	ck_assert_uint_eq(findings_blocking(&f), 1);
	f.command = "lxc-checkpoint -r --check -n web";
	findings_add(&f, FINDING("space", FINDING_BLOCKS, NULL), "five");
	ck_assert_int_lt(findings_refuse(&f, "web", &e), 0);
	ck_assert_ptr_nonnull(strstr(e->message, "see lxc-checkpoint -r --check -n web"));
}
END_TEST

static const struct {
	const char *words;
	bool good;
} forced[] = {
	{NULL, true},	       {"cpu", true},	 {"cpu,criu,config,rootfs", true},
	{"", false},	       {"cpu,", false},	 {",cpu", false},
	{"CPU", false},	       {"owner", false}, {"cpu,x", false},
	{"cpu rootfs", false},
};

START_TEST(test_force_words)
{
	_cleanup_error_ struct error *e = NULL;

	ck_assert_int_eq(findings_check_words(forced[_i].words, &e) == 0, forced[_i].good);
	if (!forced[_i].good)
		ck_assert_ptr_nonnull(
			strstr(e->message, "cpu, criu, config, network, rootfs and stale"));
}
END_TEST

Suite *findings_suite(void)
{
	Suite *s = suite_create("findings");
	TCase *t = tcase_create("findings");

	tcase_add_test(t, test_findings);
	tcase_add_test(t, test_findings_that_are_forgotten);
	tcase_add_test(t, test_findings_of_errors);
	tcase_add_loop_test(t, test_unit_of_cgroup, 0, sizeof(cgroups) / sizeof(cgroups[0]));
	tcase_add_test(t, test_force);
	tcase_add_loop_test(t, test_force_words, 0, sizeof(forced) / sizeof(forced[0]));
	suite_add_tcase(s, t);
	return s;
}
