/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part of CRIU's image that is about network namespaces. Opens nothing. */
#include "config.h"

#include <string.h>
#include <sys/random.h>

#include "criu/image_names.h"
#include "criu/image_network.h"
#include "criu/protobuf.h"

#define LINK_TYPE    1 /* of an entry in netdev-*.img */
#define LINK_ADDRESS 7
#define TYPE_BRIDGE  6

size_t criu_network_name_bridges(void *netdev, size_t len, const uint8_t mac[MAC_LEN])
{
	static const uint8_t none[MAC_LEN];
	struct bytes image = {netdev, len}, entry;
	size_t n = 0;

	if (!take_magic(&image, MAGIC_NETDEV))
		return 0;
	while (take_entry(&image, &entry)) {
		struct bytes address = {0};
		bool bridge = false;
		struct field f = {0};

		while (take_field(&entry, &f)) {
			if (f.number == LINK_TYPE)
				bridge = f.value == TYPE_BRIDGE;
			else if (f.number == LINK_ADDRESS)
				address = f.bytes;
		}
		if (!bridge || address.len != MAC_LEN || memcmp(address.p, none, MAC_LEN) != 0)
			continue;
		memcpy(address.p, mac, MAC_LEN);
		address.p[MAC_LEN - 1] ^= (uint8_t)n++;
	}
	return n;
}

bool criu_network_make_mac(uint8_t ret[MAC_LEN])
{
	if (getrandom(ret, MAC_LEN, 0) != MAC_LEN)
		return false;
	/* one of its own, and of no group */
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02);
	return true;
}
