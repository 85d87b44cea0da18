/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "criu/image_calls.h"
#include "criu/protobuf.h"
#include "unit.h"

#define IP 0x7f7a621223a7

/* The numbers of user_x86_regs_entry that matter here. */
enum { R10 = 8, AX = 11, DX = 13, SI = 14, DI = 15, ORIG_AX = 16, RIP = 17, MODE = 28 };

static void put_number(struct bytes *to, uint64_t v)
{
	do {
		to->p[to->len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
}

static void put(struct bytes *to, unsigned int number, uint64_t v)
{
	put_number(to, (uint64_t)number << 3);
	put_number(to, v);
}

static void put_message(struct bytes *to, unsigned int number, const struct bytes *message)
{
	put_number(to, (uint64_t)number << 3 | 2);
	put_number(to, message->len);
	memcpy(to->p + to->len, message->p, message->len);
	to->len += message->len;
}

struct call {
	uint64_t number, di, si, dx, r10, result, mode;
	bool restarts;
};

/* As CRIU 4.2 writes a core-*.img: the magic words, a length, and the entry. */
static struct bytes core_of(const struct call *call, uint64_t arch)
{
	static uint8_t all[512], inner[512], registers[512];
	struct bytes regs = {registers, 0}, thread = {inner, 0}, core = {all, 12};
	static const char magic[] = "\x19\x43\x56\x54\x47\x38\x05\x55";

	put(&regs, R10, call->r10);
	put(&regs, AX, call->result);
	put(&regs, DX, call->dx);
	put(&regs, SI, call->si);
	put(&regs, DI, call->di);
	put(&regs, ORIG_AX, call->number);
	put(&regs, RIP, IP);
	put(&regs, MODE, call->mode);
	put(&thread, 1, 4711);
	put_message(&thread, 2, &regs);
	memcpy(all, magic, 8);
	put(&core, 1, arch);
	put_message(&core, 2, &thread);
	all[8] = (uint8_t)(core.len - 12);
	all[9] = all[10] = all[11] = 0;
	return core;
}

/* Of the changed image: the numbers as any reader of it finds them. */
static uint64_t number_in(struct bytes core, unsigned int number)
{
	struct bytes entry = {core.p + 12, core.len - 12};
	struct field f;

	while (take_field(&entry, &f) && f.number != 2)
		;
	entry = f.bytes;
	while (take_field(&entry, &f) && f.number != 2)
		;
	entry = f.bytes;
	while (take_field(&entry, &f))
		if (f.number == number)
			return f.value;
	ck_abort_msg("%u is missing", number);
}

#define EINTR_RESULT ((uint64_t)-EINTR)

static const struct call calls[] = {
	{7, 0x5000, 1, (uint64_t)-1, 0, EINTR_RESULT, 1, true},
	{7, 0x5000, 1, 0xffffffff, 0, EINTR_RESULT, 1, true},
	{7, 0x5000, 1, 5000, 0, EINTR_RESULT, 1, false},
	{7, 0x5000, 1, (uint64_t)-1, 0, 1, 1, false},
	{7, 0x5000, 1, (uint64_t)-1, 0, EINTR_RESULT, 2, false},
	{271, 0x5000, 1, 0, 0, EINTR_RESULT, 1, true},
	{271, 0x5000, 1, 0x6000, 0, EINTR_RESULT, 1, false},
	{35, 0x5000, 0x5000, 0, 0, EINTR_RESULT, 1, true},
	{35, 0x5000, 0x6000, 0, 0, EINTR_RESULT, 1, false},
	{35, 0x5000, 0, 0, 0, EINTR_RESULT, 1, false},
	{230, 1, 0, 0x5000, 0x5000, EINTR_RESULT, 1, true},
	{230, 1, 1, 0x5000, 0x5000, EINTR_RESULT, 1, false},
	{230, 1, 0, 0x5000, 0, EINTR_RESULT, 1, false},
	{(uint64_t)-1, 1, 0, 0x5000, 0x5000, EINTR_RESULT, 1, false},
	{232, 1, 0, 0, (uint64_t)-1, EINTR_RESULT, 1, false},
};

START_TEST(test_restart)
{
	const struct call *call = &calls[_i];
	struct bytes core = core_of(call, 1);

	ck_assert_int_eq(criu_calls_restart(core.p, core.len), call->restarts);
	ck_assert_uint_eq(number_in(core, AX), call->restarts ? call->number : call->result);
	ck_assert_uint_eq(number_in(core, RIP), call->restarts ? IP - 2 : IP);
	ck_assert_uint_eq(number_in(core, DX), call->dx);
	ck_assert_uint_eq(number_in(core, MODE), call->mode);
	/* once */
	ck_assert(!criu_calls_restart(core.p, core.len));
}
END_TEST

START_TEST(test_other_images)
{
	struct bytes core = core_of(&calls[0], 3);

	ck_assert(!criu_calls_restart(core.p, core.len));
	core = core_of(&calls[0], 1);
	for (size_t len = 0; len < core.len - 1; len++)
		ck_assert(!criu_calls_restart(core.p, len));
	core.p[4]++;
	ck_assert(!criu_calls_restart(core.p, core.len));
}
END_TEST

Suite *criu_image_calls_suite(void)
{
	Suite *s = suite_create("criu_image_calls");
	TCase *t = tcase_create("criu_calls");

	tcase_add_loop_test(t, test_restart, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(t, test_other_images);
	suite_add_tcase(s, t);
	return s;
}
