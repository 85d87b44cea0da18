/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SOCKET_STATES_H
#define LXCCKPT_CARRY_SOCKET_STATES_H

/*
 * A file in the image: what sockets were told, and CRIU does not carry. One socket a line, by a
 * process that has it open and the descriptor there, and only sockets that were told something:
 *
 *   17 5 2 1 6 SO_TIMESTAMP_OLD=1 TCP_CONGESTION=x72656e6f
 *   17 6 10 2 17 IPV6_MULTICAST_HOPS=5 MEMBER=2,ff02::fb MEMBER=2,239.1.2.3,include,10.0.0.1
 *
 * That is: the process as the container's init sees it, the descriptor; domain, type and protocol
 * of the socket; its options, an int as a number and other values in hexadecimal; its multicast
 * groups, each with the interface, and with the sources that it takes or does not take.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SOCKETS_NAME		   "sockets"
#define SOCKETS_MAX		   (256 * 1024 * 1024)
#define SOCKET_VALUE_MAX	   2048 /* IPv6 extension headers */
#define SOCKET_SOURCES_MAX	   64	/* as many as the kernel takes by default */
#define MEMBERSHIP_IS_EVERYBODY(g) ((g)->exclude && (g)->n == 0)

/* What a socket is, for the options that have an effect on it. */
enum socket_kind {
	SOCKET_UNKNOWN = 0, /* no options are known of such sockets */
	SOCKET_UNIX = 1 << 0,
	SOCKET_NETLINK = 1 << 1,
	SOCKET_PACKET = 1 << 2,
	SOCKET_TCP = 1 << 3,	    /* closed or listening */
	SOCKET_CONNECTION = 1 << 4, /* TCP in any other state */
	SOCKET_UDP = 1 << 5,
	SOCKET_CONNECTED_UDP = 1 << 6,
	SOCKET_UDPLITE = 1 << 7,
	SOCKET_RAW = 1 << 8,
	SOCKET_PING = 1 << 9,
};

/* An option that can be read, and set with what was read. */
struct socket_option {
	const char *name;
	int level, option;
	unsigned int kinds; /* of enum socket_kind */
	unsigned int size;  /* of the longest value */
	int usual;	    /* an int that the kernel gives sockets in use, beside a new one's */
};

#define SOCKET_NO_USUAL (-2)

/* Ordered: some options have to be set after others. */
extern const struct socket_option socket_options[];
extern const size_t n_socket_options;

struct socket_value {
	size_t option; /* of socket_options */
	size_t len;
	void *bytes;
};

struct socket_member {
	unsigned int interface; /* its number */
	int family;
	struct in6_addr group; /* or the first four bytes */
	bool exclude;	       /* it takes all but these sources; or only these */
	size_t n;
	struct in6_addr *sources;
};

struct socket_state {
	pid_t pid;
	int fd;
	int domain, type, protocol;
	struct socket_value *values; /* by rising number of the option */
	size_t n_values;
	struct socket_member *members;
	size_t n_members;
};

struct socket_states {
	struct socket_state *v;
	size_t n;
};

/* connected: TCP neither closed nor listening, UDP with a peer. */
enum socket_kind socket_kind(int domain, int type, int protocol, bool connected);

/* Pure. Strict; not 0: it is not such a file. */
int socket_states_parse(const char *text, size_t len, struct socket_states *ret);

/* Pure. Leaves out sockets that were told nothing. Caller frees. */
char *socket_states_format(const struct socket_states *s);

void socket_state_clear(struct socket_state *s);
void socket_states_clear(struct socket_states *s);
#define _cleanup_socket_states_ __attribute__((cleanup(socket_states_clear)))

/* A multicast group that somebody on an interface wants to hear. */
struct multicast_group {
	unsigned int interface;
	int family;
	struct in6_addr group;
	unsigned int users; /* sockets; the kernel's own membership is not counted */
};

struct multicast_groups {
	struct multicast_group *v;
	size_t n;
};

/* Pure. Add those in the text of /proc/PID/net/igmp and igmp6 that sockets have joined. */
void multicast_groups_add4(struct multicast_groups *g, const char *text);
void multicast_groups_add6(struct multicast_groups *g, const char *text);

#endif
