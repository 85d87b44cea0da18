#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The console's output: the monitor's buffer, which a checkpoint saves, and the log file, which
# contains all output whatever happens in between.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

LOG=/var/log/console/c1
BUFFER=$IMG/console-buffer

# says NAME TEXT: on its console, and its monitor has it. (What is in the log is in the buffer.)
says()
{
	in_container "$1" sh -c "echo '$2' >/dev/console" </dev/null
	wait_for 10 grep -q "$2" "$LOG"
}

# buffer WORD...: as console_log.c has them; without the carriage returns
buffer()
{
	/tmp/console_log c1 "$@" | tr -d '\r'
}

# lost TEXT: the console has said it, but it is not in the log
lost()
{
	in_container c1 sh -c "echo '$1' >/dev/console" </dev/null
	wait_for 10 buffer_has "$1"
	check_not grep -qs "$1" "$LOG"
}

buffer_has()
{
	buffer read | grep -q "$1"
}

# many FROM TO TEXT: lines with TEXT and a number, on the console
many()
{
	# shellcheck disable=SC2016 # the container's shell expands it
	in_container c1 sh -c 'i=$1; while [ $i -lt $2 ]; do echo "$3 $i"; i=$((i + 1)); done >/dev/console' \
		- "$@" </dev/null
}

# asked STATUS WORD...
asked()
{
	local wanted=$1 status=0

	shift
	/tmp/console_log c1 "$@" >/tmp/asked || status=$?
	check_equal "$wanted" "$status" "status of: console_log $*"
}

gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o /tmp/console_log \
	"$(dirname "${BASH_SOURCE[0]}")/../payload/console_log.c" -llxc
mkdir -p "${LOG%/*}"
start_counter c1 <<END
lxc.console.buffer.size = auto
lxc.console.logfile = $LOG
END
start_client
says c1 'said under lxc-start'

step 'a container that runs on keeps its buffer, and LXC gives it only away: it is in no checkpoint'
check dump -n c1
check_not test -e "$BUFFER"
rm -r "$IMG"

step 'one that stops takes it along'
check dump -n c1 -s
check_equal '600 0' "$(stat -c '%a %u' "$BUFFER")" 'mode and owner'
check grep -q 'said under lxc-start' "$BUFFER"
check grep -A1 -F '"name": "console-buffer"' "$IMG/manifest.json" >/tmp/named
check grep -q "\"size\": $(stat -c %s "$BUFFER"),\$" /tmp/named
# what was taken was not thrown away, nor was the log for it
check grep -q 'said under lxc-start' "$LOG"

step 'damaged: refused'
cp -a "$IMG" "$IMG.whole"
echo more >>"$BUFFER"
fails 3 'console-buffer is damaged' restore -n c1
rm "$BUFFER"
fails 3 'console-buffer is missing from the checkpoint' restore -n c1
cp -a "$IMG.whole/console-buffer" "$IMG"
chmod 666 "$BUFFER"
fails 3 'console-buffer is writable by users other than root' restore -n c1
chmod 600 "$BUFFER"

step 'restored: what was said before and since, in one'
check restore -n c1
check_client_goes_on
says c1 'said after the restore'
check grep -q 'said under lxc-start' "$LOG"
rm -r "$IMG"
check dump -n c1
check grep -q 'said under lxc-start' "$BUFFER"
check grep -q 'said after the restore' "$BUFFER"
buffer read >/tmp/read
diff <(tr -d '\r' <"$BUFFER") /tmp/read || die 'the checkpoint of a container that runs on has changed its buffer'

step 'who reads takes it out; read_max, clear'
asked 2 read
says c1 'abcdefgh'
check_equal abc "$(buffer read 3)" 'the first three'
check_equal defgh "$(buffer read)" 'the rest'
says c1 'first line'
asked 0 clear
check_equal '' "$(cat /tmp/asked)"
asked 2 read
says c1 'second line'
check_equal second "$(buffer read clear 6)" 'the first six'
asked 2 read

step 'more than fits: the last 128 KiB, in one piece'
many 10000 18000 'line number'
wait_for 20 grep -q 'line number 17999' "$LOG"
rm -r "$IMG"
check dump -n c1 -s
check_equal 131072 "$(stat -c %s "$BUFFER")" 'size of the buffer'
tail -c 131072 "$LOG" | cmp - "$BUFFER" || die 'the buffer is not the end of the log'
check restore -n c1
check_client_goes_on
check_equal 8000 "$(grep -c 'line number' "$LOG")" 'lines in the log'

step 'the end: as under lxc-start, where the log has no limit the buffer leaves it empty'
end_client
check lxc-stop -n c1 -k
check_equal 0 "$(stat -c %s "$LOG")" 'size of the log'

step 'without a buffer nothing of it is restored, and none is asked for'
sed -i '/lxc.console.buffer.size/d' /var/lib/lxc/c1/config
check restore -n c1
says c1 'said without a buffer'
asked 1 read
rm -r "$IMG"
check dump -n c1 -s
check_not test -e "$BUFFER"
check restore -n c1
check grep -q 'said without a buffer' "$LOG"
check lxc-stop -n c1 -k
check grep -q 'said without a buffer' "$LOG"

step 'rotation'
printf '%s\n' 'lxc.console.size = 4KB' 'lxc.console.rotate = 1' 'lxc.console.buffer.size = 4KB' >>/var/lib/lxc/c1/config
rm -f "$LOG"
check restore -n c1
# the monitor opens it when it begins to serve, which the command does not wait for
wait_for 10 test -e "$LOG"
check_equal 600 "$(stat -c %a "$LOG")" 'mode of the log'
# 33 bytes a line, with its carriage return
many 100 300 xxxxxxxxxxxxxxxxxxxxxxxxxxx
wait_for 10 grep -q 'x 299' "$LOG"
check_equal 4096 "$(stat -c %s "$LOG.1")" 'size of the full one'
check test "$(stat -c %s "$LOG")" -le 4096
cat "$LOG.1" "$LOG" | tail -c 5000 | tr -d '\r' | awk '/^x/ && length == 31 { if (last && $2 != last + 1) exit 1; last = $2 } END { exit last != 299 }' ||
	die 'something is missing between the two'

step 'the end: the last of it is in the log'
check lxc-stop -n c1 -k
check_equal 4096 "$(stat -c %s "$LOG")" 'size of the log'
check grep -q 'x 299' "$LOG"

step 'a full disk, and no directory: the container does not mind'
mount -t tmpfs -o size=4k tmpfs "${LOG%/*}"
head -c 4096 /dev/zero >"${LOG%/*}/other"
check restore -n c1
lost 'nothing fits on it'
check_equal 0 "$(stat -c %s "$LOG")" 'size of the log'
rm "${LOG%/*}/other"
says c1 'there is room again'
check lxc-stop -n c1 -k
umount "${LOG%/*}"
rm -r "${LOG%/*}"
check restore -n c1
lost 'there is no directory'
mkdir "${LOG%/*}"
says c1 'there is a directory again'
check lxc-stop -n c1 -k
