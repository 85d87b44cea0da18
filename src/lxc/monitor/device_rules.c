/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads device rules out of BPF programs and makes programs of them; see device_rules.h. Pure;
 * runs in the monitor.
 */
#include "config.h"

#include <linux/bpf.h>
#include <string.h>

#include "monitor/device_rules.h"
#include "util/mem.h"

#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* The registers that hold the request. R1 stays the context, for the rest. */
enum {
	SCRATCH = BPF_REG_0,
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

#define INSN(op, dst, src, offset, value)                                                          \
	((struct bpf_insn){                                                                        \
		.code = (op),                                                                      \
		.dst_reg = (dst),                                                                  \
		.src_reg = (src),                                                                  \
		.off = (int16_t)(offset),                                                          \
		.imm = (int32_t)(value),                                                           \
	})
#define LOAD(dst, member)                                                                          \
	INSN(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1,                                            \
	     offsetof(struct bpf_cgroup_dev_ctx, member), 0)
#define AND(dst, value)		 INSN(BPF_ALU | BPF_AND | BPF_K, dst, 0, 0, value)
#define SHIFT_RIGHT(dst, value)	 INSN(BPF_ALU | BPF_RSH | BPF_K, dst, 0, 0, value)
#define COPY(dst, src)		 INSN(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value)		 INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define SKIP_UNLESS(dst, value)	 INSN(BPF_JMP | BPF_JNE | BPF_K, dst, 0, 0, value)
#define SKIP_UNLESS_SAME(dst, b) INSN(BPF_JMP | BPF_JNE | BPF_X, dst, b, 0, 0)
#define EXIT			 INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn prologue[] = {
	LOAD(TYPE, access_type), AND(TYPE, 0xffff),  LOAD(ACCESS, access_type),
	SHIFT_RIGHT(ACCESS, 16), LOAD(MAJOR, major), LOAD(MINOR, minor),
};

#define N_PROLOGUE (sizeof(prologue) / sizeof(prologue[0]))

/* ---- reading ---- */

struct reader {
	const struct bpf_insn *at, *end;
	const struct bpf_insn *skip_to; /* NULL: no condition yet */
};

/* Whether the next instruction matches, whatever its numbers are; if so, consumes it. */
static const struct bpf_insn *take(struct reader *r, struct bpf_insn wanted)
{
	const struct bpf_insn *i = r->at;

	if (i == r->end || i->code != wanted.code || i->dst_reg != wanted.dst_reg ||
	    i->src_reg != wanted.src_reg)
		return NULL;
	r->at++;
	return i;
}

/* All conditions of a rule jump to the same place if they do not hold. */
static bool skips(struct reader *r, const struct bpf_insn *jump)
{
	const struct bpf_insn *to;

	if (!jump || jump->off < 0 || jump->off >= r->end - jump)
		return false;
	to = jump + 1 + jump->off;
	if (r->skip_to && r->skip_to != to)
		return false;
	r->skip_to = to;
	return true;
}

/* "request & access == request", in any register */
static bool read_access(struct reader *r, uint32_t *ret)
{
	unsigned int scratch = r->at < r->end ? r->at->dst_reg : SCRATCH;
	const struct bpf_insn *and;

	if (scratch >= TYPE || !take(r, COPY(scratch, ACCESS)))
		return false;
	and = take(r, AND(scratch, 0));
	if (!and || !skips(r, take(r, SKIP_UNLESS_SAME(scratch, ACCESS))))
		return false;
	*ret = (uint32_t)and->imm & ALL_ACCESS;
	return true;
}

static bool read_number(struct reader *r, unsigned int reg, int64_t *ret)
{
	const struct bpf_insn *jump = take(r, SKIP_UNLESS(reg, 0));

	if (!jump)
		return true;
	*ret = (uint32_t)jump->imm;
	/* compared as 64 bits, no device has this number */
	return jump->imm >= 0 && skips(r, jump);
}

static bool read_verdict(struct reader *r, bool *ret)
{
	const struct bpf_insn *set = take(r, SET(BPF_REG_0, 0));

	if (!set || (set->imm != 0 && set->imm != 1) || !take(r, EXIT))
		return false;
	*ret = set->imm == 1;
	return true;
}

/* Reads one rule; false: no rule follows. */
static bool read_rule(struct reader *from, struct device_rule *ret)
{
	struct device_rule rule = {.access = ALL_ACCESS, .major = -1, .minor = -1};
	struct reader r = {.at = from->at, .end = from->end};
	int64_t type = 0;

	if (r.at < r.end && r.at->code == (BPF_ALU | BPF_MOV | BPF_X) &&
	    !read_access(&r, &rule.access))
		return false;
	if (!read_number(&r, TYPE, &type) || !read_number(&r, MAJOR, &rule.major) ||
	    !read_number(&r, MINOR, &rule.minor) || !read_verdict(&r, &rule.allow))
		return false;
	/* a rule without a condition is the default */
	if (r.skip_to != r.at)
		return false;
	rule.type = (uint32_t)type;
	*from = r;
	*ret = rule;
	return true;
}

void device_rules_init(struct device_rules *rules)
{
	*rules = (struct device_rules){.otherwise = true};
}

void device_rules_read(struct device_rules *rules, const void *program, size_t len)
{
	const struct bpf_insn *insns = program;
	size_t n = len / sizeof(*insns);
	struct reader r = {.at = insns, .end = insns + n};
	struct device_rule rule;
	struct reader end;

	*rules = (struct device_rules){0};
	if (len >= sizeof(prologue) && memcmp(insns, prologue, sizeof(prologue)) == 0) {
		r.at += N_PROLOGUE;
		while (read_rule(&r, &rule))
			*ARRAY_ADD(rules->rules, rules->n) = rule;
	}
	end = r;
	if (read_verdict(&end, &rules->otherwise) && end.at == end.end)
		return;
	rules->rest_len = (size_t)(r.end - r.at) * sizeof(*insns);
	rules->rest = xcalloc(1, rules->rest_len);
	memcpy(rules->rest, r.at, rules->rest_len);
}

/* ---- changing ---- */

static bool is_about_the_same(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->access == b->access && a->major == b->major &&
	       a->minor == b->minor;
}

/* Removes a rule. Returns whether it existed, with either verdict. */
static bool take_out(struct device_rules *rules, const struct device_rule *rule, bool *ret_allow)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct device_rule *r = &rules->rules[i];

		if (!is_about_the_same(r, rule))
			continue;
		*ret_allow = r->allow;
		rules->n--;
		memmove(r, r + 1, (rules->n - i) * sizeof(*r));
		return true;
	}
	return false;
}

bool device_rules_add(struct device_rules *rules, const struct device_rule *rule)
{
	bool allowed, was_there = take_out(rules, rule, &allowed);

	/*
	 * As LXC, this does not check whether a wider rule contradicts it. If the rest of a program
	 * decides, nobody knows what would hold without the rule.
	 */
	if (!rules->rest && rule->allow == rules->otherwise)
		return was_there;
	ARRAY_ADD(rules->rules, rules->n);
	memmove(rules->rules + 1, rules->rules, (rules->n - 1) * sizeof(*rule));
	rules->rules[0] = *rule;
	return !was_there || allowed != rule->allow;
}

bool device_rules_reset(struct device_rules *rules, bool allow)
{
	if (!rules->rest && rules->n == 0 && rules->otherwise == allow)
		return false;
	device_rules_clear(rules);
	rules->otherwise = allow;
	return true;
}

void device_rules_clear(struct device_rules *rules)
{
	free(rules->rules);
	free(rules->rest);
	*rules = (struct device_rules){0};
}

/* ---- making ---- */

struct program {
	struct bpf_insn *insns;
	size_t n;
};

static void add(struct program *p, struct bpf_insn insn)
{
	*ARRAY_ADD(p->insns, p->n) = insn;
}

static void add_verdict(struct program *p, bool allow)
{
	add(p, SET(BPF_REG_0, allow));
	add(p, EXIT);
}

/*
 * Always checks the access: after a rule without a condition the kernel would reject what follows
 * as unreachable.
 */
static void add_rule(struct program *p, const struct device_rule *rule)
{
	size_t start = p->n;

	add(p, COPY(SCRATCH, ACCESS));
	add(p, AND(SCRATCH, rule->access));
	add(p, SKIP_UNLESS_SAME(SCRATCH, ACCESS));
	if (rule->type)
		add(p, SKIP_UNLESS(TYPE, rule->type));
	if (rule->major >= 0)
		add(p, SKIP_UNLESS(MAJOR, rule->major));
	if (rule->minor >= 0)
		add(p, SKIP_UNLESS(MINOR, rule->minor));
	add_verdict(p, rule->allow);
	for (size_t i = start; i < p->n; i++)
		if (BPF_CLASS(p->insns[i].code) == BPF_JMP && BPF_OP(p->insns[i].code) == BPF_JNE)
			p->insns[i].off = (int16_t)(p->n - i - 1);
}

void *device_rules_program(const struct device_rules *rules, size_t *ret_len)
{
	size_t rest = rules->rest_len / sizeof(struct bpf_insn);
	struct program p = {0};

	for (size_t i = 0; i < N_PROLOGUE; i++)
		add(&p, prologue[i]);
	for (size_t i = 0; i < rules->n; i++)
		add_rule(&p, &rules->rules[i]);
	if (rules->rest) {
		p.insns = xreallocarray(p.insns, p.n + rest, sizeof(*p.insns));
		memcpy(p.insns + p.n, rules->rest, rules->rest_len);
		p.n += rest;
	} else {
		add_verdict(&p, rules->otherwise);
	}
	*ret_len = p.n * sizeof(*p.insns);
	return p.insns;
}
