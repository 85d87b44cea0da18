/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Validates the texts in a manifest. Pure; runs in the command and in the monitor. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "carry/nexthops.h"
#include "image/manifest.h"
#include "image/network_file.h"
#include "image/strings.h"
#include "sys/mountflags.h"
#include "sys/tty.h"
#include "util/checksum.h"
#include "util/cpus.h"
#include "util/hex.h"
#include "util/mem.h"

#define MAX_NAME 255

static bool is_word(const char *s, const char *extra)
{
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && !strchr(extra, *s))
			return false;
	return true;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

const char *check_text(const char *s)
{
	if (*s == '\0')
		return "is empty";
	return has_control(s) ? "has a control character" : NULL;
}

/* "memory.events" */
static const char *check_cgroup_file(const char *s)
{
	return *s && *s != '.' && strlen(s) <= MAX_NAME && is_word(s, "._-")
		       ? NULL
		       : "is no file of a cgroup";
}

/* "." for the cgroup itself, "*" for all its files */
const char *check_owned_file(const char *s)
{
	return strcmp(s, ".") == 0 || strcmp(s, "*") == 0 ? NULL : check_cgroup_file(s);
}

/* "hugetlb.2MB.max": of a cgroup, never the files that move or kill processes */
const char *check_setting_file(const char *s)
{
	if (check_cgroup_file(s))
		return check_cgroup_file(s);
	return strncmp(s, "cgroup.", 7) == 0 && strncmp(s, "cgroup.max.", 11) != 0
		       ? "is no setting of a cgroup"
		       : NULL;
}

/* The kernel's verifier judges what they do. */
const char *check_instructions(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len % 16 == 0 && strspn(s, "0123456789abcdef") == len
		       ? NULL
		       : "is no sequence of instructions";
}

const char *check_hex(const char *s)
{
	size_t len = strlen(s);

	return len % 2 == 0 && strspn(s, "0123456789abcdef") == len ? NULL : "is not hexadecimal";
}

const char *check_nexthop(const char *s)
{
	size_t len = 0;
	_cleanup_free_ void *bytes = hex_decode(s, &len);

	return bytes && nexthop_request_valid(bytes, len) ? NULL : "makes no nexthop and no route";
}

/* An image must not set those that change what the kernel does with a file. */
const char *check_attribute(const char *s)
{
	if (strlen(s) > MAX_NAME || has_control(s) ||
	    (strncmp(s, "user.", 5) != 0 && strncmp(s, "trusted.", 8) != 0))
		return "is no attribute of the kinds user and trusted";
	return NULL;
}

const char *check_controller_names(const char *s)
{
	return is_word(s, "_ ") ? NULL : "is not a list of cgroup controllers";
}

const char *check_mount_options(const char *s)
{
	unsigned long flags;

	return mount_flags_parse(s, &flags) ? NULL : "is no list of mount options";
}

const char *check_source_kind(const char *s)
{
	return strcmp(s, "directory") == 0 || strcmp(s, "file") == 0
		       ? NULL
		       : "is neither directory nor file";
}

const char *check_rootfs_kind(const char *s)
{
	return strcmp(s, "overlay") == 0 || strcmp(s, "loop") == 0 || strcmp(s, "device") == 0
		       ? NULL
		       : "is neither overlay, loop nor device";
}

const char *check_id_kind(const char *s)
{
	return strcmp(s, "u") == 0 || strcmp(s, "g") == 0 ? NULL : "is neither u nor g";
}

const char *check_cpus(const char *s)
{
	cpu_set_t set;

	return *s && !has_control(s) && cpus_parse(s, &set) ? NULL : "is no list of CPUs";
}

const char *check_tty_settings(const char *s)
{
	return tty_settings_valid(s) ? NULL : "is no terminal's settings";
}

/* "lxc-c1_<-var-lib-lxc>": a name, not a path */
const char *check_profile_file(const char *s)
{
	if (*s == '\0' || *s == '.' || strchr(s, '/') || has_control(s))
		return "is no file name";
	return NULL;
}

const char *check_time(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t i;

	for (i = 0; form[i] && s[i]; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			break;
	return form[i] || s[i] ? "is not a UTC time as 2026-01-31T12:00:00Z" : NULL;
}

const char *check_sum(const char *s)
{
	return strlen(s) == CHECKSUM_LEN && strspn(s, "0123456789abcdef") == CHECKSUM_LEN
		       ? NULL
		       : "is no checksum";
}

const char *check_container_name(const char *s)
{
	if (*s == '\0' || strlen(s) > MAX_NAME || strchr(s, '/') || has_control(s) ||
	    strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "is not a container's name";
	return NULL;
}

/* Returns the number of leading ".." components of a path, or -1 if a component is not plain. */
static int count_leading_dotdot(const char *s, size_t *ret_plain)
{
	int dotdot = 0;

	*ret_plain = 0;
	for (;;) {
		size_t len = strcspn(s, "/");

		if (len == 0 || len > MAX_NAME || (len == 1 && *s == '.'))
			return -1;
		if (len == 2 && s[0] == '.' && s[1] == '.') {
			if (*ret_plain > 0)
				return -1;
			dotdot++;
		} else {
			(*ret_plain)++;
		}
		if (s[len] == '\0')
			return dotdot;
		s += len + 1;
	}
}

const char *check_path(const char *s)
{
	size_t plain;

	if (strcmp(s, "/") == 0)
		return NULL;
	if (*s != '/' || strlen(s) >= PATH_MAX || has_control(s) ||
	    count_leading_dotdot(s + 1, &plain) != 0)
		return "is not an absolute, normalised path";
	return NULL;
}

/* CRIU is told "mnt[TARGET]:KEY", and looks for what it wants as "mnt[OTHER]:" at the beginning. */
const char *check_target(const char *s)
{
	return strstr(s, "]:") ? "has \"]:\" in it, which CRIU takes for its end" : check_path(s);
}

/* Relative to the container's own cgroup, whose path is "". */
const char *check_cgroup_path(const char *s)
{
	size_t plain;

	if (*s && (strlen(s) >= PATH_MAX || has_control(s) || count_leading_dotdot(s, &plain) != 0))
		return "is not a relative, normalised path";
	return NULL;
}

/* "../pre1": the images of one container lie beside each other. */
const char *check_parent(const char *s)
{
	size_t plain;

	if (*s == '/' || strlen(s) >= PATH_MAX || has_control(s) ||
	    count_leading_dotdot(s, &plain) < 0 || plain == 0)
		return "is not a relative, normalised path";
	return NULL;
}

const char *check_interface(const char *s)
{
	return network_name_valid(s) ? NULL : "is not an interface's name";
}

const char *check_mac(const char *s)
{
	return network_mac_valid(s) ? NULL : "is not a MAC address";
}

const char *check_kind(const char *s)
{
	return *s && strlen(s) < 32 && is_word(s, "_-") ? NULL : "is not a kind of interface";
}

const char *check_key(const char *s)
{
	return *s && strlen(s) <= MAX_NAME && is_word(s, "_.-") ? NULL : "is not a key";
}

const char *check_controllers(const char *s)
{
	return is_word(s, "_.,=-") ? NULL : "is not a list of cgroup controllers";
}

const char *check_file(const char *s)
{
	if (*s == '\0' || *s == '.' || strlen(s) > MAX_NAME || !is_word(s, "._-") ||
	    strcmp(s, MANIFEST_NAME) == 0)
		return "is not a plain file name";
	return NULL;
}
