/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which CRIU there is, and whether it can work on this kernel. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "criu.h"
#include "criu/log.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "util/fd.h"
#include "util/mapped.h"
#include "util/mem.h"

#define CACHE_NAME "criu"
#define HEAD	   (512 * 1024)

static const char install_hint[] = "install CRIU: `apt-get install criu` (Debian testing has one "
				   "for current kernels), or name "
				   "another with LXC_CHECKPOINT_CRIU=/path/to/criu";

void criu_program_clear(struct criu_program *p)
{
	free(p->path);
	*p = (struct criu_program){0};
}

bool criu_needs_library(const char *path, const char *library)
{
	_cleanup_free_ char *file = realpath(path, NULL);
	_cleanup_mapped_ struct mapped program =
		file ? map_file(AT_FDCWD, file) : (struct mapped){0};
	/* the names of libraries are at the beginning */
	const size_t len = MIN(program.len, HEAD);

	return program.p && memmem(program.p, len, library, strlen(library)) != NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* sudo and cron leave sbin out of PATH, which is where CRIU lives */
static char *search_path(void)
{
	_cleanup_free_ char *dirs = NULL;
	const char *path = getenv("PATH");
	char *save = NULL;

	str_append(&dirs, "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	for (char *d = strtok_r(dirs, ":", &save); d; d = strtok_r(NULL, ":", &save)) {
		_cleanup_free_ char *candidate = xasprintf("%s/criu", d);

		if (*d == '/' && is_program(candidate))
			return TAKE_PTR(candidate);
	}
	return NULL;
}

static int find_path(char **ret, struct error **reterr)
{
	const char *named = secure_getenv("LXC_CHECKPOINT_CRIU");

	if (named && *named) {
		if (*named != '/' || !is_program(named)) {
			error_refuse(reterr, ENOENT,
				     "LXC_CHECKPOINT_CRIU names \"%s\", which is not the absolute "
				     "path of a program",
				     named);
			return -ENOENT;
		}
		*ret = xstrdup(named);
		return 0;
	}
	*ret = search_path();
	if (*ret)
		return 0;
	error_refuse(reterr, ENOENT, "criu is not installed: there is none on PATH");
	error_set_hint(reterr, "%s", install_hint);
	return -ENOENT;
}

/* Changes with the binary, the kernel and the boot: what was found then holds as long as it does.
 */
static char *cache_key(const char *path)
{
	_cleanup_free_ char *boot = NULL;
	struct utsname un;
	struct stat st;

	if (stat(path, &st) < 0 || uname(&un) < 0 ||
	    read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &boot) < 0)
		return NULL;
	boot[strcspn(boot, "\n")] = '\0';
	return xasprintf("%s %llu %llu %lld.%09ld %s %s\n", path, (unsigned long long)st.st_ino,
			 (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec,
			 st.st_mtim.tv_nsec, un.release, boot);
}

static bool cache_read(const char *key, struct criu_version *ret)
{
	_cleanup_free_ char *text = NULL;

	if (!key || runtime_read(CACHE_NAME, 8192, &text) < 0)
		return false;
	return strncmp(text, key, strlen(key)) == 0 &&
	       criu_version_parse(text + strlen(key), ret) == 0;
}

static int read_version(const char *path, struct criu_version *ret, struct error **reterr)
{
	const char *const argv[] = {path, "--version", NULL};
	_cleanup_free_ char *output = NULL;
	int status = run_capture(argv, &output);

	if (status != 0 || criu_version_parse(output, ret) < 0) {
		error_refuse(reterr, ENOEXEC, "%s --version prints no version", path);
		error_set_detail(reterr, output);
		error_set_hint(reterr, "%s", install_hint);
		return -ENOEXEC;
	}
	if (!criu_has(ret, CRIU_WORKS)) {
		_cleanup_free_ char *needed = criu_feature_since(CRIU_WORKS);

		error_refuse(reterr, ENOEXEC, "%s is version %u.%u.%u; at least %s is required",
			     path, ret->major, ret->minor, ret->patch, needed);
		error_set_hint(reterr, "%s", install_hint);
		return -ENOEXEC;
	}
	return 0;
}

static int check_kernel(const char *path, struct error **reterr)
{
	const char *const argv[] = {path, "check", NULL};
	_cleanup_free_ char *output = NULL;
	struct criu_cause cause;
	int status = run_capture(argv, &output);

	if (status == 0)
		return 0;
	error_refuse(reterr, ENOEXEC, "%s reports that it cannot work on this kernel (`%s check`)",
		     path, path);
	criu_log_cause(output ? output : "", output ? strlen(output) : 0, &cause);
	error_set_detail(reterr, cause.lines);
	if (cause.hint)
		error_set_hint(reterr, "%s", cause.hint);
	else
		error_set_hint(reterr, "%s", install_hint);
	criu_cause_clear(&cause);
	return -ENOEXEC;
}

int criu_find(struct criu_program *ret, struct error **reterr)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *key = NULL;
	_cleanup_free_ char *text = NULL;
	struct criu_version version;
	int r = find_path(&path, reterr);

	if (r < 0)
		return r;
	key = cache_key(path);
	if (!cache_read(key, &version)) {
		r = read_version(path, &version, reterr);
		if (r == 0)
			r = check_kernel(path, reterr);
		if (r < 0)
			return r;
		text = xasprintf("%sVersion: %u.%u.%u\n", key ? key : "", version.major,
				 version.minor, version.patch);
		/* not kept is only slower */
		if (key)
			runtime_write(CACHE_NAME, text);
	}
	ret->path = TAKE_PTR(path);
	ret->version = version;
	return 0;
}

bool criu_checks(const struct criu_program *criu, const char *feature)
{
	const char *const argv[] = {criu->path, "check", "--feature", feature, NULL};

	return run_capture(argv, NULL) == 0;
}

bool criu_accepts_cpu_of(const struct criu_program *criu, const char *image)
{
	const char *const argv[] = {criu->path,	  "cpuinfo", "check", "--no-default-config",
				    CRIU_CPU_CAP, "-D",	     image,   NULL};

	return run_capture(argv, NULL) == 0;
}
