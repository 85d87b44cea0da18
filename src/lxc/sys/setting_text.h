/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_SETTING_TEXT_H
#define LXCCKPT_SYS_SETTING_TEXT_H

/*
 * The text of values of settings (link_settings.h): numbers, addresses, and words in pairs. All of
 * it is pure, and strict: a value has one form.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define MAC_LEN 6

/* A number of at most ten digits. Returns -1: no number, or larger than max. */
long long setting_number(const char *text, unsigned long long max);

/* Takes a MAC from *text, and moves it on behind it. */
bool setting_take_mac(const char **text, unsigned char ret[MAC_LEN]);
void setting_append_mac(char **text, const unsigned char mac[MAC_LEN]);

struct ip {
	int family;
	unsigned char bytes[sizeof(struct in6_addr)];
	unsigned char prefix;
};

size_t ip_len(int family);
bool setting_ip(const char *text, struct ip *ret);
/* With the prefix behind a slash. */
bool setting_network(const char *text, struct ip *ret);

/* The keys that may follow, and what their values are; the last one has no name. */
struct setting_key {
	const char *name;
	enum { SETTING_NUMBER, SETTING_IP, SETTING_MAC } is;
	unsigned long long max; /* of a number */
};

#define SETTING_PAIRS_MAX 10

/* An address, and pairs of a key and a value. */
struct setting_words {
	struct ip ip;
	struct {
		const char *key, *value;
	} pairs[SETTING_PAIRS_MAX];
	size_t n;
	char *copy;
};

/*
 * Splits and checks a value. Addresses in pairs are of the first one's family. network: the first
 * word has a prefix. The caller frees ret->copy, whatever this returns.
 */
bool setting_split(const char *text, bool network, const struct setting_key *keys,
		   struct setting_words *ret);

/* NULL: it has no such key. */
const char *setting_word(const struct setting_words *w, const char *key);

/* Returns the value of a key of SETTING_NUMBER; 0: w does not have it. */
unsigned int setting_word_number(const struct setting_words *w, const char *key);

#endif
