/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Parses and writes the values of settings of links. Runs in the command, in the monitor, which
 * checks the image, and in lxc-checkpoint-link.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/setting_text.h"
#include "util/mem.h"

#define MAC_TEXT_LEN (sizeof("00:11:22:33:44:55") - 1)

long long setting_number(const char *text, unsigned long long max)
{
	unsigned long long n = 0;

	if (!*text || strlen(text) > 10 || (*text == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (unsigned long long)(*text - '0');
	}
	return n <= max ? (long long)n : -1;
}

bool setting_take_mac(const char **text, unsigned char ret[MAC_LEN])
{
	static const char digits[] = "0123456789abcdef";
	const char *p = *text;

	for (size_t i = 0; i < MAC_LEN; i++, p += 3) {
		const char *high = *p ? strchr(digits, p[0]) : NULL;
		const char *low = high && p[1] ? strchr(digits, p[1]) : NULL;

		if (!low || (i + 1 < MAC_LEN && p[2] != ':'))
			return false;
		ret[i] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	*text += MAC_TEXT_LEN;
	return true;
}

void setting_append_mac(char **text, const unsigned char mac[MAC_LEN])
{
	str_append(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		   mac[5]);
}

size_t ip_len(int family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

bool setting_ip(const char *text, struct ip *ret)
{
	*ret = (struct ip){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	ret->prefix = (unsigned char)(8 * ip_len(ret->family));
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

bool setting_network(const char *text, struct ip *ret)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *address = slash ? xstrndup(text, (size_t)(slash - text)) : NULL;
	long long bits;

	if (!address || !setting_ip(address, ret))
		return false;
	bits = setting_number(slash + 1, 8 * ip_len(ret->family));
	ret->prefix = (unsigned char)bits;
	return bits >= 0;
}

/* --- words ----------------------------------------------------------------------------------- */

static char *next_word(char **rest)
{
	char *word = *rest, *space = word ? strchr(word, ' ') : NULL;

	if (space)
		*space = '\0';
	*rest = space ? space + 1 : NULL;
	return word && *word ? word : NULL;
}

const char *setting_word(const struct setting_words *w, const char *key)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->pairs[i].key, key) == 0)
			return w->pairs[i].value;
	return NULL;
}

unsigned int setting_word_number(const struct setting_words *w, const char *key)
{
	const char *word = setting_word(w, key);

	return word ? (unsigned int)setting_number(word, UINT32_MAX) : 0;
}

static bool is_valid(const struct setting_key *key, const char *value, int family)
{
	unsigned char mac[MAC_LEN];
	struct ip ip;

	switch (key->is) {
	case SETTING_NUMBER:
		return setting_number(value, key->max) >= 0;
	case SETTING_IP:
		return setting_ip(value, &ip) && ip.family == family;
	case SETTING_MAC:
		return setting_take_mac(&value, mac) && *value == '\0';
	}
	return false;
}

static const struct setting_key *find_key(const struct setting_key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys->name ? keys : NULL;
}

static bool add_pair(const struct setting_key *keys, const char *name, const char *value,
		     struct setting_words *w)
{
	const struct setting_key *key = find_key(keys, name);

	if (!key || w->n == SETTING_PAIRS_MAX || setting_word(w, name) ||
	    !is_valid(key, value, w->ip.family))
		return false;
	w->pairs[w->n].key = name;
	w->pairs[w->n++].value = value;
	return true;
}

bool setting_split(const char *text, bool network, const struct setting_key *keys,
		   struct setting_words *ret)
{
	const char *first;
	char *rest;

	*ret = (struct setting_words){.copy = xstrdup(text)};
	rest = ret->copy;
	first = next_word(&rest);
	if (!first || !(network ? setting_network : setting_ip)(first, &ret->ip))
		return false;
	while (rest) {
		const char *name = next_word(&rest), *value = name ? next_word(&rest) : NULL;

		if (!value || !add_pair(keys, name, value, ret))
			return false;
	}
	return true;
}
