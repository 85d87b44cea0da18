#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The container's session keyring: after a restore its keys are there, with owners, permissions and
# expiry. A key that cannot be saved is refused. Init notices nothing.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"
. "${0%/*}/lib/keyring.sh"

payload keys >/dev/null
start_keys c1 </dev/null

step 'none, and no file for them'
check dump -n c1 -s
check_not test -e "$IMG/keyring"
check restore -n c1

step 'keys, and keyrings in keyrings'
add_keys 1000 100
keys c1 list >/tmp/before
cat /tmp/before
check grep -q '^_ses/user;0;0;3f010000;one = first$' /tmp/before
check grep -q '^_ses/ring/user;1000;100;3f1f0000;inner (ends) = second$' /tmp/before
check_equal 8 "$(wc -l </tmp/before)" keys
for _ in 1 2; do
	check dump -n c1 -s --replace
	check_equal 600 "$(stat -c %a "$IMG/keyring")" 'mode of the file'
	check restore -n c1
	keys c1 list >/tmp/after
	check diff /tmp/before /tmp/after
done

# init_waits: it does so in sigtimedwait(); a moment after a restore it may still be in nanosleep()
init_waits()
{
	[ "$(cut -d ' ' -f 1 "/proc/$(init_pid c1)/syscall")" = 128 ]
}

step 'of a container that runs on, and init waits as before'
wait_for 10 init_waits
call=$(cut -d ' ' -f 1-7 "/proc/$(init_pid c1)/syscall")
check dump -n c1 --replace
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after
check_equal "$call" "$(cut -d ' ' -f 1-7 "/proc/$(init_pid c1)/syscall")" "init's system call"
check_equal 0 "$(awk '/^TracerPid/ { print $2 }' "/proc/$(init_pid c1)/status")" 'who traces init'

step 'keyrings in keyrings, as deep as the kernel looks and deeper'
add_chain()
{
	local i into=''

	for ((i = 1; i <= $1; i++)); do
		check_done add keyring "d$i" - $into
		into=into
	done
	check_done add user deep x into
}
add_chain 5
keys c1 list >/tmp/before
check grep -q '/d5/user.*deep = x' /tmp/before
check dump -n c1 -s --replace
check restore -n c1
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after
add_chain 6
fails 3 'keyrings are nested 7 deep' dump -n c1 -s --replace
check_done unlink keyring d1
keys c1 list >/tmp/before

step 'few keys with a hundred thousand ways to them'
check_done add keyring web -
check_done web 5
fails 3 'there are too many of them' dump -n c1 -s --replace
check_done unlink keyring web
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after

step 'one that is frozen behind the back of LXC'
freezer=/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$(init_pid c1)/cgroup")/cgroup.freeze
echo 1 >"$freezer"
fails 3 'cannot ask its init for them: it does not run' dump -n c1 --replace
echo 0 >"$freezer"
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after
check_equal 0 "$(awk '/^TracerPid/ { print $2 }' "/proc/$(init_pid c1)/status")" 'who traces init'

step 'what has ended meanwhile is not there again, nor what was in it'
check_done add keyring passing -
check_done timeout 2
check_done add user in-it x into
check dump -n c1 -s --replace
check grep -q "$(printf passing | od -An -tx1 | tr -d ' \n')" "$IMG/keyring"
is_past()
{
	[ "$(date +%s)" -gt "$1" ]
}
wait_for 10 is_past "$(($(date +%s) + 2))"
check restore -n c1
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after

step 'one that cannot be read'
check_done add logon a:b secret
fails 3 'key a:b of type logon cannot be read' dump -n c1 -s --replace
check grep -q 'hint: .*keyctl unlink' <<<"$said"
state_is c1 RUNNING
check_done unlink logon a:b
check dump -n c1 -s --replace
check restore -n c1
check lxc-stop -k -n c1

step "where it has its starter's keyring, that is not the container's"
printf 'lxc.keyring.session = 1\n' >>/var/lib/lxc/c1/config
check /tmp/payload/keys with of-the-host lxc-start -n c1
wait_for 20 has_address c1
keys c1 list >/tmp/before
check grep -q 'of-the-host' /tmp/before
check dump -n c1 -s --replace
check_not test -e "$IMG/keyring"
check restore -n c1
keys c1 list >/tmp/after
check_not grep -q 'of-the-host' /tmp/after
