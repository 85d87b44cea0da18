#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is impossible is refused with a reason, and changes nothing.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# refused STATUS WORDS COMMAND...: exits with STATUS, says WORDS on stderr, nothing on stdout.
refused()
{
	local status=$1 words=$2 found=0 said

	shift 2
	said=$("$@" 2>&1 >/tmp/stdout) || found=$?
	check_equal "$status" "$found" "exit status of: $*"
	case $said in
	*"$words"*) ;;
	*) die "\"$*\" says \"$said\", not \"$words\"" ;;
	esac
	check test ! -s /tmp/stdout
}

# Everything that a refused command could have changed.
world()
{
	leftovers
	lxc-ls -f
	init_pid c1
	find "$IMG" /run/empty /run/other /var/lib/lxc/c1/checkpoint -printf '%p %m %s %T@\n' 2>/dev/null || :
	bridge_of "$(host_veth)"
}

start_counter c1
make_container stopped </dev/null
mkdir -p /run/empty /run/other/c1
echo precious >/run/other/c1/file
start_client

step 'into the container'\''s own rootfs'
before=$(world)
ln -s /var/lib/lxc/c1/rootfs/tmp /run/a-link
for IMG in /var/lib/lxc/c1/rootfs /var/lib/lxc/c1/rootfs/tmp/new/image /run/a-link/image; do
	refused 3 'is in the rootfs of c1' dump -n c1 -s
done
IMG=/run/image
check_not test -e /var/lib/lxc/c1/rootfs/tmp/new
check_equal "$before" "$(world)" 'the world'
rm /run/a-link

step 'usage: which options conflict, and why'
before=$(world)
refused 2 'no container is named' lxc-checkpoint
refused 2 'no container is named' lxc-checkpoint -r
refused 2 'no container is named' lxc-checkpoint -n ''
refused 2 '-r and -s conflict' lxc-checkpoint -n c1 -r -s
refused 2 '-d without -r' lxc-checkpoint -n c1 -d
refused 2 '-F without -r' lxc-checkpoint -n c1 -F
refused 2 '-d and -F conflict' lxc-checkpoint -n c1 -r -d -F
refused 2 '--no-verify without -r' lxc-checkpoint -n c1 --no-verify
refused 2 '-r and --timeout conflict' lxc-checkpoint -n c1 -r --timeout 20
refused 2 '--check and --timeout conflict' lxc-checkpoint -n c1 --check --timeout 20
for seconds in '' 0 -1 +5 1.5 20s 0x10 ' 5' 86401 4294967297 99999999999999999999; do
	refused 2 '--timeout takes a number of seconds, 1 to 86400' lxc-checkpoint -n c1 --timeout="$seconds"
done
refused 2 '-r and --replace conflict' lxc-checkpoint -n c1 -r --replace
refused 2 'one argument too many' lxc-checkpoint -n c1 c2
refused 2 'one argument too many' lxc-checkpoint c1 c2
refused 2 'Usage:' lxc-checkpoint --no-such-option
refused 2 'Usage:' lxc-checkpoint -n
refused 2 '-D needs a directory' lxc-checkpoint -n c1 -D ''
refused 2 '-l takes one of' lxc-checkpoint -n c1 -o /run/log -l NOISE
check_equal "$before" "$(world)" 'the world after usage errors'

step 'no help needed to get help'
lxc-checkpoint --help | grep -q -- '--checkpoint-dir=DIR'
lxc-checkpoint -? | grep -q '^Usage: '
lxc-checkpoint --usage | grep -q '^Usage: '
check_equal "$(pkg-config --modversion lxc-checkpoint)" "$(lxc-checkpoint --version)" 'version'

step 'preconditions of a checkpoint'
refused 3 'there is no container nobody' lxc-checkpoint -n nobody -D "$IMG"
refused 3 'stopped is not running' lxc-checkpoint -n stopped -D "$IMG"
refused 3 '/run/other/c1 is not empty' lxc-checkpoint -n c1 -D /run/other
refused 3 'there is no container c1 in /nowhere' lxc-checkpoint -P /nowhere -n c1 -D "$IMG"
refused 3 'cannot read the config' lxc-checkpoint -n c1 --rcfile /nowhere -D "$IMG"
refused 3 'only root' setpriv --reuid 65534 --clear-groups lxc-checkpoint -n c1 -D "$IMG"
check_equal "$before" "$(world)" 'the world after refused checkpoints'

lxc-freeze -n c1
refused 3 'lxc-unfreeze -n c1' lxc-checkpoint -n c1 -D "$IMG"
lxc-unfreeze -n c1
check_equal "$before" "$(world)" 'the world after a refused checkpoint of a frozen container'

step 'preconditions of a restore'
refused 3 'there is no container nobody' lxc-checkpoint -r -n nobody -D "$IMG"
refused 3 'there is no checkpoint in /run/image' lxc-checkpoint -r -n stopped -D "$IMG"
refused 3 '/run/empty is not a checkpoint' lxc-checkpoint -r -n stopped -D /run/empty
refused 3 '/run/other is not a checkpoint' lxc-checkpoint -r -n stopped -D /run/other
refused 3 'c1 is already running' lxc-checkpoint -r -n c1 -D /run/empty
refused 3 'only root' setpriv --reuid 65534 --clear-groups lxc-checkpoint -r -n stopped -D "$IMG"
check_equal "$before" "$(world)" 'the world after refused restores'

step 'a checkpoint is never overwritten'
check dump -n c1
check_client_goes_on
before=$(world)
refused 3 'already holds a checkpoint' lxc-checkpoint -n c1 -D "$IMG"
refused 3 'already holds a checkpoint' lxc-checkpoint c1 -s -D "$IMG"
refused 3 'c1 is already running' restore -n c1
refused 3 'the checkpoint is of c1, not of stopped' restore -n stopped
check_equal "$before" "$(world)" 'the world'

step 'one at a time in a directory'
exec 8<"$IMG"
flock -x 8
refused 3 'is in use by' restore -n stopped
refused 3 'is in use by' lxc-checkpoint -n c1 --replace -D "$IMG"
exec 8<&-
check_equal "$before" "$(world)" 'the world'

step 'damage is named'
cp -a "$IMG" /run/damaged
echo >>/run/damaged/pstree.img
refused 3 'pstree.img is damaged' lxc-checkpoint -r -n stopped -D /run/damaged
rm /run/damaged/pstree.img
refused 3 'pstree.img is missing from the checkpoint' lxc-checkpoint -r -n stopped -D /run/damaged
sed -i 's/"schema": 3/"schema": 4/' /run/damaged/manifest.json
refused 3 'schema: 4 was written by a later version' lxc-checkpoint -r -n stopped -D /run/damaged
sed -i 's/"schema": 4/"schema":  3/' /run/damaged/manifest.json
refused 3 'manifest.json is damaged' lxc-checkpoint -r -n stopped -D /run/damaged

step 'quiet is quiet, and the log has it'
said=$(lxc-checkpoint -q -o /run/log -n nobody -D "$IMG" 2>&1) && die 'it did not fail'
check_equal '' "$said" 'output with -q'
grep -q 'there is no container nobody' /run/log

step 'the default directory, and the name without -n'
check lxc-checkpoint c1
check test -s /var/lib/lxc/c1/checkpoint/manifest.json
refused 3 'already holds a checkpoint' lxc-checkpoint c1

step 'system calls that the monitor has answered, whatever the config says by now'
printf '2\ndenylist allow\n[all]\nmknod notify\nmknodat notify\n' >/run/policy
make_container asking <<-'END'
	lxc.seccomp.profile = /run/policy
	lxc.seccomp.notify.proxy = unix:/run/proxy.socket
END
python3 -c '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("/run/proxy.socket")
s.listen()
kept = []
while True:
    kept.append(s.accept()[0])
' &
wait_for 10 test -S /run/proxy.socket
start_container asking
refused 3 'the monitor of asking forwards system calls of the container' \
	lxc-checkpoint -n asking -D /run/asking -s
sed -i /seccomp/d /var/lib/lxc/asking/config
refused 3 'lxc.seccomp.notify.proxy' lxc-checkpoint -n asking -D /run/asking -s
lxc-stop -k -n asking

check_client_goes_on
end_client
