/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads, loads and attaches BPF programs by bare system calls; see bpf.h. Runs in the command and
 * in the monitor, with CAP_SYS_ADMIN (or CAP_BPF) of the host.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/bpf.h"
#include "util/fd.h"
#include "util/mem.h"

#define INSTRUCTION_SIZE 8

/* BPF_TCX_EGRESS, and the verdict that lets the next program decide: Linux 6.6. */
#define TCX_EGRESS 47
#define TCX_NEXT   (-1)

/* The kernel checks the licence before it allows helpers. */
static const char licence[] = "GPL";

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static uint64_t to_u64(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int bpf_device_programs(int cgroup, uint32_t ids[BPF_PROGRAMS_MAX])
{
	union bpf_attr attr = {0};
	int r;

	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = to_u64(ids);
	attr.query.prog_cnt = BPF_PROGRAMS_MAX;
	r = bpf(BPF_PROG_QUERY, &attr);
	return r < 0 ? r : (int)attr.query.prog_cnt;
}

static int program_info(int program, struct bpf_prog_info *info)
{
	union bpf_attr attr = {0};

	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(*info);
	attr.info.info = to_u64(info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static int program_open(uint32_t id)
{
	union bpf_attr attr = {.prog_id = id};

	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

int bpf_program_instructions(uint32_t id, void **ret, size_t *ret_len)
{
	struct bpf_prog_info info = {0};
	_cleanup_close_ int program = -1;
	_cleanup_free_ void *buf = NULL;
	size_t len;
	int r;

	program = program_open(id);
	if (program < 0)
		return program;
	r = program_info(program, &info);
	if (r < 0)
		return r;
	len = info.xlated_prog_len;
	if (len == 0 || len % INSTRUCTION_SIZE)
		return -EACCES;
	buf = xcalloc(1, len);
	info = (struct bpf_prog_info){
		.xlated_prog_len = (uint32_t)len,
		.xlated_prog_insns = to_u64(buf),
	};
	r = program_info(program, &info);
	if (r < 0)
		return r;
	/* zero if the kernel hides them, for reasons of its own */
	if (!info.xlated_prog_insns || info.xlated_prog_len != len)
		return -EACCES;
	*ret = TAKE_PTR(buf);
	*ret_len = len;
	return 0;
}

static int program_load(enum bpf_prog_type type, uint32_t attach_type, const void *instructions,
			size_t len)
{
	union bpf_attr attr = {0};

	attr.prog_type = type;
	attr.expected_attach_type = attach_type;
	attr.insns = to_u64(instructions);
	attr.insn_cnt = (uint32_t)(len / INSTRUCTION_SIZE);
	attr.license = to_u64(licence);
	return bpf(BPF_PROG_LOAD, &attr);
}

/* replaced: the descriptor of the program to replace, -1: none */
static int attach(int cgroup, int replaced, const void *instructions, size_t len)
{
	union bpf_attr attr = {0};
	_cleanup_close_ int program =
		program_load(BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, instructions, len);

	if (program < 0)
		return program;
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* as lxc-start: a program of the container's manager may be attached beside it */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replaced;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

int bpf_attach_device_program(int cgroup, const void *instructions, size_t len)
{
	return attach(cgroup, -1, instructions, len);
}

int bpf_replace_device_program(int cgroup, uint32_t id, const void *instructions, size_t len)
{
	_cleanup_close_ int old = program_open(id);

	return old < 0 ? old : attach(cgroup, old, instructions, len);
}

/* A packet that is redirected to its origin has no route. */
int bpf_forget_loopback_routes(uint32_t mark)
{
#define CONTEXT(member) (short)offsetof(struct __sk_buff, member)
	const struct bpf_insn program[] = {
		/* r2 = protocol; unless it is IPv6: next */
		{BPF_LDX | BPF_W | BPF_MEM, BPF_REG_2, BPF_REG_1, CONTEXT(protocol), 0},
		{BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 6, htons(ETH_P_IPV6)},
		/* r2 = mark; unless it is this: next */
		{BPF_LDX | BPF_W | BPF_MEM, BPF_REG_2, BPF_REG_1, CONTEXT(mark), 0},
		{BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 4, (int)mark},
		/* return bpf_redirect(ifindex, BPF_F_INGRESS) */
		{BPF_LDX | BPF_W | BPF_MEM, BPF_REG_1, BPF_REG_1, CONTEXT(ifindex), 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, BPF_F_INGRESS},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, TCX_NEXT},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
#undef CONTEXT
	union bpf_attr attr = {0};
	_cleanup_close_ int loaded =
		program_load(BPF_PROG_TYPE_SCHED_CLS, TCX_EGRESS, program, sizeof(program));

	if (loaded < 0)
		return loaded;
	attr.link_create.prog_fd = (uint32_t)loaded;
	attr.link_create.target_ifindex = if_nametoindex("lo");
	attr.link_create.attach_type = TCX_EGRESS;
	return bpf(BPF_LINK_CREATE, &attr);
}
