#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limit: 600
#
# An unprivileged container that root starts: users of its own (lxc.idmap), and
# everything that follows from that. It has the same maps, processes, mounts,
# device nodes, cgroups and files after a restore, and after a second one.
. "${0%/*}/../box/lib/lib.sh"
. "${0%/*}/../box/lib/counter.sh"
export FRESH=1
. "${0%/*}/../box/lib/terminal.sh"
. "${0%/*}/apparmor.sh"

# not on a tmpfs, which older kernels cannot show to another user
IMG=/var/tmp/image

# All of it as the host sees it, in one program, because a hundred small ones take a
# minute in a VM. Of mounts not what names them: ids, peer groups, numbers of ptys.
state()
{
	python3 - "$(init_pid c1)" <<-'END'
	import os, re, stat, sys

	init = sys.argv[1]
	top = "/sys/fs/cgroup/lxc.payload.c1"

	def read(pid, name):
	    with open(f"/proc/{pid}/{name}", errors="replace") as file:
	        return file.read()

	def owner(path):
	    s = os.lstat(path)
	    device = f" {os.major(s.st_rdev)}:{os.minor(s.st_rdev)}" if stat.S_ISCHR(s.st_mode) else ""
	    # a pty's number is another one
	    return f"{stat.filemode(s.st_mode)} {s.st_uid}:{s.st_gid}{re.sub(' 136:.*', ' pty', device)}"

	for name in "uid_map", "gid_map", "setgroups":
	    print(name, " ".join(read(init, name).split()))
	kept = "Name Umask Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp".split()
	found = {}
	for folder, _, files in sorted(os.walk(top)):
	    print("cgroup", os.path.relpath(folder, top), owner(folder))
	    for name in sorted(files):
	        print("cgroup", os.path.relpath(folder, top), name, owner(folder + "/" + name))
	    for pid in open(folder + "/cgroup.procs").read().split():
	        status = dict(re.findall(r"(\w+):[ \t]*(.*)", read(pid, "status")))
	        fds = [f"{n} {os.readlink(f'/proc/{pid}/fd/{n}')}" for n in os.listdir(f"/proc/{pid}/fd")]
	        found[int(status["NSpid"].split()[-1])] = [f"{name} {status[name]}" for name in kept] + [
	            read(pid, "cmdline").replace("\0", " "), read(pid, "attr/current").strip("\0\n"),
	            read(pid, "cgroup").strip()] + ["fd " + re.sub(r"(socket:|pipe:|/dev/(pts/|console|tty)).*", "x", fd)
                for fd in sorted(fds)]
	for pid in sorted(found):
	    for value in found[pid]:
	        print(pid, value)
	mounts = []
	for line in read(init, "mountinfo").splitlines():
	    words = line.split()
	    rest = re.sub(r"shared:\d+", "shared", " ".join(words[5:]))
	    if words[4] == "/dev/console" or re.fullmatch(r"/dev/tty\d", words[4]):
	        # a pty of the container's own becomes one of the host
	        mounts.append(f"mount {words[4]} {words[5]}")
	    else:
	        mounts.append(f"mount {words[4]} {words[3]} {rest}")
	print("\n".join(sorted(mounts)))
	for folder in "dev", "dev/shm", "files", "root", "tmp":
	    for name in sorted(os.listdir(f"/proc/{init}/root/{folder}")):
	        print("file", folder, name, owner(f"/proc/{init}/root/{folder}/{name}"))
	# what a restore could do to the whole host
	print([line for line in open("/proc/mounts") if line.split()[1] == "/sys/fs/cgroup"])
	END
}

as_before()
{
	state >/tmp/after
	diff -u0 /tmp/before /tmp/after >/tmp/difference
}

check_state()
{
	(wait_for 10 as_before) || {
		cat /tmp/difference
		die 'not as before'
	}
}

# What the container may do and what not, by a process that is new in it.
# shellcheck disable=SC2016 # for the shell in the container
effects()
{
	in_container c1 sh -c '
		echo "I am $(id -u):$(id -g), among $(cat /proc/self/uid_map | tr -s " ")"
		[ "$(readlink /proc/self/ns/user)" = "$(readlink /proc/1/ns/user)" ] && echo "namespace of init"
		try() { if sh -c "$1" 2>/dev/null; then echo "can: $1"; else echo "cannot: $1"; fi; }
		try "touch /lib/x"
		try "touch /root/mine && rm /root/mine"
		try "mknod /root/node c 1 3"
		try "chown 33:33 /root"; chown 0:0 /root
		try "cat /dev/null"
		try "mount -t tmpfs none /mnt && umount /mnt"
		try "mkdir /sys/fs/cgroup/new && rmdir /sys/fs/cgroup/new"
		try "mkdir /sys/fs/cgroup/new; echo 0 >/sys/fs/cgroup/new/cgroup.procs && echo 0 >/sys/fs/cgroup/own/cgroup.procs; rmdir /sys/fs/cgroup/new"
		try "echo 1000000000 >/sys/fs/cgroup/memory.max"
		try "echo 1 >/proc/sys/kernel/sysrq"
		try "echo b >/proc/sysrq-trigger"
		try "cat /proc/kcore"
		try "hostname c1"
	'
}

# The process that holds files answers what it finds in the one that is deleted.
ask_holder()
{
	echo "$1" >/var/lib/lxc/c1/rootfs/files/question
	timeout 10 cat /var/lib/lxc/c1/rootfs/files/answer || die 'the holder does not answer'
}

# Runs as a user of the container's with a file of its own open, one deleted, and one of root's.
make_holder()
{
	local files=/var/lib/lxc/c1/rootfs/files

	mkdir "$files"
	cat >"$files/holder.new" <<-'END'
	exec 3>>/files/log 4<>/files/gone 5</etc/inittab
	rm /files/gone
	echo kept >&4
	mkfifo /files/question /files/answer
	while read -r question </files/question; do
		echo "$question" >&3
		read -r held </proc/self/fd/4
		echo "$held $(id -u) $(id -g)" >/files/answer
	done
	END
	chown 101000:101000 "$files"
	# init tries until it is there
	mv "$files/holder.new" "$files/holder"
}

all_there()
{
	[ "$(pgrep -cfx '/host/sleep 100000[1-3]')" = "$sleepers" ] && [ -p /var/lib/lxc/c1/rootfs/files/answer ]
}

is_gone()
{
	leftovers | cmp -s /tmp/leftovers
}

verify()
{
	check_state
	effects >/tmp/effects.after
	check diff /tmp/effects.before /tmp/effects.after
	check_equal 'kept 1000 1000' "$(ask_holder "$1")" 'what the holder has'
	check_client_goes_on
}

step 'made by lxc-create with an id map'
echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid
leftovers >/tmp/leftovers
{
	cat /etc/lxc/default.conf
	printf 'lxc.idmap = %s 0 100000 65536\n' u g
} >/tmp/create.conf
INITTAB=$(cat <<'END'
::once:/host/setpriv --reuid 33 --regid 33 --groups 4,24 /host/sleep 1000001
::once:/host/setpriv --reuid 65534 --regid 65534 --clear-groups /host/sleep 1000002
::respawn:/host/setpriv --reuid 1000 --regid 1000 --clear-groups /bin/sh /files/holder
tty3::respawn:/bin/sh -c 'said=; while :; do read -r line && said=$said$line, && echo "it has $said"; done'
END
)
sleepers=2
case $(criu --version) in
# which would lose these
*' 3.1'[0-8]*) ;;
*)
	INITTAB+=$'\n::once:/host/setpriv --reuid 101 --regid 102 --clear-groups --no-new-privs --inh-caps +net_bind_service --ambient-caps +net_bind_service /host/sleep 1000003'
	sleepers=3
	;;
esac
CREATE_CONFIG=/tmp/create.conf start_counter c1 <<'END'
lxc.mount.entry = /usr/bin host none ro,bind,create=dir 0 0
END
make_holder
wait_for 60 all_there
check_equal '100000 100000 100000 100000' \
	"$(sed -n 's/^Uid:\t//p' "/proc/$(init_pid c1)/status" | tr '\t' ' ')" "init's user"
check_equal '101000' "$(stat -c %u /var/lib/lxc/c1/rootfs/files/log)" "the owner of a user's file"
in_container c1 mkdir -p /sys/fs/cgroup/own/below
start_client
effects | tee /tmp/effects.before
for line in 'I am 0:0, among  0 100000 65536' 'namespace of init' 'cannot: touch /lib/x' \
	'cannot: mknod /root/node c 1 3' 'can: mkdir /sys/fs/cgroup/new && rmdir /sys/fs/cgroup/new' \
	'cannot: echo 1000000000 >/sys/fs/cgroup/memory.max'; do
	check grep -qFx "$line" /tmp/effects.before
done
terminal_open before lxc-console -n c1 -t 3
terminal before expect 10 'Connected to tty'
terminal before raw 10
terminal before send 'one\r'
terminal before expect 10 'it has one,'
terminal before send '\x01q'
terminal_ends before 0
lxc-info -n c1 -c lxc.idmap >/tmp/idmap.before
state >/tmp/before
loaded >/tmp/loaded

step 'checkpoint, and it runs on'
check lxc-checkpoint -n c1 -D /var/tmp/first
verify first

index=$(in_container c1 cat /sys/class/net/eth0/ifindex)
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\n%s\n' 'echo "$CRTOOLS_SCRIPT_ACTION $(readlink /proc/self/ns/net)" >>/tmp/actions' >/tmp/script
chmod +x /tmp/script
for round in second third; do
	step 'checkpoint and stop'
	check dump -n c1 -s --replace
	check kill -0 "$CLIENT"
	step 'restore'
	# its terminals keep what the host's are without
	mount -o remount,bind,rw,suid,exec /dev/pts
	# where something else has the number that its interface has in the container
	[ -e "$(grep -lx "$index" /sys/class/net/*/ifindex)" ] || ip link add taken index "$index" type bridge
	check restore -n c1 -A /tmp/script
	verify "$round"
	check_equal "$index" "$(in_container c1 cat /sys/class/net/eth0/ifindex)" 'the number of eth0'
	check_equal "network-unlock $(readlink /proc/self/ns/net)" "$(grep network-unlock /tmp/actions)" 'the network of a script'
	rm /tmp/actions
done
ip link delete taken 2>/dev/null || :
check_equal ok "$(ask check)" 'the memory'
check_equal $'first\nsecond\nthird' "$(cat /var/lib/lxc/c1/rootfs/files/log)" 'the file that the holder writes'

step "LXC's tools see what it is"
check_equal true "$(lxc-ls -f -F UNPRIVILEGED --filter '^c1$' | tail -n 1 | xargs)" 'unprivileged, by lxc-ls'
lxc-info -n c1 -c lxc.idmap >/tmp/idmap.after
check diff /tmp/idmap.before /tmp/idmap.after
check_equal "$ADDRESS" "$(address c1)" 'its address, by lxc-info'
terminal_open after lxc-console -n c1 -t 3
terminal after expect 10 'Connected to tty'
terminal after raw 10
terminal after send 'two\r'
terminal after expect 10 'it has one,two,'
terminal after send '\x01q'
terminal_ends after 0
check lxc-freeze -n c1
check lxc-unfreeze -n c1
check_client_goes_on
end_client

step 'an image of other ids is refused'
check dump -n c1 -s --replace
sed -i 's/^\(lxc.idmap = u 0 \)100000/\1200000/' /var/lib/lxc/c1/config
fails 3 'the checkpoint of c1 has the ID map "u 0 100000 65536, g 0 100000 65536", and its config has' restore -n c1
sed -i '/^lxc.idmap/d' /var/lib/lxc/c1/config
fails 3 'and its config has "none"' restore -n c1
printf 'lxc.idmap = %s 0 100000 65536\n' g u >>/var/lib/lxc/c1/config
check restore -n c1

step 'a reboot'
init=$(init_pid c1)
check timeout 60 lxc-stop -n c1 -r -t 60
wait_for 60 is_another "$init"
wait_for 30 has_address c1
ADDRESS=$(address c1)
wait_for 60 answers
check_equal 0 "$(ask look)" 'the count'
in_container c1 mkdir -p /sys/fs/cgroup/own/below
effects >/tmp/effects.after
check diff /tmp/effects.before /tmp/effects.after
check_equal '' "$(diff <(loaded) /tmp/loaded)" 'loaded for the container'

step 'the end'
mount -o remount,bind,rw,nosuid,noexec /dev/pts
check lxc-stop -n c1
check_equal '' "$(loaded)" 'loaded for the container'
check state_is c1 STOPPED
check wait_for 20 is_gone
