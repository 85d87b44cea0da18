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
	void *userdata; /* for progress and cancelled */
	/*
	 * Asked once, in the calling thread, when everything has been dumped and
	 * nothing is settled; true: the checkpoint fails and the container runs on.
	 */
	bool (*cancelled)(void *userdata);
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
};

/*
 * Something that stands in the way of a checkpoint, or is worth a warning. The
 * texts are the library's and last until the callback returns; they are fit for a
 * terminal, in UTF-8 and without line breaks. Members are only ever added at the
 * end, and size says how many there are. Since 0.1.
 */
struct lxc_checkpoint_finding {
	size_t size;
	const char *check; /* a word that stays the same from version to version: "traced" */
	bool blocks;	   /* no checkpoint as long as this is so; false: a warning */
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
};

/* Options of a check; as above. Since 0.1. */
struct lxc_checkpoint_check_options {
	size_t size;
	const char *directory; /* where the image would go; NULL: LXCPATH/NAME/checkpoint */
	bool stop; /* the checkpoint would stop the container; makes no difference so far */
	/* Called for each finding, in the calling thread; NULL: not called. */
	void (*found)(const struct lxc_checkpoint_finding *finding, void *userdata);
	void *userdata; /* for found and criu */
	/*
	 * Called once before that with the CRIU that would be used, if there is one
	 * that works on this kernel; NULL: not called.
	 */
	void (*criu)(const char *path, const char *version, void *userdata);
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
 * Would a checkpoint of c go through? Asks what lxc_checkpoint_dump() asks before
 * it begins, and touches neither the container nor the directory; a checkpoint or
 * restore that is under way is not disturbed. 0: nothing blocks it.
 * -LXC_CHECKPOINT_EREFUSED: something does, and lxc_checkpoint_error() is what
 * lxc_checkpoint_dump() would say. It looks at one moment: what processes do
 * after that it cannot know. Since 0.1.
 */
int lxc_checkpoint_check(struct lxc_container *c,
			 const struct lxc_checkpoint_check_options *options);

/*
 * Why the last of our operations on c failed: what failed, the cause, what to
 * do and where the log is, in lines without a newline at the end. NULL if it
 * did not fail. The text is the library's; the next operation on c, from
 * whichever thread, ends its life. Since 0.1.
 */
const char *lxc_checkpoint_error(struct lxc_container *c);

/* Version of this library, "0.1.0". Since 0.1. */
const char *lxc_checkpoint_version(void);

#ifdef __cplusplus
}
#endif

#endif
