/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The part of CRIU's image that is about network namespaces. Runs in the command, as root of
 * the host, while CRIU waits at post-dump.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "criu/image_network.h"
#include "criu/protobuf.h"
#include "util/fd.h"

#define MAGIC_NETDEV 0x57373951
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

static void mend_links(void *netdev, size_t len)
{
	uint8_t mac[MAC_LEN];

	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return;
	/* one of its own, and of no group */
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
	criu_network_name_bridges(netdev, len, mac);
}

/* In place. */
static int mend_file(int dirfd, const char *name, void (*mend)(void *image, size_t len))
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *image;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (image == MAP_FAILED)
		return -errno;
	mend(image, (size_t)st.st_size);
	munmap(image, (size_t)st.st_size);
	return 0;
}

/* Of every network namespace there is one: route-9.img. */
int criu_network_mend(int dirfd)
{
	static const struct {
		const char *prefix;
		void (*mend)(void *image, size_t len);
	} kinds[] = {
		{"netdev-", mend_links},
	};
	_cleanup_closedir_ DIR *dir = directory_at(dirfd, ".");
	struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (e = readdir(dir)))
		for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strncmp(e->d_name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
				r = mend_file(dirfd, e->d_name, kinds[i].mend);
	return r;
}
