/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The AppArmor profile that lxc-start generated for this container, and removed
 * when it stopped. CRIU puts every process back under the profile it had, which
 * must be loaded by then.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

/* as lxc-start has it, so that each finds what the other has compiled */
#define CACHE_DIR  "/var/cache/lxc/apparmor"
#define NAMESPACES "/sys/kernel/security/apparmor/policy/namespaces"

/* "-r" to load it, "-R" to remove it. */
static int run_parser(const char *command, const char *path, struct error **reterr)
{
	_cleanup_free_ char *parser = system_program("apparmor_parser");
	_cleanup_free_ char *options = xasprintf("%sWL", command);
	const char *const argv[] = {parser, options, CACHE_DIR, path, NULL};
	_cleanup_free_ char *output = NULL;
	int status;

	if (!parser) {
		error_refuse(reterr, ENOENT,
			     "the container is confined by AppArmor, and apparmor_parser is not "
			     "installed");
		error_set_hint(reterr, "apt-get install apparmor");
		return -ENOENT;
	}
	status = run_capture(argv, &output);
	if (status == 0)
		return 0;
	if (output)
		output[strcspn(output, "\n")] = '\0';
	return error_set(reterr, EIO, "%s %s %s failed: %s", parser, options, path,
			 output ? output : "");
}

/* The policy namespace in a label like "profile//&:namespace:profile". Caller frees; NULL: none. */
static char *policy_namespace(const char *label)
{
	const char *begin = strstr(label, "//&:");
	const char *end = begin ? strchr(begin + 4, ':') : NULL;
	_cleanup_free_ char *name = end ? xstrndup(begin + 4, (size_t)(end - begin - 4)) : NULL;

	if (!name || !*name || *name == '.' || strchr(name, '/'))
		return NULL;
	return xasprintf(NAMESPACES "/%s", name);
}

static int write_policy(struct restore *r, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *dir = xasprintf("%s/%s/apparmor", r->plan->lxcpath, r->plan->name);
	_cleanup_close_ int fd = -1;
	int e;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return error_errno(reterr, "cannot make %s", dir);
	r->carried.apparmor_path = xasprintf("%s/%s", dir, facts->apparmor_file);
	fd = open(r->carried.apparmor_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return error_errno(reterr, "cannot write %s", r->carried.apparmor_path);
	e = write_all(fd, facts->apparmor_policy, strlen(facts->apparmor_policy));
	return e < 0 ? error_set(reterr, -e, "cannot write %s: %s", r->carried.apparmor_path,
				 strerror(-e))
		     : 0;
}

int apparmor_apply(struct restore *r, pid_t init, struct error **reterr)
{
	const struct container_facts *facts = &r->manifest->facts;
	_cleanup_free_ char *namespace = NULL;
	int e;

	(void)init;
	if (!facts->apparmor_policy)
		return 0;
	e = write_policy(r, reterr);
	if (e == 0)
		e = run_parser("-r", r->carried.apparmor_path, reterr);
	if (e < 0)
		return e;
	namespace = policy_namespace(facts->apparmor_label);
	if (namespace && mkdir(namespace, 0755) < 0 && errno != EEXIST)
		return error_errno(reterr, "cannot make the AppArmor namespace %s", namespace);
	return 0;
}

void apparmor_undo(struct restore *r)
{
	_cleanup_free_ char *namespace = NULL;
	char *last;

	if (!r->carried.apparmor_path)
		return;
	namespace = policy_namespace(r->manifest->facts.apparmor_label);
	if (namespace)
		rmdir(namespace);
	run_parser("-R", r->carried.apparmor_path, NULL);
	unlink(r->carried.apparmor_path);
	last = strrchr(r->carried.apparmor_path, '/');
	*last = '\0';
	rmdir(r->carried.apparmor_path);
	free(TAKE_PTR(r->carried.apparmor_path));
}
