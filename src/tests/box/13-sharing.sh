#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Of two containers that share a namespace, neither can be checkpointed, and neither loses its
# network. A container that shares a namespace with the host, or into which a process of the host
# looks, can be.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# What a checkpoint of one could take from the other.
world()
{
	# a connection to a monitor's socket may end a moment later
	leftovers | sort -u
	bridge_of "$(host_veth)"
	init_pid c1
	lxc-info -n c2 -pH 2>&1
	lxc-info -n c2 -sH
}

# refused NAME WORDS
refused()
{
	local before

	before=$(world)
	fails 3 "$2" lxc-checkpoint --check -n "$1"
	fails 3 "$2" lxc-checkpoint -n "$1" -s -D "/run/$1"
	check_equal "$before" "$(world)" "the world after $1 was refused"
	check_not test -e "/run/$1"
	check answers
}

start_second()
{
	lxc-start -n c2 "$@" -l debug -o /tmp/lxc-start.c2.log || die "lxc-start c2 $*"
	lxc-wait -n c2 -s RUNNING -t 10 || die 'c2 does not get to RUNNING'
}

stop_second()
{
	lxc-stop -k -n c2
	lxc-wait -n c2 -s STOPPED -t 10 || die 'c2 does not stop'
}

# c2 with these lines
configure()
{
	cp /tmp/c2.config /var/lib/lxc/c2/config
	cat >>/var/lib/lxc/c2/config
}

start_counter c1
make_container c2 </dev/null
sed -i '/udhcpc/d' /var/lib/lxc/c2/rootfs/etc/init.d/rcS
sed '/^lxc\.net/d' /var/lib/lxc/c2/config >/tmp/c2.config

step "another's namespace, by the config"
for kind in net ipc uts; do
	configure <<-END
		lxc.namespace.share.$kind = c1
		lxc.net.0.type = empty
	END
	[ "$kind" != net ] || sed -i '/^lxc\.net/d' /var/lib/lxc/c2/config
	start_second
	refused c2 'c2 and the container c1 are in one'
	refused c1 'c1 and the container c2 are in one'
	stop_second
done

step 'by an option of lxc-start'
configure </dev/null
start_second --share-net=c1
refused c2 'c2 and the container c1 are in one network namespace'
refused c1 'c1 and the container c2 are in one network namespace'
stop_second

step 'of a process that is no container'
ip netns add blue
ip netns exec blue sleep 1000 &
blue=$!
in_blue()
{
	[ "$(ip netns identify "$blue")" = blue ]
}
wait_for 10 in_blue
configure <<-END
	lxc.namespace.share.net = $blue
END
start_second
refused c2 "c2 was started with lxc.namespace.share.net = $blue"
stop_second

step 'a monitor in another namespace than this command, and in that of a container'
configure <<-'END'
	lxc.namespace.keep = user ipc
	lxc.net.0.type = empty
END
unshare --ipc lxc-start -n c2
check lxc-wait -n c2 -s RUNNING -t 10
refused c2 'c2 is in the same IPC namespace as its monitor'
stop_second
# where nobody else reaches its command socket
configure <<-'END'
	lxc.net.0.type = empty
END
in_first()
{
	nsenter -t "$(init_pid c1)" -n "$@"
}
in_first lxc-start -n c2
check in_first lxc-wait -n c2 -s RUNNING -t 10
refused c1 'c1 and the container c2 are in one network namespace'
in_first lxc-stop -k -n c2
check in_first lxc-wait -n c2 -s STOPPED -t 10

# goes WHAT <CONFIG: c2 with that goes through a checkpoint and a restore, and c1 is not touched
goes()
{
	step "$1"
	configure
	start_second
	check lxc-checkpoint -q --check -n c2
	check lxc-checkpoint -q --check -n c1
	check lxc-checkpoint -n c2 -s -D /run/c2
	check lxc-checkpoint -r -n c2 -D /run/c2
	check answers
	check state_is c2 RUNNING
	stop_second
	rm -r /run/c2
}

goes "the host's network" <<-'END'
	lxc.net.0.type = none
END
goes "the host's network, kept" <<-'END'
	lxc.namespace.keep = user net
END
goes "the host's network, shared with one of its processes" <<-END
	lxc.namespace.share.net = $$
END
goes 'only some namespaces of its own' <<-'END'
	lxc.namespace.clone = pid mnt net uts cgroup
	lxc.net.0.type = empty
END

step 'processes of the host that look into it'
in_first sleep 1000 &
nsenter=$!
lxc-attach -n c1 -s NETWORK -- sleep 1000 </dev/null &
check lxc-checkpoint -q --check -n c1
kill "$nsenter" %%

step 'once alone it goes; a config that shares since is told'
configure </dev/null
start_second --share-net=c1
stop_second
check dump -n c1 -s
check restore -n c1
wait_for 10 answers
check dump -n c1 -s --replace
echo 'lxc.namespace.share.ipc = c2' >>/var/lib/lxc/c1/config
fails 3 'lxc.namespace.share.ipc' restore -n c1
check restore -n c1 --force=config
check answers
