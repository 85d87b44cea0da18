/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_MEM_H
#define LXCCKPT_UTIL_MEM_H

/*
 * Memory and strings. The requests are small (names, paths, one command line). If even those fail,
 * nothing sensible can continue, so these functions abort and spare every caller a branch that no
 * test can reach.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Overwrites the heap string before freeing it, because its content is secret. NULL is fine. */
void free_secret(char *s);

/* Appends to the heap string *s, which may be NULL. */
void str_append(char **s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A NULL-terminated vector of heap strings that grows: struct strv v = {0}. */
struct strv {
	char **v; /* NULL: nothing was added */
	size_t n;
};

void strv_add(struct strv *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_free(struct strv *s);

/* Grows array p of *n elements by one zeroed element, and returns that element. */
#define ARRAY_ADD(p, n)                                                                            \
	({                                                                                         \
		(p) = xreallocarray((p), (n) + 1, sizeof(*(p)));                                   \
		(p)[(n)] = (typeof(*(p))){0};                                                      \
		&(p)[(n)++];                                                                       \
	})

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		typeof(p) taken_ = (p);                                                            \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}
#define _cleanup_free_ __attribute__((cleanup(freep)))
#define _cleanup_strv_ __attribute__((cleanup(strv_free)))

#endif
