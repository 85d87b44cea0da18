/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "state.h"

/* --- numbers that prctl() has --------------------------------------------- */

struct number {
	int set, get, value;
};

static void set_number(void)
{
	const struct number *n = this_kind->arg;

	TRY(prctl(n->set, n->value, 0, 0, 0));
}

static void verify_number(void)
{
	const struct number *n = this_kind->arg;

	same("it", n->value, prctl(n->get, 0, 0, 0, 0));
}

#define NUMBER(name, ...)                                                                          \
	{                                                                                          \
		name, set_number, verify_number, &(const struct number)                            \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* --- what /proc has ------------------------------------------------------- */

static void set_misc(void)
{
	int fd = TRY(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));

	TRY(write(fd, "321", 3));
	close(fd);
	fd = TRY(open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
	TRY(write(fd, "0x55", 4));
	close(fd);
	umask(0137);
	TRY(prctl(PR_SET_NAME, "a \\name (x"));
}

static void verify_misc(void)
{
	char name[17] = "";

	same("oom_score_adj", 321, atol(text_of("/proc/self/oom_score_adj")));
	same("coredump_filter", 0x55, strtol(text_of("/proc/self/coredump_filter"), NULL, 16));
	same("umask", 0137, umask(0137));
	prctl(PR_GET_NAME, name);
	same_text("the name", "a \\name (x", name);
}

static void set_personality(void)
{
	TRY(personality(ADDR_NO_RANDOMIZE | UNAME26));
}

static void verify_personality(void)
{
	same("personality()", ADDR_NO_RANDOMIZE | UNAME26, personality(0xffffffff));
}

/* Below what they were, a different one each. */
static struct rlimit wanted_limits[RLIM_NLIMITS];

static void set_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit *l = &wanted_limits[i];

		TRY(getrlimit(i, l));
		if (l->rlim_max == RLIM_INFINITY)
			l->rlim_max = 0x7000000000000000UL + (rlim_t)i * 4096;
		if (l->rlim_cur > l->rlim_max)
			l->rlim_cur = l->rlim_max - 4096;
		if (i == RLIMIT_NOFILE)
			*l = (struct rlimit){345, 678};
		if (i == RLIMIT_CORE)
			*l = (struct rlimit){0, 4096};
		TRY(setrlimit(i, l));
	}
}

static void verify_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit l = {0};
		char what[32];

		getrlimit(i, &l);
		snprintf(what, sizeof(what), "the limit %d", i);
		same(what, (long)wanted_limits[i].rlim_cur, (long)l.rlim_cur);
		same(what, (long)wanted_limits[i].rlim_max, (long)l.rlim_max);
	}
}

/* --- usage: what a process has used so far --------------------------------- */

static struct rusage used;
static unsigned long long started;

/* Field 22 of stat: in ticks since the boot. */
static unsigned long long read_started(void)
{
	const char *text = strrchr(text_of("/proc/self/stat"), ')');

	for (int field = 2; text && field < 22; field++)
		text = strchr(text + 1, ' ');
	return text ? strtoull(text, NULL, 10) : 0;
}

static void set_start_time(void)
{
	started = read_started();
}

static void verify_start_time(void)
{
	same("it", (long)started, (long)read_started());
	started = read_started();
}

static long microseconds(const struct rusage *u)
{
	return (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000 + u->ru_utime.tv_usec +
	       u->ru_stime.tv_usec;
}

/* More than a restore takes of what is the process's by then. */
static void set_cpu_time(void)
{
	do
		getrusage(RUSAGE_SELF, &used);
	while (microseconds(&used) < 3000000);
}

static void verify_cpu_time(void)
{
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	if (microseconds(&now) < microseconds(&used))
		complain("it goes back");
}

/* --- capabilities --------------------------------------------------------- */

static struct __user_cap_data_struct caps[2];

static void read_caps(struct __user_cap_data_struct ret[2])
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};

	TRY(syscall(SYS_capget, &header, ret));
}

static void write_caps(const struct __user_cap_data_struct set[2])
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};

	TRY(syscall(SYS_capset, &header, set));
}

static void set_caps(void)
{
	read_caps(caps);
	caps[0].effective &= ~(1U << CAP_NET_RAW);
	caps[0].permitted &= ~(1U << CAP_SYS_CHROOT);
	caps[0].effective &= ~(1U << CAP_SYS_CHROOT);
	caps[0].inheritable = 1U << CAP_CHOWN | 1U << CAP_NET_BIND_SERVICE;
	write_caps(caps);
	TRY(prctl(PR_CAPBSET_DROP, CAP_AUDIT_WRITE));
	TRY(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
}

static void verify_caps(void)
{
	struct __user_cap_data_struct now[2];

	read_caps(now);
	for (int i = 0; i < 2; i++) {
		same("the effective ones", caps[i].effective, now[i].effective);
		same("the permitted ones", caps[i].permitted, now[i].permitted);
		same("the inheritable ones", caps[i].inheritable, now[i].inheritable);
	}
	same("the dropped one", 0, prctl(PR_CAPBSET_READ, CAP_AUDIT_WRITE));
	same("another one", 1, prctl(PR_CAPBSET_READ, CAP_CHOWN));
	same("the ambient one", 1, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	same("another ambient one", 0,
	     prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0));
}

/* A thread with fewer capabilities than the others. */
static pid_t poor;

static void *be_poor(void *arg)
{
	struct __user_cap_data_struct none[2] = {0};

	write_caps(none);
	for (;;)
		pause();
	return arg;
}

static void set_thread_caps(void)
{
	poor = start_thread(be_poor, NULL);
	await_call(poor, SYS_pause);
	read_caps(caps);
}

static void verify_thread_caps(void)
{
	const char *status = text_of("/proc/self/task/%d/status", poor);
	struct __user_cap_data_struct now[2];

	same_text("the thread's", "0000000000000000", field_of(status, "CapEff"));
	read_caps(now);
	same("the process's", caps[0].effective, now[0].effective);
}

#define SECURE (SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED)

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

const struct kind task_kinds[] = {
	{"names-and-scores", set_misc, verify_misc, NULL},
	{"personality", set_personality, verify_personality, NULL},
	{"limits", set_limits, verify_limits, NULL},
	{"start-time", set_start_time, verify_start_time, NULL},
	{"cpu-time", set_cpu_time, verify_cpu_time, NULL},
	{"capabilities", set_caps, verify_caps, NULL},
	{"capabilities-of-thread", set_thread_caps, verify_thread_caps, NULL},
	NUMBER("no-new-privs", PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, 1),
	NUMBER("securebits", PR_SET_SECUREBITS, PR_GET_SECUREBITS, SECURE),
	NUMBER("keep-caps", PR_SET_KEEPCAPS, PR_GET_KEEPCAPS, 1),
	NUMBER("not-dumpable", PR_SET_DUMPABLE, PR_GET_DUMPABLE, 0),
	NUMBER("memory-merge", PR_SET_MEMORY_MERGE, PR_GET_MEMORY_MERGE, 1),
	NUMBER("io-flusher", PR_SET_IO_FLUSHER, PR_GET_IO_FLUSHER, 1),
	{0},
};
