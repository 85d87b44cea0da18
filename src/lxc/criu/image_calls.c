/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* System calls that a checkpoint interrupts, in CRIU's image of each thread. Pure. */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "criu/image_calls.h"
#include "criu/image_names.h"
#include "criu/protobuf.h"

#define CORE_ARCH   1 /* of an entry in core-*.img */
#define CORE_X86    2
#define X86_REGS    2 /* of CORE_X86 */
#define ARCH_X86_64 1
#define MODE_NATIVE 1
#define INSTRUCTION 2 /* bytes of "syscall" */
#define VALUE_BYTES 10

/* The members of X86_REGS that are wanted. */
enum {
	REG_R10 = 8,
	REG_AX = 11,
	REG_DX = 13,
	REG_SI = 14,
	REG_DI = 15,
	REG_ORIG_AX = 16,
	REG_IP = 17,
	REG_MODE = 28,
};
#define N_REGS (REG_MODE + 1)

/* Numbers of x86-64, whatever architecture this is built for. */
enum { CALL_POLL = 7, CALL_NANOSLEEP = 35, CALL_CLOCK_NANOSLEEP = 230, CALL_PPOLL = 271 };

static bool find_member(struct bytes message, unsigned int number, struct field *ret)
{
	while (take_field(&message, ret))
		if (ret->number == number)
			return true;
	return false;
}

/* To make the call once more is to go on with it. */
static bool can_be_repeated(const struct field *regs)
{
	switch (regs[REG_ORIG_AX].value) {
	case CALL_POLL:
		return (int32_t)(uint32_t)regs[REG_DX].value < 0;
	case CALL_PPOLL:
		return regs[REG_DX].value == 0;
	case CALL_NANOSLEEP:
		return regs[REG_DI].value != 0 && regs[REG_DI].value == regs[REG_SI].value;
	case CALL_CLOCK_NANOSLEEP:
		return !(regs[REG_SI].value & TIMER_ABSTIME) && regs[REG_DX].value != 0 &&
		       regs[REG_DX].value == regs[REG_R10].value;
	default:
		return false;
	}
}

/* In the same number of bytes, where it fits. */
static bool fits(struct bytes to, uint64_t v)
{
	return to.len >= VALUE_BYTES || v >> (7 * to.len) == 0;
}

static void write_number(struct bytes to, uint64_t v)
{
	for (size_t i = 0; i < to.len; i++, v >>= 7)
		to.p[i] = (uint8_t)((v & 0x7f) | (i + 1 < to.len ? 0x80 : 0));
}

static bool repeat(struct bytes message)
{
	struct field regs[N_REGS] = {0}, f;
	uint64_t ip, call;

	while (take_field(&message, &f))
		if (f.number < N_REGS)
			regs[f.number] = f;
	ip = regs[REG_IP].value;
	call = regs[REG_ORIG_AX].value;
	if (regs[REG_AX].value != (uint64_t)-EINTR || ip < INSTRUCTION ||
	    (regs[REG_MODE].number && regs[REG_MODE].value != MODE_NATIVE) ||
	    !can_be_repeated(regs) || !fits(regs[REG_AX].bytes, call) ||
	    !fits(regs[REG_IP].bytes, ip - INSTRUCTION))
		return false;
	write_number(regs[REG_AX].bytes, call);
	write_number(regs[REG_IP].bytes, ip - INSTRUCTION);
	return true;
}

bool criu_calls_restart(void *core, size_t len)
{
	struct bytes image = {core, len}, entry;
	struct field f = {0};

	return take_magic(&image, MAGIC_CORE) && take_entry(&image, &entry) &&
	       find_member(entry, CORE_ARCH, &f) && f.value == ARCH_X86_64 &&
	       find_member(entry, CORE_X86, &f) && find_member(f.bytes, X86_REGS, &f) &&
	       repeat(f.bytes);
}
