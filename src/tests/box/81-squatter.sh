#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A user who takes the command socket of a stopped container is not believed: no process that this
# user names is saved or killed, and nobody waits for the answer.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# squat UID HOW [PID]: as that user on the socket of c2
squat()
{
	local uid=$1

	shift
	"$(dirname "$0")/lib/squat.py" c2 "$uid" /run/ready "$@" 2>/run/squatter &
	SQUATTER=$!
	read -r _ </run/ready
}

end_squatter()
{
	kill "$SQUATTER"
	wait "$SQUATTER" || :
}

# refused WORDS COMMAND...: at once, and all that could have been harmed is there
refused()
{
	SECONDS=0
	fails 3 "$1" timeout -s KILL 60 "${@:2}"
	check [ "$SECONDS" -lt 20 ]
	check kill -0 "$PLAIN" "$INNER"
	check answers
	check_not test -e /run/c2
}

api()
{
	LD_PRELOAD=liblxc-checkpoint.so.0 timeout -s KILL 60 /run/api "$@"
}

mkfifo /run/ready
start_counter c1
make_container c2 </dev/null
gcc -D_GNU_SOURCE -o /run/api "$(dirname "$0")/../payload/api.c" -llxc -ldl
# root's, and one of them the first of a PID namespace
sleep 1000 &
PLAIN=$!
unshare --pid --fork --kill-child sleep 1000 &
has_child()
{
	INNER=$(pgrep -P $! sleep)
}
wait_for 10 has_child

step 'another user'
held='belongs to another user'
for pid in "$PLAIN" "$INNER" "$(init_pid c1)"; do
	squat 65534 answer "$pid"
	refused "$held" lxc-checkpoint -n c2 -D /run/c2 -s
	refused "$held" lxc-checkpoint -n c2 -D /run/c2 --check
	refused "$held" lxc-checkpoint -n c2 -D /run/c2 -r
	check_not api checkpoint c2 /run/c2
	check_not api stop c2 /run/c2
	check kill -0 "$PLAIN" "$INNER"
	check answers
	end_squatter
done

step 'who does not answer, or takes no connection'
squat 65534 silent
refused "$held" lxc-checkpoint -n c2 -D /run/c2 -s
refused "$held" lxc-checkpoint -n c2 -D /run/c2 -r
end_squatter
squat 65534 full
refused 'does not answer' lxc-checkpoint -n c2 -D /run/c2 -s
end_squatter

squat 65534 aliases
refused 'c2 is not running' lxc-checkpoint -n c2 -D /run/c2 -s
end_squatter

step 'the root of a container that is in the host'\''s network'
squat 0 answer "$PLAIN"
refused 'is not the first process of a PID namespace' lxc-checkpoint -n c2 -D /run/c2 -s
end_squatter
for pid in "$INNER" "$(init_pid c1)"; do
	squat 0 answer "$pid"
	refused 'is no child of the process that listens there' lxc-checkpoint -n c2 -D /run/c2 -s
	refused 'is no child of the process that listens there' lxc-checkpoint -n c2 --check
	end_squatter
done

step 'on a kernel without unix_diag'
cat >/run/nodiag.c <<'END'
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	if (domain == AF_NETLINK && protocol == NETLINK_SOCK_DIAG)
		return errno = EPROTONOSUPPORT, -1;
	return real(domain, type, protocol);
}
END
gcc -D_GNU_SOURCE -shared -fPIC -o /run/nodiag.so /run/nodiag.c
without_diag=(env LD_PRELOAD=/run/nodiag.so lxc-checkpoint)
check "${without_diag[@]}" -n c1 --check
for pid in "$INNER" "$(init_pid c1)"; do
	squat 0 answer "$pid"
	refused 'is no child of the process that listens there' "${without_diag[@]}" -n c2 -D /run/c2 -s
	# a line in the name of another socket says that c1's monitor listens there
	inode=$(awk '$NF == "@/var/lib/lxc/c1/command" && $4 == "00010000" { print $7 }' /proc/net/unix)
	setpriv --reuid=65534 --clear-groups python3 -c "
import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind('\0x\n0: 2 0 10000 1 1 $inode @/var/lib/lxc/c2/command')
print('here', flush=True)
time.sleep(1000)" >/run/ready &
	liar=$!
	read -r _ </run/ready
	refused 'it cannot be told which process listens there' "${without_diag[@]}" -n c2 -D /run/c2 -s
	kill "$liar"
	# its end of the FIFO would be taken for the next squatter's
	wait "$liar" || :
	end_squatter
done

step 'while one waits for the name that a stopped container leaves'
check dump -n c1 -s
squat 65534 silent
check timeout -s KILL 60 lxc-checkpoint -r -n c1 -D "$IMG"
check answers
end_squatter

step 'and then it is as if nobody had been there'
check lxc-start -n c2
check lxc-wait -n c2 -s RUNNING -t 10
check dump -n c2 --replace -s
# its log is in the directory of another user, who has put a link there
mkdir -p /var/log/lxc
chown 65534 /var/log/lxc
ln -sf /run/victim /var/log/lxc/c2.log
check restore -n c2 -l TRACE
check state_is c2 RUNNING
check_not test -e /run/victim
