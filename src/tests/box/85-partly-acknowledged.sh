#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A sender knows that a part of a segment has come. The kernel keeps the whole segment until it
# retransmits it, and CRIU cannot save such a socket: the dump waits, and tries again.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

ROOTFS=/var/lib/lxc/c1/rootfs

inside()
{
	nsenter -n -t "$(init_pid c1)" "$@"
}

# lose [data] [acknowledgements]: what arrives no more from now on
lose()
{
	inside nft -f - <<-END
		table ip lossy
		delete table ip lossy
		table ip lossy {
			chain input {
				type filter hook input priority 0
				$([[ " $* " != *' data '* ]] || echo 'tcp dport 7005 meta length > 150 drop')
				$([[ " $* " != *' acknowledgements '* ]] || echo 'tcp sport 7005 drop')
			}
		}
	END
}

# partly WORD N
partly()
{
	local answer

	echo "$*" >"$ROOTFS/partly"
	read -r answer <"$ROOTFS/partly.answer"
	check_equal ok "$answer" "$*"
}

# sender WORDS: what ss says of the sending end has them
sender()
{
	inside ss -tinH dport 7005 | tr '\n' ' ' | grep -qE "$1"
}

# half_known N: N bytes have come, N more were lost, and no acknowledgement has arrived
half_known()
{
	lose acknowledgements
	partly send "$1"
	partly has "$1"
	lose data acknowledgements
	partly send "$1"
}

# acknowledge: what CRIU's first call of /run/script does. From here on it takes no longer than the
# sender's timer.
acknowledge()
{
	lose data
	partly back 1
}

with_fifos()
{
	mkfifo "$ROOTFS/partly" "$ROOTFS/partly.answer"
}

cat >/run/script <<END
#!/bin/bash
[ "\$CRTOOLS_SCRIPT_ACTION" = pre-dump ] || exit 0
echo >>/run/called
[ "\$(wc -l </run/called)" = 1 ] || exit 0
ROOTFS=$ROOTFS
$(declare -f die check_equal init_pid inside lose partly acknowledge)
acknowledge
END
chmod +x /run/script

payload partly >/dev/null
INITTAB='::once:/tmp/partly 7005 /partly' BEFORE_START=with_fifos start_counter c1 <<-'END'
	lxc.mount.entry = /tmp/payload tmp none ro,bind 0 0
END
wait_for 10 runs c1 /tmp/partly

step 'a retransmission of two segments at once'
# it sends what it has not sent yet when it learns that one has come, and waits with the rest
half_known 4096
wait_for 10 sender ' backoff:3 .* unacked:1 '
partly send 4096
check dump -n c1 -A /run/script
lose
partly has 12288
partly take 12288

step 'a queue that was restored as one segment'
half_known 100
check sender '^ESTAB +[0-9]+ +200 '
check dump -n c1 -s --replace
check restore -n c1
rm /run/called
check dump -n c1 --replace -A /run/script
lose
partly has 200
partly take 200
