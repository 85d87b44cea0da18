/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The text of the image's file of sockets, and that of the kernel's lists of multicast groups.
 * Pure: the command writes the file at a dump, and the monitor reads it at a restore.
 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry/socket_states.h"
#include "util/hex.h"
#include "util/mem.h"

#define MEMBER "MEMBER="

/* --- reading -------------------------------------------------------------------------------------
 */

/* Only as the number would be written here. */
static bool read_int(const char *word, long long least, long long most, long long *ret)
{
	char again[32];
	long long n;

	if (!isdigit((unsigned char)*word) && *word != '-')
		return false;
	errno = 0;
	n = strtoll(word, NULL, 10);
	snprintf(again, sizeof(again), "%lld", n);
	if (errno || n < least || n > most || strcmp(word, again) != 0)
		return false;
	*ret = n;
	return true;
}

static bool take_int(char **line, long long least, long long most, long long *ret)
{
	char *word = strsep(line, " ");

	return word && read_int(word, least, most, ret);
}

static bool read_head(char **line, struct socket_state *ret)
{
	long long n[5];

	for (size_t i = 0; i < 5; i++)
		if (!take_int(line, i == 0, INT_MAX, &n[i]))
			return false;
	ret->pid = (pid_t)n[0];
	ret->fd = (int)n[1];
	ret->domain = (int)n[2];
	ret->type = (int)n[3];
	ret->protocol = (int)n[4];
	return socket_kind(ret->domain, ret->type, ret->protocol, false) != SOCKET_UNKNOWN;
}

/* From first on. */
static size_t find_option(const char *name, size_t first)
{
	while (first < n_socket_options && strcmp(socket_options[first].name, name) != 0)
		first++;
	return first;
}

static bool read_value(const char *text, const struct socket_option *o, struct socket_value *ret)
{
	long long n;
	int value;

	if (o->size == sizeof(int)) {
		if (!read_int(text, INT_MIN, INT_MAX, &n))
			return false;
		value = (int)n;
		ret->len = sizeof(value);
		ret->bytes = xcalloc(1, sizeof(value));
		memcpy(ret->bytes, &value, sizeof(value));
		return true;
	}
	if (*text++ != 'x' || !*text || strlen(text) > 2UL * o->size)
		return false;
	ret->bytes = hex_decode(text, &ret->len);
	return ret->bytes != NULL;
}

static bool read_option(char *word, struct socket_state *s)
{
	size_t first = s->n_values ? s->values[s->n_values - 1].option + 1 : 0;
	struct socket_value value = {0};
	char *text = strchr(word, '=');

	if (!text)
		return false;
	*text++ = '\0';
	value.option = find_option(word, first);
	if (value.option == n_socket_options ||
	    !read_value(text, &socket_options[value.option], &value))
		return false;
	*ARRAY_ADD(s->values, s->n_values) = value;
	return true;
}

/* Only as the address would be written here; family 0: of any, which is set. */
static bool read_address(const char *word, int *family, struct in6_addr *ret)
{
	int found = strchr(word, ':') ? AF_INET6 : AF_INET;
	char again[INET6_ADDRSTRLEN];

	*ret = (struct in6_addr){0};
	if ((*family && *family != found) || inet_pton(found, word, ret) != 1 ||
	    !inet_ntop(found, ret, again, sizeof(again)) || strcmp(word, again) != 0)
		return false;
	*family = found;
	return true;
}

static bool read_sources(char *text, struct socket_member *m)
{
	char *mode = strsep(&text, ",");

	if (!mode || (strcmp(mode, "exclude") != 0 && strcmp(mode, "include") != 0))
		return false;
	m->exclude = *mode == 'e';
	for (char *word; (word = strsep(&text, ","));) {
		struct in6_addr a;

		if (m->n == SOCKET_SOURCES_MAX || !read_address(word, &m->family, &a))
			return false;
		*ARRAY_ADD(m->sources, m->n) = a;
	}
	/* to take all is not written, and to take nothing is not to be in the group */
	return m->n > 0;
}

static bool is_multicast(const struct socket_member *m)
{
	return m->family == AF_INET ? (m->group.s6_addr[0] & 0xf0) == 0xe0
				    : IN6_IS_ADDR_MULTICAST(&m->group);
}

static bool read_member(char *text, struct socket_state *s)
{
	struct socket_member *m = ARRAY_ADD(s->members, s->n_members);
	const char *interface = strsep(&text, ","), *group = strsep(&text, ",");
	long long n;

	if (!interface || !group || !read_int(interface, 0, INT_MAX, &n) ||
	    !read_address(group, &m->family, &m->group) || !is_multicast(m))
		return false;
	m->interface = (unsigned int)n;
	m->exclude = true;
	return !text || read_sources(text, m);
}

static bool read_line(char *line, struct socket_state *s)
{
	if (!read_head(&line, s) || !line)
		return false;
	for (char *word; (word = strsep(&line, " "));)
		if (strncmp(word, MEMBER, strlen(MEMBER)) == 0) {
			if (!read_member(word + strlen(MEMBER), s))
				return false;
		} else if (s->n_members || !read_option(word, s)) {
			return false;
		}
	return true;
}

int socket_states_parse(const char *text, size_t len, struct socket_states *ret)
{
	_cleanup_socket_states_ struct socket_states s = {0};
	_cleanup_free_ char *copy = xstrdup(text);
	char *end;

	if (strlen(text) != len)
		return -EBADMSG;
	for (char *line = copy; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (!read_line(line, ARRAY_ADD(s.v, s.n)))
			return -EBADMSG;
	}
	ret->v = TAKE_PTR(s.v);
	ret->n = s.n;
	s.n = 0;
	return 0;
}

/* --- writing -------------------------------------------------------------------------------------
 */

static void write_value(FILE *f, const struct socket_value *v)
{
	const struct socket_option *o = &socket_options[v->option];
	int value;

	if (o->size == sizeof(int) && v->len == sizeof(int)) {
		memcpy(&value, v->bytes, sizeof(value));
		fprintf(f, " %s=%d", o->name, value);
	} else {
		_cleanup_free_ char *hex = hex_encode(v->bytes, v->len);

		fprintf(f, " %s=x%s", o->name, hex);
	}
}

static const char *address_text(int family, const struct in6_addr *a, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(family, a, text, INET6_ADDRSTRLEN) ? text : "";
}

static void write_member(FILE *f, const struct socket_member *m)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(f, " " MEMBER "%u,%s", m->interface, address_text(m->family, &m->group, text));
	if (MEMBERSHIP_IS_EVERYBODY(m))
		return;
	fputs(m->exclude ? ",exclude" : ",include", f);
	for (size_t i = 0; i < m->n; i++)
		fprintf(f, ",%s", address_text(m->family, &m->sources[i], text));
}

char *socket_states_format(const struct socket_states *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < s->n; i++) {
		const struct socket_state *v = &s->v[i];

		if (v->n_values == 0 && v->n_members == 0)
			continue;
		fprintf(f, "%d %d %d %d %d", (int)v->pid, v->fd, v->domain, v->type, v->protocol);
		for (size_t k = 0; k < v->n_values; k++)
			write_value(f, &v->values[k]);
		for (size_t k = 0; k < v->n_members; k++)
			write_member(f, &v->members[k]);
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

void socket_state_clear(struct socket_state *s)
{
	for (size_t i = 0; i < s->n_values; i++)
		free(s->values[i].bytes);
	for (size_t i = 0; i < s->n_members; i++)
		free(s->members[i].sources);
	free(s->values);
	free(s->members);
	*s = (struct socket_state){0};
}

void socket_states_clear(struct socket_states *s)
{
	for (size_t i = 0; i < s->n; i++)
		socket_state_clear(&s->v[i]);
	free(s->v);
	*s = (struct socket_states){0};
}

/* --- the kernel's lists --------------------------------------------------------------------------
 */

/*
 * The kernel itself is in the groups of all hosts. It is also in one for each IPv6 address, but not
 * once for each: sockets are asked for those.
 */
static bool kernel_has_joined(const struct multicast_group *g)
{
	static const struct {
		int family;
		uint8_t len, bytes[sizeof(struct in6_addr)];
	} groups[] = {
		{AF_INET, 4, {224, 0, 0, 1}},
		{AF_INET6, 16, {0xff, 1, [15] = 1}},
		{AF_INET6, 16, {0xff, 2, [15] = 1}},
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (g->family == groups[i].family &&
		    memcmp(&g->group, groups[i].bytes, groups[i].len) == 0)
			return true;
	return false;
}

static void add_group(struct multicast_groups *all, struct multicast_group g)
{
	if (g.users > 0 && kernel_has_joined(&g))
		g.users--;
	if (g.users > 0)
		*ARRAY_ADD(all->v, all->n) = g;
}

/*
 * "2 \t eth0 : 1 V3", and for each group of that interface a line that begins with two tabs:
 * "010000E0 1 0:00000000 0".
 */
void multicast_groups_add4(struct multicast_groups *all, const char *text)
{
	unsigned int interface = 0;

	for (const char *l = text; l && *l; l = strchr(l, '\n')) {
		struct multicast_group g = {.family = AF_INET};
		unsigned long address;
		char *end;

		l += *l == '\n';
		if (isdigit((unsigned char)*l)) {
			interface = (unsigned int)strtoul(l, NULL, 10);
			continue;
		}
		if (strncmp(l, "\t\t", 2) != 0)
			continue;
		address = strtoul(l, &end, 16);
		g.interface = interface;
		g.users = (unsigned int)strtoul(end, NULL, 10);
		/* as it is in the kernel's memory */
		memcpy(&g.group, &(uint32_t){(uint32_t)address}, sizeof(uint32_t));
		add_group(all, g);
	}
}

/* Behind this word and the spaces after it. */
static const char *next_word(const char *text)
{
	text += strcspn(text, " \n");
	return text + strspn(text, " ");
}

/* "2    eth0            ff0200000000000000000000000000fb     1 0000000C 0" */
static bool read_group6(const char *line, struct multicast_group *g)
{
	const char *group = next_word(next_word(line));
	const size_t digits = strspn(group, "0123456789abcdef");
	_cleanup_free_ char *hex = xstrndup(group, digits);
	_cleanup_free_ void *address = NULL;
	size_t len = 0;

	if (digits != 2 * sizeof(g->group))
		return false;
	address = hex_decode(hex, &len);
	if (!address || len != sizeof(g->group))
		return false;
	memcpy(&g->group, address, len);
	g->interface = (unsigned int)strtoul(line, NULL, 10);
	g->users = (unsigned int)strtoul(group + digits, NULL, 10);
	return true;
}

void multicast_groups_add6(struct multicast_groups *all, const char *text)
{
	for (const char *l = text; l && *l; l = strchr(l, '\n')) {
		struct multicast_group g = {.family = AF_INET6};

		l += *l == '\n';
		if (read_group6(l, &g))
			add_group(all, g);
	}
}
