/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_NETWORK_FILE_H
#define LXCCKPT_IMAGE_NETWORK_FILE_H

#include <stddef.h>

#include "facts/facts.h"
#include "util/error.h"

/*
 * The network file, for lxc-checkpoint-link. One line a NIC, seven words, "-" for none:
 *
 *   veth <name> <host name> <bridge> <host MAC> <MTU> <host IPv6: on|off>
 *
 * A line may follow for each setting of its host's end, see link_settings.h:
 *
 *   set <name> <value>
 *
 * With "try" for "set" the link is connected even if the setting cannot be given.
 *
 * A '#' begins a comment line. The file lists only veths: other kinds leave nothing on the host
 * that the callback could restore.
 */
#define NETWORK_NAME "network"
#define NETWORK_MAX  (4 * 1024 * 1024)

/*
 * host_names, if not NULL, replaces nics[i].host_name (one per NIC). settings_may_fail: none of the
 * settings is more important than the restore. Caller frees.
 */
char *network_to_text(const struct nic *nics, size_t n_nics, const char *const *host_names,
		      bool settings_may_fail);

/* Strict, as the manifest. *ret_nics is a heap array; free with network_free(). */
int network_from_text(const char *text, size_t len, struct nic **ret_nics, size_t *ret_n,
		      struct error **reterr) _must_check_;
void network_free(struct nic *nics, size_t n);

/* A valid name for an interface, without characters that are special to a shell. */
bool network_name_valid(const char *name);
bool network_mac_valid(const char *mac);

#endif
