/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_IMAGE_STRINGS_H
#define LXCCKPT_IMAGE_STRINGS_H

/* Each returns what is wrong with a text, such as "is no key", or NULL. */
const char *check_text(const char *s);
const char *check_time(const char *s);
const char *check_sum(const char *s);
const char *check_container_name(const char *s);
const char *check_path(const char *s);
const char *check_target(const char *s);
const char *check_parent(const char *s);
const char *check_file(const char *s);
const char *check_interface(const char *s);
const char *check_mac(const char *s);
const char *check_kind(const char *s);
const char *check_key(const char *s);
const char *check_mount_options(const char *s);
const char *check_id_kind(const char *s);
const char *check_source_kind(const char *s);
const char *check_rootfs_kind(const char *s);
const char *check_tty_settings(const char *s);
const char *check_profile_file(const char *s);
const char *check_controllers(const char *s);
const char *check_controller_names(const char *s);
const char *check_cgroup_path(const char *s);
const char *check_owned_file(const char *s);
const char *check_setting_file(const char *s);
const char *check_attribute(const char *s);
const char *check_hex(const char *s);
const char *check_instructions(const char *s);
const char *check_nexthop(const char *s);
const char *check_cpus(const char *s);

#endif
