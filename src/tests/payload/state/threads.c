/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fenv.h>
#include <linux/futex.h>
#include <linux/ioprio.h>
#include <sys/rseq.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/resource.h>

#include "state.h"

/* A round: the threads of a kind do what they do once more, and say so. */
#define THREADS 4

static pid_t tids[THREADS];
static volatile int round_no, done[THREADS];
static char findings[THREADS][128];

static bool all_done(void)
{
	for (int i = 0; i < THREADS; i++)
		if (done[i] != round_no)
			return false;
	return true;
}

static void collect(void)
{
	for (int i = 0; i < THREADS; i++)
		findings[i][0] = '\0';
	round_no++;
	if (!comes(all_done))
		complain("not all threads answer");
	for (int i = 0; i < THREADS; i++)
		if (findings[i][0])
			complain("thread %d: %s", i, findings[i]);
}

static void next_round(int i)
{
	while (done[i] == round_no)
		usleep(1000);
}

/* --- name, thread-local memory, stack, registers -------------------------- */

static __thread int local = 42;
static __thread char local_text[5000];

static void *have_a_name(void *arg)
{
	int i = (int)(intptr_t)arg, on_stack[1000];
	char name[16], found[16];

	snprintf(name, sizeof(name), "thread/%d", i);
	prctl(PR_SET_NAME, name);
	local += i;
	memset(local_text, 'a' + i, sizeof(local_text));
	for (int k = 0; k < 1000; k++)
		on_stack[k] = i * k;
	for (;; done[i]++) {
		next_round(i);
		prctl(PR_GET_NAME, found);
		if (strcmp(name, found) != 0)
			snprintf(findings[i], sizeof(findings[i]), "is called %s", found);
		if (local != 42 + i || local_text[4999] != 'a' + i)
			snprintf(findings[i], sizeof(findings[i]), "has other local memory");
		for (int k = 0; k < 1000; k++)
			if (on_stack[k] != i * k)
				snprintf(findings[i], sizeof(findings[i]), "has another stack");
		if (gettid() != tids[i])
			snprintf(findings[i], sizeof(findings[i]), "has the number %d", gettid());
	}
	return NULL;
}

static void set_named(void)
{
	for (int i = 0; i < THREADS; i++)
		tids[i] = start_thread(have_a_name, (void *)(intptr_t)i);
}

/* They never enter the kernel, so that a checkpoint finds them with their registers in use. */
static void *spin(void *arg)
{
	int i = (int)(intptr_t)arg;
	double x = 0, step = 1.0 / (1 << 20);

	if (i == 1)
		fesetround(FE_UPWARD);
	if (i == 2)
		fesetround(FE_DOWNWARD);
	for (;; done[i]++) {
		while (done[i] == round_no) {
			x = 0;
			for (int k = 0; k < 1 << 20; k++)
				x += step;
			if (x != 1.0)
				snprintf(findings[i], sizeof(findings[i]), "adds up to %g", x);
		}
		if (fegetround() != (i == 1 ? FE_UPWARD : i == 2 ? FE_DOWNWARD : FE_TONEAREST))
			snprintf(findings[i], sizeof(findings[i]), "rounds in mode %#x",
				 fegetround());
	}
	return NULL;
}

static void set_registers(void)
{
	for (int i = 0; i < THREADS; i++)
		tids[i] = start_thread(spin, (void *)(intptr_t)i);
}

/* --- mutexes and their kind ----------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, inherit, robust;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static volatile int got[THREADS];

static void *wait_for_mutex(void *arg)
{
	(void)arg;
	for (;;) {
		pthread_mutex_lock(&mutex);
		got[0]++;
		pthread_cond_wait(&cond, &mutex);
		got[1]++;
		pthread_mutex_unlock(&mutex);
		sem_wait(&semaphore);
		got[2]++;
	}
	return NULL;
}

static void *wait_for_pi(void *arg)
{
	(void)arg;
	for (;;) {
		pthread_mutex_lock(&inherit);
		got[3]++;
		pthread_mutex_unlock(&inherit);
		sem_wait(&semaphore);
	}
	return NULL;
}

static bool has_mutex(void)
{
	return got[0] == round_no && got[1] == round_no - 1;
}

static bool has_cond(void)
{
	return got[1] == round_no;
}

static bool has_all(void)
{
	return got[2] == round_no;
}

static bool has_inherit(void)
{
	return got[3] == round_no;
}

static void set_mutexes(void)
{
	TRY(sem_init(&semaphore, 0, 0));
	pthread_mutex_lock(&mutex);
	tids[0] = start_thread(wait_for_mutex, NULL);
	await_call(tids[0], SYS_futex);
}

static void verify_mutexes(void)
{
	round_no++;
	pthread_mutex_unlock(&mutex);
	if (!comes(has_mutex))
		complain("who waited for the mutex does not get it");
	await_call(tids[0], SYS_futex);
	pthread_mutex_lock(&mutex);
	pthread_cond_signal(&cond);
	await_call(tids[0], SYS_futex);
	pthread_mutex_unlock(&mutex);
	if (!comes(has_cond))
		complain("who waited for the condition is not woken");
	pthread_mutex_lock(&mutex);
	sem_post(&semaphore);
	if (!comes(has_all))
		complain("who waited for the semaphore is not woken");
	await_call(tids[0], SYS_futex);
}

/* A mutex whose owner the kernel knows. */
static void set_inherit(void)
{
	pthread_mutexattr_t attr;

	TRY(sem_init(&semaphore, 0, 0));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inherit, &attr);
	pthread_mutex_lock(&inherit);
	tids[0] = start_thread(wait_for_pi, NULL);
	await_call(tids[0], SYS_futex);
}

static void verify_inherit(void)
{
	int r;

	round_no++;
	r = pthread_mutex_unlock(&inherit);
	if (r)
		complain("it cannot be unlocked: %s", strerror(r));
	if (!comes(has_inherit))
		complain("who waited for it does not get it");
	await_call(tids[0], SYS_futex);
	r = pthread_mutex_lock(&inherit);
	if (r)
		complain("it cannot be locked: %s", strerror(r));
	sem_post(&semaphore);
	await_call(tids[0], SYS_futex);
}

static volatile int may_die;

static void *die_with_mutex(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&robust);
	pthread_barrier_wait(&barrier);
	while (!may_die)
		usleep(1000);
	may_die = 0;
	return NULL;
}

static void start_owner(void)
{
	start_thread(die_with_mutex, NULL);
	pthread_barrier_wait(&barrier);
}

static void set_robust(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_barrier_init(&barrier, NULL, 2);
	start_owner();
}

static void verify_robust(void)
{
	int r = pthread_mutex_trylock(&robust);
	struct timespec t;

	if (r != EBUSY)
		complain("it is not locked: %s", strerror(r));
	may_die = 1;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 60;
	r = pthread_mutex_timedlock(&robust, &t);
	if (r != EOWNERDEAD)
		complain("after its owner's death it says %s", strerror(r));
	pthread_mutex_consistent(&robust);
	pthread_mutex_unlock(&robust);
	start_owner();
}

/* --- what the kernel keeps for a thread ----------------------------------- */

static struct rseq *own_rseq(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* The kernel writes there which CPU a thread is on, so it has to know the place. */
static bool rseq_follows(const cpu_set_t *allowed)
{
	bool follows = true;

	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;

		if (!CPU_ISSET(cpu, allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			follows &= *(volatile __u32 *)&own_rseq()->cpu_id == cpu;
	}
	sched_setaffinity(0, sizeof(*allowed), allowed);
	return follows;
}

static void *have_rseq(void *arg)
{
	int i = (int)(intptr_t)arg;
	cpu_set_t allowed;

	for (;; done[i]++) {
		next_round(i);
		if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0 || !rseq_follows(&allowed))
			snprintf(findings[i], sizeof(findings[i]), "is not registered");
	}
	return NULL;
}

static void set_rseq(void)
{
	cpu_set_t allowed;

	TRY(sched_getaffinity(0, sizeof(allowed), &allowed));
	if (CPU_COUNT(&allowed) < 2)
		cannot("move from one CPU to another");
	if (__rseq_size == 0 || (int)own_rseq()->cpu_id < 0)
		cannot("have the C library use rseq");
	for (int i = 0; i < THREADS; i++)
		tids[i] = start_thread(have_rseq, (void *)(intptr_t)i);
}

/* Each thread is at its own address of a word that the kernel clears at its end. */
static int *child_tid;

static void set_child_tid(void)
{
	TRY(prctl(PR_GET_TID_ADDRESS, &child_tid));
}

static void verify_child_tid(void)
{
	int *now = NULL;

	if (prctl(PR_GET_TID_ADDRESS, &now) < 0)
		complain("PR_GET_TID_ADDRESS: %s", strerror(errno));
	same("the address", (long)child_tid, (long)now);
}

/* --- scheduling ----------------------------------------------------------- */

static void *wait_for_end(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void start_idlers(void)
{
	for (int i = 0; i < THREADS; i++)
		tids[i] = start_thread(wait_for_end, NULL);
}

static void set_affinity(void)
{
	cpu_set_t set;

	start_idlers();
	for (int i = 0; i < THREADS; i++) {
		CPU_ZERO(&set);
		CPU_SET(i % 2, &set);
		TRY(sched_setaffinity(tids[i], sizeof(set), &set));
	}
}

static void verify_affinity(void)
{
	for (int i = 0; i < THREADS; i++) {
		const char *status = text_of("/proc/self/task/%d/status", tids[i]);

		same_text("the CPUs", i % 2 ? "1" : "0", field_of(status, "Cpus_allowed_list"));
	}
}

static const struct {
	int policy, priority, nice;
} classes[THREADS] = {
	{SCHED_BATCH, 0, 5},
	{SCHED_IDLE, 0, 0},
	{SCHED_OTHER, 0, -3},
	{SCHED_OTHER, 0, 19},
};

static void set_classes(void)
{
	start_idlers();
	for (int i = 0; i < THREADS; i++) {
		struct sched_param param = {classes[i].priority};

		TRY(sched_setscheduler(tids[i], classes[i].policy, &param));
		TRY(setpriority(PRIO_PROCESS, (id_t)tids[i], classes[i].nice));
	}
}

static void verify_classes(void)
{
	for (int i = 0; i < THREADS; i++) {
		same("the policy", classes[i].policy, sched_getscheduler(tids[i]));
		same("the niceness", classes[i].nice, getpriority(PRIO_PROCESS, (id_t)tids[i]));
	}
}

static const struct {
	int policy, priority;
} realtime[2] = {{SCHED_FIFO, 3}, {SCHED_RR | SCHED_RESET_ON_FORK, 8}};

static void set_realtime(void)
{
	start_idlers();
	for (int i = 0; i < 2; i++) {
		struct sched_param param = {realtime[i].priority};

		TRY(sched_setscheduler(tids[i], realtime[i].policy, &param));
	}
}

static void verify_realtime(void)
{
	for (int i = 0; i < 2; i++) {
		struct sched_param param = {0};

		sched_getparam(tids[i], &param);
		same("the policy", realtime[i].policy, sched_getscheduler(tids[i]));
		same("the priority", realtime[i].priority, param.sched_priority);
	}
}

static void set_ioprio(void)
{
	TRY(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)));
}

static void verify_ioprio(void)
{
	long prio = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	same("the class", IOPRIO_CLASS_BE, IOPRIO_PRIO_CLASS(prio));
	same("the priority", 6, IOPRIO_PRIO_DATA(prio));
}

static void set_timerslack(void)
{
	TRY(prctl(PR_SET_TIMERSLACK, 123456));
}

static void verify_timerslack(void)
{
	same("the slack", 123456, prctl(PR_GET_TIMERSLACK));
}

const struct kind thread_kinds[] = {
	{"threads", set_named, collect, NULL},
	{"registers", set_registers, collect, NULL},
	{"mutexes", set_mutexes, verify_mutexes, NULL},
	{"mutex-priority-inheriting", set_inherit, verify_inherit, NULL},
	{"mutex-robust", set_robust, verify_robust, NULL},
	{"rseq", set_rseq, collect, NULL},
	{"child-tid", set_child_tid, verify_child_tid, NULL},
	{"affinity", set_affinity, verify_affinity, NULL},
	{"scheduling-classes", set_classes, verify_classes, NULL},
	{"scheduling-realtime", set_realtime, verify_realtime, NULL},
	{"io-priority", set_ioprio, verify_ioprio, NULL},
	{"timer-slack", set_timerslack, verify_timerslack, NULL},
	{0},
};
