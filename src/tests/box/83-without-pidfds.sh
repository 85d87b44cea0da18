#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# also: trixie
#
# Under checkpointable.conf systemd's daemons get no pidfds. What the container's services
# have in their environment lets them go on without: else udevd forks for ever, since it
# can never watch a worker. (From systemd 258 on nothing does.)
. "${0%/*}/lib/lib.sh"

check grep -q '^pidfd_open errno 24$' /usr/local/share/lxc/config/checkpointable.seccomp
gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -o /tmp/sd-event "${0%/*}/../payload/sd-event.c"

step 'as it would be'
check_not chroot /mnt/trixie /tmp/sd-event

step 'with what services get'
environment=$(sed -n 's/^Environment=//p' /usr/local/share/lxc-checkpoint/systemd/service.d/50-lxc-checkpoint.conf)
check test -n "$environment"
check chroot /mnt/trixie env "$environment" /tmp/sd-event
