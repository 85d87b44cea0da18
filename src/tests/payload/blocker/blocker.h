/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BLOCKER_H
#define BLOCKER_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define PIDFD_THREAD_FLAG O_EXCL
#define NETLINK_GROUP_FAR 36 /* beyond the first 32 */

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "blocker: %s:%d: not so: %s (%s)\n", __FILE__, __LINE__,   \
				#what, strerror(errno));                                           \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* A state, and what sets it. */
struct mode {
	const char *name;
	void (*set)(void);
};

/* Each ends with an empty one. */
extern const struct mode files_modes[], sockets_modes[], namespaces_modes[], processes_modes[],
	threads_modes[], terminals_modes[], mounts_modes[], watches_modes[];

/* Never returns; also a thread's function. */
void *sleeper(void *arg);

/* A child that dies with us. Returns its pid in the parent, 0 in the child. */
pid_t child(void);
pid_t sleeping_child(void);

/* Makes a device node, and opens it. */
int device(mode_t type, unsigned int major_number, unsigned int minor_number, int flags);

#endif
