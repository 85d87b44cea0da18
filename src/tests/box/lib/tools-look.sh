# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rows of tools.sh: what LXC's tools say of a container.

# words that lxc-info and the others are asked for, one a line
all_keys()
{
	by python3 -c 'import lxc
c = lxc.Container("c1")
print(*sorted(k for k in c.get_keys() if not k.startswith("lxc.net.")), sep="\n")
print(*("lxc.net.0." + k for k in c.get_keys("lxc.net.0")), sep="\n")
print("lxc.net", "lxc.net.0", "lxc.net.1.type", "lxc.cgroup2", "lxc.no.such.key", sep="\n")'
}

running_items()
{
	local key items=()

	for key in $(all_keys); do
		items+=(-c "$key")
	done
	by lxc-info -n c1 "${items[@]}"
}

pid_is_inits()
{
	awk '/^NSpid/ { print $NF }' "/proc/$(by lxc-info -n c1 -pH)/status"
}

# What is on this host because of the container, that anybody can see.
traces()
{
	local parent

	parent=$(awk '/^PPid/ { print $2 }' "/proc/$INIT/status")
	tr '\0' '\n' <"/proc/$parent/cmdline"
	echo
	cat "/proc/$parent/cgroup"
	readlink "/proc/$parent/cwd"
	sed -n 's, 00010000 .*\(@/.*/command\)$, \1,p' /proc/net/unix | cut -d ' ' -f 3-
	(cd /sys/fs/cgroup && find . -mindepth 1 -type d | grep -v '^\./lxc.pivot$' | sort)
	bridge_of "$(host_veth)"
}

top()
{
	terminal_open top "${IN[@]}" lxc-top -b -d 1
	terminal top expect 10 c1
	terminal top send '\x03'
	terminal top wait 10
	echo "status $ANSWER"
	terminal top seen
	echo -e "$ANSWER" | grep -a -m1 c1 | sed -E ':a; s/(^|,)[0-9.]+(,|\r|$)/\1N\2/; ta'
	terminal_close top
}

python()
{
	by python3 - <<-'PYTHON'
	import os, lxc

	c = lxc.Container("c1")

	def show(name, call):
	    try:
	        print(name, call())
	    except Exception as e:
	        print(name, type(e).__name__, e)

	def console():
	    fd = c.console_getfd(2)
	    return type(fd).__name__, os.isatty(fd if isinstance(fd, int) else fd[0])

	show("state", lambda: (c.state, c.running, c.controllable, c.defined))
	show("init", lambda: c.init_pid)
	show("pidfd", lambda: c.init_pidfd() >= 0)
	show("item", lambda: c.get_running_config_item("lxc.uts.name"))
	show("veth", lambda: c.get_running_config_item("lxc.net.0.veth.pair"))
	show("none", lambda: c.get_running_config_item("lxc.no.such"))
	show("interfaces", lambda: sorted(c.get_interfaces()))
	show("addresses", lambda: c.get_ips(family="inet"))
	show("cgroup", lambda: c.get_cgroup_item("cgroup.type"))
	show("set", lambda: c.set_cgroup_item("pids.max", "100"))
	show("freeze", lambda: (c.freeze(), c.state))
	show("unfreeze", lambda: (c.unfreeze(), c.state))
	show("wait", lambda: (c.wait("RUNNING", 5), c.wait("FROZEN", 1)))
	show("attach", lambda: c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 3"]))
	show("console", console)
	show("start", lambda: c.start())
	show("checkpoint", lambda: hasattr(c, "checkpoint"))
	show("active", lambda: lxc.list_containers(active=True, defined=False))
	PYTHON
}

look_rows()
{
	row traces 0 'lxc monitor' traces

	row info 0 'State: RUNNING' by lxc-info -n c1
	row info-s 0 'State: RUNNING' by lxc-info -n c1 -s
	row info-sH 0 'RUNNING' by lxc-info -n c1 -sH
	row info-p 0 'PID: INIT' by lxc-info -n c1 -p
	row info-p-is-init 0 '^1' pid_is_inits
	row info-i 0 'IP: ADDRESS' by lxc-info -n c1 -i
	row info-iH 0 ADDRESS by lxc-info -n c1 -iH
	row info-S 0 'Link: VETH' by lxc-info -n c1 -S
	row info-SH 0 'Link: VETH' by lxc-info -n c1 -SH
	row info-c 0 'lxc.uts.name = c1' running_items

	row ls 0 c1 by lxc-ls
	row ls-1 0 c1 by lxc-ls -1
	row ls-active 0 c1 by lxc-ls --active
	row ls-running 0 c1 by lxc-ls --running
	row ls-defined 0 c1 by lxc-ls --defined
	row ls-stopped 0 '^exit' by lxc-ls --stopped
	row ls-frozen 0 '^exit' by lxc-ls --frozen
	row ls-f 0 'c1 RUNNING' by lxc-ls -f
	row ls-f-active 0 'c1 RUNNING' by lxc-ls -f --active
	row ls-F 0 'c1 RUNNING INIT' by lxc-ls -f -F \
		NAME,STATE,PID,RAM,SWAP,AUTOSTART,GROUPS,INTERFACE,IPV4,IPV6,UNPRIVILEGED
	row ls-g 0 c1 by lxc-ls -g one
	row ls-filter 0 '^exit' by lxc-ls --filter '^c2$'

	row top 0 c1 top
	row python 0 "state \('RUNNING'" python
}
