/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The buffer of the container's console, as its monitor has it. Runs in the caller's process, while
 * CRIU holds the container's processes still: nothing is written any more.
 */
#include "config.h"

#include <errno.h>

#include "carry/scrollback_save.h"
#include "carry/table_save.h"
#include "inspect/asking.h"
#include "monitor/frame.h"
#include "util/mem.h"

/* The container's processes stand still meanwhile: a monitor that hangs is not waited for. */
#define PATIENCE_S 5

/* The monitor's answer, or -errno where there was none that can be used. */
static int exchange(const char *lxcpath, const char *name, int cmd, const void *payload, size_t len,
		    char **ret, size_t *ret_len)
{
	_cleanup_answer_ struct monitor_answer a = {0};
	int r = ask_monitor(lxcpath, name, cmd, payload, len, PATIENCE_S, &a);

	if (r < 0 || a.ret < 0 || !a.body)
		return r < 0 ? r : a.ret;
	*ret = TAKE_PTR(a.body);
	*ret_len = a.body_len;
	return 0;
}

/* LXC's monitor writes a line into its log about a command that it does not know. */
static bool has_buffer(const char *lxcpath, const char *name)
{
	static const char key[] = "lxc.console.buffer.size";
	_cleanup_free_ char *value = NULL;
	size_t len;

	exchange(lxcpath, name, CMD_GET_CONFIG_ITEM, key, sizeof(key), &value, &len);
	return value && *value != '0';
}

void scrollback_read(const char *lxcpath, const char *name, bool take, char **ret, size_t *ret_len)
{
	const struct wire_console_log log = {.read = 1};

	*ret = NULL;
	*ret_len = 0;
	if (!has_buffer(lxcpath, name))
		return;
	if (exchange(lxcpath, name, CMD_PEEK_CONSOLE_LOG, NULL, 0, ret, ret_len) == -ENOSYS && take)
		exchange(lxcpath, name, CMD_CONSOLE_LOG, &log, sizeof(log), ret, ret_len);
}

void scrollback_clear(const char *lxcpath, const char *name)
{
	const struct wire_console_log log = {.clear = 1};
	_cleanup_free_ char *nothing = NULL;
	size_t len;

	exchange(lxcpath, name, CMD_CONSOLE_LOG, &log, sizeof(log), &nothing, &len);
}

/* LXC's monitor can only give its buffer away, which it is not asked to if the container runs on.
 */
int scrollback_save(struct saving *s, struct error **reterr)
{
	_cleanup_free_ char *data = NULL;
	size_t len;

	scrollback_read(s->facts->lxcpath, s->facts->name, s->stop, &data, &len);
	s->scrollback = data != NULL;
	return data ? image_write_bytes(s->image, SCROLLBACK_NAME, data, len, reterr) : 0;
}

/* The output is the checkpoint's now: a monitor that ends puts what it has left into the log. */
int scrollback_saved(struct saving *s, struct error **reterr)
{
	(void)reterr;
	if (s->scrollback)
		scrollback_clear(s->facts->lxcpath, s->facts->name);
	return 0;
}
