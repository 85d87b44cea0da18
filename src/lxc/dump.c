/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A checkpoint, from the running container to the sealed image. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "action_script.h"
#include "criu.h"
#include "criu_files.h"
#include "criu_image.h"
#include "dump.h"
#include "file_times.h"
#include "image/dir.h"
#include "image/network.h"
#include "inspect/block_filesystems.h"
#include "inspect/asking.h"
#include "inspect/cgroup_tree.h"
#include "inspect/cgroups.h"
#include "inspect/open_files.h"
#include "inspect/identity.h"
#include "inspect/inspect.h"
#include "inspect/keyring.h"
#include "inspect/loopback.h"
#include "inspect/scrollback.h"
#include "inspect/settings.h"
#include "inspect/skipped.h"
#include "inspect/sysctls.h"
#include "inspect/threads.h"
#include "inspect/yard.h"
#include "keeper.h"
#include "keyring_file.h"
#include "lxclog.h"
#include "monitor/frame.h"
#include "operation.h"
#include "preflight/preflight.h"
#include "recover.h"
#include "restore/spawn.h"
#include "room.h"
#include "suggest.h"
#include "sysctl_file.h"
#include "util/cpuinfo.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#define CONFIG_MAX	  (4 * 1024 * 1024)
#define GONE_MS		  30000
#define SOCKET_PATIENCE_S 1
#define DYING_MS	  1000

#define TRIES_MAX 5
#define RACES_MAX 3

struct dump {
	struct lxc_container *c;
	const struct dump_options *o;
	const char *place, *directory; /* the container's, the image's */
	const char *command;	       /* the check */
	bool first;		       /* try, which tells what was found */
	struct criu_program criu;
	struct manifest manifest;
	struct image *image;
	char *action_script;
	struct operation operation;
	int init;	 /* pidfds; -1 unknown: the container's init ... */
	int monitor;	 /* ... and its parent, */
	bool own;	 /* which is there for the container alone */
	uint64_t memory; /* bytes that its image takes up to */
	pid_t criu_pid;
	pid_t keeper; /* 0, or -errno: none */
	int root;     /* init's, from when it stands still until CRIU is through; -1 */
	struct skipped_mounts skipped; /* of init's mounts then ... */
	ino_t mount_ns;		       /* ... in this mount namespace */
	bool freeze;   /* CRIU is to freeze the container before it looks at it ... */
	char *freezer; /* ... by this cgroup's directory */
	bool locked;   /* CRIU has come to network-lock: it begins to do things */
	bool settled;  /* it has come to post-dump: this is over in a moment */
	bool sealed;
	bool scrollback; /* the console's buffer was saved */
};

char *checkpoint_directory(struct lxc_container *c, const char *directory)
{
	if (directory && *directory)
		return xstrdup(directory);
	return xasprintf("%s/%s/checkpoint", c->get_config_path(c), c->name);
}

uint64_t ghost_limit(uint64_t asked)
{
	return asked ? asked : GHOST_LIMIT;
}

int action_script_path(const char *script, char **ret, struct error **reterr)
{
	char *path;

	if (!script)
		return 0;
	path = realpath(script, NULL);
	if (!path || access(path, X_OK) < 0) {
		error_refuse(reterr, errno, "the action script %s cannot be run: %s", script,
			     strerror(errno));
		free(path);
		return -(errno ? errno : ENOENT);
	}
	*ret = path;
	return 0;
}

int dump_check_state(struct lxc_container *c, struct error **reterr)
{
	_cleanup_free_ char *words = container_words(c);
	const char *state;
	int r = inspect_state(c, &state, reterr);

	if (r < 0)
		return r;
	if (strcmp(state, "STOPPED") == 0)
		return error_refuse(reterr, ESRCH, "%s is not running", c->name);
	if (strcmp(state, "RUNNING") == 0)
		return 0;
	error_refuse(reterr, EBUSY, "%s is %s; only a RUNNING container can be checkpointed",
		     c->name, state);
	if (strcmp(state, "FROZEN") == 0)
		error_set_hint(reterr, "lxc-unfreeze %s", words);
	return -EBUSY;
}

static char *now_utc(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

/* What a restore compares the config of then with. */
static void describe_config(struct dump *d)
{
	struct manifest *m = &d->manifest;
	struct config_item *items = NULL;
	size_t n = 0;

	config_list(d->c, &items, &n);
	for (size_t i = 0; i < n; i++) {
		if (preflight_config_matters(items[i].key)) {
			*ARRAY_ADD(m->items, m->n_items) = items[i];
			items[i] = (struct config_item){0};
		}
	}
	config_items_free(items, n);
}

/* And the machine of now with that of then. */
static void describe_machine(struct manifest *m)
{
	struct cpuinfo cpu = {0};
	long page = sysconf(_SC_PAGESIZE);

	cpuinfo_read(&cpu);
	m->page_size = page > 0 ? (unsigned int)page : 0;
	m->cpu_model = cpu.model;
	m->cpu_features = cpu.features;
}

static void describe_rootfs(struct container_facts *facts)
{
	struct stat st;

	if (facts->rootfs && stat(facts->rootfs, &st) == 0)
		facts->rootfs_inode = st.st_ino;
}

/* Everything of the manifest that is known before CRIU starts. */
static void describe(struct dump *d)
{
	struct manifest *m = &d->manifest;
	struct utsname un;
	char *config;

	m->schema = MANIFEST_SCHEMA;
	m->created = now_utc();
	m->stopped = d->o->stop;
	m->tool_version = xstrdup(PACKAGE_VERSION);
	m->lxc_version = xstrdup(lxc_get_version());
	m->criu_version = criu_version_text(&d->criu.version);
	uname(&un);
	m->kernel = xstrdup(un.release);
	m->arch = xstrdup(un.machine);
	describe_machine(m);
	describe_config(d);
	describe_rootfs(&m->facts);
	if (d->c->configfile && read_file_at(AT_FDCWD, d->c->configfile, CONFIG_MAX, &config) >= 0)
		m->config = config;
}

static bool is_monitor(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 65536, &text) > 0 &&
	       strncmp(text, MONITOR_TITLE, strlen(MONITOR_TITLE)) == 0;
}

/* init's parent is whoever will take down what is left of the container once init is dead. */
static void find_monitor(struct dump *d)
{
	pid_t pid = (pid_t)process_status_number(d->manifest.facts.init_pid, "\nPPid:");

	if (pid <= 0)
		return;
	d->monitor = pidfd_open_pid(pid);
	d->own = is_monitor(pid);
}

/*
 * What the callback does at the dump. A port with settings of its own would lose
 * them by leaving its bridge: that one stays, and CRIU locks the network.
 */
static int write_network(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	struct nic *nics = xcalloc(facts->n_nics + 1, sizeof(*nics));
	_cleanup_free_ char *text = NULL;
	int r;

	for (size_t i = 0; i < facts->n_nics; i++) {
		nics[i] = facts->nics[i];
		if (nics[i].special_port)
			nics[i].bridge = NULL;
	}
	text = network_to_text(nics, facts->n_nics, NULL);
	free(nics);
	r = operation_set_network(&d->operation, text, reterr);
	return r < 0 ? r : image_write(d->image, NETWORK_NAME, text, reterr);
}

/* Where the container's cgroup is; NULL where somebody else has frozen it. */
static char *find_freezer(const struct container_facts *facts)
{
	_cleanup_close_ int cgroup = cgroup2_open(facts);
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", cgroup);
	_cleanup_free_ char *state = NULL;

	if (cgroup < 0 || read_file_at(cgroup, "cgroup.freeze", 16, &state) <= 0 || *state != '0')
		return NULL;
	return realpath(link, NULL);
}

static int write_sysctls(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *text = NULL;
	int r = inspect_sysctls(&d->manifest.facts, &text, reterr);

	return r < 0 ? r : image_write(d->image, SYSCTLS_NAME, text, reterr);
}

/* While init runs: CRIU alone has its hands on processes that stand still. */
static int write_keyring(struct dump *d, struct error **reterr)
{
	char *text = NULL;
	int r = inspect_keyring(d->c, &d->manifest.facts, d->init, &text, reterr);

	if (r == 0 && text)
		r = image_write(d->image, KEYRING_NAME, text, reterr);
	free_secret(text);
	return r;
}

/* From here on the number is that of this process, as long as the descriptor says that it lives. */
static int pin_init(struct dump *d, struct error **reterr)
{
	pid_t found = 0;
	int r;

	d->init = pidfd_open_pid(d->manifest.facts.init_pid);
	r = asked_init_pid(d->c, &found, reterr);
	if (r < 0 || (d->init >= 0 && found == d->manifest.facts.init_pid))
		return r;
	return error_refuse(reterr, ESRCH, "%s was stopped, or started anew, meanwhile",
			    d->c->name);
}

static int check_dump(struct dump *d, const char *directory, struct error **reterr)
{
	const struct preflight p = {
		.facts = &d->manifest.facts,
		.criu = &d->criu,
		.directory = directory,
		.ghost_limit = ghost_limit(d->o->ghost_limit),
		.stop = d->o->stop,
	};
	_cleanup_findings_ struct findings found = {.command = d->command};
	int r = preflight_dump(&p, &found, reterr);

	d->memory = found.memory;
	for (size_t i = 0; r == 0 && d->first && i < found.n; i++) {
		lxclog_finding(d->c, &found.v[i]);
		if (d->o->found)
			d->o->found(&found.v[i], d->o->found_userdata);
	}
	return r;
}

static int prepare(struct dump *d, struct error **reterr)
{
	struct container_facts *facts = &d->manifest.facts;
	/* before it has a lock: a name that was mistyped leaves none */
	int r = inspect_defined(d->c, reterr);

	if (r == 0)
		r = operation_begin(d->c, d->place, "a checkpoint", &d->operation, reterr);
	if (r == 0)
		r = dump_check_state(d->c, reterr);
	if (r == 0)
		r = action_script_path(d->o->action_script, &d->action_script, reterr);
	if (r == 0)
		r = preflight_host(&d->criu, reterr);
	if (r == 0)
		r = inspect_container(d->c, facts, reterr);
	if (r == 0)
		r = check_dump(d, d->directory, reterr);
	if (r < 0)
		return r;
	describe(d);
	r = manifest_check(&d->manifest, reterr);
	if (r == 0)
		r = image_create(d->directory, d->o->replace, facts_root_id(facts, "u"), &d->image,
				 reterr);
	if (r < 0)
		return r;
	r = pin_init(d, reterr);
	find_monitor(d);
	d->freezer = d->freeze ? find_freezer(facts) : NULL;
	operation_about(&d->operation, facts->init_pid, d->freezer);
	if (r == 0)
		r = write_network(d, reterr);
	if (r == 0)
		r = write_sysctls(d, reterr);
	return r < 0 ? r : write_keyring(d, reterr);
}

/*
 * CRIU's default lock runs iptables several times in the container's network
 * namespace, which costs more than all else of a small dump. With every interface
 * off its bridge nothing is left to lock out but what goes over the container's
 * own loopback: data that are on their way there while one end is saved already
 * could be lost, and the first end that is restored is reset by the absence
 * of the other. Where there are such connections CRIU locks by nftables, which is
 * faster. (Not everywhere, for that lock would stay if CRIU was killed.)
 */
static enum network_lock network_lock(const struct container_facts *facts)
{
	if (!facts_network_comes_off(facts))
		return NETWORK_LOCK_DEFAULT;
	return inspect_loopback(facts->init_pid) ? NETWORK_LOCK_NFTABLES : NETWORK_LOCK_SKIP;
}

/*
 * What is in the buffer of the console: now, since nothing is written any more. LXC's
 * monitor can only give it away, which it is not asked to if the container runs on.
 */
static int save_scrollback(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	_cleanup_free_ char *data = NULL;
	size_t len;

	scrollback_read(facts->lxcpath, facts->name, d->o->stop, &data, &len);
	d->scrollback = data != NULL;
	return data ? image_write_bytes(d->image, SCROLLBACK_NAME, data, len, reterr) : 0;
}

/* What the container's memory fits to: a restore compares it. */
static int save_file_times(struct dump *d, const struct criu_files *files, struct error **reterr)
{
	_cleanup_free_ char *text = inspect_file_times(&d->manifest.facts, files, d->root);

	return image_write(d->image, FILE_TIMES_NAME, text, reterr);
}

/* What is outside of the image, and is to be the same at a restore. */
static int save_outside(struct dump *d, struct error **reterr)
{
	_cleanup_criu_files_ struct criu_files files = {0};
	int r;

	criu_files_read(d->image->dirfd, &files);
	r = inspect_block_filesystems(&files, d->root, &d->manifest.facts, reterr);
	return r < 0 ? r : save_file_times(d, &files, reterr);
}

static int mend_image(struct dump *d, struct error **reterr)
{
	int dirfd = d->image->dirfd, r = 0;

	if (criu_mounts_nested(dirfd))
		r = inspect_skipped_nested(&d->manifest.facts, d->mount_ns, &d->skipped);
	if (r < 0)
		return error_set(reterr, -r, "cannot read the container's mounts: %s",
				 strerror(-r));
	return criu_image_mend(dirfd, &d->skipped, reterr);
}

static bool init_dies_within(const struct dump *d, int ms)
{
	struct pollfd p = {.fd = d->init, .events = POLLIN};

	return d->init >= 0 && poll(&p, 1, ms) > 0;
}

static void on_started(pid_t criu, void *userdata)
{
	struct dump *d = userdata;

	d->criu_pid = criu;
}

/*
 * What is read of its init while that lives: one that is killed from here on takes neither its
 * root nor its mounts with it.
 */
static int look_inside(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)d->manifest.facts.init_pid);
	int r;

	if (d->root >= 0)
		return 0;
	d->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->root < 0)
		return error_errno(reterr, "cannot look into the container (%s)", path);
	r = inspect_skipped(&d->manifest.facts, &d->skipped, &d->mount_ns);
	return r < 0 ? error_set(reterr, -r, "cannot read the container's mounts: %s", strerror(-r))
		     : 0;
}

/*
 * The processes stand still, and CRIU has looked at none of their files. (CRIU asks only where the
 * container has a network of its own.)
 */
static int on_network_lock(struct dump *d, struct error **reterr)
{
	pid_t init = d->manifest.facts.init_pid;

	if (inspect_connected(init))
		d->keeper = keeper_start(d->criu_pid, init, d->operation.fd);
	return look_inside(d, reterr);
}

static bool is_cancelled(const struct dump *d)
{
	return d->o->cancelled && d->o->cancelled(d->o->userdata);
}

static enum criu_cancel on_cancel(void *userdata)
{
	const struct dump *d = userdata;

	if (d->settled || !is_cancelled(d))
		return CRIU_GO_ON;
	return d->locked ? CRIU_LET_FAIL : CRIU_KILL;
}

/*
 * CRIU has everything and holds the processes still, and waits for us. If the
 * checkpoint cannot be completed now, it lets them run on. A container that
 * runs on anyway need not wait for the disk.
 */
static int on_action(const char *action, pid_t init_pid, void *userdata, struct error **reterr)
{
	struct dump *d = userdata;
	int r;

	(void)init_pid;
	/* what CRIU holds then is what has its number now */
	if (init_dies_within(d, 0))
		return error_set(reterr, ESRCH, "its init has ended");
	if (is_cancelled(d))
		return error_set(reterr, ECANCELED, "it was interrupted");
	if (strcmp(action, "network-lock") == 0) {
		d->locked = true;
		return on_network_lock(d, reterr);
	}
	d->settled = true;
	inspect_threads(&d->manifest.facts);
	r = look_inside(d, reterr);
	if (r == 0)
		r = save_outside(d, reterr);
	/* now, because what runs in them makes and removes cgroups */
	if (r == 0)
		r = inspect_cgroup_tree(&d->manifest.facts, reterr);
	if (r == 0)
		r = mend_image(d, reterr);
	/* what holds its rootfs may not be in the way of those who take it down */
	fd_close(&d->root);
	if (r == 0)
		r = save_scrollback(d, reterr);
	if (r < 0 || !d->o->stop)
		return r;
	r = image_seal(d->image, &d->manifest, reterr);
	d->sealed = r == 0;
	/* it is the checkpoint's now: a monitor that ends puts what it has left into the log */
	if (d->sealed && d->scrollback)
		scrollback_clear(d->manifest.facts.lxcpath, d->manifest.facts.name);
	return r;
}

static int on_tick(void *userdata, struct error **reterr)
{
	struct dump *d = userdata;

	(void)reterr;
	d->o->progress(image_bytes(d->image), d->o->userdata);
	return 0;
}

static int file_limit(pid_t pid, void *userdata)
{
	uint64_t *least = userdata;
	struct rlimit l;

	if (prlimit(pid, RLIMIT_FSIZE, NULL, &l) == 0)
		*least = MIN(*least, l.rlim_cur);
	return 0;
}

static unsigned int verbosity(const struct dump *d)
{
	uint64_t least = UINT64_MAX;

	for_each_process(d->manifest.facts.init_pid, file_limit, &least);
	return criu_verbosity_for(d->o->verbosity ? d->o->verbosity : CRIU_VERBOSITY, least);
}

static int run_criu(struct dump *d, struct error **reterr)
{
	_cleanup_free_ char *callback = libexec_path("lxc-restore-net");
	_cleanup_free_ char *yard = cgroup_yard(&d->manifest.facts);
	/* ours last: once it has sealed the image, nobody can say no any more */
	const char *const scripts[] = {d->action_script ? d->action_script : callback,
				       d->action_script ? callback : NULL, NULL};
	const struct criu_job job = {
		.verb = CRIU_DUMP,
		.criu = d->criu.path,
		.version = d->criu.version,
		.image_dir = d->image->path,
		.image_fd = d->image->dirfd,
		.log_file = "dump.log",
		.verbosity = verbosity(d),
		.action_scripts = scripts,
		.facts = &d->manifest.facts,
		.cgroup_yard = yard,
		.leave_running = !d->o->stop,
		.timeout = d->o->timeout,
		.freeze_cgroup = d->freezer,
		.network_lock = network_lock(&d->manifest.facts),
		.no_skip_in_flight = d->o->no_skip_in_flight,
		.ghost_limit = ghost_limit(d->o->ghost_limit),
	};
	_cleanup_free_ char *ip = libexec_path("lxc-checkpoint-ip");
	_cleanup_free_ char *ip_tool = xasprintf("CR_IP_TOOL=%s", ip);
	const char *const environment[] = {ip_tool, NULL};
	const int locks[] = {d->operation.fd, d->image->dirfd, -1};
	const struct criu_events events = {
		.actions = "network-lock post-dump",
		.action = on_action,
		.started = on_started,
		.locks = locks,
		.environment = environment,
		.tick = d->o->progress ? on_tick : NULL,
		.cancel = d->o->cancelled ? on_cancel : NULL,
		.userdata = d,
	};
	int r = criu_run(&job, &events, reterr);

	keeper_end(d->keeper);
	return r;
}

/* It has let go of its memory, and waits for the end of its processes: there is no way back. */
static bool init_is_ending(const struct dump *d)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/exe", (int)d->manifest.facts.init_pid);
	char target[8];

	return readlink(path, target, sizeof(target)) < 0 && errno == ENOENT;
}

/* A process that was killed is dead a moment later, or one with much memory on its way. */
static bool init_is_dead(const struct dump *d)
{
	return init_dies_within(d, d->sealed ? DYING_MS : 0) || (d->sealed && init_is_ending(d));
}

/*
 * CRIU may have died with the veth off its bridge, and where it has not, it does
 * not look whether the callback could put it back.
 */
static int attach_network(struct dump *d, struct error **reterr)
{
	const struct container_facts *facts = &d->manifest.facts;
	_cleanup_error_ struct error *e = NULL;
	int r = recover_bridges(facts->nics, facts->n_nics, &e);

	/* somebody has stopped it meanwhile, and its interfaces are gone with it */
	if (r == 0 || init_dies_within(d, DYING_MS))
		return 0;
	error_move(reterr, &e, -r);
	return error_wrap(reterr, -r, "the network of %s cannot be attached again", d->c->name);
}

static bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/*
 * liblxc would ask the monitor, and complain on stderr when that goes away while
 * it answers. Another user who has taken the name meanwhile is no monitor.
 */
static bool socket_is_gone(const struct container_facts *facts)
{
	int fd = command_socket_connect(facts->lxcpath, facts->name, SOCKET_PATIENCE_S);

	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED || fd == -EPERM;
}

static bool is_gone(struct dump *d)
{
	const struct container_facts *facts = &d->manifest.facts;

	if (!socket_is_gone(facts))
		return false;
	for (size_t i = 0; i < facts->n_nics; i++) {
		_cleanup_free_ char *link =
			xasprintf("/sys/class/net/%s", facts->nics[i].host_name);

		if (path_exists(link))
			return false;
	}
	return true;
}

/*
 * The monitor takes the container down after its init's death: interfaces,
 * hooks, cgroups, socket. It ends when all is done; the one of a program that
 * lives on is told by what it leaves.
 */
static int wait_until_gone(struct dump *d, struct error **reterr)
{
	struct pollfd p = {.fd = d->monitor, .events = POLLIN};
	_cleanup_free_ char *words = container_words(d->c);

	for (int waited = 0; waited < GONE_MS; waited += 20) {
		if (poll(&p, 1, 20) > 0 && p.revents)
			return 0;
		if (d->monitor < 0 && is_gone(d))
			return 0;
		/* one that may stay, as a library user's does, is asked now and then */
		if (!d->own && waited % 1000 == 980 && is_gone(d))
			return 0;
	}
	error_set(reterr, ETIMEDOUT,
		  "the checkpoint of %s is complete, but its monitor has not taken the container "
		  "down within %d s",
		  d->c->name, GONE_MS / 1000);
	error_set_hint(reterr, "look what its hooks do; `lxc-stop -k %s` ends it", words);
	return -ETIMEDOUT;
}

/* The container runs on, and no checkpoint is to be seen. */
static int give_up(struct dump *d, int r, struct error **reterr)
{
	_cleanup_error_ struct error *e = NULL;

	bool dead = init_is_dead(d);

	/* the network first: to remove an image of some gigabytes takes its time */
	if (d->freezer)
		recover_freezer(d->freezer);
	if (!dead) {
		recover_connections(d->manifest.facts.init_pid, NULL);
		recover_firewall(d->manifest.facts.init_pid);
		if (attach_network(d, &e) < 0)
			error_set_hint(reterr, "%s; %s", e->message, e->hint);
	}
	room_explain(d->image, d->memory, reterr);
	image_abandon(d->image, true);
	if (dead && reterr && *reterr)
		(*reterr)->racing = false;
	r = error_wrap(reterr, -r, "%s was not checkpointed%s", d->c->name,
		       dead ? ", and has ended" : " and runs on");
	criu_log_reason(d->image->dirfd, "dump.log", reterr ? *reterr : NULL);
	return r;
}

static void tell_script(const struct dump *d)
{
	const struct script_run run = {
		.image_fd = d->image->dirfd,
		.log = "dump.log",
		.script = d->action_script,
		.found = d->o->found,
		.userdata = d->o->found_userdata,
	};

	action_script_tell(d->c, &run);
}

static int dump(struct dump *d, struct error **reterr)
{
	int r = prepare(d, reterr);

	if (r < 0) {
		if (d->image)
			image_abandon(d->image, false);
		return error_mark_refused(reterr, true, r);
	}
	image_follow(d->image);
	if (is_cancelled(d))
		r = error_set(reterr, ECANCELED, "it was interrupted");
	else
		r = run_criu(d, reterr);
	/* However CRIU ended after that: the image is whole, and the only one of this container. */
	if (r < 0 && d->sealed && init_is_dead(d))
		r = 0;
	if (r == 0 && !d->o->stop)
		r = image_seal(d->image, &d->manifest, reterr);
	if (r < 0)
		return error_mark_refused(reterr, false, give_up(d, r, reterr));
	image_finish(d->image);
	tell_script(d);
	return d->o->stop ? wait_until_gone(d, reterr) : attach_network(d, reterr);
}

static int dump_once(const struct dump *what, struct error **reterr)
{
	struct dump d = *what;
	int r = dump(&d, reterr);

	operation_end(&d.operation);
	image_free(d.image);
	free(d.action_script);
	free(d.freezer);
	manifest_clear(&d.manifest);
	criu_program_clear(&d.criu);
	fd_close(&d.root);
	skipped_mounts_clear(&d.skipped);
	fd_close(&d.init);
	fd_close(&d.monitor);
	return r;
}

/*
 * What was in CRIU's way for a moment has gone on since, or does now: the container runs. To freeze
 * it costs 100 ms, so CRIU is told to where it was too slow without.
 */
int dump_container(struct lxc_container *c, const struct dump_options *o, struct error **reterr)
{
	_cleanup_free_ char *place = container_place(c);
	_cleanup_free_ char *directory = checkpoint_directory(c, o->directory);
	const struct asked asked = {
		.stop = o->stop,
		.replace = o->replace,
		.directory = o->directory,
	};
	_cleanup_free_ char *command = check_command(c, &asked);
	_cleanup_spelling_ struct spelling spelling = spelling_adopt(c);
	struct dump what = {
		.c = c,
		.o = o,
		.place = place,
		.directory = directory,
		.command = command,
		.first = true,
		.operation = {.fd = -1},
		.init = -1,
		.root = -1,
		.monitor = -1,
	};

	for (unsigned int tries = 1;; tries++) {
		_cleanup_error_ struct error *e = NULL;
		int r = dump_once(&what, &e);

		what.first = false;
		if (r == 0)
			return 0;
		what.freeze = e && e->racing;
		if (tries == TRIES_MAX || !e || !(e->passing || e->racing) ||
		    (e->racing && tries == RACES_MAX) ||
		    (o->cancelled && o->cancelled(o->userdata)))
			return error_move(reterr, &e, -r);
	}
}
