/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the unit tests: all of them, or the suites whose name contains the
 * argument (or $UNIT_FILTER, for `make check`). CK_VERBOSITY=verbose lists every test;
 * CK_FORK=no keeps them in this process, for a debugger.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* one a line */
/* clang-format off */
static const struct suite {
	const char *name;
	Suite *(*make)(void);
} suites[] = {
	{"await", await_suite},
	{"checksum", checksum_suite},
	{"core_cookie", core_cookie_suite},
	{"cpus", cpus_suite},
	{"criu_argv", criu_argv_suite},
	{"criu_image_calls", criu_image_calls_suite},
	{"criu_image_tree", criu_image_tree_suite},
	{"criu_image_files", criu_image_files_suite},
	{"criu_image_ghosts", criu_image_ghosts_suite},
	{"criu_image_hugepages", criu_image_hugepages_suite},
	{"criu_image_ipc", criu_image_ipc_suite},
	{"criu_image_kinds", criu_image_kinds_suite},
	{"criu_image_locks", criu_image_locks_suite},
	{"criu_image_mend", criu_image_mend_suite},
	{"criu_image_network", criu_image_network_suite},
	{"criu_image_sockets", criu_image_sockets_suite},
	{"criu_log", criu_log_suite},
	{"device_rules", device_rules_suite},
	{"dump_checks", dump_checks_suite},
	{"error", error_suite},
	{"file_times", file_times_suite},
	{"findings", findings_suite},
	{"flock", flock_suite},
	{"follow", follow_suite},
	{"frame", frame_suite},
	{"guard", guard_suite},
	{"identity", identity_suite},
	{"inject", inject_suite},
	{"ip_saved", ip_saved_suite},
	{"keyring", keyring_suite},
	{"listener", listener_suite},
	{"lock", lock_suite},
	{"loopback", loopback_suite},
	{"manifest", manifest_suite},
	{"manifest_bad", manifest_bad_suite},
	{"map", map_suite},
	{"monitor", monitor_suite},
	{"monitor_connections", monitor_connections_suite},
	{"monitor_console", monitor_console_suite},
	{"monitor_starting", monitor_starting_suite},
	{"monitor_states", monitor_states_suite},
	{"mounts", mounts_suite},
	{"network_file", network_file_suite},
	{"link_settings", link_settings_suite},
	{"nic_kinds", nic_kinds_suite},
	{"open_vswitch", open_vswitch_suite},
	{"nexthops", nexthops_suite},
	{"obstacles", obstacles_suite},
	{"plan", plan_suite},
	{"pressure", pressure_suite},
	{"process", process_suite},
	{"process_fields", process_fields_suite},
	{"process_flags", process_flags_suite},
	{"record", record_suite},
	{"restore_checks", restore_checks_suite},
	{"rootfs_words", rootfs_words_suite},
	{"scrollback", scrollback_suite},
	{"sockets", sockets_suite},
	{"unix_listeners", unix_listeners_suite},
	{"slave_mounts", slave_mounts_suite},
	{"source_filesystem", source_filesystem_suite},
	{"superblock", superblock_suite},
	{"tty", tty_suite},
	{"users", users_suite},
};
/* clang-format on */

int main(int argc, char **argv)
{
	const char *filter = argc > 1 ? argv[1] : getenv("UNIT_FILTER");
	SRunner *runner = NULL;
	int failed;

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (filter && !strstr(suites[i].name, filter))
			continue;
		if (runner)
			srunner_add_suite(runner, suites[i].make());
		else
			runner = srunner_create(suites[i].make());
	}
	if (!runner) {
		fprintf(stderr, "unit: no suite has \"%s\" in its name\n", filter ? filter : "");
		return EXIT_FAILURE;
	}
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
