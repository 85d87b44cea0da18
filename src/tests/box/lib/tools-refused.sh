# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: what is not for a container that runs.

refused_rows()
{
	row start 0 'already running' by lxc-start -n c1
	row execute 1 'already running' by lxc-execute -n c1 -- true
	row autostart-L 0 . by lxc-autostart -L
	row autostart 0 . by lxc-autostart
	row autostart-group 0 . by lxc-autostart -L -g one
	row stop-nolock 1 'only be used with -k' by lxc-stop -n c1 --nolock
	row stop-r-k 1 . by lxc-stop -n c1 -r -k
	row copy 1 . by lxc-copy -n c1 -N c2
	row rename 1 . by lxc-copy -n c1 -R -N c2
	row snapshot 1 . by lxc-snapshot -n c1
	row copy-e 1 . by lxc-copy -n c1 -N c2 -e
	row copy-s 1 . by lxc-copy -n c1 -N c2 -s
	row snapshot-r 1 . by lxc-snapshot -n c1 -r snap0
	row snapshot-d 1 . by lxc-snapshot -n c1 -d snap0
	row snapshot-L 0 . by lxc-snapshot -n c1 -L
	row destroy 1 'is running' by lxc-destroy -n c1
	row check 0 'can be checkpointed' lxc-checkpoint -n c1 --check
	row checkpoint 0 . lxc-checkpoint -n c1 -D /run/second --replace
	row restore-running 3 'already running' lxc-checkpoint -n c1 -r -D /run/second
	row still 0 'State: RUNNING' by lxc-info -n c1
}
