/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-checkpoint-link: changes the host ends of a container's veths for lxc-restore-net, CRIU's
 * callback. Runs as root in CRIU's network namespace, or in that of LXC_CHECKPOINT_NETNS. Before it
 * reads the network file it drops all privileges except CAP_NET_ADMIN, uid 0, which owns the files
 * below /proc/sys, and a descriptor of the file. Its output is that of the callback.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "image/network_file.h"
#include "sys/link.h"
#include "sys/link_settings.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/mem.h"

static int fail(int e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(int e, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	fprintf(stderr, "lxc-restore-net: %s%s%s\n", text, e ? ": " : "", e ? strerror(e) : "");
	free(text);
	return EXIT_FAILURE;
}

static int enter_network(void)
{
	const char *path = getenv("LXC_CHECKPOINT_NETNS");
	_cleanup_close_ int netns = -1;

	if (!path || !*path)
		return 0;
	netns = open(path, O_RDONLY | O_CLOEXEC);
	return netns < 0 || setns(netns, CLONE_NEWNET) < 0 ? -errno : 0;
}

static int keep_net_admin(void)
{
	const cap_value_t kept = CAP_NET_ADMIN;
	cap_t caps = cap_init();
	int r = caps ? 0 : -1;

	for (cap_value_t cap = 0; r == 0 && CAP_IS_SUPPORTED(cap); cap++)
		if (cap != kept)
			r = cap_drop_bound(cap);
	if (r == 0)
		r = cap_reset_ambient();
	if (r == 0)
		r = cap_set_flag(caps, CAP_PERMITTED, 1, &kept, CAP_SET);
	if (r == 0)
		r = cap_set_flag(caps, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	if (r == 0)
		r = cap_set_proc(caps);
	if (r == 0)
		r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	r = r < 0 ? -errno : 0;
	cap_free(caps);
	return r;
}

/* --- the work: each says what has failed, and returns the exit status ------------------------- */

static int attach(const struct nic *nic)
{
	int e = nic->bridge ? link_attach(nic->host_name, nic->bridge) : 0;

	return e < 0 ? fail(-e, "cannot put %s back on its bridge %s", nic->host_name, nic->bridge)
		     : EXIT_SUCCESS;
}

/* Puts all of them back, even if one fails. */
static int attach_all(const struct nic *nics, size_t n)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < n; i++)
		if (attach(&nics[i]) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	return status;
}

static int detach_all(const struct nic *nics, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* a link on no bridge cannot leave one */
		int e = nics[i].bridge ? link_detach(nics[i].host_name) : 0;

		if (e == 0)
			continue;
		fail(-e, "cannot take %s off its bridge %s", nics[i].host_name, nics[i].bridge);
		attach_all(nics, i);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static bool has_port_settings(const struct nic *nic)
{
	for (size_t i = 0; i < nic->n_host_settings; i++)
		if (link_setting_is_of_port(nic->host_settings[i].name))
			return true;
	return false;
}

/* The link must not have another MTU for a moment: the bridge would change its own MTU, too. */
static bool has_own_mtu(const struct nic *nic)
{
	for (size_t i = 0; i < nic->n_host_settings; i++)
		if (strcmp(nic->host_settings[i].name, "mtu") == 0)
			return true;
	return false;
}

/* Some before the link is up: they decide which addresses the host makes there. */
static int give_settings(const struct nic *nic, bool early)
{
	for (size_t i = 0; i < nic->n_host_settings; i++) {
		const struct nic_setting *s = &nic->host_settings[i];
		int e = link_setting_is_early(s->name) == early
				? link_setting_apply(nic->host_name, s->name, s->value)
				: 0;

		if (e == 0)
			continue;
		fail(-e, "cannot set %s of %s to %s%s", s->name, nic->host_name, s->value,
		     s->may_fail ? ", which --force=network overrides" : "");
		if (!s->may_fail)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int connect_one(const struct nic *nic)
{
	const struct link_connection c = {
		.mac = nic->host_mac,
		.mtu = has_own_mtu(nic) ? 0 : nic->mtu,
		.bridge = nic->bridge,
		.hold = has_port_settings(nic),
	};
	/* before it is up, decide whether the host wants an address there */
	int e = nic->host_ipv6_disabled ? link_disable_ipv6(nic->host_name) : 0;

	if (e < 0)
		return fail(-e, "cannot disable IPv6 on %s", nic->host_name);
	if (give_settings(nic, true) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	e = link_connect(nic->host_name, &c);
	if (e < 0)
		return fail(-e, "cannot connect %s to %s", nic->host_name,
			    nic->bridge ? nic->bridge : "the network");
	if (give_settings(nic, false) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	e = c.hold ? link_release(nic->host_name) : 0;
	return e < 0 ? fail(-e, "cannot let packets pass by %s", nic->host_name) : EXIT_SUCCESS;
}

/*
 * A port that lacks a setting would be open where it was closed. The monitor sees that the link is
 * down, and gives up the restore.
 */
static int connect_or_not(const struct nic *nic)
{
	int status = connect_one(nic);

	if (status != EXIT_SUCCESS)
		link_down(nic->host_name);
	return status;
}

static int connect_all(const struct nic *nics, size_t n)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < n; i++)
		if (connect_or_not(&nics[i]) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	return status;
}

/* --- the command line ------------------------------------------------------------------------- */

static int with_file(const char *path, int (*work)(const struct nic *nics, size_t n))
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_error_ struct error *error = NULL;
	_cleanup_free_ char *text = NULL;
	struct nic *nics = NULL;
	size_t n = 0;
	ssize_t len;
	int e, status;

	/* CRIU names the file's directory through /proc, which needs more privileges */
	if (fd < 0)
		return fail(errno, "cannot read %s", path);
	e = keep_net_admin();
	if (e < 0)
		return fail(-e, "cannot give up capabilities");
	len = read_all(fd, NETWORK_MAX, &text);
	if (len < 0)
		return fail((int)-len, "cannot read %s", path);
	if (network_from_text(text, (size_t)len, &nics, &n, &error) < 0)
		return fail(0, "%s", error->message);
	status = work(nics, n);
	network_free(nics, n);
	return status;
}

static int run_program(char *const argv[])
{
	execvp(argv[0], argv);
	return fail(errno, "cannot run %s", argv[0]);
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*work)(const struct nic *nics, size_t n);
	} works[] = {
		{"detach", detach_all},
		{"attach", attach_all},
		{"connect", connect_all},
	};
	int e = argc == 3 ? enter_network() : 0;

	if (e < 0)
		return fail(-e, "cannot enter the network namespace %s",
			    getenv("LXC_CHECKPOINT_NETNS"));
	for (size_t i = 0; argc == 3 && i < sizeof(works) / sizeof(works[0]); i++)
		if (strcmp(argv[1], works[i].name) == 0)
			return with_file(argv[2], works[i].work);
	if (argc == 3 && strcmp(argv[1], "run") == 0)
		return run_program(argv + 2);
	return fail(0, "usage: lxc-checkpoint-link detach|attach|connect FILE, or run PROGRAM");
}
