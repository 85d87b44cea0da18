/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "criu_log.h"
#include "util/mem.h"
#include "util/text.h"

#define MAX_LINES    4
#define MAX_LINE_LEN 300
#define MAX_HINTED   64 /* a log of nothing but errors must not cost seconds */

struct span {
	const char *p;
	size_t len;
};

enum level {
	LEVEL_OTHER,
	LEVEL_WARN,
	LEVEL_ERROR,
};

struct log_line {
	enum level level;
	struct span where; /* "criu/tty.c:2399"; empty in a script's line */
	struct span text;
};

/* The lines of one kind that are worth showing, and the first hint any of them gave. */
struct finding {
	char *lines[MAX_LINES];
	size_t n;
	size_t seen;
	const char *hint;
	bool passing;
};

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
	 "A service has a mount namespace of its own whose propagation CRIU cannot restore. "
	 "Let the container's configuration include checkpointable.conf (see "
	 "lxc-checkpoint(1)), and start it anew."},
	{"root task has another root", NULL,
	 "The container's init has changed its root (chroot). Start the container with the "
	 "rootfs as its init's root."},
	{"sharing group", NULL,
	 "The mount propagation between host and container is not one CRIU can restore. Make "
	 "the host mounts in question private or slave."},

	/* namespaces */
	{"Can't dump nested uts namespace", NULL,
	 "A process in the container has a host name of its own, as systemd's services with "
	 "ProtectHostname= have. Let the container's configuration include "
	 "checkpointable.conf (see lxc-checkpoint(1)), and start it anew."},
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
	 "A process has loaded a BPF program, as systemd does. Let the container's "
	 "configuration include checkpointable.conf (see lxc-checkpoint(1)), or its seccomp "
	 "policy answer bpf with errno 1, and start it anew."},
	{"bpf-link", NULL,
	 "A process has attached a BPF program, as systemd does. Let the container's "
	 "configuration include checkpointable.conf (see lxc-checkpoint(1)), or its seccomp "
	 "policy answer bpf with errno 1, and start it anew."},
	{"io_uring", NULL,
	 "A process uses io_uring, which CRIU cannot save. Switch it off in that program, or "
	 "let the container's seccomp policy answer io_uring_setup with errno 38."},
	{"send_fds failed (-22)", NULL,
	 "A process has a file open that cannot be handed to CRIU, most likely io_uring. Switch "
	 "it off in that program, or let the container's seccomp policy answer io_uring_setup "
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
	 "A process watches a file (inotify, fanotify) whose name CRIU cannot find. Restart "
	 "that process, or have CRIU search for it (--force-irmap)."},
	{"suitable path for handle", NULL,
	 "A process watches a file (inotify, fanotify) whose name CRIU cannot find. Restart "
	 "that process, or have CRIU search for it (--force-irmap)."},
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
	 "An action script failed; its own message stands before this one in the log."},

	/* privileges */
	{"Can't get rlimit", "Operation not permitted",
	 "CRIU may not look at a process of another user: this host lacks CAP_SYS_RESOURCE. "
	 "Run it on the real host, not in a container or sandbox without that capability."},
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

static bool span_has(struct span s, const char *needle)
{
	return memmem(s.p, s.len, needle, strlen(needle)) != NULL;
}

static bool span_starts(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.p, prefix, len) == 0;
}

static void span_skip(struct span *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static void span_skip_spaces(struct span *s)
{
	while (s->len > 0 && (*s->p == ' ' || *s->p == '\t'))
		span_skip(s, 1);
}

static size_t span_digits(struct span s)
{
	size_t n = 0;

	while (n < s.len && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
		n++;
	return n;
}

/* "(00.012345)    123: " and "pie: 123: ", any of which may be missing. */
static void skip_prefix(struct span *s)
{
	size_t n;

	if (s->len > 0 && *s->p == '(') {
		struct span inner = {s->p + 1, s->len - 1};

		n = span_digits(inner);
		if (n > 0 && n < inner.len && inner.p[n] == ')')
			span_skip(s, n + 2);
	}
	for (;;) {
		span_skip_spaces(s);
		if (span_starts(*s, "pie:")) {
			span_skip(s, strlen("pie:"));
			continue;
		}
		n = span_digits(*s);
		if (n == 0 || n == s->len || s->p[n] != ':')
			return;
		span_skip(s, n + 1);
	}
}

/* "(criu/file.c:123): " behind the level. */
static void split_where(struct log_line *l)
{
	const char *end;

	if (l->text.len == 0 || *l->text.p != '(')
		return;
	end = memmem(l->text.p, l->text.len, "):", 2);
	if (!end)
		return;
	l->where = (struct span){l->text.p + 1, (size_t)(end - l->text.p) - 1};
	span_skip(&l->text, (size_t)(end - l->text.p) + 2);
}

static struct log_line parse_line(struct span s)
{
	struct log_line l = {LEVEL_OTHER, {NULL, 0}, s};

	skip_prefix(&l.text);
	if (span_starts(l.text, "Error (")) {
		l.level = LEVEL_ERROR;
		span_skip(&l.text, strlen("Error "));
		split_where(&l);
	} else if (span_starts(l.text, "Warn  (")) {
		l.level = LEVEL_WARN;
		span_skip(&l.text, strlen("Warn  "));
		split_where(&l);
	} else if (span_starts(l.text, "lxc-restore-net: ")) {
		/* Our own script, whose stderr is CRIU's log. */
		l.level = LEVEL_ERROR;
	}
	span_skip_spaces(&l.text);
	if (span_starts(l.text, "`-"))
		span_skip(&l.text, 2);
	span_skip_spaces(&l.text);
	return l;
}

/* A terminal shows this: nothing in it may be taken for a command. Caller frees. */
static char *printable(struct span s)
{
	char *out = xcalloc(MAX_LINE_LEN + sizeof("..."), 1);
	size_t len = 0;

	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\r'))
		s.len--;
	while (s.len > 0) {
		size_t n = printable_length(s.p, s.len), take = n ? n : 1;

		if (len + take > MAX_LINE_LEN) {
			memcpy(out + len, "...", 3);
			break;
		}
		if (n)
			memcpy(out + len, s.p, n);
		else
			out[len] = *s.p == '\t' ? ' ' : '?';
		len += take;
		span_skip(&s, take);
	}
	return out;
}

/* "text (tty.c:2399)". Caller frees. */
static char *format_line(const struct log_line *l)
{
	_cleanup_free_ char *text = printable(l->text);
	_cleanup_free_ char *where = printable(l->where);
	const char *base = strrchr(where, '/');

	if (*where == '\0')
		return TAKE_PTR(text);
	return xasprintf("%s (%s)", text, base ? base + 1 : where);
}

static const char *find_hint(struct span text)
{
	for (size_t i = 0; i < sizeof(known_causes) / sizeof(known_causes[0]); i++) {
		const struct known_cause *k = &known_causes[i];

		if (span_has(text, k->has) && (!k->also || span_has(text, k->also)))
			return k->hint;
	}
	return NULL;
}

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

static bool has_any(struct span text, const char *const *needles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_has(text, needles[i]))
			return true;
	return false;
}

static bool finding_knows(const struct finding *f, const char *line)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->lines[i], line) == 0)
			return true;
	return false;
}

/* Beyond the lines shown the first hint is still looked for. */
static void finding_add(struct finding *f, const struct log_line *l)
{
	if (!f->hint && f->seen++ < MAX_HINTED) {
		f->hint = find_hint(l->text);
		f->passing = has_any(l->text, passing, sizeof(passing) / sizeof(passing[0]));
	}
	if (f->n < MAX_LINES) {
		_cleanup_free_ char *line = format_line(l);

		if (*line && !finding_knows(f, line))
			f->lines[f->n++] = TAKE_PTR(line);
	}
}

static void finding_clear(struct finding *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->lines[i]);
	*f = (struct finding){0};
}
#define _cleanup_finding_ __attribute__((cleanup(finding_clear)))

struct scan {
	struct finding causes;
	struct finding probes; /* errors from before CRIU began */
	struct finding noise;
	struct log_line last_warn, last;
};

static void scan_clear(struct scan *s)
{
	finding_clear(&s->causes);
	finding_clear(&s->probes);
	finding_clear(&s->noise);
}

static void scan_line(struct scan *scan, struct span s)
{
	struct log_line l = parse_line(s);

	if (l.text.len > 0)
		scan->last = l;
	switch (l.level) {
	case LEVEL_ERROR:
		if (has_any(l.text, noise, sizeof(noise) / sizeof(noise[0])))
			finding_add(&scan->noise, &l);
		else
			finding_add(&scan->causes, &l);
		break;
	case LEVEL_WARN:
		scan->last_warn = l;
		break;
	case LEVEL_OTHER:
		if (scan->causes.n > 0 &&
		    has_any(l.text, begins, sizeof(begins) / sizeof(begins[0]))) {
			finding_clear(&scan->probes);
			scan->probes = scan->causes;
			scan->causes = (struct finding){0};
		}
		break;
	}
}

static void report(const struct finding *f, struct criu_cause *ret)
{
	for (size_t i = 0; i < f->n; i++)
		str_append(&ret->lines, "%s%s", i ? "\n" : "", f->lines[i]);
	if (f->hint)
		ret->hint = xstrdup(f->hint);
	ret->passing = f->passing;
}

/* The last warning says more than the errors that always are there, which come behind it. */
static void report_the_rest(const struct scan *scan, struct criu_cause *ret)
{
	_cleanup_finding_ struct finding f = {0};

	if (scan->last_warn.text.len > 0)
		finding_add(&f, &scan->last_warn);
	else if (scan->noise.n == 0 && scan->last.text.len > 0)
		finding_add(&f, &scan->last);
	for (size_t i = 0; i < scan->noise.n && f.n < MAX_LINES; i++)
		f.lines[f.n++] = xstrdup(scan->noise.lines[i]);
	report(&f, ret);
}

void criu_log_cause(const char *text, size_t len, struct criu_cause *ret)
{
	struct scan scan = {0};

	*ret = (struct criu_cause){0};
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		scan_line(&scan, (struct span){text, n});
		n += end != NULL;
		text += n;
		len -= n;
	}
	if (scan.causes.n > 0)
		report(&scan.causes, ret);
	else if (scan.probes.n > 0)
		report(&scan.probes, ret);
	else
		report_the_rest(&scan, ret);
	if (!ret->lines)
		ret->lines = xstrdup("");
	scan_clear(&scan);
}

void criu_cause_clear(struct criu_cause *c)
{
	free(c->lines);
	free(c->hint);
	*c = (struct criu_cause){0};
}
