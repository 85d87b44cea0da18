/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Core scheduling cookies, of which a process can be asked in numbers that mean nothing:
 *
 *   cookies show PID...   each thread of them, by its number in its container: who has the same
 *                         cookie has the same number, by which they are counted; 0: none
 *   cookies clear PID     takes that of its first thread away, by giving it our own, which is none
 *   cookies apart         has one of its own, a child that shares it, and a thread with another;
 *                         stays
 */
#include <dirent.h>
#include <errno.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MOST 256

struct thread {
	int inner;
	char name[32];
	unsigned long long cookie;
};

static struct thread threads[MOST];
static size_t n_threads;

static long call(int command, int tid, int scope, unsigned long long *cookie)
{
	long r = prctl(PR_SCHED_CORE, (unsigned long)command, (unsigned long)tid,
		       (unsigned long)scope, cookie);

	if (r < 0) {
		fprintf(stderr, "core scheduling of %d: %s\n", tid, strerror(errno));
		exit(1);
	}
	return r;
}

/* The number that it has innermost, and its name. */
static void read_status(int tid, struct thread *t)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "Name: %31[^\n]", t->name);
		if (strncmp(line, "NSpid:", 6) == 0)
			t->inner = atoi(strrchr(line, '\t') + 1);
	}
	fclose(f);
}

static void add_threads(const char *pid)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir)) && n_threads < MOST) {
		int tid = atoi(e->d_name);

		if (tid <= 0)
			continue;
		read_status(tid, &threads[n_threads]);
		call(PR_SCHED_CORE_GET, tid, PR_SCHED_CORE_SCOPE_THREAD,
		     &threads[n_threads].cookie);
		n_threads++;
	}
	if (dir)
		closedir(dir);
}

static int compare(const void *a, const void *b)
{
	return ((const struct thread *)a)->inner - ((const struct thread *)b)->inner;
}

static void show(void)
{
	unsigned long long known[MOST];
	size_t n = 0, k;

	qsort(threads, n_threads, sizeof(threads[0]), compare);
	for (size_t i = 0; i < n_threads; i++) {
		for (k = 0; k < n && known[k] != threads[i].cookie; k++)
			;
		if (k == n && threads[i].cookie)
			known[n++] = threads[i].cookie;
		printf("%d %s %zu\n", threads[i].inner, threads[i].name,
		       threads[i].cookie ? k + 1 : 0);
	}
}

static void *run_thread(void *unused)
{
	(void)unused;
	call(PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD, NULL);
	prctl(PR_SET_NAME, "cookies-thread");
	while (pause() < 0)
		;
	return NULL;
}

static void stay_apart(void)
{
	pthread_t thread;
	pid_t child;

	call(PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, NULL);
	child = fork();
	if (child < 0 || (child > 0 && pthread_create(&thread, NULL, run_thread, NULL) != 0))
		exit(1);
	prctl(PR_SET_NAME, child ? "cookies-parent" : "cookies-child");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "show") == 0) {
		for (int i = 2; i < argc; i++)
			add_threads(argv[i]);
		show();
	} else if (argc == 3 && strcmp(argv[1], "clear") == 0) {
		call(PR_SCHED_CORE_SHARE_TO, atoi(argv[2]), PR_SCHED_CORE_SCOPE_THREAD, NULL);
	} else if (argc == 2 && strcmp(argv[1], "apart") == 0) {
		stay_apart();
	} else {
		fprintf(stderr, "usage: cookies show PID... | clear PID | apart\n");
		return 2;
	}
	return 0;
}
