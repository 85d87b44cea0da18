/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CRIU_IMAGE_NAMES_H
#define LXCCKPT_CRIU_IMAGE_NAMES_H

/* Names of the files in CRIU's image, and the magic number of each. */

#include <stdbool.h>

#define CRIU_FILES     "files.img"	 /* open files */
#define CRIU_REMAPS    "remap-fpath.img" /* those of them that were deleted */
#define CRIU_LOCKS     "filelocks.img"
#define CRIU_CPUINFO   "cpuinfo.img"
#define CRIU_SECCOMP   "seccomp.img"
#define CRIU_INVENTORY "inventory.img"
#define CRIU_TREE      "pstree.img"

#define CRIU_CORE_PREFIX   "core-" /* a thread */
#define CRIU_MM_PREFIX	   "mm-"   /* a process's memory map */
#define CRIU_NETDEV_PREFIX "netdev-"
#define CRIU_MOUNTS_PREFIX "mountpoints-"
#define CRIU_STREAM_PREFIX "tcp-stream-"

#define CRIU_IPC_MESSAGES_PREFIX "ipcns-msg-"
#define CRIU_IPC_SEGMENTS_PREFIX "ipcns-shm-"
#define CRIU_IPC_SETTINGS_PREFIX "ipcns-var-"

#define CRIU_PAGES_FORMAT  "pages-%u.img"
#define CRIU_IDS_FORMAT	   "ids-%d.img"	   /* of a process */
#define CRIU_FDINFO_FORMAT "fdinfo-%u.img" /* descriptors */
#define CRIU_STREAM_FORMAT CRIU_STREAM_PREFIX "%x.img"
#define CRIU_GHOST_FORMAT  "ghost-file-%x.img" /* a deleted file */

/* CRIU writes these beside the image. */
#define CRIU_RESTORE_STATS "stats-restore"

#define MAGIC_CORE	   0x55053847
#define MAGIC_FDINFO	   0x56213732
#define MAGIC_FILES	   0x56303138
#define MAGIC_GHOST	   0x52583605
#define MAGIC_IDS	   0x54432030
#define MAGIC_IPC_MESSAGES 0x55453737
#define MAGIC_IPC_SEGMENTS 0x46283044
#define MAGIC_IPC_SETTINGS 0x53115007
#define MAGIC_LOCKS	   0x54323616
#define MAGIC_MM	   0x57492820
#define MAGIC_MOUNTS	   0x55563928
#define MAGIC_NETDEV	   0x57373951
#define MAGIC_REMAPS	   0x59133954
#define MAGIC_STREAM	   0x51465506
#define MAGIC_TREE	   0x50273030

enum criu_image {
	CRIU_IMAGE_OTHER,
	CRIU_IMAGE_CORE,
	CRIU_IMAGE_MM,
	CRIU_IMAGE_PAGES,
};

/* Pure. Of what kind a file of an image is, by its name. */
enum criu_image criu_image_kind(const char *name);

/* Pure. The number in a name of CRIU_PAGES_FORMAT; 0: it is another name, CRIU gives no such one.
 */
unsigned int criu_pages_number(const char *name);

/* Pure. Whether a restoring CRIU reads a file of that name where there is one. */
bool criu_reads(const char *name);

/* Pure. Whether CRIU writes its statistics to it, also at a restore. */
bool criu_is_statistics(const char *name);

#endif
