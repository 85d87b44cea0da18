/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TESTS_FUZZ_SMALL_H
#define LXCCKPT_TESTS_FUZZ_SMALL_H

#include <stddef.h>

void status(char *text, size_t len);
void nexthops(char *bytes, size_t len);
void criu_images(char *bytes, size_t len);
void device_programs(char *bytes, size_t len);
void criu_file_lists(char *bytes, size_t len);
void elf_files(char *bytes, size_t len);
void superblocks(char *bytes, size_t len);

#endif
