/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables of CRIU's messages and their causes. */
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
	 "a process has its terminal open as /dev/tty, as a shell with job control does, and no "
	 "other descriptor could take its place; log out there (lxc-console) and try again"},
	{"Unable to find a master", NULL,
	 "a process uses a terminal whose other end is outside the container and is not one of the "
	 "container's own ttys; stop what was started from outside (lxc-attach, a host's screen) "
	 "and try again"},
	{"A session leader of zombie process", NULL,
	 "a process that lxc-attach or the like started has exited, and its parent has not reaped "
	 "it yet; try again in a moment, or stop that parent"},
	{"outside of its pid namespace", NULL,
	 "a process was started from outside, with lxc-attach or the like, and belongs to a "
	 "session of the host; stop it, or start such processes with setsid"},
	{"path=/anon_hugepage", NULL,
	 "CRIU found no free huge page when it probed the kernel, and so does not know them; "
	 "reserve some more (/proc/sys/vm/nr_hugepages), remove /run/criu.kdat and try again"},
	{"path=/memfd:", NULL,
	 "CRIU found no free huge page when it probed the kernel, and so does not know them; "
	 "reserve some more (/proc/sys/vm/nr_hugepages), remove /run/criu.kdat and try again"},
	{"path=/SYSV", NULL,
	 "CRIU found no free huge page when it probed the kernel, and so does not know them; "
	 "reserve some more (/proc/sys/vm/nr_hugepages), remove /run/criu.kdat and try again"},
	{"Can't lookup mount", NULL,
	 "a process holds a file open that it got from outside the container, often through "
	 "lxc-attach; stop that process, or redirect its input and output to files of the "
	 "container"},

	/* mounts */
	{"doesn't have a proper root mount", "/dev/console",
	 "the container's console is not a terminal that its monitor holds; start the container "
	 "with lxc-start -d, without a file or device of the host as its console"},
	{"doesn't have a proper root mount", "/dev/tty",
	 "a terminal of the container is not one that its monitor holds; let lxc.tty.max make "
	 "them, rather than mounts of the host's terminals"},
	{"doesn't have a proper root mount", NULL,
	 "that mount shows something of the host that CRIU does not know; unmount it in the "
	 "container, or remove its lxc.mount.entry or lxc.mount.auto from the configuration"},
	{"FS mnt", "unsupported",
	 "CRIU cannot save that kind of filesystem; unmount it in the container and try again"},
	{"No mapping for", NULL,
	 "the manifest.json of the image directory does not match CRIU's images; restore from a "
	 "complete copy of one checkpoint"},
	{"move_mount", "Invalid argument",
	 "CRIU cannot put a mount back; check that the host paths in the container's "
	 "lxc.mount.entry lines exist and are real paths rather than symbolic links; services with "
	 "mount namespaces of their own cause this too"},
	{"sharing", "opy",
	 "a service has a mount namespace of its own whose propagation CRIU cannot restore; "
	 "include checkpointable.conf in the container's configuration (see lxc-checkpoint(1)), "
	 "and start it again"},
	{"root task has another root", NULL,
	 "the container's init has changed its root (chroot); start the container with the rootfs "
	 "as its init's root"},
	{"sharing group", NULL,
	 "the mount propagation between host and container is one that CRIU cannot restore; make "
	 "the host mounts in question private or slave"},

	/* files */
	{"Can't link remap", "File exists",
	 "A file link_remap.N is where CRIU gives that name to an open file whose own was deleted. "
	 "A checkpoint that was killed leaves it in the container's files (find ROOTFS -name "
	 "'link_remap.*'). Remove it, unless you still need a checkpoint that was made with -s."},
	{"Can't create ghost", "File exists",
	 "A file NAME.cr.N.ghost is where CRIU makes one for a deleted file, as an earlier restore "
	 "that was killed leaves it. Remove it, in the container's files and on the block devices "
	 "that it mounts."},

	/* namespaces */
	{"Can't dump nested uts namespace", NULL,
	 "a process in the container has its own host name, as services of systemd with "
	 "ProtectHostname= do; include checkpointable.conf in the container's configuration (see "
	 "lxc-checkpoint(1)), and start it again"},
	{"Can't dump nested user namespace", NULL,
	 "a process in the container has a user namespace of its own (PrivateUsers=, a browser's "
	 "sandbox, a nested container); switch that off or stop the process"},
	{"Can't dump nested pid namespace", NULL,
	 "a container or sandbox runs inside the container; stop it first: containers within "
	 "containers cannot be checkpointed"},
	{"Can't dump nested", NULL,
	 "a process in the container has a namespace of its own that CRIU cannot save; include "
	 "checkpointable.conf in the container's configuration (see lxc-checkpoint(1)) and start "
	 "it again, or stop the process"},
	{"belong to the target user namespace", NULL,
	 "a process is in namespaces that belong to another user namespace than the container's; "
	 "stop it and try again"},

	/* files no process may have open */
	{"bpf-prog", NULL,
	 "a process has loaded a BPF program, as systemd does; include checkpointable.conf in the "
	 "container's configuration (see lxc-checkpoint(1)) or let its seccomp policy answer bpf "
	 "with errno 1, and start it again"},
	{"bpf-link", NULL,
	 "a process has attached a BPF program, as systemd does; include checkpointable.conf in "
	 "the container's configuration (see lxc-checkpoint(1)) or let its seccomp policy answer "
	 "bpf with errno 1, and start it again"},
	{"Dump eventpoll", NULL,
	 "a process watches with epoll a file that it has closed and another process has open; "
	 "restart that program"},
	{"io_uring", NULL,
	 "a process uses io_uring, which CRIU cannot save; let the container's seccomp policy "
	 "answer "
	 "io_uring_setup with errno 38 (Node.js and others do without it then), or, for MariaDB, "
	 "set "
	 "innodb_use_native_aio=0"},
	{"send_fds failed (-22)", NULL,
	 "a process has a file open that cannot be handed to CRIU, most likely io_uring; let the "
	 "container's seccomp policy answer io_uring_setup with errno 38 (Node.js and others do "
	 "without it then), or, for MariaDB, set innodb_use_native_aio=0"},
	{"perf_event", NULL, "a process is profiling (perf); stop it and try again"},
	{"of that type", "[20",
	 "a process has a device open whose state CRIU cannot save; stop that process and try "
	 "again"},
	{"of that type", NULL,
	 "a process has a kind of file open that CRIU cannot save; stop that process and try "
	 "again"},
	{"Unsupported mapping found", NULL,
	 "a process has mapped a device into its memory; stop that process and try again"},
	{"Unknown shit", NULL,
	 "a process has mapped something into its memory that CRIU cannot save; stop that process "
	 "and try again"},
	{"Can't dump ghost file", NULL,
	 "a process keeps a large deleted file open; restart that process, or raise the limit "
	 "(--ghost-limit)"},
	{"link-remap", NULL,
	 "a process keeps a deleted file open which still has other names; restart that process"},
	{"Some file locks are hold", NULL,
	 "a process holds a file lock that CRIU may not save; check whether a file in /etc/criu "
	 "overrides --file-locks, or stop that process"},
	{"Unresolved lock found", NULL,
	 "a process holds a file lock together with something outside the container; stop one of "
	 "the two"},
	{"Can't dump that handle", NULL,
	 "a process watches a file (inotify, fanotify) whose name CRIU cannot find again; stop "
	 "that process, and start it again after the checkpoint"},
	{"suitable path for handle", NULL,
	 "a process watches a file (inotify, fanotify) whose name CRIU cannot find again; stop "
	 "that process, and start it again after the checkpoint"},
	{"hugetlb", NULL,
	 "a process uses huge pages in a way this CRIU or kernel cannot save; switch huge pages "
	 "off in that program"},

	/* sockets */
	{"recv failed (", NULL,
	 "a TCP connection waits for a retransmission; try again in a moment"},
	{"Connected TCP socket", NULL,
	 "the container has open TCP connections, and CRIU may not save them; close them, or check "
	 "whether a file in /etc/criu overrides --tcp-established"},
	{"In-flight connection (l)", NULL,
	 "a client is connecting right now; try again, or let such connections be dropped "
	 "(--skip-in-flight)"},
	{"In-flight connections can be ignored", NULL,
	 "a client is connecting right now; try again, or let such connections be dropped "
	 "(--skip-in-flight)"},
	{"in-flight socket", NULL,
	 "a connection to a process received data or was closed before that process accepted it; "
	 "try again in a moment"},
	{"In-flight connection on", NULL,
	 "a connection to a Unix socket waits to be accepted; try again when the server has "
	 "answered"},
	{"Unsupported proto 262", NULL,
	 "a process uses Multipath TCP, which CRIU cannot save; switch it off in the container: "
	 "sysctl net.mptcp.enabled=0, or GODEBUG=multipathtcp=0 for programs in Go"},
	{"Unsupported proto", NULL,
	 "a process has a socket of a protocol that CRIU cannot save; stop that process"},
	{"Unknown socket collected (family 40)", NULL,
	 "a process has a vsock socket, which CRIU cannot save; stop the service that listens on "
	 "it"},
	{"Unknown socket collected", NULL,
	 "a process has a socket of a family that CRIU cannot save; stop that process"},
	{"Unsupported socket family", NULL,
	 "a process has a socket of a family that CRIU cannot save; stop that process"},
	{"are not collected", "Sockets",
	 "a process has a socket of a family that CRIU cannot save; stop that process"},
	{"netlink", "The socket has data to read",
	 "a netlink socket has data its process has not read yet; try again in a moment"},
	{"Can't dump half of stream unix", NULL,
	 "a process is connected through a Unix socket to a process outside the container; close "
	 "that connection; sockets of the host mounted into the container cause it"},
	{"xternal socket", NULL,
	 "a process is connected through a Unix socket to a process outside the container; close "
	 "that connection; sockets of the host mounted into the container cause it"},
	{"unreachable peer", NULL,
	 "a process is connected through a Unix socket to a process outside the container; close "
	 "that connection; sockets of the host mounted into the container cause it"},
	{"Control messages in queue", NULL,
	 "a message with credentials, a timestamp or descriptors waits in a socket, and its "
	 "process has not received it yet; try again in a moment"},
	{"corked dgram socket", NULL,
	 "a process is in the middle of sending a datagram; try again in a moment"},
	{"Diag module missing", NULL,
	 "the kernel cannot list sockets; load its modules: modprobe -a unix_diag tcp_diag "
	 "udp_diag inet_diag raw_diag netlink_diag af_packet_diag"},

	/* network */
	{"Locking network failed", NULL,
	 "CRIU could not hold packets back; install iptables or nftables, or let the callback take "
	 "the container off its bridge instead (network lock \"skip\")"},
	{"Failed to lock TCP connection", NULL,
	 "CRIU could not hold packets back; install iptables or nftables, or let the callback take "
	 "the container off its bridge instead (network lock \"skip\")"},
	{"Unsupported link", NULL,
	 "the container has a kind of network interface that CRIU cannot save; use a veth "
	 "interface, or remove that one before the checkpoint"},
	{"Can't restore link: -17", NULL,
	 "the host already has an interface of that name; remove what a failed restore left (ip "
	 "link del) and try again"},
	{"Can't restore link", NULL,
	 "a network interface of the container could not be made; if a failed restore left an "
	 "interface of the same name on the host, remove it (ip link del)"},
	{"lxc-restore-net: ", NULL,
	 "the network callback failed; check with ip link whether the bridge and the host end of "
	 "the container's interface exist"},
	{"Script ", "exited with",
	 "an action script failed; read its output, here and in the log, and correct the cause"},

	/* privileges */
	{"Can't get rlimit", "Operation not permitted",
	 "CRIU may not look at a process of another user: this host lacks CAP_SYS_RESOURCE; run "
	 "the command on the host itself, not in a container or sandbox without that capability"},
	{"Timeout reached", NULL,
	 "not all processes of the container stopped in time; try again later, or with a larger "
	 "--timeout"},
	{"Unseizable non-zombie", NULL,
	 "a debugger or strace is attached to a process of the container, or one process of the "
	 "container traces another; stop the tracing and try again"},
	{"Unable to interrupt task", "No such process",
	 "the container's init is gone; check with lxc-info that it is running"},
	{"Unable to interrupt task", NULL,
	 "CRIU may not trace a process of the container; run the command as root of the host, with "
	 "no debugger attached to the container"},
	{"Unable to connect a transport socket", "Permission denied",
	 "a security module keeps the container from talking to CRIU; look for denials in the "
	 "kernel's log (dmesg) and allow them in the container's AppArmor profile"},
	{"lsm profile", NULL,
	 "the container's AppArmor profile is not loaded; load it with apparmor_parser -r, or set "
	 "lxc.apparmor.profile to one that stays loaded"},
	{"not supported by kernel", "LSM",
	 "the container ran under a security module that this host's kernel does not have enabled; "
	 "restore it on a host that has it"},
	{"mismatched lsm types", NULL,
	 "the container ran under another security module than this host's; restore it on a host "
	 "that has the same"},
	{"Can't fetch filter", NULL,
	 "the kernel does not hand out seccomp filters; use a kernel with "
	 "CONFIG_CHECKPOINT_RESTORE, and run the command outside any container"},

	/* kernel and CRIU not made for each other */
	{"vDSO", NULL,
	 "this CRIU is too old for the running kernel; install a newer CRIU, or boot the kernel of "
	 "the distribution it came with"},
	{"Can't get 1:16 opt", NULL,
	 "this CRIU is too old for the running kernel; install CRIU 4.2 or newer, or boot the "
	 "kernel of the distribution it came with"},
	{"Can't get 1:", "Operation not supported",
	 "this CRIU is too old for the running kernel; install a newer CRIU, or boot the kernel of "
	 "the distribution it came with"},
	{"rseq", NULL,
	 "this CRIU does not support the restartable sequences of the running kernel or C library; "
	 "install a newer CRIU"},
	{"CPU instruction capabilities", NULL,
	 "the image comes from a machine whose processor has more features than this one's; "
	 "restore it on a machine at least as new"},
	{"CPU capabilities", NULL,
	 "the image comes from a machine whose processor has more features than this one's; "
	 "restore it on a machine at least as new"},
	{"CPU x", NULL,
	 "the processor's state in the image does not match this machine's processor; restore it "
	 "on the same kind of processor, with the same kernel options"},

	/* the container's files at the restore */
	{"has bad size", NULL,
	 "a file that the container had open has changed since the checkpoint; restore the rootfs "
	 "to its state of then, and stop anything that writes to it between checkpoint and "
	 "restore"},
	{"has bad mode", NULL,
	 "the permissions of a file that the container had open have changed since the checkpoint; "
	 "put the rootfs back as it was then"},
	{"has bad build-ID", NULL,
	 "a program or library was updated since the checkpoint; put back the old versions, also "
	 "of those that are mounted from the host, or start the container again"},
	{"Can't open file", ".img",
	 "the image directory is incomplete; copy the whole directory again from where the "
	 "checkpoint was made"},
	{"agic doesn't match", NULL,
	 "the image directory is damaged or mixed from several checkpoints; copy the whole "
	 "directory again from where the checkpoint was made"},
	{"Can't open file", "No such file or directory",
	 "a file that the container had open is missing from its rootfs; put the rootfs back as it "
	 "was at the checkpoint"},
	{"Can't read async pr bytes", NULL,
	 "the image directory is incomplete; copy the whole directory again from where the "
	 "checkpoint was made"},
	{"Unable to mount", "No such file or directory",
	 "the rootfs or another directory of the host that the container mounts is missing; put it "
	 "back where it was at the checkpoint"},
	{"do not match expected", NULL,
	 "a process ID that the container needs is taken; give the container its own PID namespace "
	 "(no lxc.namespace.share.pid)"},
	{"Can't fork for", "File exists",
	 "a process ID that the container needs is taken; give the container its own PID namespace "
	 "(no lxc.namespace.share.pid)"},

	/* cgroups */
	{"Can't move", "cgroup.procs",
	 "a process could not be put into its cgroup; check that no other container uses "
	 "lxc.payload.NAME and that the cgroup's controllers and limits (pids.max) allow it"},
	{"cgroup dir", NULL,
	 "a cgroup of the container could not be made; check that the host has the same cgroup "
	 "layout as at the checkpoint, and remove the remains of lxc.payload.NAME"},
	{"Unable to mount the cgroup", NULL,
	 "this host lacks a cgroup hierarchy that the container used; restore on a host with the "
	 "same cgroup version"},
	{"Failed writing", "cgroup",
	 "a limit of the container's cgroup cannot be set on this host; compare the limits in the "
	 "configuration with what the host has"},
	{"cgroup", "No such file or directory",
	 "a cgroup that the container used, or a file in it, is missing; check that the host has "
	 "the same controllers enabled (cgroup.subtree_control) as at the checkpoint"},

	/* resources */
	{"No space left on device", NULL,
	 "the disk of the image directory is full; free space: a checkpoint needs about as much as "
	 "the memory that the container uses"},
	{"Disk quota exceeded", NULL,
	 "the quota of the image directory is used up; choose another place for the image"},
	{"Cannot allocate memory", NULL,
	 "the host or the container ran out of memory; free some, or raise the memory limit of the "
	 "container"},
	{"age server", NULL,
	 "the connection to the page server failed; check that it is running and that its address "
	 "and port are reachable"},
	{"page-server", NULL,
	 "the connection to the page server failed; check that it is running and that its address "
	 "and port are reachable"},
};

/*
 * What a process that runs on gets out of the way by itself: something has come
 * for it, or a child of its has ended, and it has not taken that yet. (Messages
 * with control data are what systemd's services tell it and its journal.)
 */
static const char *const passing[] = {
	/* a process has just opened /dev/tty */
	"ctty inheritance detected",
	"A session leader of zombie process",
	"The socket has data to read",
	"Control messages in queue",
	"corked dgram socket",
	"In-flight connection on",
	"in-flight socket",
	/*
	 * The other end has a part of a segment: the kernel keeps the whole of it, and counts the
	 * rest. It drops that part when it retransmits the segment.
	 */
	"recv failed (",
	/* a connection that is just being made, or has just been closed */
	"Unknown inet socket",
	"Socket state ",
	/* a process that a tracer has just left */
	"with a pending SIGTRAP",
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
	"Task pid reused while suspending",
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

bool criu_is_name_taken(struct span text)
{
	return span_has(text, "Can't link remap") && span_has(text, "File exists");
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
