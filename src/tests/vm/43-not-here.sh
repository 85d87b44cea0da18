#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a container needs of AppArmor, cgroups and user namespaces, and is not here at a restore:
# that is said before anything is done, and it works when it is there.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
. "${0%/*}/idmap.sh"

PROFILES=/etc/apparmor.d/lxc-containers

# saved NAME: a container that runs becomes a checkpoint
saved()
{
	check lxc-checkpoint -n "$1" -D "/var/tmp/$1" -s --replace
	check state_is "$1" STOPPED
}

# missing NAME WORDS: the restore is refused with them, and nothing was done. WHERE: run by this
missing()
{
	fails 3 "$2" ${WHERE:+"$WHERE"} lxc-checkpoint -r --check -n "$1" -D "/var/tmp/$1"
	fails 3 "$2" ${WHERE:+"$WHERE"} lxc-checkpoint -r -n "$1" -D "/var/tmp/$1"
	check state_is "$1" STOPPED
}

# possible NAME: nothing is missing any more
possible()
{
	fails 0 "$1 can be restored" lxc-checkpoint -r --check -n "$1" -D "/var/tmp/$1"
}

# profile NAME: in the config of c1
profile()
{
	sed -i '/^lxc.apparmor.profile/d' /var/lib/lxc/c1/config
	echo "lxc.apparmor.profile = $1" >>/var/lib/lxc/c1/config
}

step 'it is made'
make_container c1 <<'END'
lxc.cgroup2.pids.max = 1000
END
profile lxc-container-default-cgns
start_container c1
saved c1

step 'a limit, and a cgroup2 without its controller'
# as cgroup_disable=pids has it
cat >/tmp/less <<'END'
#!/bin/sh
set -e
mkdir -p /sys/fs/cgroup/less/none
echo $$ >/sys/fs/cgroup/less/none/cgroup.procs
exec unshare --cgroup --mount sh -c 'umount -l /sys/fs/cgroup &&
	mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"
END
chmod +x /tmp/less
WHERE=/tmp/less missing c1 'the limit pids.max, and cgroup2 has no controller pids here'
rmdir /sys/fs/cgroup/less/none /sys/fs/cgroup/less

step 'a kernel with AppArmor off'
echo N >/run/enabled
mount --bind /run/enabled /sys/module/apparmor/parameters/enabled
missing c1 'the AppArmor profile lxc-container-default-cgns, and AppArmor is off here'
umount /sys/module/apparmor/parameters/enabled

step 'a profile that is not loaded'
apparmor_parser -R "$PROFILES"
missing c1 'the AppArmor profile lxc-container-default-cgns, which is not loaded here'
apparmor_parser -r "$PROFILES"
possible c1
check lxc-checkpoint -r -n c1 -D /var/tmp/c1
check state_is c1 RUNNING
check_equal 'lxc-container-default-cgns (enforce)' "$(tr -d '\0' <"/proc/$(init_pid c1)/attr/current")"
check lxc-stop -n c1 -k

step 'a generated profile, and no apparmor_parser'
profile generated
start_container c1
saved c1
parser=$(command -v apparmor_parser)
mv "$parser" "$parser.away"
missing c1 'confined by AppArmor, and apparmor_parser is not installed'
mv "$parser.away" "$parser"
possible c1

step 'one that was unconfined, and whose config asks for a profile now'
profile unconfined
start_container c1
saved c1
profile generated
missing c1 'lxc.apparmor.profile was "unconfined"'
fails 0 'c1 was not confined by AppArmor and will not be' \
	lxc-checkpoint -r --check -n c1 -D /var/tmp/c1 --force=config

step 'no user namespaces'
echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid
map '0 100000 65536' >/tmp/c2.conf
CREATE_CONFIG=/tmp/c2.conf make_container c2 </dev/null
start_container c2
saved c2
before=$(sysctl -n user.max_user_namespaces)
sysctl -qw user.max_user_namespaces=0
missing c2 'c2 has an ID map, and this kernel allows no user namespaces'
sysctl -qw "user.max_user_namespaces=$before"
possible c2
