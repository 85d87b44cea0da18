/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Ends with 0 if the kernel seems to know neither io_uring nor Multipath TCP, by the errors for
 * which programs look.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int expect(const char *what, long r, int wanted)
{
	const int e = r < 0 ? errno : 0;

	if (e == wanted)
		return 0;
	fprintf(stderr, "%s: error %d, not %d\n", what, e, wanted);
	return 1;
}

int main(void)
{
	int wrong = expect("Multipath TCP", socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP),
			   EPROTONOSUPPORT);

	wrong += expect("Multipath TCP for IPv6", socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP),
			EPROTONOSUPPORT);
	wrong += expect("io_uring", syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
	wrong += expect("TCP", socket(AF_INET, SOCK_STREAM, 0), 0);
	return wrong != 0;
}
