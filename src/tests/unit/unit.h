/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TESTS_UNIT_H
#define LXCCKPT_TESTS_UNIT_H

#include <check.h>

/* Each test_*.c makes one; main.c has the table. TEST_FIXTURES is the path of the fixtures. */
Suite *await_suite(void);
Suite *checksum_suite(void);
Suite *core_cookie_suite(void);
Suite *cpus_suite(void);
Suite *criu_argv_suite(void);
Suite *criu_image_calls_suite(void);
Suite *criu_image_tree_suite(void);
Suite *criu_image_files_suite(void);
Suite *criu_image_ghosts_suite(void);
Suite *criu_image_hugepages_suite(void);
Suite *criu_image_ipc_suite(void);
Suite *criu_image_kinds_suite(void);
Suite *criu_image_locks_suite(void);
Suite *criu_image_mend_suite(void);
Suite *criu_image_network_suite(void);
Suite *criu_image_sockets_suite(void);
Suite *criu_log_suite(void);
Suite *device_rules_suite(void);
Suite *dump_checks_suite(void);
Suite *error_suite(void);
Suite *file_times_suite(void);
Suite *findings_suite(void);
Suite *flock_suite(void);
Suite *follow_suite(void);
Suite *frame_suite(void);
Suite *guard_suite(void);
Suite *identity_suite(void);
Suite *inject_suite(void);
Suite *ip_saved_suite(void);
Suite *keyring_suite(void);
Suite *listener_suite(void);
Suite *lock_suite(void);
Suite *loopback_suite(void);
Suite *manifest_suite(void);
Suite *manifest_bad_suite(void);
Suite *map_suite(void);
Suite *monitor_connections_suite(void);
Suite *monitor_console_suite(void);
Suite *monitor_starting_suite(void);
Suite *monitor_states_suite(void);
Suite *monitor_suite(void);
Suite *mounts_suite(void);
Suite *network_file_suite(void);
Suite *link_settings_suite(void);
Suite *nexthops_suite(void);
Suite *obstacles_suite(void);
Suite *plan_suite(void);
Suite *pressure_suite(void);
Suite *process_suite(void);
Suite *process_flags_suite(void);
Suite *record_suite(void);
Suite *restore_checks_suite(void);
Suite *rootfs_words_suite(void);
Suite *scrollback_suite(void);
Suite *sockets_suite(void);
Suite *source_filesystem_suite(void);
Suite *superblock_suite(void);
Suite *tty_suite(void);
Suite *users_suite(void);

#endif
