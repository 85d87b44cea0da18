/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manifest: what is read can be written, and what was written is read as the same. The
 * input is tried as it is, and with the line that would be its checksum at its end.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "image/manifest.h"
#include "util/checksum.h"
#include "util/mem.h"

static void read_and_write(const char *data, size_t size)
{
	_cleanup_manifest_ struct manifest m = {0}, again = {0};
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *text = NULL, *second = NULL;

	if (manifest_from_json(data, size, &m, &e) < 0) {
		must(e && e->refused && *e->message);
		return;
	}
	must(!e);
	/* those of schema 1 have no sums */
	for (size_t i = 0; i < m.n_files; i++)
		if (!m.files[i].xxh3_128)
			m.files[i].xxh3_128 = checksum_of("", 0);
	text = manifest_to_json(&m);
	must(text != NULL);
	must(manifest_from_json(text, strlen(text), &again, &e) == 0);
	second = manifest_to_json(&again);
	must(second && strcmp(text, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *sum = checksum_of(data, size);
	_cleanup_free_ char *line = xasprintf("  \"checksum\": \"%s\"\n}\n", sum);
	_cleanup_free_ char *sealed = xcalloc(size + strlen(line), 1);

	read_and_write((const char *)data, size);
	memcpy(sealed, data, size);
	memcpy(sealed + size, line, strlen(line));
	read_and_write(sealed, size + strlen(line));
	return 0;
}
