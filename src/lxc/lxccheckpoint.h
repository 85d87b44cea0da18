/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXC_LXCCHECKPOINT_H
#define LXC_LXCCHECKPOINT_H

/*
 * Checkpoint and restore for LXC containers.
 *
 * Link a program with -llxc-checkpoint before -llxc (as
 * `pkg-config --libs lxc-checkpoint` prints them), or run it with
 * LD_PRELOAD=liblxc-checkpoint.so.0. This library then provides ->checkpoint,
 * ->restore and ->migrate of every struct lxc_container that liblxc returns.
 * The functions below do what these three cannot express.
 *
 * All functions need root. Only one thread at a time may use a container, as
 * with liblxc itself. Since 0.1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <lxc/lxccontainer.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Errors, for a program to act on. A function that returns an int returns 0 or
 * one of these values, negated. Since 0.1.
 */
enum lxc_checkpoint_error {
	/*
	 * The operation failed. A running container keeps running. After a checkpoint
	 * with stop, the checkpoint may be complete, but the container's monitor did not
	 * take the container down; lxc_checkpoint_error() says so.
	 */
	LXC_CHECKPOINT_EFAILED = 1,
	/* A precondition does not hold. The operation did not begin; nothing changed. */
	LXC_CHECKPOINT_EREFUSED = 2,
	LXC_CHECKPOINT_EINVAL = 3, /* an argument is invalid, or unknown to this version */
};

/* The longest timeout, in seconds: a day. Since 0.1. */
#define LXC_CHECKPOINT_TIMEOUT_MAX 86400

struct lxc_checkpoint_finding;

/*
 * Options of a checkpoint. Set size to sizeof() the struct, and each other member
 * to zero or a value. Later versions only add members at the end. An older library
 * returns LXC_CHECKPOINT_EINVAL for a member that it does not know, unless that
 * member is zero. The library copies nothing: strings must last until the call
 * returns. All callbacks run in the calling thread, and may be NULL. Since 0.1.
 */
struct lxc_checkpoint_options {
	size_t size;
	const char *directory;	   /* of the image; NULL: LXCPATH/NAME/checkpoint */
	bool stop;		   /* stop the container when the checkpoint is complete */
	bool replace;		   /* replace an existing checkpoint when the new one is complete */
	unsigned int verbosity;	   /* of CRIU's log, 1 (errors) to 4 (everything); 0: 3 */
	const char *action_script; /* absolute path; CRIU calls it at its stages; NULL: none */
	/* Called about five times a second while CRIU dumps, with the bytes written so far. */
	void (*progress)(uint64_t bytes, void *userdata);
	void *userdata; /* for progress, cancelled and found */
	/*
	 * Called about five times a second and after each signal, until CRIU has dumped
	 * everything. Return true to cancel: the checkpoint fails at once, and the container
	 * keeps running.
	 */
	bool (*cancelled)(void *userdata);
	/*
	 * How long the container's processes may take to stop, in seconds, 1 to
	 * LXC_CHECKPOINT_TIMEOUT_MAX; 0: 10. If a process does not stop in time, for example
	 * because it waits for a disk, the checkpoint fails. The limit does not apply to
	 * later steps.
	 */
	unsigned int timeout;
	/*
	 * Called before the checkpoint begins, for each finding that does not block it. Also
	 * called when the checkpoint is complete, if the action script failed at a stage whose
	 * failures CRIU ignores.
	 */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	/*
	 * Where a process has a file of the host open, or a pipe whose other end is outside of the
	 * container, a restored process has /dev/null. false: such a process blocks the
	 * checkpoint. The running container does not change.
	 */
	bool drop_outside;
};

/*
 * A finding: something that blocks a checkpoint or restore, or a warning, or a note. The
 * library owns the texts; they last until the callback returns. Texts are UTF-8 without
 * line breaks or control characters. Later versions only add members at the end; size
 * says which ones exist. Since 0.1.
 */
struct lxc_checkpoint_finding {
	size_t size;
	const char *check; /* a word that stays the same from version to version: "traced" */
	bool blocks;	   /* true: it blocks; false: a warning, or a note */
	/* the process concerned; 0 and NULL if the finding is not about a process */
	pid_t pid;	     /* on this host */
	pid_t container_pid; /* in the container */
	const char *process; /* its name */
	const char *unit;    /* its systemd unit in the container; NULL: none */
	/*
	 * The reason. About a process: what it is or does, such as "is traced by
	 * process 812 (strace)". Otherwise a sentence.
	 */
	const char *reason;
	const char *remedy; /* what to do about it; NULL: nothing is known */
	/* of a restore: the word for lxc_restore_options.force that overrides it; NULL: none */
	const char *force;
	bool note;	/* less than a warning: nothing gets lost */
	int descriptor; /* of the process: the open file concerned; -1: none */
};

/* Options of a restore; size, strings and callbacks as above. Since 0.1. */
struct lxc_restore_options {
	size_t size;
	const char *directory; /* of the image; NULL: LXCPATH/NAME/checkpoint */
	/*
	 * false: return when the container runs. Its monitor is a child of the calling
	 * process in a session of its own; when the calling process exits, init adopts it.
	 * true: connect stdin and stdout of the calling process to the console, and return
	 * when the container has stopped.
	 */
	bool foreground;
	unsigned int verbosity;	   /* as above */
	const char *action_script; /* as above */
	/* foreground only: receives the container's wait status, as of waitpid(); or NULL */
	int *wait_status;
	/*
	 * false: first read all files of the image; refuse the restore if a file does not
	 * match its checksum. true: look only at their sizes and owners.
	 */
	bool no_verify;
	/*
	 * The log of the container's monitor and its lowest level ("ERROR"), in LXC's format;
	 * "none": no log. NULL: lxc.log.file and lxc.log.level, or the defaults of LXC's tools.
	 */
	const char *log_file;
	const char *log_level;
	/* Words of findings to override, separated by commas: "cpu,stale"; NULL: none. */
	const char *force;
	/*
	 * Called before the restore begins, for each finding that does not block it. Also
	 * called when the container runs, if the action script failed at a stage whose failures
	 * CRIU ignores.
	 */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	void *userdata; /* for found, cancelled and committed */
	/*
	 * Called about five times a second and after each signal, until committed is called.
	 * Return true to cancel: a restore that has not begun is refused. A restore that has
	 * begun is undone; the call fails when nothing of the container is left, or after 15
	 * seconds, when the monitor is still undoing. Nothing of the container will run. If a
	 * signal kills the calling process, the restore continues.
	 */
	bool (*cancelled)(void *userdata);
	/* Called once, when the restore can no longer be cancelled: the container will run. */
	void (*committed)(void *userdata);
};

/* Options of a check; size, strings and callbacks as above. Since 0.1. */
struct lxc_checkpoint_check_options {
	size_t size;
	const char *directory; /* of the image; NULL: LXCPATH/NAME/checkpoint */
	bool stop;	       /* check a checkpoint that stops the container */
	/* Called for each finding. */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	void *userdata; /* for found and criu */
	/* Called once before that with the CRIU to be used, if one works on this kernel. */
	void (*criu)(const char *path, const char *version, void *userdata);
	bool restore;	   /* check a restore from directory; false: a checkpoint */
	const char *force; /* of a restore; as above */
	bool replace;	   /* check a checkpoint that replaces an existing one */
	bool drop_outside; /* check a checkpoint with this option, as above */
};

/*
 * A damaged or missing file of a checkpoint. The library owns the texts; they last until
 * the callback returns. Since 0.1.
 */
struct lxc_checkpoint_damage {
	size_t size;
	const char *file;   /* its name in the directory: "pages-1.img" */
	const char *reason; /* a sentence, with its path */
};

/* Options of a verification; size and callbacks as above. Since 0.1. */
struct lxc_checkpoint_verify_options {
	size_t size;
	/* Called for each damaged file. */
	void (*damaged)(const struct lxc_checkpoint_damage *damage, void *userdata);
	void *userdata;
	/*
	 * If not NULL, and if the manifest is readable, receives whether the checkpoint has
	 * checksums. Without them, as in checkpoints of an early version, only the sizes of
	 * files are compared.
	 */
	bool *checksums;
};

/*
 * Gives c this library's methods, for programs that neither link this library before liblxc
 * nor preload it. May be called again. Returns false if c is NULL, else true. Since 0.1.
 */
bool lxc_checkpoint_extend(struct lxc_container *c);

/*
 * Checkpoints the running container c, and returns when the checkpoint is complete, and with
 * stop when the container is gone. options NULL: all members are zero. Returns 0 or
 * -enum lxc_checkpoint_error. Since 0.1.
 */
int lxc_checkpoint_dump(struct lxc_container *c, const struct lxc_checkpoint_options *options);

/*
 * Restores the stopped container c, and returns when it runs (foreground: when it has stopped).
 * options NULL: all members are zero. Returns 0 or -enum lxc_checkpoint_error. Since 0.1.
 */
int lxc_checkpoint_restore(struct lxc_container *c, const struct lxc_restore_options *options);

/*
 * Checks whether a checkpoint or restore of c would work, with the checks that begin
 * lxc_checkpoint_dump() and lxc_checkpoint_restore(). Changes neither the container nor the
 * directory, and does not disturb a checkpoint or restore that is running. Returns 0 if nothing
 * blocks. Returns -LXC_CHECKPOINT_EREFUSED if something does; lxc_checkpoint_error() is then the
 * error of that call. The result holds for one moment: processes may change later. Since 0.1.
 */
int lxc_checkpoint_check(struct lxc_container *c,
			 const struct lxc_checkpoint_check_options *options);

/*
 * Where below directory the checkpoint of the container name is. A checkpoint into a directory
 * that holds other things goes into a subdirectory of the container's name, and the functions that
 * take a container find it there. This is for the following two, which take none. The caller frees
 * the result, which is directory itself if there is no such subdirectory. NULL if an argument is
 * NULL or empty. Since 0.1.
 */
char *lxc_checkpoint_directory(const char *directory, const char *name);

/*
 * Reads the whole checkpoint in directory and compares it with its checksums; needs no
 * container. Returns 0 if it is intact. Returns -LXC_CHECKPOINT_EFAILED if files are damaged;
 * the damaged callback receives each. Returns -LXC_CHECKPOINT_EREFUSED if there is no readable
 * checkpoint: none was completed, it is being written, or it is a later version's. Since 0.1.
 */
int lxc_checkpoint_verify(const char *directory,
			  const struct lxc_checkpoint_verify_options *options);

/*
 * Describes the checkpoint in directory as one JSON object in UTF-8, see --info in
 * lxc-checkpoint(1). Checks the sizes of the files, but does not read them. On success, the
 * caller owns *ret_json and frees it with free(); on failure it is untouched. Returns 0, also if
 * files are damaged: the object lists them. Returns -LXC_CHECKPOINT_EFAILED if the manifest is
 * damaged, and -LXC_CHECKPOINT_EREFUSED as above. Since 0.1.
 */
int lxc_checkpoint_describe(const char *directory, char **ret_json);

/*
 * The error of the last operation on c: what failed, the cause, what to do and where the log is,
 * in lines without a newline at the end. NULL if that operation did not fail. The library owns
 * the text, which lasts until the next operation on c, in any thread. Pass NULL as c for the
 * functions that take no container. Since 0.1.
 */
const char *lxc_checkpoint_error(struct lxc_container *c);

/* One line of that text: what failed and why; NULL if nothing failed. Owner as above. Since 0.1. */
const char *lxc_checkpoint_reason(struct lxc_container *c);

/* One line of that text: what to do; NULL if nothing is known. Owner as above. Since 0.1. */
const char *lxc_checkpoint_hint(struct lxc_container *c);

/* The version of this library, "0.1.0", in static memory. Since 0.1. */
const char *lxc_checkpoint_version(void);

#ifdef __cplusplus
}
#endif

#endif
