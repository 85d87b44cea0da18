/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXC_LXCCHECKPOINT_H
#define LXC_LXCCHECKPOINT_H

/*
 * Checkpoint and restore for LXC containers.
 *
 * A program that is linked with -llxc-checkpoint in front of -llxc (as
 * `pkg-config --libs lxc-checkpoint` prints them), or that runs with
 * LD_PRELOAD=liblxc-checkpoint.so.0, gets it without a change: the ->checkpoint,
 * ->restore and ->migrate of every struct lxc_container that liblxc hands out
 * are then this library's. What those three cannot express is below.
 *
 * All of it needs root. A container may be used by one thread at a time, as
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
 * What went wrong, for a program to act on. A return value of these functions
 * is 0 or one of them, negative. Since 0.1.
 */
enum lxc_checkpoint_error {
	/*
	 * It was tried and failed; a running container runs on. (After a checkpoint
	 * that was to stop it, also: the checkpoint is complete, but the container
	 * was not taken down by its monitor. The text says so.)
	 */
	LXC_CHECKPOINT_EFAILED = 1,
	LXC_CHECKPOINT_EREFUSED =
		2, /* it was not tried: a precondition does not hold; nothing changed */
	LXC_CHECKPOINT_EINVAL = 3, /* the arguments make no sense */
};

/* The most that a time-out may be, in seconds: a day. Since 0.1. */
#define LXC_CHECKPOINT_TIMEOUT_MAX 86400

struct lxc_checkpoint_finding;

/*
 * Options of a checkpoint. Set size to sizeof() the struct and the rest to
 * zero or a value: members are only ever added at the end, and an older library
 * refuses what it does not know unless it is zero. Since 0.1.
 */
struct lxc_checkpoint_options {
	size_t size;
	const char *directory; /* where the image goes; NULL: LXCPATH/NAME/checkpoint */
	bool stop;	       /* the container is stopped once the checkpoint is complete */
	bool replace; /* a checkpoint that is there is replaced when the new one is complete */
	unsigned int verbosity;	   /* of CRIU's log, 1 (errors) to 4 (everything); 0: 3 */
	const char *action_script; /* called at CRIU's stages beside our own; NULL: none */
	/*
	 * Called about five times a second while CRIU dumps, in the calling
	 * thread, with the bytes written so far; NULL: not called.
	 */
	void (*progress)(uint64_t bytes, void *userdata);
	void *userdata; /* for progress, cancelled and found */
	/*
	 * Asked about five times a second, and after each signal, in the calling thread, until
	 * everything has been dumped and nothing is settled; true: the checkpoint fails at once
	 * and the container runs on.
	 */
	bool (*cancelled)(void *userdata);
	/*
	 * How long it may take, in seconds, to stop all processes of the container, 1 to
	 * LXC_CHECKPOINT_TIMEOUT_MAX; 0: 10. One that does not stop by then, as it waits
	 * for a disk, fails the checkpoint. What comes after that takes as long as it takes.
	 */
	unsigned int timeout;
	/*
	 * Called, in the calling thread, before the checkpoint begins, for each finding
	 * that does not stand in its way; and when it is complete, where the action script has
	 * failed at a stage at which CRIU goes on all the same. NULL: not called.
	 */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
};

/*
 * Something that stands in the way of a checkpoint or restore, or is worth a warning. The
 * texts are the library's and last until the callback returns; they are fit for a
 * terminal, in UTF-8 and without line breaks. Members are only ever added at the
 * end, and size says how many there are. Since 0.1.
 */
struct lxc_checkpoint_finding {
	size_t size;
	const char *check; /* a word that stays the same from version to version: "traced" */
	bool blocks;	   /* neither as long as this is so; false: a warning, or a note */
	/* where it is about a process; else 0 and NULL */
	pid_t pid;	     /* on this host */
	pid_t container_pid; /* in the container */
	const char *process; /* its name */
	const char *unit;    /* systemd's unit in the container that it belongs to, or NULL */
	/*
	 * What is the matter. Of a process, what it is or does, as "is traced by
	 * process 812 (strace)"; else a sentence.
	 */
	const char *reason;
	const char *remedy; /* what to do about it; NULL if nothing is known */
	/* of a restore: the word in its options that overrides this; NULL: nothing does */
	const char *force;
	bool note;	/* less than a warning: nothing is lost by it */
	int descriptor; /* of the process, that it is about; -1: about none */
};

/* Options of a restore; as above. Since 0.1. */
struct lxc_restore_options {
	size_t size;
	const char *directory; /* NULL: LXCPATH/NAME/checkpoint */
	/*
	 * false: return when the container runs. Its monitor is a child of the
	 * calling process (and init's when that ends) in a session of its own.
	 * true: the console is on stdin and stdout of the calling process;
	 * return when the container has stopped.
	 */
	bool foreground;
	unsigned int verbosity;
	const char *action_script;
	/* foreground only: where not NULL, the container's wait status as waitpid() gives it */
	int *wait_status;
	/*
	 * false: all files of the image are read first, and one that is not as the
	 * checkpoint left it refuses the restore. true: only their sizes and owners are
	 * looked at.
	 */
	bool no_verify;
	/*
	 * The container's monitor logs there what is of that level or worse ("ERROR"), in
	 * LXC's form; "none": nowhere. NULL: lxc.log.file and lxc.log.level, else what
	 * LXC's tools do.
	 */
	const char *log_file;
	const char *log_level;
	/*
	 * What to go on with all the same: of the words that findings have as their force,
	 * with commas between them; NULL: nothing.
	 */
	const char *force;
	/*
	 * Called, in the calling thread, before the restore begins, for each finding
	 * that does not stand in its way; and when the container runs, where the action script
	 * has failed at a stage at which CRIU goes on all the same. NULL: not called.
	 */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	void *userdata; /* for found, cancelled and committed */
	/*
	 * Asked about five times a second, and after each signal, in the calling thread, until
	 * committed is called; true: nothing is restored. A restore that has begun is taken
	 * back: the call fails when nothing of the container is left, or, if that takes longer
	 * than 15 seconds, before that; nothing of it will run. NULL: not asked. A signal that
	 * ends the calling process does not end the restore: the container runs.
	 */
	bool (*cancelled)(void *userdata);
	/*
	 * Called once, in the calling thread, when the restore can no longer be taken back, and
	 * the container is about to run; NULL: not called.
	 */
	void (*committed)(void *userdata);
};

/* Options of a check; as above. Since 0.1. */
struct lxc_checkpoint_check_options {
	size_t size;
	const char *directory; /* where the image would go; NULL: LXCPATH/NAME/checkpoint */
	bool stop;	       /* the checkpoint would stop the container */
	/* Called for each finding, in the calling thread; NULL: not called. */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	void *userdata; /* for found and criu */
	/*
	 * Called once before that with the CRIU that would be used, if there is one
	 * that works on this kernel; NULL: not called.
	 */
	void (*criu)(const char *path, const char *version, void *userdata);
	/*
	 * Would a restore of c from directory go through? false: a checkpoint. With force
	 * as in lxc_restore_options.
	 */
	bool restore;
	const char *force;
	bool replace; /* the checkpoint would replace the one that is there */
};

/*
 * A file of a checkpoint that is not as the checkpoint left it. The texts are the
 * library's and last until the callback returns. Since 0.1.
 */
struct lxc_checkpoint_damage {
	size_t size;
	const char *file;   /* its name in the directory: "pages-1.img" */
	const char *reason; /* a sentence, with its path */
};

/* Options of a verification; as above. Since 0.1. */
struct lxc_checkpoint_verify_options {
	size_t size;
	/* Called for each damaged file, in the calling thread; NULL: not called. */
	void (*damaged)(const struct lxc_checkpoint_damage *damage, void *userdata);
	void *userdata;
	/*
	 * Where not NULL and the manifest can be read: whether it has checksums. Of a
	 * checkpoint that an earlier version wrote only the files' sizes are known.
	 */
	bool *checksums;
};

/*
 * Puts this library's methods into c, for programs that neither link it in
 * front nor preload it. Doing it again is harmless. Returns false for NULL.
 * Since 0.1.
 */
bool lxc_checkpoint_extend(struct lxc_container *c);

/* Checkpoints a running container. 0 or -enum lxc_checkpoint_error. Since 0.1. */
int lxc_checkpoint_dump(struct lxc_container *c, const struct lxc_checkpoint_options *options);

/* Restores a stopped container. 0 or -enum lxc_checkpoint_error. Since 0.1. */
int lxc_checkpoint_restore(struct lxc_container *c, const struct lxc_restore_options *options);

/*
 * Would a checkpoint of c go through, or a restore? Asks what lxc_checkpoint_dump() or
 * lxc_checkpoint_restore() asks before it begins, and touches neither the container
 * nor the directory; a checkpoint or restore that is under way is not disturbed. 0:
 * nothing blocks it. -LXC_CHECKPOINT_EREFUSED: something does, and
 * lxc_checkpoint_error() is what that call would say. It looks at one moment: what processes do
 * after that it cannot know. Since 0.1.
 */
int lxc_checkpoint_check(struct lxc_container *c,
			 const struct lxc_checkpoint_check_options *options);

/*
 * Is the checkpoint in directory what was written there? Reads all of it; needs no
 * container. 0: it is. -LXC_CHECKPOINT_EFAILED: files of it are damaged, each of
 * which is told. -LXC_CHECKPOINT_EREFUSED: there is no checkpoint, or none that can be
 * read: it was not completed, is being written, is a later version's. Since 0.1.
 */
int lxc_checkpoint_verify(const char *directory,
			  const struct lxc_checkpoint_verify_options *options);

/*
 * What is in the checkpoint in directory, as one JSON object in UTF-8 that lxc-checkpoint(1)
 * describes (--info); the files are looked at, but not read. *ret_json is the caller's,
 * to be freed with free(), and untouched on failure. 0, also where files are damaged
 * (which the object tells); -LXC_CHECKPOINT_EFAILED: its manifest is damaged;
 * -LXC_CHECKPOINT_EREFUSED as above. Since 0.1.
 */
int lxc_checkpoint_describe(const char *directory, char **ret_json);

/*
 * Why the last of our operations on c failed: what failed, the cause, what to
 * do and where the log is, in lines without a newline at the end. NULL if it
 * did not fail. The text is the library's; the next operation on c, from
 * whichever thread, ends its life. c is NULL for the calls that have no container.
 * Since 0.1.
 */
const char *lxc_checkpoint_error(struct lxc_container *c);

/*
 * Parts of that text, in one line each: what failed and why; and what to do about it, NULL where
 * nothing is known. As above. Since 0.1.
 */
const char *lxc_checkpoint_reason(struct lxc_container *c);
const char *lxc_checkpoint_hint(struct lxc_container *c);

/* Version of this library, "0.1.0". Since 0.1. */
const char *lxc_checkpoint_version(void);

#ifdef __cplusplus
}
#endif

#endif
