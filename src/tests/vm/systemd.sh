# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh, counter.sh and terminal.sh: a Debian with systemd and servers in
# a container, on the copy of a disk that scripts/vm has made, and clients of it.

# a checkpoint is restored once, at once
export FRESH=1

rootfs=/var/lib/lxc/c1/rootfs

# A copy of the guest's disk that forgets what is written to it; init removes it after the case.
mount_guest()
{
	local loop

	truncate -s 3G /var/tmp/guest.cow
	loop=$(losetup -f --show /var/tmp/guest.cow)
	dmsetup create guest --table "0 $(blockdev --getsz /dev/vdc) snapshot /dev/vdc $loop N 8"
	mkdir -p "$rootfs"
	mount /dev/mapper/guest "$rootfs"
}

# make_guest [<CONFIG LINES]: what lxc-create writes, LINES, and the one line that it takes.
make_guest()
{
	mount_guest
	{
		cat <<-'END'
		lxc.include = /usr/share/lxc/config/common.conf
		lxc.arch = linux64
		END
		cat /etc/lxc/default.conf
		cat <<-END
		lxc.rootfs.path = dir:$rootfs
		lxc.uts.name = c1
		END
		cat
		echo 'lxc.include = /usr/local/share/lxc/config/checkpointable.conf'
	} >/var/lib/lxc/c1/config
}

# What is served, and who may come in.
furnish_guest()
{
	ssh-keygen -q -t ed25519 -N '' -f /tmp/id
	install -D -m 600 /tmp/id.pub "$rootfs/root/.ssh/authorized_keys"
	# more than fits into the buffers of a connection
	head -c 16000000 /dev/urandom >"$rootfs/var/www/html/big"
	# whoever takes it slowly on a busy machine is waited for longer than a minute
	echo 'send_timeout 600;' >"$rootfs/etc/nginx/conf.d/slow.conf"
	echo 'what nginx serves' >"$rootfs/var/www/html/small"
	echo '* * * * * root date +\%s >>/var/tmp/cron' >"$rootfs/etc/cron.d/test"
	# Dead within a round, were its words not its own any more. Its clock runs while CRIU works,
	# which takes half a minute in an emulator, and it finishes its pause before it speaks again.
	cat >"$rootfs/etc/systemd/system/watched.service" <<-'END'
	[Service]
	Type=notify
	NotifyAccess=main
	WatchdogSec=90
	ExecStart=/usr/bin/perl /usr/local/bin/watched
	END
	cat >"$rootfs/usr/local/bin/watched" <<-'END'
	use Socket;
	socket(my $to, AF_UNIX, SOCK_DGRAM, 0) or die $!;
	connect($to, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die $!;
	send($to, "READY=1", 0);
	while (send($to, "WATCHDOG=1", 0)) { sleep 2 }
	END
	mkdir -p "$rootfs/etc/systemd/system/multi-user.target.wants"
	ln -s ../watched.service "$rootfs/etc/systemd/system/multi-user.target.wants/"
	# One program for all that is asked at once, because each takes a second in a VM.
	cat >"$rootfs/usr/local/bin/look" <<-'END'
	#!/bin/sh
	echo "state: $(systemctl is-system-running)"
	echo "failed: $(systemctl --failed --plain --no-legend) $(systemctl show --value -p Result watched)"
	echo "main processes: $(systemctl show --value -p MainPID redis-server nginx ssh \
		"postgresql@$(ls /etc/postgresql)-main" rsyslog dbus systemd-journald systemd-logind systemd-networkd \
		systemd-resolved console-getty getty@tty1 getty@tty4 user@0 watched | xargs)"
	echo "sessions: $(loginctl --no-legend list-sessions | awk '{ print $1, $2, $3 }' | sort | xargs)"
	echo "routes: $(ip route) $(ip -6 route | sed 's/ expires [0-9]*sec//') $(ip nexthop)"
	echo "served: $(curl -s http://localhost/small)"
	echo "kept: $(redis-cli get kept)"
	END
	chmod +x "$rootfs/usr/local/bin/look"
}

guest_runs()
{
	in_container c1 systemctl is-system-running --wait 2>/dev/null | grep -q -e running -e degraded
}

start_guest()
{
	start_container c1
	wait_for 300 guest_runs
	wait_for 60 has_address c1
	ADDRESS=$(address c1)
}

# look NAME: how it is, in /tmp/look.NAME
look()
{
	in_container c1 look >"/tmp/look.$1"
}

# --- clients --------------------------------------------------------------------------------------

declare -A SESSION_IN

# session NAME COMMAND [SSH OPTION]...: somebody who is logged in, and has COMMAND running there
session()
{
	local name=$1 command=$2 in

	shift 2
	rm -f "/tmp/session.$name.in"
	mkfifo "/tmp/session.$name.in"
	# shellcheck disable=SC2029 # the command is meant to be expanded here
	ssh -q -i /tmp/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$@" \
		"root@$ADDRESS" "$command" <"/tmp/session.$name.in" >"/tmp/session.$name" 2>&1 &
	exec {in}>"/tmp/session.$name.in"
	SESSION_IN[$name]=$in
}

# say NAME LINE...
say()
{
	local name=$1

	shift
	printf '%s\n' "$@" >&"${SESSION_IN[$name]}"
}

has_answered()
{
	grep -q "^$2" "/tmp/session.$1"
}

# answers_with NAME LINE: soon
answers_with()
{
	(wait_for 120 has_answered "$1" "$2") || {
		cat "/tmp/session.$1"
		die "the session $1 has no answer"
	}
}

# Takes what comes, 100 kB a second, until it is told to hurry.
start_download()
{
	rm -f /tmp/download.*
	python3 - "http://$ADDRESS/big" <<-'END' &
	import os, sys, time, urllib.request
	with urllib.request.urlopen(sys.argv[1], timeout=300) as answer, open("/tmp/download.got", "wb", 0) as file:
	    while part := answer.read1(10000):
	        file.write(part)
	        if not os.path.exists("/tmp/download.hurry"):
	            time.sleep(0.1)
	END
	DOWNLOAD=$!
	wait_for 60 test -s /tmp/download.got
}

check_download_is_under_way()
{
	check kill -0 "$DOWNLOAD"
	check [ "$(stat -c %s /tmp/download.got)" -lt 16000000 ]
}

check_downloaded()
{
	: >/tmp/download.hurry
	wait "$DOWNLOAD" || die 'the download was cut off'
	check cmp /tmp/download.got "$rootfs/var/www/html/big"
}

# --- what is idle stays idle ----------------------------------------------------------------------

# quiet: no process in the container takes more than a third of a CPU for four seconds. In
# them it has to be waited, for once: that nothing happens is no event.
quiet()
{
	python3 - <<-'END'
	import os, sys, time

	def ticks():
	    found = {}
	    for top, _, _ in os.walk("/sys/fs/cgroup/lxc.payload.c1"):
	        for pid in open(top + "/cgroup.procs").read().split():
	            stat = open(f"/proc/{pid}/stat").read()
	            fields = stat[stat.rindex(")") + 2:].split()
	            found[pid] = stat[:stat.rindex(")") + 1], int(fields[11]) + int(fields[12])
	    return found

	before = ticks()
	time.sleep(4)
	busy = [f"{name}: {n - before[pid][1]} ticks in 4 s" for pid, (name, n) in ticks().items()
	        if pid in before and n - before[pid][1] > 130]
	print("\n".join(busy), file=open("/tmp/busy", "w"))
	sys.exit(bool(busy))
	END
}

check_quiet()
{
	(wait_for 90 quiet) || {
		cat /tmp/busy
		die 'something does not come to rest'
	}
}

# --- the case -------------------------------------------------------------------------------------

cron_has_fired()
{
	[ "$(tail -n 1 "$rootfs/var/tmp/cron" 2>/dev/null || echo 0)" -ge "$1" ]
}

timer_fired()
{
	stat -c %s "$rootfs/var/tmp/timer" 2>/dev/null || echo 0
}

timer_fired_since()
{
	[ "$(timer_fired)" -gt "$1" ]
}

# logged TEXT: by the journal and by rsyslog
logged()
{
	in_container c1 journalctl -q --no-pager -n 50 -o cat | grep -qx "$1" &&
		grep -q "$1\$" "$rootfs/var/log/syslog"
}

# round N: everything that goes on is caught in the middle, saved, gone, brought back, and goes on.
round()
{
	local n=$1 fired

	step "round $n: what goes on"
	say database 'begin;' "insert into t values ($n);" "select 'inserted $n ' || count(*) from t;"
	answers_with database "inserted $n $n"
	look before
	start_download

	step "round $n: checkpoint and stop"
	check dump -n c1 -s --replace
	check_download_is_under_way
	fired=$(timer_fired)
	step "round $n: restore"
	check restore -n c1
	look after
	diff /tmp/look.before /tmp/look.after || die 'it is not as it was'

	step "round $n: it goes on"
	say database 'commit;' "select 'committed $n ' || count(*) from t;"
	answers_with database "committed $n $n"
	say shell "round $n"
	answers_with shell "$((n + 1)) round $n"
	in_container c1 logger "round-$n"
	wait_for 60 logged "round-$n"
	check in_container c1 systemctl restart cron
	wait_for 60 timer_fired_since "$fired"
	check_downloaded
	check_quiet
}

# What this CRIU would lose, named before anything is touched.
check_refused()
{
	step 'this CRIU would lose something'
	fails 3 'has no_new_privs set, which this CRIU would lose' dump -n c1 -s
	# shellcheck disable=SC2154 # by fails()
	printf '%s\n' "$said"
	check_not test -e "$IMG"
	check_equal running "$(in_container c1 systemctl is-system-running)" 'the container'
}

run_guest()
{
	local n

	start_guest
	step 'it runs'
	check_equal running "$(in_container c1 systemctl is-system-running)" 'the container'
	case $(criu --version) in
	*' 3.1'[0-8]*)
		check_refused
		return
		;;
	esac
	in_container c1 redis-cli set kept 'what redis keeps' >/dev/null
	# shellcheck disable=SC2016 # for the shell in the container
	in_container c1 systemd-run -q --on-active=1s --on-unit-active=5s --timer-property=AccuracySec=100ms \
		sh -c 'echo >>/var/tmp/timer'
	# shellcheck disable=SC2016 # for the shell at its other end
	session shell 'stty -echo; n=0; while read -r line; do n=$((n + 1)); echo "$n $line"; done' -tt
	session database 'exec su postgres -c "exec psql -qAtX"'
	say database 'create table t (n int);'
	say shell first
	answers_with shell '1 first'
	check_quiet
	for n in 1 2 3; do
		round "$n"
	done

	step 'the console has somebody at its other end'
	terminal_open console lxc-console -n c1 -t 0
	terminal console expect 30 'Connected to tty 0'
	terminal console raw 30
	terminal console send '\r'
	terminal console expect 60 'login: '
	terminal console send '\x01q'
	terminal_ends console 0
	step 'cron does its work'
	wait_for 90 cron_has_fired "$(date +%s)"
	check_equal 3 "$(in_container c1 su postgres -c 'psql -qAtXc "select count(*) from t"')" 'rows'

	step 'it shuts down as it should'
	check lxc-stop -n c1 -t 90
	check state_is c1 STOPPED
}
