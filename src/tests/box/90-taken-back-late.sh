#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How late a restore can be cancelled that has no connections, or that uses up its image; a hook
# that does not end; and programs that call the library.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/faults.sh"
. "${0%/*}/lib/taken.sh"

begin_held
step 'without connections a restore can be taken back until the container runs'
end_client
check_client_goes_on()
{
	wait_for 20 answers
}
check_client()
{
	wait_for 20 answers
}
has_no_connection()
{
	check dump -n c1 --replace
	[ ! -e "$(find $IMG -name 'tcp-stream-*' -print -quit)" ]
}
wait_for 20 has_no_connection
check dump -n c1 -s --replace
for where in 'network-unlock after' 'pre-resume before'; do
	step "SIGINT at $where"
	is_taken_back "$where" INT
done
step 'SIGHUP in a start-host hook'
is_taken_back_after start-host HUP
step 'SIGTERM when it runs'
is_too_late 'post-resume before' TERM

step 'lxc-stop -k in the middle leaves an image that restores, too'
held 'post-restore before'
check lxc-stop -n c1 -k
ends_with 1
check_left "$STOPPED"
check_equal '' "$(find $ROOTFS -name '*.ghost')" 'files of CRIU'
and_restores
check dump -n c1 -s --replace

step 'a hook that does not end: the command does'
held pre-start
SECONDS=0
interrupt TERM
ends_with 1
check [ "$SECONDS" -lt 30 ]
check grep -q 'c1 was not restored: interrupted, but the monitor is still undoing it after 15 s' /tmp/said
fails 3 'a restore of c1 has been running since' restore -n c1
go_on
check_left "$STOPPED"
and_restores

step 'an image that a restore uses up is finished as soon as it does so'
sed -i 's|d=/deleted|d=/linked|' $ROOTFS/etc/inittab
check lxc-stop -n c1 -k
check_left "$STOPPED"
touch $ROOTFS/linked
ln $ROOTFS/linked $ROOTFS/other
rm $ROOTFS/ready
start_container c1
wait_for 20 has_address c1
ADDRESS=$(address c1)
wait_for 20 answers
wait_for 10 test -s $ROOTFS/ready
RUNNING=$(leftovers)
check dump -n c1 -s --replace
check test -n "$(find $ROOTFS -name 'link_remap*')"
held 'post-restore before'
interrupt TERM
taken_back
is_too_late 'network-unlock before' TERM

export PKG_CONFIG_PATH=/usr/local/lib/pkgconfig
read -ra flags < <(pkg-config --cflags --libs lxc-checkpoint)
gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o /run/take_back \
	"${0%/*}/../payload/take_back.c" "${flags[@]}"
# of_program HOW: held as above
of_program()
{
	echo 'post-restore before run:/run/hold' >/run/fault
	env --default-signal=TERM /run/take_back "$1" c1 $IMG >/tmp/said 2>&1 </dev/null &
	command=$!
	read -r _ </run/held
}

step 'a program that a signal ends: the restore goes on'
of_program plain
interrupt TERM
ends_with 143
go_on
check lxc-wait -n c1 -s RUNNING -t 20
wait_for 20 answers
check dump -n c1 -s --replace

step 'one that only takes signals'
of_program deaf
interrupt TERM
go_on
ends_with 0
wait_for 20 answers
check dump -n c1 -s --replace

step 'one that says so'
of_program asks
interrupt TERM
ends_with 1
check_equal 'c1 was not restored: interrupted' "$(cat /tmp/said)" 'what it says'
check_left "$STOPPED"
of_program asks
go_on
ends_with 0
check_equal committed "$(cat /tmp/said)" 'what it says'
wait_for 20 answers
