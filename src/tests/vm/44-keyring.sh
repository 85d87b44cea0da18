#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The comparison of src/tests/box/29-keyring.sh for an unprivileged container, whose keys are
# not root's, on a host where systemd's services have keyrings.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/../box/lib/keyring.sh"
. "${0%/*}/idmap.sh"

# not on a tmpfs, which older kernels cannot show to another user
IMG=/var/tmp/image

echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid
map '0 100000 65536' >/tmp/create.conf
payload keys >/dev/null
CREATE_CONFIG=/tmp/create.conf start_keys c1 </dev/null

step 'its keyring is its own, and stays that'
keys c1 list >/tmp/before
check_equal 'keyring;0;0;3f030000;_ses' "$(cat /tmp/before)" 'its keyring'
check dump -n c1 -s
check_not test -e "$IMG/keyring"
check restore -n c1
keys c1 list >/tmp/after
check diff /tmp/before /tmp/after

step 'with keys in it'
# only the host's root can give keys away
add_keys 0 0
check_done add user large "$(head -c 3000 /dev/zero | tr '\0' x)"
keys c1 list >/tmp/before
check grep -q '^_ses/ring/user;0;0;3f1f0000;inner (ends) = second$' /tmp/before
check grep -q '^_ses/user;0;0;3f010000;large = x*$' /tmp/before
for _ in 1 2; do
	check dump -n c1 -s --replace
	check grep -q '^1 user 3f010000 100000 100000 0 ' "$IMG/keyring"
	check restore -n c1
	keys c1 list >/tmp/after
	check diff /tmp/before /tmp/after
done
