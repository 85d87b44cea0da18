/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/membarrier.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "state.h"

#define PAGE 4096UL

static char *memory, *other;
static int fd;

static char *map(size_t pages, int prot, int flags)
{
	return TRY((char *)mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0));
}

/* What smaps says of the mapping at that address. */
static const char *mapping_at(const void *at, const char *field)
{
	unsigned long start, end;
	char *dash;

	/* it may have become one with a neighbour */
	for (const char *p = text_of("/proc/self/smaps"); p; p = strchr(p, '\n')) {
		p += *p == '\n';
		start = strtoul(p, &dash, 16);
		end = *dash == '-' ? strtoul(dash + 1, NULL, 16) : 0;
		if (start <= (unsigned long)at && (unsigned long)at < end)
			return field_of(p, field);
	}
	return "";
}

/* as two letters each */
static const char *flags_at(const void *at)
{
	return mapping_at(at, "VmFlags");
}

static void has_flag(const char *what, const void *at, const char *flag)
{
	if (!strstr(flags_at(at), flag))
		complain("%s has not \"%s\" but \"%s\"", what, flag, flags_at(at));
}

/* --- mappings ------------------------------------------------------------- */

static void make_file(void)
{
	fd = TRY(open("mapped", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	for (int i = 0; i < 4; i++) {
		static char page[PAGE];

		memset(page, 'a' + i, PAGE);
		TRY(write(fd, page, PAGE));
	}
}

static void set_private(void)
{
	make_file();
	memory = TRY((char *)mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	memory[PAGE + 5] = 'X';
	close(fd);
}

static void verify_private(void)
{
	char byte = 0;

	same("the changed byte", 'X', memory[PAGE + 5]);
	same("its page's other bytes", 'b', memory[PAGE + 6]);
	same("a page that was not changed", 'c', memory[2 * PAGE]);
	fd = open("mapped", O_RDWR | O_CLOEXEC);
	if (pread(fd, &byte, 1, PAGE + 5) != 1 || byte != 'b')
		complain("the file was changed");
	/* what was not copied yet still follows the file */
	if (pwrite(fd, "Z", 1, 3 * PAGE) != 1 || memory[3 * PAGE] != 'Z')
		complain("a page that was not changed does not follow the file");
	close(fd);
}

static void set_shared(void)
{
	make_file();
	memory = TRY((char *)mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	memory[7] = 'Y';
}

static void verify_shared(void)
{
	char byte = 0;

	same("the changed byte", 'Y', memory[7]);
	memory[8]++;
	if (pread(fd, &byte, 1, 8) != 1 || byte != memory[8])
		complain("the file does not follow");
}

static void set_deleted(void)
{
	set_shared();
	TRY(unlink("mapped"));
}

/* Without a name, and opened by the way of its mapping. */
static void set_opened(void)
{
	char path[64];

	memory = map(4, PROT_READ | PROT_WRITE, MAP_SHARED);
	memory[7] = 'Y';
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)memory,
		 (unsigned long)memory + 4 * PAGE);
	fd = TRY(open(path, O_RDWR | O_CLOEXEC));
}

static void set_protections(void)
{
	memory = map(6, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	memset(memory, 'p', 6 * PAGE);
	TRY(mprotect(memory + PAGE, PAGE, PROT_NONE));
	TRY(mprotect(memory + 3 * PAGE, PAGE, PROT_READ));
	/* a return, and nothing else */
	memory[5 * PAGE] = (char)0xc3;
	TRY(mprotect(memory + 5 * PAGE, PAGE, PROT_READ | PROT_EXEC));
}

static sigjmp_buf back;

static void on_fault(int signo)
{
	siglongjmp(back, signo);
}

static int fault_of(char *at, bool writing)
{
	int signo = sigsetjmp(back, 1);

	if (signo)
		return signo;
	if (writing)
		*(volatile char *)at = 'p';
	else
		(void)*(volatile char *)at;
	return 0;
}

static void verify_protections(void)
{
	signal(SIGSEGV, on_fault);
	same("reading PROT_NONE", SIGSEGV, fault_of(memory + PAGE, false));
	same("writing PROT_READ", SIGSEGV, fault_of(memory + 3 * PAGE, true));
	same("reading PROT_READ", 0, fault_of(memory + 3 * PAGE, false));
	same("writing PROT_WRITE", 0, fault_of(memory + 4 * PAGE, true));
	((void (*)(void))(memory + 5 * PAGE))();
	TRY(mprotect(memory + PAGE, PAGE, PROT_READ | PROT_WRITE));
	same("what is behind PROT_NONE", 'p', memory[PAGE + 100]);
	mprotect(memory + PAGE, PAGE, PROT_NONE);
}

/* --- advice and locks ----------------------------------------------------- */

static const struct {
	const char *name;
	int advice;
	const char *flag;
} advices[] = {
	{"MADV_DONTFORK", MADV_DONTFORK, " dc"},     {"MADV_DONTDUMP", MADV_DONTDUMP, " dd"},
	{"MADV_WIPEONFORK", MADV_WIPEONFORK, " wf"}, {"MADV_SEQUENTIAL", MADV_SEQUENTIAL, " sr"},
	{"MADV_RANDOM", MADV_RANDOM, " rr"},	     {"MADV_HUGEPAGE", MADV_HUGEPAGE, " hg"},
	{"MADV_NOHUGEPAGE", MADV_NOHUGEPAGE, " nh"}, {"MADV_MERGEABLE", MADV_MERGEABLE, " mg"},
};

#define N_ADVICES (sizeof(advices) / sizeof(advices[0]))

static char *advised[N_ADVICES];

/* Those that this kernel knows: its configuration decides about some. */
static void set_advice(void)
{
	for (size_t i = 0; i < N_ADVICES; i++) {
		char *at = map(1024, PROT_READ | PROT_WRITE, MAP_PRIVATE);

		*at = 'x';
		/* not one mapping with its neighbours */
		mprotect(at + 1023 * PAGE, PAGE, PROT_NONE);
		if (madvise(at, 1023 * PAGE, advices[i].advice) == 0 &&
		    strstr(flags_at(at), advices[i].flag))
			advised[i] = at;
	}
}

static void verify_advice(void)
{
	for (size_t i = 0; i < N_ADVICES; i++)
		if (advised[i])
			has_flag(advices[i].name, advised[i], advices[i].flag);
}

static void set_locked(void)
{
	memory = map(10, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	TRY(mlock(memory, 10 * PAGE));
	other = map(10, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	TRY(mprotect(other, PAGE, PROT_NONE));
	TRY(syscall(SYS_mlock2, other + PAGE, 9 * PAGE, MLOCK_ONFAULT));
}

static void verify_locked(void)
{
	has_flag("what was locked", memory, " lo");
	has_flag("what was locked on fault", other + PAGE, " lo");
	same("VmLck", 76, strtol(field_of(text_of("/proc/self/status"), "VmLck"), NULL, 10));
}

static void set_locked_all(void)
{
	TRY(mlockall(MCL_CURRENT | MCL_FUTURE));
}

static void verify_locked_all(void)
{
	char *at = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	has_flag("what was mapped", (char *)&memory, " lo");
	has_flag("what is mapped now", at, " lo");
	munmap(at, 3 * PAGE);
}

static void set_locked_now(void)
{
	TRY(mlockall(MCL_CURRENT));
}

static void verify_locked_now(void)
{
	char *at = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	has_flag("what was mapped", (char *)&memory, " lo");
	same("what is mapped now is locked", MAP_FAILED != at,
	     msync(at, 3 * PAGE, MS_INVALIDATE) == 0);
	munmap(at, 3 * PAGE);
}

static void set_locked_on_fault(void)
{
	TRY(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
}

static void verify_locked_on_fault(void)
{
	char *at = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned char there[3] = {0};

	has_flag("what was mapped", (char *)&memory, " lo");
	has_flag("what is mapped now", at, " lo");
	TRY(mincore(at, 3 * PAGE, there));
	same("its last page", 0, there[2] & 1);
	munmap(at, 3 * PAGE);
}

/* --- stack, heap ---------------------------------------------------------- */

static int deep(int n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	return n == 0 ? frame[0] : deep(n - 1) + (frame[0] == (char)n);
}

static void *heap_end;
static char *heap;

static void set_stack(void)
{
	heap_end = TRY(sbrk(0));
	heap = TRY((char *)sbrk(300000));
	heap[299999] = 'h';
	memory = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN);
	memory[0] = 's';
}

static void verify_stack(void)
{
	/* further than it was before */
	static int depth = 100;

	depth += 300;
	same("how deep it goes", depth, deep(depth));
	same("the heap", 'h', heap[299999]);
	same("the end of the heap", (long)heap_end + 300000, (long)sbrk(0));
	heap[100] = 'x';
	if (sbrk(PAGE) == (void *)-1)
		complain("the heap does not grow: %s", strerror(errno));
	sbrk(-(long)PAGE);
	has_flag("what grows", memory, " gd");
	same("what it holds", 's', memory[0]);
}

/* Pages that nobody has touched take no memory, and large ones are as they were. */
static void set_sparse(void)
{
	memory = map(1 << 18, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
	memory[(1UL << 17) * PAGE] = 'm';
}

static void verify_sparse(void)
{
	long kib = strtol(field_of(text_of("/proc/self/status"), "RssAnon"), NULL, 10);

	same("the middle", 'm', memory[(1UL << 17) * PAGE]);
	same("the begin", 0, memory[0]);
	if (kib > 20000)
		complain("it takes %ld KiB", kib);
}

/* Shared by parent and child until one writes. */
static pid_t child;

static void keep_page(void)
{
	memory[0] = 'c';
	for (;;)
		pause();
}

static void set_copy_on_write(void)
{
	memory = map(2000, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	memset(memory, 'p', 2000 * PAGE);
	child = start_child(keep_page);
	await_call(child, SYS_pause);
}

static char byte_of_child(char *at)
{
	char path[32], byte = 0;
	int in;

	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(in, &byte, 1, (off_t)at) != 1)
		complain("the child's memory: %s", strerror(errno));
	close(in);
	return byte;
}

static void verify_copy_on_write(void)
{
	same("the parent's first byte", 'p', memory[0]);
	same("the child's first byte", 'c', byte_of_child(memory));
	same("the child's last byte", 'p', byte_of_child(memory + 2000 * PAGE - 1));
	memory[PAGE * 5]++;
	same("what the child has of what the parent changed", 'p',
	     byte_of_child(memory + PAGE * 5));
}

static void set_thp(void)
{
	TRY(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
}

static void verify_thp(void)
{
	same("PR_GET_THP_DISABLE", 1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

#ifndef PR_SET_MDWE
#define PR_SET_MDWE		 65
#define PR_GET_MDWE		 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT 2
#endif

/* as a service that systemd starts, which has something else of the kind, too */
static void set_mdwe_of_service(unsigned long bits)
{
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	TRY(prctl(PR_SET_MDWE, bits, 0, 0, 0));
}

static void set_mdwe(void)
{
	set_mdwe_of_service(PR_MDWE_REFUSE_EXEC_GAIN);
}

static void verify_mdwe(void)
{
	same("PR_GET_MDWE", PR_MDWE_REFUSE_EXEC_GAIN, prctl(PR_GET_MDWE, 0, 0, 0, 0));
}

static void set_own_mdwe(void)
{
	set_mdwe_of_service(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT);
}

static void verify_own_mdwe(void)
{
	same("PR_GET_MDWE", PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT,
	     prctl(PR_GET_MDWE, 0, 0, 0, 0));
}

/* --- of a processor's features -------------------------------------------- */

static int key;

/* Not every processor has them. */
static void set_key(void)
{
	key = pkey_alloc(0, PKEY_DISABLE_WRITE);
	memory = map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (key > 0)
		TRY(pkey_mprotect(memory, PAGE, PROT_READ | PROT_WRITE, key));
}

static void verify_key(void)
{
	if (key > 0)
		same("the key of the mapping", key, atol(mapping_at(memory, "ProtectionKey")));
}

static void set_barrier(void)
{
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
}

static void verify_barrier(void)
{
	same("membarrier", 0, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

const struct kind memory_kinds[] = {
	{"map-private", set_private, verify_private, NULL},
	{"map-shared", set_shared, verify_shared, NULL},
	{"map-deleted", set_deleted, verify_shared, NULL},
	{"map-opened", set_opened, verify_shared, NULL},
	{"protections", set_protections, verify_protections, NULL},
	{"madvise", set_advice, verify_advice, NULL},
	{"mlock", set_locked, verify_locked, NULL},
	{"mlockall-current", set_locked_now, verify_locked_now, NULL},
	{"mlockall-future", set_locked_all, verify_locked_all, NULL},
	{"mlockall-on-fault", set_locked_on_fault, verify_locked_on_fault, NULL},
	{"stack-and-heap", set_stack, verify_stack, NULL},
	{"memory-sparse", set_sparse, verify_sparse, NULL},
	{"copy-on-write", set_copy_on_write, verify_copy_on_write, NULL},
	{"thp-disabled", set_thp, verify_thp, NULL},
	{"protection-keys", set_key, verify_key, NULL},
	{"membarrier", set_barrier, verify_barrier, NULL},
	{"memory-deny-write-execute", set_mdwe, verify_mdwe, NULL},
	{"memory-deny-write-execute-own", set_own_mdwe, verify_own_mdwe, NULL},
	{0},
};
