/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What systemd's daemons do with a child of theirs, as udevd with a worker: watch it by
 * libsystemd's event loop, where the kernel hands out no pidfds (checkpointable.seccomp).
 * Built as one that loads libraries. Succeeds if the end of the child is seen.
 */
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 7

static int without_pidfds(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 24),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(void)
{
	void *library = dlopen("libsystemd.so.0", RTLD_NOW), *event = NULL;
	int (*new)(void **ret);
	int (*add_child)(void *event, void **ret, pid_t pid, int options, void *callback,
			 void *userdata);
	int (*loop)(void *event);
	sigset_t child;
	pid_t pid;
	int r;

	if (!library || without_pidfds() < 0)
		return 2;
	new = (int (*)(void **))(uintptr_t)dlsym(library, "sd_event_new");
	add_child = (int (*)(void *, void **, pid_t, int, void *, void *))(uintptr_t)dlsym(
		library, "sd_event_add_child");
	loop = (int (*)(void *))(uintptr_t)dlsym(library, "sd_event_loop");
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (new(&event) < 0)
		return 2;
	pid = fork();
	if (pid == 0)
		_exit(0);
	r = add_child(event, NULL, pid, WEXITED, NULL, (void *)(intptr_t)STATUS);
	if (r < 0) {
		fprintf(stderr, "sd_event_add_child: %s\n", strerror(-r));
		return 1;
	}
	return loop(event) == STATUS ? 0 : 1;
}
