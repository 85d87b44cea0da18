/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor/device_rules.c: programs are judged by what they say of each device, which
 * a small interpreter finds out; that the kernel takes them is seen in the box.
 */
#include "config.h"

#include <check.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/device_rules.h"
#include "unit.h"
#include "util/hex.h"
#include "util/mem.h"

enum { M = BPF_DEVCG_ACC_MKNOD, R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE };
enum { BOTH = 0, B = BPF_DEVCG_DEV_BLOCK, C = BPF_DEVCG_DEV_CHAR };

/* Prologue and end of what LXC 5.0 to 7.0 attach, and of what is made here. */
#define BEGIN                                                                                      \
	"611200000000000054020000ffff000061130000000000007403000010000000"                         \
	"61140400000000006115080000000000"
#define ALLOW "b7000000010000009500000000000000"
#define DENY  "b7000000000000009500000000000000"

/* c 1:3 rwm, by LXC */
#define LXC_NULL(verdict) "550204000200000055040300010000005505020003000000" verdict
/* b 1:5 r */
#define LXC_BLOCK                                                                                  \
	"bc3100000000000054010000010000005d310500000000005502040001000000"                         \
	"55040300010000005505020005000000" ALLOW
/* c 136:* rwm */
#define LXC_PTYS "55020300020000005504020088000000" ALLOW
/* c *:* m */
#define LXC_NODES "bc3100000000000054010000010000005d310300000000005502020002000000" ALLOW
/* somebody else's: allows what is for reading alone, and only that */
#define FOREIGN                                                                                    \
	"61130000000000007403000010000000"                                                         \
	"1503020002000000b7000000000000009500000000000000"                                         \
	"b7000000010000009500000000000000"

static uint64_t fetch(const struct bpf_cgroup_dev_ctx *ctx, int off)
{
	uint32_t word;

	memcpy(&word, (const char *)ctx + off, sizeof(word));
	return word;
}

/* -1: it does what a program for devices must not */
static int run(const void *program, size_t len, struct bpf_cgroup_dev_ctx ctx)
{
	const struct bpf_insn *insns = program;
	uint64_t reg[MAX_BPF_REG] = {0};

	for (size_t at = 0; at < len / sizeof(*insns); at++) {
		const struct bpf_insn *i = &insns[at];
		uint64_t value =
			BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			reg[i->dst_reg] = fetch(&ctx, i->off);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[i->dst_reg] = (uint32_t)(reg[i->dst_reg] & value);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			reg[i->dst_reg] = (uint32_t)reg[i->dst_reg] >> value;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = value;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
		case BPF_JMP | BPF_JNE | BPF_X:
			at += reg[i->dst_reg] != value ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += reg[i->dst_reg] == value ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			at += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

struct request {
	uint32_t type, access, major, minor;
};

static int verdict(const void *program, size_t len, struct request q)
{
	return run(program, len,
		   (struct bpf_cgroup_dev_ctx){
			   .access_type = q.access << 16 | q.type,
			   .major = q.major,
			   .minor = q.minor,
		   });
}

/* All that any rule here could speak of. */
static bool next_request(struct request *q)
{
	static const uint32_t majors[] = {1, 5, 136}, minors[] = {0, 3, 5, 7};
	static size_t i;
	size_t n = i;

	if (n == (size_t)2 * 7 * 3 * 4) {
		i = 0;
		return false;
	}
	q->type = n % 2 + 1;
	n /= 2;
	q->access = n % 7 + 1;
	n /= 7;
	q->major = majors[n % 3];
	q->minor = minors[n / 3];
	i++;
	return true;
}

static void read_hex(struct device_rules *rules, const char *hex)
{
	size_t len;
	_cleanup_free_ void *program = hex_decode(hex, &len);

	ck_assert_ptr_nonnull(program);
	device_rules_read(rules, program, len);
}

static int asks(const struct device_rules *rules, struct request q)
{
	size_t len;
	_cleanup_free_ void *program = device_rules_program(rules, &len);

	return verdict(program, len, q);
}

/* What was read and made again says the same of everything, and can be read again. */
START_TEST(programs_are_read)
{
	static const struct {
		const char *program;
		size_t n;
		bool otherwise, rest;
	} programs[] = {
		{BEGIN LXC_NODES LXC_PTYS LXC_BLOCK LXC_NULL(ALLOW) DENY, 4, false, false},
		{BEGIN LXC_NULL(DENY) ALLOW, 1, true, false},
		{BEGIN ALLOW, 0, true, false},
		{BEGIN DENY, 0, false, false},
		{ALLOW, 0, true, false},
		{FOREIGN, 0, false, true},
		{BEGIN LXC_NULL(ALLOW) FOREIGN, 1, false, true},
		{BEGIN "180000000000000000000000000000009500000000000000", 0, false, true},
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		size_t len, made_len;
		_cleanup_free_ void *program = hex_decode(programs[i].program, &len);
		_cleanup_device_rules_ struct device_rules rules, again;
		_cleanup_free_ void *made = NULL;
		struct request q;

		device_rules_read(&rules, program, len);
		ck_assert_uint_eq(rules.n, programs[i].n);
		ck_assert_int_eq(rules.rest != NULL, programs[i].rest);
		if (!rules.rest)
			ck_assert_int_eq(rules.otherwise, programs[i].otherwise);
		made = device_rules_program(&rules, &made_len);
		while (next_request(&q))
			ck_assert_int_eq(verdict(program, len, q), verdict(made, made_len, q));
		device_rules_read(&again, made, made_len);
		ck_assert_uint_eq(again.n, rules.n);
		ck_assert_int_eq(again.otherwise, rules.otherwise);
	}
}
END_TEST

START_TEST(rules_are_read)
{
	static const struct device_rule expect[] = {
		{C, M, -1, -1, true},
		{C, R | W | M, 136, -1, true},
		{B, M, 1, 5, true},
		{C, R | W | M, 1, 3, true},
	};
	_cleanup_device_rules_ struct device_rules rules;

	read_hex(&rules, BEGIN LXC_NODES LXC_PTYS LXC_BLOCK LXC_NULL(ALLOW) DENY);
	ck_assert_uint_eq(rules.n, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(rules.rules[i].type, expect[i].type);
		ck_assert_uint_eq(rules.rules[i].access, expect[i].access);
		ck_assert_int_eq(rules.rules[i].major, expect[i].major);
		ck_assert_int_eq(rules.rules[i].minor, expect[i].minor);
		ck_assert_int_eq(rules.rules[i].allow, expect[i].allow);
	}
}
END_TEST

/* Conditions that lead elsewhere, twice the same, unknown ones: no rule, but what is left as it is.
 */
START_TEST(what_is_no_rule_is_a_rest)
{
	static const char *const programs[] = {
		BEGIN "550205000200000055040300010000005505020003000000" ALLOW DENY,
		BEGIN "550204000200000055020300020000005505020003000000" ALLOW DENY,
		BEGIN "5502feff02000000" ALLOW DENY,
		BEGIN "5502ff7f02000000" ALLOW DENY,
		BEGIN "5504020088000000b7000000020000009500000000000000" DENY,
		BEGIN "bc3200000000000054020000010000005d32020000000000" ALLOW DENY,
		BEGIN "5504020088000000",
		BEGIN "bc31000000000000",
		BEGIN,
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		_cleanup_device_rules_ struct device_rules rules;
		size_t len;
		_cleanup_free_ char *made = NULL;
		_cleanup_free_ void *program = NULL;

		read_hex(&rules, programs[i]);
		ck_assert_uint_eq(rules.n, 0);
		ck_assert_ptr_nonnull(rules.rest);
		program = device_rules_program(&rules, &len);
		made = hex_encode(program, len);
		ck_assert_str_eq(made, programs[i]);
	}
}
END_TEST

#define NULL_READ  ((struct request){C, R, 1, 3})
#define SEVEN_READ ((struct request){C, R, 1, 7})
#define SEVEN_BOTH ((struct request){C, R | W, 1, 7})
#define TTY_READ   ((struct request){C, R, 5, 0})

static const struct device_rule allow_seven = {C, R | W | M, 1, 7, true};
static const struct device_rule deny_seven = {C, R | W | M, 1, 7, false};
static const struct device_rule deny_seven_read = {C, R, 1, 7, false};

START_TEST(an_allowlist)
{
	_cleanup_device_rules_ struct device_rules rules;

	read_hex(&rules, BEGIN LXC_NULL(ALLOW) DENY);
	ck_assert(device_rules_add(&rules, &allow_seven));
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 1);
	ck_assert_int_eq(asks(&rules, NULL_READ), 1);
	ck_assert_int_eq(asks(&rules, TTY_READ), 0);
	ck_assert(!device_rules_add(&rules, &allow_seven));
	/* as in LXC's, only the same rule is taken back */
	ck_assert(!device_rules_add(&rules, &deny_seven_read));
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 1);
	ck_assert(device_rules_add(&rules, &deny_seven));
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 0);
	ck_assert_uint_eq(rules.n, 1);
	ck_assert(device_rules_reset(&rules, false));
	ck_assert_int_eq(asks(&rules, NULL_READ), 0);
	ck_assert(!device_rules_reset(&rules, false));
}
END_TEST

START_TEST(a_denylist)
{
	_cleanup_device_rules_ struct device_rules rules;

	device_rules_init(&rules);
	/* what is allowed anyhow needs no rule */
	ck_assert(!device_rules_add(&rules, &allow_seven));
	ck_assert(!device_rules_reset(&rules, true));
	ck_assert(device_rules_add(&rules, &deny_seven_read));
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 0);
	/* as in LXC's: it is about those who want to read and nothing else */
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 1);
	ck_assert(device_rules_add(&rules, &deny_seven));
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 0);
	ck_assert_int_eq(asks(&rules, NULL_READ), 1);
	ck_assert(device_rules_add(&rules, &allow_seven));
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 1);
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 0);
	ck_assert(device_rules_reset(&rules, true));
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 1);
}
END_TEST

/* Rules before a program that nobody knows: they decide, and it says the rest. */
START_TEST(somebody_elses_program)
{
	_cleanup_device_rules_ struct device_rules rules, again;
	_cleanup_free_ void *program = NULL;
	size_t len;

	read_hex(&rules, FOREIGN);
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 1);
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 0);
	ck_assert(device_rules_add(&rules, &allow_seven));
	ck_assert_int_eq(asks(&rules, SEVEN_BOTH), 1);
	ck_assert(device_rules_add(&rules, &deny_seven_read));
	ck_assert_int_eq(asks(&rules, SEVEN_READ), 0);
	ck_assert_int_eq(asks(&rules, TTY_READ), 1);
	program = device_rules_program(&rules, &len);
	/* it does not grow from rules that are about the same */
	device_rules_read(&again, program, len);
	ck_assert_uint_eq(again.n, 2);
	ck_assert(device_rules_add(&again, &deny_seven));
	ck_assert_uint_eq(again.n, 2);
	ck_assert_int_eq(asks(&again, SEVEN_BOTH), 0);
	ck_assert_int_eq(asks(&again, NULL_READ), 1);
	ck_assert(device_rules_reset(&again, true));
	ck_assert_ptr_null(again.rest);
	ck_assert_int_eq(asks(&again, SEVEN_BOTH), 1);
}
END_TEST

/* Every form that a rule can have is read as what was made of it. */
START_TEST(every_form)
{
	for (uint32_t form = 0; form < 8; form++) {
		const struct device_rule rule = {
			.type = form & 1 ? C : BOTH,
			.access = R,
			.major = form & 2 ? 136 : -1,
			.minor = form & 4 ? 5 : -1,
			.allow = true,
		};
		_cleanup_device_rules_ struct device_rules rules = {0}, again;
		_cleanup_free_ void *program = NULL;
		struct request q;
		size_t len;

		ck_assert(device_rules_add(&rules, &rule));
		program = device_rules_program(&rules, &len);
		device_rules_read(&again, program, len);
		ck_assert_uint_eq(again.n, 1);
		ck_assert(!device_rules_add(&again, &rule));
		while (next_request(&q))
			ck_assert_int_eq(verdict(program, len, q),
					 q.access == R && (!rule.type || q.type == rule.type) &&
						 (rule.major < 0 || q.major == rule.major) &&
						 (rule.minor < 0 || q.minor == rule.minor));
	}
}
END_TEST

Suite *device_rules_suite(void)
{
	Suite *s = suite_create("device_rules");
	TCase *tc = tcase_create("device_rules");

	tcase_add_test(tc, programs_are_read);
	tcase_add_test(tc, rules_are_read);
	tcase_add_test(tc, what_is_no_rule_is_a_rest);
	tcase_add_test(tc, an_allowlist);
	tcase_add_test(tc, a_denylist);
	tcase_add_test(tc, somebody_elses_program);
	tcase_add_test(tc, every_form);
	suite_add_tcase(s, tc);
	return s;
}
