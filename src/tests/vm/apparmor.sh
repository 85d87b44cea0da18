# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh: what AppArmor has of the container c1.

apparmor=/sys/kernel/security/apparmor

# Loaded for the container: its profile, and the namespace for policies of its own.
loaded()
{
	grep '^lxc-c1_' $apparmor/profiles || :
	find $apparmor/policy/namespaces -mindepth 1 -maxdepth 1 -name 'lxc-c1_*' -printf 'namespace %f\n'
}
