/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The only place that has numbers of CRIU's versions. Pure: used by the command before a
 * checkpoint and a restore, and by the monitor.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "criu/features.h"
#include "util/mem.h"

/* No release has come near it; what is beyond is no version but garbage. */
#define VERSION_PART_MAX 9999

static const struct criu_version since[CRIU_N_FEATURES] = {
	/* mount-v2 and --network-lock: an older one restores no stock container */
	[CRIU_WORKS] = {3, 17, 0},
	/* --network-lock nftables */
	[CRIU_LOCK_BY_NFTABLES] = {3, 17, 0},
	/* --skip-file-rwx-check */
	[CRIU_SKIP_RWX_CHECK] = {3, 18, 0},
	/* --network-lock skip */
	[CRIU_LOCK_NOTHING] = {3, 19, 0},
	/* saves no_new_privs */
	[CRIU_NO_NEW_PRIVS] = {3, 19, 0},
	/* saves ambient capabilities */
	[CRIU_AMBIENT_CAPS] = {4, 1, 0},
	/* saves pidfds */
	[CRIU_PIDFDS] = {4, 1, 0},
	/* restores mounts as carry/mounts_save.c changes them in the image */
	[CRIU_CHANGED_MOUNTS] = {4, 1, 0},
	/* asks no socket for SO_PASSCRED that Linux 6.16 and later answer with an error */
	[CRIU_NO_PASSCRED] = {4, 2, 0},
	/* restores a user namespace in which nobody (65534) is not mapped */
	[CRIU_UNMAPPED_NOBODY] = {4, 3, 0},
};

static bool version_part(const char **p, unsigned int *ret)
{
	unsigned int n = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		n = n * 10 + (unsigned int)(**p - '0');
		if (n > VERSION_PART_MAX)
			return false;
	}
	*ret = n;
	return true;
}

int criu_version_parse(const char *text, struct criu_version *ret)
{
	static const char word[] = "Version:";
	const char *p = strstr(text, word);
	struct criu_version v = {0};

	/* The manifest keeps the bare number. */
	p = p ? p + strlen(word) : text;
	p += strspn(p, " \t");
	if (!version_part(&p, &v.major) || *p++ != '.' || !version_part(&p, &v.minor))
		return -EINVAL;
	if (*p == '.') {
		p++;
		if (!version_part(&p, &v.patch))
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

int criu_version_cmp(const struct criu_version *a, const struct criu_version *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	if (a->patch != b->patch)
		return a->patch < b->patch ? -1 : 1;
	return 0;
}

char *criu_version_text(const struct criu_version *v)
{
	return xasprintf("%u.%u.%u", v->major, v->minor, v->patch);
}

bool criu_has(const struct criu_version *v, enum criu_feature feature)
{
	return since[feature].major && criu_version_cmp(v, &since[feature]) >= 0;
}

char *criu_feature_since(enum criu_feature feature)
{
	const struct criu_version *v = &since[feature];

	return v->major ? xasprintf("%u.%u", v->major, v->minor) : NULL;
}

char *criu_feature_remedy(enum criu_feature feature)
{
	_cleanup_free_ char *version = criu_feature_since(feature);

	return version ? xasprintf("install CRIU %s or later", version) : NULL;
}
