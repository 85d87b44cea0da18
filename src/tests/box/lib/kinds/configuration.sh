# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After kinds.sh: what a container's configuration names, but for its network interfaces.

# shellcheck disable=SC2016 # titles are Markdown
rows_configuration()
{
	section 'Root filesystem'
	alone 'a directory' root_directory
	alone 'a directory on a mounted image file' root_mounted
	alone 'a directory that a pre-start hook mounts' root_hook
	alone '`overlay:`' root_overlay
	alone '`loop:`' root_loop
	alone 'a snapshot (`lxc-copy -s -B overlay`)' root_snapshot
	alone 'a btrfs subvolume' root_btrfs
	alone 'an LVM volume (`lvm:`)' root_lvm

	section 'Configuration'
	alone '`lxc.mount.entry`: a directory of the host' entry '/var/tmp/kind-dir mnt none bind 0 0'
	alone '`lxc.mount.entry`: a tmpfs' entry 'tmpfs mnt tmpfs size=1m 0 0'
	alone '`lxc.mount.entry`: a block device' entry_block
	alone '`lxc.rootfs.options`: read-only' configured 'lxc.rootfs.options = ro'
	alone '`lxc.autodev = 0`' configured 'lxc.autodev = 0'
	alone '`lxc.console.path = none`' configured 'lxc.console.path = none'
	alone '`lxc.tty.max = 0`' configured 'lxc.tty.max = 0'
	alone '`lxc.keyring.session = 1`' configured 'lxc.keyring.session = 1'
	alone '`lxc.cap.drop`, `lxc.prlimit`, `lxc.sysctl`' settings
	alone '`lxc.cgroup2.devices`' configured 'lxc.cgroup2.devices.allow = c 10:229 rwm'
	alone '`lxc.ephemeral = 1`' configured 'lxc.ephemeral = 1'
	alone '`lxc.namespace.share.net`: a namespace of another container' shared_namespace
	alone '`lxc.idmap`' id_map
	alone '`lxc.apparmor.profile = generated`' profile generated
	alone '`lxc.apparmor.profile = unconfined`' profile unconfined
	alone 'keys in the session keyring' session_keys
	alone 'a host with cgroups of version 1 too' hybrid_cgroups
}
rows_configuration

# --- root filesystems: a file that was there, and one that was written since ---

root_directory()
{
	case $1 in
	set) in_container c1 sh -c 'echo kind >/kind-of-root' ;;
	state) in_container c1 cat /kind-of-root /etc/inittab ;;
	esac
}

# new_root PATH: replaces the rootfs that lxc-create has made
new_root()
{
	sed -i '/^lxc.rootfs.path/d' /var/lib/lxc/c1/config
	echo "lxc.rootfs.path = $1"
}

image_of_root()
{
	truncate -s 64M /tmp/kind.image
	CLEAN+=('rm -f /tmp/kind.image')
	mkfs.ext4 -q -d "$ROOTFS" /tmp/kind.image
}

root_mounted()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	image_of_root && mkdir -p /mnt/kind && mount -o loop /tmp/kind.image /mnt/kind || return
	CLEAN+=('umount /mnt/kind')
	new_root dir:/mnt/kind
}

root_hook()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	image_of_root && mkdir -p /mnt/kind || return
	printf '#!/bin/sh\nmountpoint -q /mnt/kind || mount -o loop /tmp/kind.image /mnt/kind\n' >/tmp/kind.hook
	chmod +x /tmp/kind.hook
	CLEAN+=('umount /mnt/kind')
	new_root dir:/mnt/kind
	echo 'lxc.hook.pre-start = /tmp/kind.hook'
}

root_overlay()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	mkdir -p /var/lib/lxc/c1/delta || return
	new_root "overlay:$ROOTFS:/var/lib/lxc/c1/delta"
}

# The container is the copy; what it is a copy of is c0.
root_snapshot()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	CLEAN+=('lxc-destroy -n c0')
	mv /var/lib/lxc/c1 /var/lib/lxc/c0 && sed -i 's,/lxc/c1,/lxc/c0,; s,= c1$,= c0,' /var/lib/lxc/c0/config &&
		lxc-copy -n c0 -N c1 -s -B overlay
}

root_loop()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	image_of_root || return
	new_root loop:/tmp/kind.image
}

root_btrfs()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	grep -qw btrfs /proc/filesystems && command -v mkfs.btrfs >/dev/null || not_here || return
	truncate -s 256M /tmp/kind.image && mkfs.btrfs -q /tmp/kind.image &&
		mkdir -p /mnt/kind && mount -o loop /tmp/kind.image /mnt/kind || return
	CLEAN+=('rm -f /tmp/kind.image' 'umount /mnt/kind')
	btrfs -q subvolume create /mnt/kind/root && cp -a "$ROOTFS/." /mnt/kind/root || return
	new_root btrfs:/mnt/kind/root
}

root_lvm()
{
	[ "$1" = config ] || { root_directory "$1"; return; }
	command -v lvcreate >/dev/null || not_here || return
	image_of_root && loop_device /tmp/kind.image || return
	CLEAN+=('vgremove -fy kinds')
	vgcreate -q kinds "$LOOP" && lvcreate -q -l 100%FREE -n root kinds &&
		mkfs.ext4 -q -d "$ROOTFS" /dev/kinds/root || return
	new_root lvm:/dev/kinds/root
}

# --- the rest ---

# configured LINE...: the container answers, with the same mounts, terminals and limits
configured()
{
	case ${*: -1} in
	config) echo "${*:1:$#-1}" ;;
	state)
		awk '{ print $5, $6 }' "/proc/$(init_pid c1)/mountinfo" | sort
		find "/proc/$(init_pid c1)/fd" -mindepth 1 -printf '%f %l\n' | sed 's/[0-9]*$//' | sort
		grep -E '^(Cap|Seccomp)' "/proc/$(init_pid c1)/status"
		;;
	esac
}

entry()
{
	case ${*: -1} in
	config) mkdir -p /var/tmp/kind-dir && echo "lxc.mount.entry = ${*:1:$#-1}" ;;
	set) in_container c1 sh -c 'echo kind >/mnt/kind-of-entry' ;;
	state) in_container c1 cat /mnt/kind-of-entry ;;
	esac
}

# attach_disk: sets LOOP to a block device with a filesystem
attach_disk()
{
	truncate -s 16M /tmp/kind.disk && mkfs.ext4 -q /tmp/kind.disk && loop_device /tmp/kind.disk || return
	CLEAN+=('rm -f /tmp/kind.disk')
}

entry_block()
{
	[ "$1" = config ] || { entry "$1"; return; }
	attach_disk || return
	echo 'lxc.cgroup2.devices.allow = a'
	echo "lxc.mount.entry = $LOOP mnt ext4 rw 0 0"
}

settings()
{
	case $1 in
	config)
		printf 'lxc.cap.drop = %s\n' sys_time sys_module
		echo 'lxc.prlimit.nofile = 1000'
		echo 'lxc.sysctl.net.ipv4.ip_forward = 1'
		;;
	state)
		grep Cap "/proc/$(init_pid c1)/status"
		grep files "/proc/$(init_pid c1)/limits"
		in_container c1 cat /proc/sys/net/ipv4/ip_forward
		;;
	esac
}

shared_namespace()
{
	case $1 in
	config)
		make_container c2 </dev/null
		start_container c2
		CLEAN+=('rm -rf /var/lib/lxc/c2' 'lxc-stop -k -n c2')
		sed -i '/^lxc.net/d' /var/lib/lxc/c1/config
		echo 'lxc.namespace.share.net = c2'
		;;
	esac
}

# CRIU saves processes of other users only with CAP_SYS_RESOURCE, which a box has not.
id_map()
{
	case $1 in
	config)
		setpriv --dump | grep -q 'Capability bounding set:.*sys_resource' || not_here || return
		echo 'root:100000:65536' | tee /etc/subuid >/etc/subgid
		printf 'lxc.idmap = %s 0 100000 65536\n' u g
		chown -R 100000:100000 "$ROOTFS"
		;;
	state) grep -E '^(Uid|Gid):' "/proc/$(init_pid c1)/status" ;;
	esac
}

profile()
{
	case $2 in
	config)
		[ -e /sys/kernel/security/apparmor/profiles ] || not_here || return
		sed -i '/^lxc.apparmor.profile/d' /var/lib/lxc/c1/config
		echo "lxc.apparmor.profile = $1"
		;;
	state) cat "/proc/$(init_pid c1)/attr/current" ;;
	esac
}

session_keys()
{
	case $1 in
	config)
		[ -x /tmp/payload/keys ] || payload keys >/dev/null
		install -m 755 /tmp/payload/keys "$ROOTFS/bin/keys"
		mkfifo -m 666 "$ROOTFS/keys.in"
		echo '::once:/bin/keys /keys.in /keys.out' >>"$ROOTFS/etc/inittab"
		;;
	set) keys c1 add user kind 'of key' ;;
	state) keys c1 list ;;
	esac
}

# As hosts had them before cgroup2 was enough, with a hierarchy of no controller.
hybrid_cgroups()
{
	case $1 in
	config)
		CLEAN+=('umount -l /sys/fs/cgroup')
		mount -t tmpfs cgroup /sys/fs/cgroup && mkdir /sys/fs/cgroup/{unified,systemd} &&
			mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified || return
		mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd || not_here
		;;
	state) in_container c1 cat /etc/inittab ;;
	esac
}
