/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-ip: what CRIU runs for `ip` (CR_IP_TOOL), in the network namespace that it saves
 * or makes, with CRIU's privileges there. It is `ip`, except that:
 *
 * - at the checkpoint of a container with nexthop objects, routes that go by such objects are not
 *   saved: CRIU could not restore them, and lxc-checkpoint does (see nexthop.h);
 * - at a restore it makes the saved addresses and routes itself, in a form that the kernel takes
 *   (see ip_saved.h).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ip_saved.h"
#include "nexthop.h"
#include "sys/link.h"
#include "sys/rtnl.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#define SAVED_MAX (256 * 1024 * 1024)

static int fail(const char *what, int e)
{
	fprintf(stderr, "lxc-checkpoint-ip: %s: %s\n", what, strerror(e));
	return EXIT_FAILURE;
}

/* Whether ip is told to do that with such things. */
static bool is_told(char *const argv[], const char *things, const char *verb)
{
	bool about = false, does = false;

	for (size_t i = 1; argv[i]; i++) {
		about = about || strcmp(argv[i], things) == 0;
		does = does || strcmp(argv[i], verb) == 0;
	}
	return about && does;
}

/* What ip writes, whole. Its exit status, or -errno. */
static int capture(const char *ip, char *const argv[], char **ret, ssize_t *ret_len)
{
	int channel[2], status;
	pid_t pid;

	if (pipe2(channel, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (dup2(channel[1], STDOUT_FILENO) < 0)
			_exit(127);
		execv(ip, argv);
		_exit(127);
	}
	close(channel[1]);
	*ret_len = read_all(channel[0], SAVED_MAX, ret);
	close(channel[0]);
	status = wait_status(pid);
	if (status < 0)
		return status;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int save_routes(const char *ip, char *const argv[])
{
	_cleanup_free_ char *saved = NULL;
	ssize_t len = 0;
	int e = capture(ip, argv, &saved, &len);

	if (e < 0 || len < 0)
		return fail("cannot read the routes", e < 0 ? -e : (int)-len);
	if (e > 0)
		return e;
	e = write_all(STDOUT_FILENO, saved, nexthop_filter_saved(saved, (size_t)len));
	return e < 0 ? fail("cannot write the routes", -e) : EXIT_SUCCESS;
}

/* lo has its own already, and a link that is up its fe80:: address. */
static int make_address(int sock, const struct nlmsghdr *said)
{
	_cleanup_free_ struct nlmsghdr *request = ip_saved_request(said);
	bool unskip = request && ip_saved_skip_dad(request);
	int e = request ? rtnl_request(sock, request, request->nlmsg_len) : 0;

	if (e == -EEXIST)
		return 0;
	if (e < 0 || !unskip)
		return e;
	ip_saved_unskip_dad(request);
	return rtnl_request(sock, request, request->nlmsg_len);
}

static bool link_number_is_up(int ifindex)
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned int)ifindex, name) && link_is_up(name);
}

/*
 * By a link that is down the kernel makes none. Of a route with several links it would leave
 * that one out as long as it is down.
 */
static int make_route(int sock, const struct nlmsghdr *said)
{
	_cleanup_free_ struct nlmsghdr *request = ip_saved_request(said);
	int e = request ? rtnl_request(sock, request, request->nlmsg_len) : -EBADMSG;

	if (request && e < 0 && e != -EEXIST &&
	    ip_saved_drop_nexthops(request, link_number_is_up)) {
		fprintf(stderr, "lxc-checkpoint-ip: a route goes without a link that is down\n");
		e = rtnl_request(sock, request, request->nlmsg_len);
	}
	return e == -EEXIST ? 0 : e;
}

/*
 * Of an interface's IPv6 addresses the kernel lists the newest first, and prefers that where
 * nothing else decides: they are made the last first.
 */
static int make_addresses(int sock, void *saved, size_t len)
{
	_cleanup_free_ struct nlmsghdr **ipv6 = NULL;
	size_t offset = 0, n = 0;
	struct nlmsghdr *m;
	int e = 0;

	while (e == 0 && (m = ip_saved_next(saved, len, &offset))) {
		if (ip_saved_is_ipv6_address(m))
			*ARRAY_ADD(ipv6, n) = m;
		else if (m->nlmsg_type == RTM_NEWADDR)
			e = make_address(sock, m);
	}
	while (e == 0 && n > 0)
		e = make_address(sock, ipv6[--n]);
	return e;
}

static int make_routes(int sock, void *saved, size_t len)
{
	int e = 0;

	for (int rank = 0; rank < IP_SAVED_RANKS; rank++) {
		struct nlmsghdr *m;
		size_t offset = 0;

		while (e == 0 && (m = ip_saved_next(saved, len, &offset)))
			if (m->nlmsg_type == RTM_NEWROUTE && ip_saved_rank(m) == rank)
				e = make_route(sock, m);
	}
	return e;
}

/* What has another form than is known here is left to ip, which reads it from its beginning. */
static int restore(const char *ip, char *const argv[], unsigned int magic,
		   int (*make)(int sock, void *saved, size_t len), const char *what)
{
	_cleanup_free_ char *saved = NULL;
	_cleanup_free_ char *failed = xasprintf("cannot make the %s", what);
	off_t begin = lseek(STDIN_FILENO, 0, SEEK_CUR);
	ssize_t len = read_all(STDIN_FILENO, SAVED_MAX, &saved);
	_cleanup_close_ int sock = rtnl_open();
	int e;

	if (len < 0 || sock < 0)
		return fail(failed, len < 0 ? (int)-len : -sock);
	if (!ip_saved_is(saved, (size_t)len, magic)) {
		if (lseek(STDIN_FILENO, begin, SEEK_SET) >= 0)
			execv(ip, argv);
		return fail(ip, errno);
	}
	e = make(sock, saved, (size_t)len);
	return e < 0 ? fail(failed, -e) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	_cleanup_free_ char *ip = system_program("ip");

	if (argc < 1 || !ip)
		return fail("ip", ENOENT);
	if (is_told(argv, "route", "save"))
		return save_routes(ip, argv);
	if (is_told(argv, "addr", "restore"))
		return restore(ip, argv, IP_SAVED_ADDRESSES, make_addresses, "addresses");
	if (is_told(argv, "route", "restore"))
		return restore(ip, argv, IP_SAVED_ROUTES, make_routes, "routes");
	execv(ip, argv);
	return fail(ip, errno);
}
