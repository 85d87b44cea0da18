/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes and parses the file "network". Pure; runs in the command, in the monitor and in
 * lxc-checkpoint-link.
 */
#include "config.h"

#include <net/if.h>
#include <stdint.h>
#include <string.h>

#include "image/network_file.h"
#include "sys/link_settings.h"
#include "util/mem.h"

#define WORDS	 7
#define MAX_SIZE NETWORK_MAX
#define MTU_MIN	 68 /* the kernel's own limits for Ethernet */
#define MTU_MAX	 65535

static bool is_alnum(char c)
{
	/* Not isalnum(): a locale must not widen what the script trusts. */
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool network_name_valid(const char *name)
{
	size_t len = strlen(name);

	/* A leading '-' would be an option; "." and ".." are directories below /proc/sys. */
	if (len == 0 || len >= IFNAMSIZ || !(is_alnum(name[0]) || name[0] == '_'))
		return false;
	/* Below /proc/sys/net/ipv6/conf these two mean all interfaces of the host. */
	if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool network_mac_valid(const char *mac)
{
	if (strlen(mac) != strlen("aa:bb:cc:dd:ee:ff"))
		return false;
	for (size_t i = 0; mac[i]; i++)
		if (i % 3 == 2 ? mac[i] != ':' : !is_hex(mac[i]))
			return false;
	return true;
}

char *network_to_text(const struct nic *nics, size_t n_nics, const char *const *host_names,
		      bool settings_may_fail)
{
	char *text = xstrdup("# Written by lxc-checkpoint for lxc-restore-net.\n");

	for (size_t i = 0; i < n_nics; i++) {
		const struct nic *n = &nics[i];
		const char *host = host_names && host_names[i] ? host_names[i] : n->host_name;

		if (strcmp(n->type, "veth") != 0 || !host)
			continue;
		str_append(&text, "veth %s %s %s %s ", n->name, host, n->bridge ? n->bridge : "-",
			   n->host_mac ? n->host_mac : "-");
		if (n->mtu)
			str_append(&text, "%u", n->mtu);
		else
			str_append(&text, "-");
		str_append(&text, " %s\n", n->host_ipv6_disabled ? "off" : "on");
		for (size_t k = 0; k < n->n_host_settings; k++)
			str_append(&text, "%s %s %s\n",
				   settings_may_fail || n->host_settings[k].may_fail ? "try"
										     : "set",
				   n->host_settings[k].name, n->host_settings[k].value);
	}
	return text;
}

/*
 * Splits at single spaces, in place. Returns the number of words, 0 for an empty word or too many
 * words.
 */
static size_t split_words(char *line, char *words[WORDS])
{
	size_t n = 0;

	while (line) {
		char *space = strchr(line, ' ');

		if (space)
			*space = '\0';
		if (n == WORDS || *line == '\0')
			return 0;
		words[n++] = line;
		line = space ? space + 1 : NULL;
	}
	return n;
}

static bool mtu_parse(const char *word, unsigned int *ret)
{
	unsigned int n = 0;

	if (*word == '0' || strlen(word) > 5)
		return false;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		n = n * 10 + (unsigned int)(*word - '0');
	}
	*ret = n;
	return n >= MTU_MIN && n <= MTU_MAX;
}

static bool nothing(const char *word)
{
	return strcmp(word, "-") == 0;
}

/* Fills nic. Returns what is wrong with the line, or NULL. */
static const char *nic_parse(char *line, struct nic *nic)
{
	char *w[WORDS];

	if (split_words(line, w) != WORDS)
		return "not seven words";
	if (strcmp(w[0], "veth") != 0)
		return "not \"veth\"";
	if (!network_name_valid(w[1]))
		return "bad interface name";
	if (!network_name_valid(w[2]))
		return "bad host interface name";
	if (!nothing(w[3]) && !network_name_valid(w[3]))
		return "bad bridge name";
	if (!nothing(w[4]) && !network_mac_valid(w[4]))
		return "bad MAC address";
	if (!nothing(w[5]) && !mtu_parse(w[5], &nic->mtu))
		return "bad MTU";
	if (strcmp(w[6], "on") != 0 && strcmp(w[6], "off") != 0)
		return "IPv6 is neither \"on\" nor \"off\"";

	nic->type = xstrdup(w[0]);
	nic->name = xstrdup(w[1]);
	nic->host_name = xstrdup(w[2]);
	nic->bridge = nothing(w[3]) ? NULL : xstrdup(w[3]);
	nic->host_mac = nothing(w[4]) ? NULL : xstrdup(w[4]);
	nic->host_ipv6_disabled = strcmp(w[6], "off") == 0;
	return NULL;
}

/* Adds the setting to the last NIC. Returns why the line is bad, or NULL. */
static const char *setting_parse(char *line, struct nic *nics, size_t n)
{
	char *name = line + strlen("set "), *value = strchr(name, ' ');
	struct nic_setting *s;

	if (n == 0)
		return "a setting of no interface";
	if (!value)
		return "a setting without a value";
	*value++ = '\0';
	if (!link_setting_valid(name, value))
		return "bad setting";
	s = ARRAY_ADD(nics[n - 1].host_settings, nics[n - 1].n_host_settings);
	s->name = xstrdup(name);
	s->value = xstrdup(value);
	s->may_fail = line[0] == 't';
	return NULL;
}

int network_from_text(const char *text, size_t len, struct nic **ret_nics, size_t *ret_n,
		      struct error **reterr)
{
	_cleanup_free_ char *copy = NULL;
	struct nic *nics = NULL;
	size_t n = 0, number = 1;

	if (len > MAX_SIZE)
		return error_set(reterr, EFBIG, "network file: larger than %d bytes", MAX_SIZE);
	if (memchr(text, '\0', len))
		return error_set(reterr, EBADMSG, "network file: NUL byte");
	if (len > 0 && text[len - 1] != '\n')
		return error_set(reterr, EBADMSG, "network file: no newline at its end");

	copy = xstrndup(text, len);
	for (char *line = copy, *end; (end = strchr(line, '\n')); line = end + 1, number++) {
		const char *wrong;

		*end = '\0';
		if (*line == '#')
			continue;
		if (strncmp(line, "set ", 4) == 0 || strncmp(line, "try ", 4) == 0)
			wrong = setting_parse(line, nics, n);
		else
			wrong = nic_parse(line, ARRAY_ADD(nics, n));
		if (wrong) {
			network_free(nics, n);
			return error_set(reterr, EBADMSG, "network file: line %zu: %s", number,
					 wrong);
		}
	}
	*ret_nics = nics;
	*ret_n = n;
	return 0;
}

void network_free(struct nic *nics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nic_clear(&nics[i]);
	free(nics);
}
