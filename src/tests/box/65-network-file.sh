#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-restore-net and the network file, as root: a bad file changes nothing, and runs nothing.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

SCRIPT=/usr/local/libexec/lxc-checkpoint/lxc-restore-net
LINK=${SCRIPT%/*}/lxc-checkpoint-link

# All of the host's network that it could change.
world()
{
	ip -o link show
	ip -o address show
	cat /proc/sys/net/ipv6/conf/*/disable_ipv6
	ls -A /run/evil
}

# bad WORDS TEXT: a network file with TEXT (as printf has it) is refused, at each of its stages.
bad()
{
	local words=$1 action

	# shellcheck disable=SC2059 # that is what it is for
	printf "$2" >/run/network
	for action in network-lock network-unlock; do
		fails 1 "$words" "$SCRIPT" "$action" /run/network
	done
	fails 1 "$words" env CRTOOLS_SCRIPT_ACTION=network-unlock LXC_CHECKPOINT_VERB=restore \
		LXC_CHECKPOINT_NETWORK=/run/network "$SCRIPT"
	check_equal "$before" "$(world)" "the world after: $2"
	tried=$((tried + 1))
}


mkdir /run/evil
make_bridge
for i in 0 1; do
	ip link add "veth$i" type veth peer name "peer$i"
	ip link set "veth$i" master lxcbr0
	ip link set "veth$i" up
done
good='veth eth0 veth0 lxcbr0 - 1500 on\n'
before=$(world)
tried=0

step 'names'
# shellcheck disable=SC2016 # they are to get there as they are
for name in '$(touch${IFS}/run/evil/a)' '`touch${IFS}/run/evil/a`' ';touch' '|sh' '&' '../veth0' '/' . .. \
	-all --help -batch 'veth0*' 'veth?' '[a-z]' '~' '!' '#' '"' "'" '\\\\x' all default 'veth0:1' 'veth0@x' \
	'a=b' ',' '{a,b}' '\303\244' '\033[2J' '\001' 1234567890123456 '\xff' '>x' '<x' '$IFS' '*' '?'; do
	case $((tried % 4)) in
	0) bad 'interface name' "veth $name veth0 lxcbr0 - 1500 on\n" ;;
	1) bad 'interface name' "veth eth0 $name lxcbr0 - 1500 on\n" ;;
	2) bad 'bad bridge' "veth eth0 veth0 $name - 1500 on\n" ;;
	# the good line before it is not carried out, nor is the one behind it
	3) bad 'interface name' "${good}veth eth1 $name lxcbr0 - 1500 on\n$good" ;;
	esac
done

step 'MACs, MTUs, IPv6'
# shellcheck disable=SC2016 # as it is
for mac in aa:bb:cc:dd:ee aa:bb:cc:dd:ee:f aa:bb:cc:dd:ee:ff:00 gg:bb:cc:dd:ee:ff '$(x)' --; do
	bad 'bad MAC' "veth eth0 veth0 lxcbr0 $mac 1500 on\n"
done
# shellcheck disable=SC2016 # as it is
for mtu in -1 1e3 0x10 999999 '$x' '1500;'; do
	bad 'bad MTU' "veth eth0 veth0 lxcbr0 - $mtu on\n"
done
for ipv6 in ON 1 o onn; do
	bad 'neither "on" nor "off"' "veth eth0 veth0 lxcbr0 - 1500 $ipv6\n"
done

step 'lines'
bad 'not "veth"' 'macvlan eth0 veth0 lxcbr0 - 1500 on\n'
bad 'not seven words' '\n'
bad 'not seven words' 'veth eth0 veth0 lxcbr0 - 1500 on more\n'
bad 'not seven words' 'veth eth0 veth0 lxcbr0 - 1500 on ;reboot\n'
bad 'not seven words' 'veth eth0\n'
bad 'not seven words' 'veth eth0 veth0\n'
bad 'network file' "$good"'veth eth1 veth1 lxcbr0 - 1500\n'
bad 'network file' 'veth eth0 veth0 lxcbr0 - 1500 on\r\n'
bad 'network file' '\tveth eth0 veth0 lxcbr0 - 15\v00 on\n'
step "$tried bad files, and each has changed nothing"

step 'what is unfinished is not carried out'
printf 'veth eth0 veth0 lxcbr0 - 1500 on' >/run/network
fails 1 'no newline at its end' "$SCRIPT" network-lock /run/network
check_equal "$before" "$(world)" 'a line without its end'
: >/run/network
check "$SCRIPT" network-lock /run/network
check_equal "$before" "$(world)" 'an empty file'

step 'a file that cannot be read, and other ways to call it'
fails 1 'cannot read' "$SCRIPT" network-lock /run/nothing
fails 1 usage "$SCRIPT"
fails 1 usage "$SCRIPT" network-lock
fails 1 usage "$SCRIPT" reboot /run/network
fails 1 usage "$LINK"
fails 1 usage "$LINK" reboot /run/network
fails 1 'cannot run /run/nothing' "$LINK" run /run/nothing
fails 1 'cannot enter the network namespace /run/nothing' \
	env LXC_CHECKPOINT_NETNS=/run/nothing "$LINK" attach /run/network
# shellcheck disable=SC2016 # as it is
for notify in '' 1 1: :1 1:2:3 'x:y' '1:$(touch /run/evil/b)'; do
	status=0
	said=$(env CRTOOLS_SCRIPT_ACTION=post-dump "LXC_CHECKPOINT_NOTIFY=$notify" \
		LXC_CHECKPOINT_NOTIFY_ACTIONS=post-dump "$SCRIPT" 2>&1) || status=$?
	[ -z "$notify" ] || check_equal 1 "$status" "exit status with \"$notify\" ($said)"
done
check_equal "$before" "$(world)" 'the world'

step 'the fuzzers'"'"' files'
for file in /src/src/tests/fuzz/corpus/network/*; do
	"$SCRIPT" network-lock "$file" 2>/dev/null || :
	check_equal '' "$(ls -A /run/evil)" "what was run by $file"
done
check_equal "$before" "$(world)" 'the world'

step 'and a good one works'
# shellcheck disable=SC2059 # that is what it is for
printf "$good" >/run/network
check "$SCRIPT" network-lock /run/network
check_not test -e /sys/class/net/veth0/master
check "$SCRIPT" network-unlock /run/network
check_equal lxcbr0 "$(basename "$(readlink /sys/class/net/veth0/master)")"

step 'one of several fails: those before it are put back'
# shellcheck disable=SC2059 # that is what it is for
printf "${good}veth eth1 nothing lxcbr0 - 1500 on\n" >/run/network
fails 1 'cannot take nothing off its bridge lxcbr0: No such device' "$SCRIPT" network-lock /run/network
check_equal lxcbr0 "$(basename "$(readlink /sys/class/net/veth0/master)")"
ip link set veth0 nomaster
fails 1 'cannot put nothing back on its bridge' "$SCRIPT" network-unlock /run/network
check_equal lxcbr0 "$(basename "$(readlink /sys/class/net/veth0/master)")"

step 'a new veth becomes what the old one was'
ip link set veth0 nomaster
ip link set veth0 arp off down
printf 'veth eth0 veth0 lxcbr0 02:00:00:aa:bb:cc 1400 off\n' >/run/network
check env CRTOOLS_SCRIPT_ACTION=network-unlock LXC_CHECKPOINT_VERB=restore \
	LXC_CHECKPOINT_NETWORK=/run/network "$SCRIPT"
found=$(ip -o link show veth0)
for word in 'mtu 1400' 'master lxcbr0' ',UP' 'link/ether 02:00:00:aa:bb:cc'; do
	check grep -q "$word" <<<"$found"
done
check_not grep -q NOARP <<<"$found"
check_equal 1 "$(cat /proc/sys/net/ipv6/conf/veth0/disable_ipv6)" 'no IPv6'
printf 'veth eth0 veth0 - - - on\n' >/run/network
check env CRTOOLS_SCRIPT_ACTION=network-unlock LXC_CHECKPOINT_VERB=restore \
	LXC_CHECKPOINT_NETWORK=/run/network "$SCRIPT"
check_equal "$found" "$(ip -o link show veth0)" 'a link of which nothing is said'

step "CRIU in a network namespace of its own: the callback, and the user's script, work in the host's"
cat >/run/users <<'END'
#!/bin/sh
ip -o link show veth0 >/run/seen
grep ^CapEff /proc/self/status >/run/seen-status
exit "${EXIT:-0}"
END
chmod +x /run/users
echo 'veth eth0 veth0 lxcbr0 - - on' >/run/network
away=(unshare -n env LXC_CHECKPOINT_NETNS=/proc/$$/ns/net LXC_CHECKPOINT_SCRIPT=/run/users)
check "${away[@]}" "$SCRIPT" network-lock /run/network
check_not test -e /sys/class/net/veth0/master
check grep -q 'veth0' /run/seen
check_equal "$(grep ^CapEff /proc/self/status)" "$(cat /run/seen-status)" "the script's capabilities"
check "${away[@]}" "$SCRIPT" network-unlock /run/network
check_equal lxcbr0 "$(basename "$(readlink /sys/class/net/veth0/master)")"
fails 7 'the action script /run/users exited with status 7 at network-lock' \
	"${away[@]}" EXIT=7 "$SCRIPT" network-lock /run/network
