# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and loop.sh: a container as Proxmox VE makes it. Its pre-start hook mounts
# the volumes in the monitor's mount namespace, the network's script makes the bridges, and the
# post-stop hook takes everything down. $PVE has a volume for each mount point: a file or a directory.

PVE=/srv/pve
FIREWALL=0

stop_pve()
{
	lxc-stop -k -n 101 2>/dev/null || :
	detach_all
}
trap stop_pve EXIT

# write_hook NAME <TEXT: a script in bash that says that it ran
write_hook()
{
	{
		printf '#!/bin/bash\nset -eu\n'
		# shellcheck disable=SC2016 # for the hook
		printf 'echo "%s $* name=$LXC_NAME path=${LXC_ROOTFS_PATH-} target=${LXC_TARGET-}" >>%s/called\n' "$1" "$PVE"
		cat
	} >"$PVE/$1"
	chmod +x "$PVE/$1"
}

# Each volume is mounted on a tmpfs, and a copy of that mount on the rootfs, or below it.
write_prestart()
{
	write_hook prestart <<-END
		id=\$LXC_NAME root=\$LXC_ROOTFS_PATH staging=/var/lib/lxc/.staged volumes=$PVE/volumes
		[ "\$2 \$3" = 'lxc pre-start' ] && [ -n "\$LXC_ROOTFS_MOUNT" ] && [ -f "\$LXC_CONFIG_FILE" ]
		for dir in /sys/fs/cgroup/lxc/\$id /sys/fs/cgroup/lxc.monitor/\$id; do
			[ ! -d \$dir ] || find \$dir -depth -type d -exec rmdir {} +
		done
		umount --recursive "\$root" 2>/dev/null || :
		mkdir -p "\$staging"
		mount -t tmpfs -o size=8k,mode=755 none "\$staging"
		while read -r key volume where; do
			mkdir "\$staging/\$key"
			if [ -d "\$volume" ]; then
				mount --bind "\$volume" "\$staging/\$key"
			else
				mount -o loop "\$volume" "\$staging/\$key"
			fi
			mkdir -p "\$root\$where"
			mount --bind "\$staging/\$key" "\$root\$where"
		done <"\$volumes"
		mkdir -p /var/lib/lxc/\$id/passthrough
		mount -t tmpfs -o size=8k none /var/lib/lxc/\$id/passthrough
		mkdir /var/lib/lxc/\$id/passthrough/dev
		mknod -m 666 /var/lib/lxc/\$id/passthrough/dev/given c 1 5
		for file in etc/hosts etc/resolv.conf etc/hostname; do
			date +"%N \$file" >"\$root/\$file.tmp"
			mv "\$root/\$file.tmp" "\$root/\$file"
		done
	END
}

write_others()
{
	write_hook autodev <<-END
		touch "\$LXC_ROOTFS_MOUNT/dev/given"
		mount --bind "/var/lib/lxc/\$LXC_NAME/passthrough/dev/given" "\$LXC_ROOTFS_MOUNT/dev/given"
	END
	write_hook poststop <<-END
		umount --recursive -- "\$LXC_ROOTFS_PATH"
		for dir in /var/lib/lxc/.staged/*; do
			umount -- "\$dir"
		done
		ip link delete "veth\${LXC_NAME}i0" 2>/dev/null || :
		ip link delete "fwln\${LXC_NAME}i0" 2>/dev/null || :
		ip link delete "fwbr\${LXC_NAME}i0" 2>/dev/null || :
	END
	write_hook netaddbr <<-END
		id=\$1 veth=\$5 bridge=lxcbr0
		[ \$# = 5 ] && [ "\$2 \$3 \$4" = 'net up veth' ] && [ "\$id" = "\$LXC_NAME" ]
		[ -d "/sys/class/net/\$veth" ]
		ip link set dev "\$veth" up mtu 1500
		if [ "\$(cat $PVE/firewall)" = 1 ]; then
			ip link add "fwbr\${id}i0" type bridge
			ip link add "fwln\${id}i0" type veth peer name "fwpr\${id}p0"
			ip link set "fwbr\${id}i0" up
			ip link set "fwln\${id}i0" master "fwbr\${id}i0" up
			ip link set "fwpr\${id}p0" master lxcbr0 up
			bridge="fwbr\${id}i0"
		fi
		ip link set "\$veth" master "\$bridge" up
	END
}

# pve_config ID: what pve-container writes, without AppArmor
pve_config()
{
	cat <<-END
		lxc.cgroup.relative = 0
		lxc.cgroup.dir.monitor = lxc.monitor/$1
		lxc.cgroup.dir.container = lxc/$1
		lxc.cgroup.dir.container.inner = ns
		lxc.include = /usr/share/lxc/config/common.conf
		lxc.hook.pre-start = $PVE/prestart
		lxc.hook.autodev = $PVE/autodev
		lxc.hook.post-stop = $PVE/poststop
		lxc.monitor.unshare = 1
		lxc.tty.max = 2
		lxc.environment = TERM=linux
		lxc.uts.name = CT$1
		lxc.rootfs.path = /var/lib/lxc/$1/rootfs
		lxc.net.0.type = veth
		lxc.net.0.veth.pair = veth${1}i0
		lxc.net.0.hwaddr = BC:24:11:00:00:01
		lxc.net.0.name = eth0
		lxc.net.0.mtu = 1500
		lxc.net.0.script.up = $PVE/netaddbr
	END
}

# For start_counter: the container's rootfs becomes a filesystem in a file.
make_pve()
{
	mkdir -p "$PVE"
	echo "$FIREWALL" >"$PVE/firewall"
	write_prestart
	write_others
	# nobody else does, without lxc.net.0.flags
	sed -i '1a ip link set eth0 up' "/var/lib/lxc/$1/rootfs/etc/init.d/rcS"
	truncate -s 16M "$PVE/rootfs.raw"
	mkfs.ext4 -q -d "/var/lib/lxc/$1/rootfs" "$PVE/rootfs.raw"
	echo "rootfs $PVE/rootfs.raw /" >"$PVE/volumes"
	rm -rf "/var/lib/lxc/$1/rootfs"
	mkdir "/var/lib/lxc/$1/rootfs"
	pve_config "$1" >"/var/lib/lxc/$1/config"
}
