/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_CARRY_SYSCTLS_H
#define LXCCKPT_CARRY_SYSCTLS_H

/*
 * A file in the image: the settings in /proc/sys/net that CRIU does not carry, one a
 * line, path and value with a blank between: "net/core/somaxconn 4096". Those in
 * conf/, and ip_forward, which stands for some of them, are CRIU's.
 */
#define SYSCTLS_NAME  "sysctls"
#define SYSCTLS_MAX   (1024 * 1024)
#define SYSCTL_MAX    4096 /* of one value; longer ones are left out */
#define SYSCTLS_PROC  "/proc/sys"
#define SYSCTLS_BELOW "net/"

#endif
