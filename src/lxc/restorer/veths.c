/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The stage of the network: the host's ends of the container's links. CRIU makes the links, the
 * callback (lxc-restore-net) puts them on their bridges. Runs in the monitor, as root on the host;
 * a child of it looks after the links in the container's network namespace.
 */
#include "config.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/network_file.h"
#include "restorer/macvlans.h"
#include "restorer/restorer.h"
#include "sys/link.h"
#include "sys/link_settings.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#define CARRIER_MS 1000
#define NAME_MS	   1000

#define DEVICES_MAX (1024 * 1024)

/* Makes a name of lxc-start's kind: "veth" and six letters or digits. */
static char *random_veth_name(void)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char rnd[6];
	char name[] = "veth......";

	if (getrandom(rnd, sizeof(rnd), 0) != sizeof(rnd))
		return NULL;
	for (size_t i = 0; i < sizeof(rnd); i++)
		name[4 + i] = letters[rnd[i] % (sizeof(letters) - 1)];
	return xstrdup(name);
}

/*
 * The name it had, so that firewall rules and graphs on the host go on; another where it is
 * taken. By the same container it may be for a moment yet: of one whose monitor was killed the
 * kernel removes the link when it pleases.
 */
static char *choose_veth_name(const char *had)
{
	char *name = had ? xstrdup(had) : random_veth_name();

	for (int ms = 0; name && had && ms < NAME_MS && if_nametoindex(name) != 0; ms += 10)
		poll(NULL, 0, 10);
	while (name && if_nametoindex(name) != 0) {
		free(name);
		name = random_veth_name();
	}
	return name;
}

static int check_bridge(const struct nic *nic, struct error **reterr)
{
	_cleanup_free_ char *path = NULL;

	if (!nic->bridge)
		return 0;
	path = xasprintf("/sys/class/net/%s/bridge", nic->bridge);
	if (access(path, F_OK) == 0)
		return 0;
	error_refuse(reterr, ENODEV, "the bridge %s, which %s of the container was on, is missing",
		     nic->bridge, nic->name);
	error_set_hint(reterr,
		       "make the bridge (systemctl start lxc-net, where lxc-net made it) and "
		       "restore again");
	return -ENODEV;
}

/* LXC makes them in the config's order, so the n-th veth there is the n-th veth here. */
int network_number(const struct restore *r, size_t i)
{
	size_t before = 0;

	for (size_t k = 0; k < i; k++)
		before += r->network.host_veths[k] != NULL;
	return config_item_veth(r->plan->config, r->plan->n_config, before);
}

bool network_is_by_script(const struct restore *r, size_t i)
{
	return r->network.host_veths[i] &&
	       config_item_is_by_script(r->plan->config, r->plan->n_config, network_number(r, i));
}

/* For the callback an interface that its script connects is on no bridge. Caller frees. */
static struct nic *nics_to_connect(const struct restore *r)
{
	const struct container_facts *facts = &r->manifest->facts;
	struct nic *nics = xcalloc(facts->n_nics + 1, sizeof(*nics));

	for (size_t i = 0; i < facts->n_nics; i++) {
		struct nic_setting *all = facts->nics[i].host_settings;

		nics[i] = facts->nics[i];
		nics[i].host_settings = xcalloc(nics[i].n_host_settings + 1, sizeof(*all));
		nics[i].n_host_settings = 0;
		if (network_is_by_script(r, i))
			nics[i].bridge = NULL;
		for (size_t k = 0; k < facts->nics[i].n_host_settings; k++)
			if (nics[i].bridge || !link_setting_is_of_port(all[k].name))
				nics[i].host_settings[nics[i].n_host_settings++] = all[k];
	}
	return nics;
}

static int write_network_file(struct restore *r, struct error **reterr)
{
	const size_t n = r->manifest->facts.n_nics;
	struct nic *nics = nics_to_connect(r);
	_cleanup_free_ char *text = network_to_text(
		nics, n, (const char *const *)r->network.host_veths, r->plan->ignore_link_settings);
	int e;

	for (size_t i = 0; i < n; i++)
		free(nics[i].host_settings);
	free(nics);
	r->network.file_fd = memfd_create("network", MFD_CLOEXEC);
	if (r->network.file_fd < 0)
		return error_errno(reterr, "cannot make the network file");
	e = write_all(r->network.file_fd, text, strlen(text));
	if (e < 0)
		return error_set(reterr, -e, "cannot write the network file: %s", strerror(-e));
	return 0;
}

/*
 * The tools ask for the running container's names under the number that the
 * config gives the NIC. lxc-info finds its statistics by this.
 */
static void publish_names(struct restore *r)
{
	const struct container_facts *facts = &r->manifest->facts;

	for (size_t i = 0; i < facts->n_nics; i++) {
		int n = r->network.host_veths[i] ? network_number(r, i) : -1;
		_cleanup_free_ char *pair = xasprintf("lxc.net.%d.veth.pair", n);
		_cleanup_free_ char *name = xasprintf("lxc.net.%d.name", n);

		if (n < 0)
			continue;
		restore_plan_set_config(r->plan, pair, r->network.host_veths[i]);
		restore_plan_set_config(r->plan, name, facts->nics[i].name);
	}
}

/*
 * For a container with other users CRIU asks the kernel from its own namespace to make
 * a link in the container's, and with the number that it had. The kernel then takes
 * a link of that number where CRIU is for the one that is meant, and the low numbers
 * are taken on every host. In a namespace with nothing but lo none is.
 */
static int make_netns(void)
{
	_cleanup_close_ int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;

	if (host < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(host, CLONE_NEWNET) < 0)
		return -1;
	return TAKE_FD(fd);
}

int network_begin(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	int e = macvlans_begin(r, reterr);

	if (e < 0)
		return e;
	r->network.host_veths = xcalloc(facts->n_nics + 1, sizeof(*r->network.host_veths));
	r->network.host_numbers = xcalloc(facts->n_nics + 1, sizeof(*r->network.host_numbers));
	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];

		if (strcmp(nic->type, "veth") != 0)
			continue;
		r->network.host_veths[i] = choose_veth_name(nic->host_name);
		if (!r->network.host_veths[i])
			return error_errno(reterr, "cannot find a name for the host's end of %s",
					   nic->name);
		e = network_is_by_script(r, i) ? 0 : check_bridge(nic, reterr);
		if (e < 0)
			return e;
		/* until its number is known; in a user namespace CRIU makes it elsewhere */
		if (facts->n_idmaps == 0)
			notes_add_link(r, r->network.host_veths[i], 0);
	}
	publish_names(r);
	if (facts->n_idmaps > 0) {
		r->network.netns_fd = make_netns();
		if (r->network.netns_fd < 0)
			return error_errno(reterr, "cannot make a network namespace for CRIU");
	}
	return write_network_file(r, reterr);
}

int network_enter(struct restore *r, pid_t init, struct error **reterr)
{
	(void)init;
	(void)reterr;
	if (r->network.netns_fd < 0 || setns(r->network.netns_fd, CLONE_NEWNET) == 0)
		return 0;
	dprintf(STDERR_FILENO, "Error: cannot enter CRIU's network namespace: %s\n",
		strerror(errno));
	return -1;
}

/*
 * Which links CRIU has made, as soon as they are on the host. The record tells the next
 * operation, which removes them if nobody else who knows them is left.
 */
static void note_link(struct restore *r, size_t i)
{
	if (!r->network.host_veths[i] || r->network.host_numbers[i] != 0)
		return;
	r->network.host_numbers[i] = if_nametoindex(r->network.host_veths[i]);
	if (r->network.host_numbers[i] != 0)
		notes_add_link(r, r->network.host_veths[i], r->network.host_numbers[i]);
}

static void note_links(struct restore *r)
{
	for (size_t i = 0; i < r->manifest->facts.n_nics; i++)
		note_link(r, i);
}

/* Whether the text of a /proc/PID/net/dev names that link. */
static bool names_link(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n ");
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return true;
	}
	return false;
}

static bool has_own_network(pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)init);
	struct stat its, ours;

	return stat(path, &its) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	       its.st_ino != ours.st_ino;
}

/* A veth's ends are made at once: where the container has its own, the other is on the host. */
void network_note_made(struct restore *r, pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/net/dev", (int)init);
	_cleanup_free_ char *text = NULL;

	if (r->network.netns_fd >= 0 || !has_own_network(init) ||
	    read_file_at(AT_FDCWD, path, DEVICES_MAX, &text) <= 0)
		return;
	for (size_t i = 0; i < r->manifest->facts.n_nics; i++)
		if (names_link(text, r->manifest->facts.nics[i].name))
			note_link(r, i);
}

/* Whether the kernel would give NIC i an address that it did not have. */
static bool gets_address(const struct restore *r, size_t i)
{
	const struct nic *nic = &r->manifest->facts.nics[i];

	return (r->network.host_veths[i] || nic->parent) && !nic->ipv6_link_local;
}

static bool needs_settling(const struct restore *r, size_t i)
{
	return gets_address(r, i) ||
	       (r->network.host_veths[i] && r->manifest->facts.n_nexthops > 0);
}

/* The host's ends, from where CRIU has made them to where the monitor is. */
static void bring_to_host(const struct restore *r)
{
	_cleanup_close_ int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (host < 0 || setns(r->network.netns_fd, CLONE_NEWNET) < 0)
		_exit(errno);
	for (size_t i = 0; i < r->manifest->facts.n_nics; i++) {
		int e = r->network.host_veths[i] ? link_move(r->network.host_veths[i], getppid())
						 : 0;

		/* another link has taken the name meanwhile */
		if (e < 0)
			_exit(-e);
	}
	if (setns(host, CLONE_NEWNET) < 0)
		_exit(errno);
}

/* In a process of its own: it goes into the container's network namespace and stays there. */
_Noreturn static void settle_links(struct restore *r, pid_t init)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)init);
	const struct container_facts *facts = &r->manifest->facts;
	int netns = open(path, O_RDONLY | O_CLOEXEC);

	if (r->network.netns_fd >= 0)
		bring_to_host(r);
	for (size_t i = 0; i < facts->n_nics; i++) {
		const char *host = r->network.host_veths[i];

		if (!host || !needs_settling(r, i))
			continue;
		if (facts->nics[i].host_ipv6_disabled)
			link_disable_ipv6(host);
		/*
		 * Without ARP: asked for a bridge's address on a link that is not on the bridge
		 * yet, the host would give the link's own, and the container believe it for a
		 * minute.
		 */
		link_up_without_arp(host);
	}
	if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
		_exit(errno);
	for (size_t i = 0; i < facts->n_nics; i++) {
		const struct nic *nic = &facts->nics[i];

		if (!needs_settling(r, i))
			continue;
		/* with the carrier, under one lock, the address is made */
		link_wait_for_carrier(nic->name, CARRIER_MS);
		if (gets_address(r, i))
			link_flush_link_local(nic->name);
	}
	/* what is wrong fits into a status */
	_exit(-carry_apply(r, init, APPLY_IN_NETWORK, NULL));
}

int network_settle(struct restore *r, pid_t init, struct error **reterr)
{
	bool needed = r->manifest->facts.n_nexthops > 0 || r->network.netns_fd >= 0;

	(void)reterr;
	/* else another link may have such a name here, until the process has moved them */
	if (r->network.netns_fd < 0)
		note_links(r);
	for (size_t i = 0; i < r->manifest->facts.n_nics; i++)
		needed = needed || needs_settling(r, i);
	r->network.settling = needed ? fork() : 0;
	if (needed && r->network.settling == 0)
		settle_links(r, init);
	return 0;
}

int network_settled(struct restore *r, pid_t init, struct error **reterr)
{
	int status = r->network.settling > 0   ? wait_status(r->network.settling)
		     : r->network.settling < 0 ? -EAGAIN
					       : 0;
	bool ended = r->network.settling > 0 && status == 0, away = r->network.netns_fd >= 0;

	(void)init;
	r->network.settling = 0;
	if (ended)
		note_links(r);
	if (status == 0 || (r->manifest->facts.n_nexthops == 0 && !away))
		return 0;
	if (status > 0)
		status = WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
	error_set(reterr, -status,
		  away ? "cannot move the container's links to the host: %s"
		       : "cannot make the container's routes by nexthop objects: %s",
		  strerror(-status));
	return status;
}

int network_settled_at_last(struct restore *r, pid_t init, struct error **reterr)
{
	(void)reterr;
	ignore_result(network_settled(r, init, NULL));
	return 0;
}

int network_check(const struct restore *r, struct error **reterr)
{
	for (size_t i = 0; i < r->manifest->facts.n_nics; i++) {
		const struct nic *nic = &r->manifest->facts.nics[i];
		const char *host = r->network.host_veths[i];
		const char *bridge = host && network_is_by_script(r, i) ? NULL : nic->bridge;
		_cleanup_free_ char *log = NULL;

		if (!host || (link_is_up(host) && (!bridge || link_is_on(host, bridge))))
			continue;
		log = xasprintf("%s/restore.log", r->image->path);
		error_set(reterr, ENETDOWN, "cannot connect %s, the host's end of %s, to %s", host,
			  nic->name, bridge ? bridge : "its network");
		error_set_hint(
			reterr,
			"lxc-restore-net wrote the cause to the log; the checkpoint is intact and "
			"no packet was sent: repair the network and restore again%s",
			nic->n_host_settings > 0 && !r->plan->ignore_link_settings
				? "; --force=network does without settings of the link that cannot "
				  "be given again"
				: "");
		error_set_log(reterr, log);
		return -ENETDOWN;
	}
	return 0;
}

int network_check_script(const struct restore *r, size_t i, struct error **reterr)
{
	const struct nic *nic = &r->manifest->facts.nics[i];
	const char *host = r->network.host_veths[i];

	if (!nic->bridge || r->plan->ignore_link_settings || !network_is_by_script(r, i) ||
	    (link_is_up(host) && link_is_on(host, NULL)))
		return 0;
	error_set(reterr, ENETDOWN,
		  "the script.up of %s has not connected %s, its end on the host, which was on %s",
		  nic->name, host, nic->bridge);
	error_set_hint(reterr, "correct the script, or what it reads; --force=network does without "
			       "the connection");
	return -ENETDOWN;
}

/*
 * A CRIU that dies before post-setup-namespaces leaves a link whose number nobody has noted. Then
 * the link is still down and on no bridge. Where CRIU is away from the host, so is the link.
 */
static void remove_link(const struct restore *r, size_t i)
{
	if (r->network.host_numbers[i] != 0)
		link_delete(r->network.host_veths[i], r->network.host_numbers[i]);
	else if (r->network.netns_fd < 0)
		link_delete_unused(r->network.host_veths[i]);
}

/*
 * The kernel removes a veth with the container's namespace, but when it pleases: a
 * connection that nobody answers any more keeps that for minutes, and whoever starts
 * the container again at once must not find the old one.
 */
void network_undo(struct restore *r)
{
	scripts_down(r);
	cgroups_leave_soon(r);
	for (size_t i = 0; r->network.host_veths && i < r->manifest->facts.n_nics; i++) {
		if (r->network.host_veths[i])
			remove_link(r, i);
		free(r->network.host_veths[i]);
	}
	notes_links_gone(r);
	free(TAKE_PTR(r->network.host_veths));
	free(TAKE_PTR(r->network.host_numbers));
	fd_close(&r->network.file_fd);
	fd_close(&r->network.netns_fd);
}
