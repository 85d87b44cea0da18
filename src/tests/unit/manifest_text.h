/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TESTS_MANIFEST_TEXT_H
#define LXCCKPT_TESTS_MANIFEST_TEXT_H

#include "image/manifest.h"

/* All of it but its last line, which has the checksum. */
extern const char manifest_begins[];

/* The whole of it. Caller frees what these four return. */
char *manifest_good(void);

/* With the end that its beginning has to have. */
char *manifest_sealed(const char *begins);

/* text with the first from as to, which has to be in it; and the same of manifest_begins. */
char *manifest_replace(const char *text, const char *from, const char *to);
char *manifest_change(const char *from, const char *to);

/* Fails unless it is refused with that in the message. */
void manifest_refused(const char *text, size_t len, const char *named);

#endif
