/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known of CRIU's messages, in tables. */
#include "config.h"

#include <string.h>

#include "criu/causes.h"

/* Errors that never are the cause: CRIU survives them, or they follow from another one. */
static const char *const noise[] = {
	/* survived */
	"rlimit: Can't setup RLIMIT_NOFILE for self",
	"Unable to detach from",
	"cgroupd: recv req error",
	"Unknown peer net namespace",
	"save -V failed",
	"restore -V failed",
	"execvp(\"iptables-",
	"execvp(\"ip6tables-",
	/* what became of it */
	"Dumping FAILED",
	"Pre-dumping FAILED",
	"Restoring FAILED",
	"exited, status=",
	"One of more action scripts failed",
	"script failed with",
	"Can't wait or bad status",
	"Unable to wait",
	"Killing processes because of failure",
	"killed by signal 9",
	"Dump files (pid",
	"Dump core (pid",
	"Dump mappings (pid",
	"Can't make utsns id",
	"Can't make userns id",
	"Can't make pidns id",
	"Can't make netns id",
	"Can't make cgroup id",
	"Message reply from daemon is trimmed",
	"for daemon failed with",
	"Can't retrieve FDs from socket",
};

/*
 * CRIU probes the kernel before it begins. A probe that fails logs an error and
 * the run goes on, so once one of these lines is there, what was before it counts
 * only where nothing follows.
 */
static const char *const begins[] = {
	"Dumping processes (pid",
	"Reading image tree",
};

struct known_cause {
	const char *has;
	const char *also; /* NULL: nothing else is needed */
	const char *hint;
};

/* The first entry that fits a line wins: the particular before the general. */
static const struct known_cause known_causes[] = {
	/* terminals */
	{"ctty inheritance detected", NULL,
	 "Somebody has a shell with job control on the container's console or on one of its ttys, "
	 "which CRIU cannot save. Log out there (lxc-console) and try again."},
	{"Unable to find a master", NULL,
	 "A process uses a terminal whose other end is outside the container and is not one of "
	 "the container's own ttys. End what was started from outside (lxc-attach, a host's "
	 "screen) and try again."},
	{"A session leader of zombie process", NULL,
	 "A process that lxc-attach or the like had started has ended, and its parent has not "
	 "collected it yet. Try again in a moment, or end that parent."},
	{"outside of its pid namespace", NULL,
	 "A process was started from outside, with lxc-attach or the like, and belongs to a "
	 "session of the host. End it, or start such processes with setsid."},
	{"path=/anon_hugepage", NULL,
	 "CRIU found no free huge page when it first looked, and does not know them. Set some more "
	 "aside (/proc/sys/vm/nr_hugepages), remove /run/criu.kdat and try again."},
	{"Can't lookup mount", NULL,
	 "A process holds a file open that it got from outside the container, often through "
	 "lxc-attach. End that process, or redirect its input and output to files of the "
	 "container."},

	/* mounts */
	{"doesn't have a proper root mount", "/dev/console",
	 "The container's console is not a terminal that its monitor holds. Start the container "
	 "with lxc-start -d, without a file or device of the host as its console."},
	{"doesn't have a proper root mount", "/dev/tty",
	 "A terminal of the container is not one that its monitor holds. Let lxc.tty.max make "
	 "them, rather than mounts of the host's terminals."},
	{"doesn't have a proper root mount", NULL,
	 "That mount shows something of the host that CRIU was not told of. Unmount it in the "
	 "container, or take its lxc.mount.entry or lxc.mount.auto out of the configuration."},
	{"FS mnt", "unsupported",
	 "CRIU cannot save that kind of filesystem. Unmount it in the container and try again."},
	{"No mapping for", NULL,
	 "A mount that lives on the host was not given at the restore: the image directory's "
	 "manifest.json does not fit CRIU's images. Restore from a complete, unmixed copy."},
	{"move_mount", "Invalid argument",
	 "A mount cannot be put back where it was. Check that the host paths in the "
	 "container's lxc.mount.entry lines exist and are real paths rather than symbolic "
	 "links; services with mount namespaces of their own have this effect too."},
	{"sharing", "opy",
	 "A service has a mount namespace of its own whose propagation CRIU cannot restore. Let "
	 "the container's configuration include checkpointable.conf (see lxc-checkpoint(1)), and "
	 "start it again."},
	{"root task has another root", NULL,
	 "The container's init has changed its root (chroot). Start the container with the "
	 "rootfs as its init's root."},
	{"sharing group", NULL,
	 "The mount propagation between host and container is not one CRIU can restore. Make "
	 "the host mounts in question private or slave."},

	/* namespaces */
	{"Can't dump nested uts namespace", NULL,
	 "A process in the container has a host name of its own, as systemd's services with "
	 "ProtectHostname= have. Let the container's configuration include checkpointable.conf "
	 "(see lxc-checkpoint(1)), and start it again."},
	{"Can't dump nested user namespace", NULL,
	 "A process in the container has a user namespace of its own (PrivateUsers=, a "
	 "browser's sandbox, a nested container). Switch that off or stop the process."},
	{"Can't dump nested pid namespace", NULL,
	 "A container or sandbox runs inside the container. Stop it first: containers within "
	 "containers cannot be checkpointed."},
	{"Can't dump nested", NULL,
	 "A process in the container has a namespace of its own that CRIU cannot save. Let the "
	 "container's configuration include checkpointable.conf (see lxc-checkpoint(1)) and "
	 "start it anew, or stop the process."},
	{"belong to the target user namespace", NULL,
	 "A process is in namespaces that belong to another user namespace than the "
	 "container's. Stop it and try again."},

	/* files no process may have open */
	{"bpf-prog", NULL,
	 "A process has loaded a BPF program, as systemd does. Let the container's configuration "
	 "include checkpointable.conf (see lxc-checkpoint(1)), or its seccomp policy answer bpf "
	 "with errno 1, and start it again."},
	{"bpf-link", NULL,
	 "A process has attached a BPF program, as systemd does. Let the container's configuration "
	 "include checkpointable.conf (see lxc-checkpoint(1)), or its seccomp policy answer bpf "
	 "with errno 1, and start it again."},
	{"io_uring", NULL,
	 "A process uses io_uring, which CRIU cannot save. Switch it off in that program "
	 "(UV_USE_IO_URING=0 in the environment of Node.js, innodb_use_native_aio=0 for MariaDB), "
	 "or let the container's seccomp policy answer io_uring_setup with errno 38."},
	{"send_fds failed (-22)", NULL,
	 "A process has a file open that cannot be handed to CRIU, most likely io_uring. Switch "
	 "it off in that program (UV_USE_IO_URING=0 in the environment of Node.js, "
	 "innodb_use_native_aio=0 for MariaDB), or let the container's seccomp policy answer "
	 "io_uring_setup "
	 "with errno 38."},
	{"perf_event", NULL, "A process is profiling (perf). Stop it and try again."},
	{"of that type", "[20",
	 "A process has a device open whose state CRIU cannot save. Stop that process and try "
	 "again."},
	{"of that type", NULL,
	 "A process has a kind of file open that CRIU cannot save. Stop that process and try "
	 "again."},
	{"Unsupported mapping found", NULL,
	 "A process has mapped a device into its memory. Stop that process and try again."},
	{"Unknown shit", NULL,
	 "A process has mapped something into its memory that CRIU cannot save. Stop that "
	 "process and try again."},
	{"Can't dump ghost file", NULL,
	 "A process keeps a large deleted file open. Restart that process, or have CRIU save "
	 "larger ones (--ghost-limit)."},
	{"link-remap", NULL,
	 "A process keeps a deleted file open which has other names still. Restart that "
	 "process."},
	{"Some file locks are hold", NULL,
	 "A process holds a file lock that CRIU was not told to save. Look whether a file in "
	 "/etc/criu overrides --file-locks, or stop that process."},
	{"Unresolved lock found", NULL,
	 "A process holds a file lock together with something outside the container. Stop one "
	 "of the two."},
	{"Can't dump that handle", NULL,
	 "A process watches a file (inotify, fanotify) whose name CRIU cannot find "
	 "again. Stop that process, and start it again after the checkpoint."},
	{"suitable path for handle", NULL,
	 "A process watches a file (inotify, fanotify) whose name CRIU cannot find "
	 "again. Stop that process, and start it again after the checkpoint."},
	{"hugetlb", NULL,
	 "A process uses huge pages in a way this CRIU or kernel cannot save. Switch huge pages "
	 "off in that program."},

	/* sockets */
	{"Connected TCP socket", NULL,
	 "The container has open TCP connections, and CRIU was not told to save them. Close "
	 "them, or look whether a file in /etc/criu overrides --tcp-established."},
	{"In-flight connection (l)", NULL,
	 "A client is connecting right now. Try again, or let such connections be dropped "
	 "(--skip-in-flight)."},
	{"In-flight connections can be ignored", NULL,
	 "A client is connecting right now. Try again, or let such connections be dropped "
	 "(--skip-in-flight)."},
	{"in-flight socket", NULL,
	 "A connection to a process has data, or has ended, before that process accepted it. Try "
	 "again in a moment."},
	{"In-flight connection on", NULL,
	 "A connection to a Unix socket waits to be accepted. Try again when the server has "
	 "answered."},
	{"Unsupported proto 262", NULL,
	 "A process uses Multipath TCP, which CRIU cannot save. Switch it off in the container: "
	 "sysctl net.mptcp.enabled=0, or GODEBUG=multipathtcp=0 for programs in Go."},
	{"Unsupported proto", NULL,
	 "A process has a socket of a protocol that CRIU cannot save. Stop that process."},
	{"Unknown socket collected (family 40)", NULL,
	 "A process has a vsock socket, which CRIU cannot save. Stop the service that listens "
	 "on it."},
	{"Unknown socket collected", NULL,
	 "A process has a socket of a family that CRIU cannot save. Stop that process."},
	{"Unsupported socket family", NULL,
	 "A process has a socket of a family that CRIU cannot save. Stop that process."},
	{"are not collected", "Sockets",
	 "A process has a socket of a family that CRIU cannot save. Stop that process."},
	{"netlink", "The socket has data to read",
	 "A netlink socket has data its process has not read yet. Try again in a moment."},
	{"Can't dump half of stream unix", NULL,
	 "A process is connected through a Unix socket to a process outside the container. "
	 "Close that connection; sockets of the host mounted into the container cause it."},
	{"xternal socket", NULL,
	 "A process is connected through a Unix socket to a process outside the container. "
	 "Close that connection; sockets of the host mounted into the container cause it."},
	{"unreachable peer", NULL,
	 "A process is connected through a Unix socket to a process outside the container. "
	 "Close that connection; sockets of the host mounted into the container cause it."},
	{"Control messages in queue", NULL,
	 "A message with credentials, a time or descriptors has come for a process that has not "
	 "taken it yet. Try again in a moment."},
	{"corked dgram socket", NULL,
	 "A process is in the middle of sending a datagram. Try again in a moment."},
	{"Diag module missing", NULL,
	 "The kernel cannot list sockets. Load its modules: modprobe -a unix_diag tcp_diag "
	 "udp_diag inet_diag raw_diag netlink_diag af_packet_diag."},

	/* network */
	{"Locking network failed", NULL,
	 "CRIU could not hold packets back. Install iptables or nftables, or let the callback "
	 "take the container off its bridge instead (network lock \"skip\")."},
	{"Failed to lock TCP connection", NULL,
	 "CRIU could not hold packets back. Install iptables or nftables, or let the callback "
	 "take the container off its bridge instead (network lock \"skip\")."},
	{"Unsupported link", NULL,
	 "The container has a kind of network interface that CRIU cannot save. Use a veth "
	 "interface, or remove that one before the checkpoint."},
	{"Can't restore link: -17", NULL,
	 "An interface of that name exists on the host already. Remove what a failed restore "
	 "left (ip link del) and try again."},
	{"Can't restore link", NULL,
	 "A network interface of the container could not be made. Look for one of the same "
	 "name on the host, left by a failed restore, and remove it (ip link del)."},
	{"lxc-restore-net: ", NULL,
	 "The network callback failed. Look with ip link whether the bridge and the "
	 "container's interface on the host are there."},
	{"Script ", "exited with",
	 "An action script failed: see what it says, here and in the log, and mend that."},

	/* privileges */
	{"Can't get rlimit", "Operation not permitted",
	 "CRIU may not look at a process of another user: this host lacks CAP_SYS_RESOURCE. "
	 "Run it on the real host, not in a container or sandbox without that capability."},
	{"Timeout reached", NULL,
	 "Not all processes of the container stopped in time. Try again later, or with a larger "
	 "--timeout."},
	{"Unseizable non-zombie", NULL,
	 "A debugger or strace is attached to a process of the container, or one process of "
	 "the container traces another. End the tracing and try again."},
	{"Unable to interrupt task", "No such process",
	 "The container's init is gone. Check with lxc-info that it is running."},
	{"Unable to interrupt task", NULL,
	 "CRIU may not trace a process of the container. Run it as root of the host, with no "
	 "debugger attached to the container."},
	{"Unable to connect a transport socket", "Permission denied",
	 "A security module keeps the container from talking to CRIU. Look for denials in the "
	 "kernel's log (dmesg) and allow them in the container's AppArmor profile."},
	{"lsm profile", NULL,
	 "The container's AppArmor profile is not loaded. Load it with apparmor_parser -r, or "
	 "set lxc.apparmor.profile to one that stays loaded."},
	{"not supported by kernel", "LSM",
	 "The container ran under a security module that this host's kernel does not have "
	 "enabled. Restore it on a host that has it."},
	{"mismatched lsm types", NULL,
	 "The container ran under another security module than this host's. Restore it on a "
	 "host that has the same."},
	{"Can't fetch filter", NULL,
	 "The kernel does not hand out seccomp filters. Use a kernel with "
	 "CONFIG_CHECKPOINT_RESTORE, and run this outside of any container."},

	/* kernel and CRIU not made for each other */
	{"vDSO", NULL,
	 "This CRIU is too old for the running kernel. Install a newer CRIU, or boot the "
	 "kernel of the distribution it came with."},
	{"Can't get 1:16 opt", NULL,
	 "This CRIU is too old for the running kernel. Install CRIU 4.2 or newer, or boot the "
	 "kernel of the distribution it came with."},
	{"Can't get 1:", "Operation not supported",
	 "This CRIU is too old for the running kernel. Install a newer CRIU, or boot the "
	 "kernel of the distribution it came with."},
	{"rseq", NULL,
	 "This CRIU does not know how the running kernel or C library does restartable "
	 "sequences. Install a newer CRIU."},
	{"Tracking memory is not available", NULL,
	 "The kernel cannot track which memory changes (CONFIG_MEM_SOFT_DIRTY). Checkpoint "
	 "without pre-dumps, or use a kernel that has it."},
	{"CPU instruction capabilities", NULL,
	 "The image comes from a machine whose processor can do more than this one's. Restore "
	 "it on one at least as new."},
	{"CPU capabilities", NULL,
	 "The image comes from a machine whose processor can do more than this one's. Restore "
	 "it on one at least as new."},
	{"CPU x", NULL,
	 "The processor's state in the image does not fit this machine's processor. Restore it "
	 "on the same kind of processor, with the same kernel options."},

	/* the container's files at the restore */
	{"has bad size", NULL,
	 "A file the container had open has changed since the checkpoint. Put the rootfs back "
	 "as it was then, or stop anything that writes to it between checkpoint and restore."},
	{"has bad mode", NULL,
	 "The permissions of a file the container had open have changed since the checkpoint. "
	 "Put the rootfs back as it was then."},
	{"has bad build-ID", NULL,
	 "A program or library was updated since the checkpoint. Restore with the versions of "
	 "then, or start the container anew. Mind those mounted from the host."},
	{"Can't open file", ".img",
	 "The image directory is incomplete. Copy it again, whole, from where the checkpoint "
	 "was made."},
	{"agic doesn't match", NULL,
	 "The image directory is damaged or mixed from several checkpoints. Copy it again, "
	 "whole, from where the checkpoint was made."},
	{"Can't open file", "No such file or directory",
	 "A file the container had open is not in its rootfs any more. Put the rootfs back as "
	 "it was at the checkpoint."},
	{"Can't read async pr bytes", NULL,
	 "The image directory is incomplete. Copy it again, whole, from where the checkpoint "
	 "was made."},
	{"Unable to mount", "No such file or directory",
	 "The rootfs or another directory of the host that the container mounts is not there. "
	 "Put it back where it was at the checkpoint."},
	{"do not match expected", NULL,
	 "A process id the container needs is taken. Let the container have a pid namespace of "
	 "its own (no lxc.namespace.share.pid)."},
	{"Can't fork for", "File exists",
	 "A process id the container needs is taken. Let the container have a pid namespace of "
	 "its own (no lxc.namespace.share.pid)."},

	/* cgroups */
	{"Can't move", "cgroup.procs",
	 "A process could not be put into its cgroup. Check that no other container uses "
	 "lxc.payload.NAME and that the cgroup's controllers and limits (pids.max) allow it."},
	{"cgroup dir", NULL,
	 "A cgroup of the container could not be made. Check that the host has the same "
	 "cgroup layout as at the checkpoint, and remove what is left of lxc.payload.NAME."},
	{"Unable to mount the cgroup", NULL,
	 "A cgroup hierarchy that the container used is not on this host. Restore on a host "
	 "with the same cgroup version."},
	{"Failed writing", "cgroup",
	 "A limit of the container's cgroup cannot be set on this host. Compare the limits in "
	 "the configuration with what the host has."},
	{"cgroup", "No such file or directory",
	 "A cgroup or a file in it that the container used is not there. Check that the host "
	 "has the same controllers enabled (cgroup.subtree_control) as at the checkpoint."},

	/* resources */
	{"No space left on device", NULL,
	 "The disk of the image directory is full. Free space: a checkpoint needs about the "
	 "memory the container uses."},
	{"Disk quota exceeded", NULL,
	 "The quota of the image directory is used up. Choose another place for the image."},
	{"Cannot allocate memory", NULL,
	 "There was not enough memory. Free some, or raise the memory limit of the "
	 "container."},
	{"age server", NULL,
	 "The connection to the page server failed. Check that it is running and that its "
	 "address and port can be reached."},
	{"page-server", NULL,
	 "The connection to the page server failed. Check that it is running and that its "
	 "address and port can be reached."},
};

/*
 * What a process that runs on gets out of the way by itself: something has come
 * for it, or a child of its has ended, and it has not taken that yet. (Messages
 * with control data are what systemd's services tell it and its journal.)
 */
static const char *const passing[] = {
	"A session leader of zombie process",
	"The socket has data to read",
	"Control messages in queue",
	"corked dgram socket",
	"In-flight connection on",
	"in-flight socket",
};

/*
 * CRIU stops one process after the other, and those that it has not come to yet go on: they end,
 * or make others faster than it stops them, or take away what is watched.
 */
static const char *const racing[] = {
	"No such process",
	"on procfs: No such file or directory",
	"Zombie thread not supported",
	"Zombies with threads are not supported",
	"Zombie with children",
	"Can't dump that handle",
};

static bool span_has(struct span s, const char *needle)
{
	return memmem(s.p, s.len, needle, strlen(needle)) != NULL;
}

static bool has_any(struct span text, const char *const *needles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_has(text, needles[i]))
			return true;
	return false;
}

bool criu_is_noise(struct span text)
{
	return has_any(text, noise, sizeof(noise) / sizeof(noise[0]));
}

bool criu_is_beginning(struct span text)
{
	return has_any(text, begins, sizeof(begins) / sizeof(begins[0]));
}

bool criu_is_racing(struct span text)
{
	return has_any(text, racing, sizeof(racing) / sizeof(racing[0]));
}

bool criu_is_passing(struct span text)
{
	return has_any(text, passing, sizeof(passing) / sizeof(passing[0]));
}

const char *criu_known_hint(struct span text)
{
	for (size_t i = 0; i < sizeof(known_causes) / sizeof(known_causes[0]); i++) {
		const struct known_cause *k = &known_causes[i];

		if (span_has(text, k->has) && (!k->also || span_has(text, k->also)))
			return k->hint;
	}
	return NULL;
}
