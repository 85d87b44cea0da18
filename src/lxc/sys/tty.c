/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Converts the settings and size of a terminal to text and back. Runs in the command and in the
 * monitor.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "sys/tty.h"
#include "util/mem.h"

struct settings {
	struct termios termios;
	struct winsize size;
};

char *tty_settings_read(int fd)
{
	struct settings s;
	char *text;

	if (tcgetattr(fd, &s.termios) < 0 || ioctl(fd, TIOCGWINSZ, &s.size) < 0)
		return NULL;
	text = xasprintf("%x:%x:%x:%x", s.termios.c_iflag, s.termios.c_oflag, s.termios.c_cflag,
			 s.termios.c_lflag);
	for (size_t i = 0; i < NCCS; i++)
		str_append(&text, ":%x", s.termios.c_cc[i]);
	str_append(&text, ":%x:%x", s.size.ws_row, s.size.ws_col);
	return text;
}

/* The next number, followed by ':' or the end. */
static bool next(const char **text, unsigned long max, unsigned long *ret)
{
	char *end;

	if (!strchr("0123456789abcdef", **text) || **text == '\0')
		return false;
	errno = 0;
	*ret = strtoul(*text, &end, 16);
	if (errno || *ret > max || (*end != ':' && *end != '\0'))
		return false;
	*text = *end ? end + 1 : end;
	return true;
}

static bool parse(const char *text, struct settings *s)
{
	tcflag_t *const flags[] = {&s->termios.c_iflag, &s->termios.c_oflag, &s->termios.c_cflag,
				   &s->termios.c_lflag};
	unsigned long n, rows, columns;
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == ':')
		return false;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!next(&text, UINT_MAX, &n))
			return false;
		*flags[i] = (tcflag_t)n;
	}
	for (size_t i = 0; i < NCCS; i++) {
		if (!next(&text, UCHAR_MAX, &n))
			return false;
		s->termios.c_cc[i] = (cc_t)n;
	}
	if (!next(&text, USHRT_MAX, &rows) || !next(&text, USHRT_MAX, &columns) || *text)
		return false;
	s->size =
		(struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	return true;
}

bool tty_settings_valid(const char *text)
{
	struct settings s;

	return parse(text, &s);
}

int tty_settings_apply(int fd, const char *text)
{
	struct settings s;

	/* the text lacks the line discipline and the speeds, which stay */
	if (tcgetattr(fd, &s.termios) < 0)
		return -errno;
	if (!parse(text, &s))
		return -EINVAL;
	if (tcsetattr(fd, TCSANOW, &s.termios) < 0 || ioctl(fd, TIOCSWINSZ, &s.size) < 0)
		return -errno;
	return 0;
}
