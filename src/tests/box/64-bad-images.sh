#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images that differ from what the dump wrote: every byte of the small files flipped in turn, a file
# of each kind missing, truncated, extended, or replaced by another's. Each is refused before a
# process starts, with the name of the file. At the end the image is restored.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

GOOD=/run/good

world()
{
	leftovers
	lxc-info -n c1 -sH
	pgrep -c counter || :
}

# refused FILE WHAT: with WHAT a restore says no, and names the file.
refused()
{
	fails 3 "$1" restore -n c1
	tried=$((tried + 1))
}

# damaged FILE WHAT: and so does --verify.
damaged()
{
	refused "$@"
	fails 1 "$1" lxc-checkpoint --verify -D "$IMG"
}

# As it was, with its date, which cp -a keeps.
mend()
{
	rm -rf "${IMG:?}/$1"
	cp -a "$GOOD/$1" "$IMG/$1"
}

# The first of each kind: core-1.img, fs-1.img, …
parts()
{
	cd "$GOOD" && find . -type f ! -name '*.log' ! -name 'stats-*' -printf '%P\n' | sort |
		awk -F '[-.]' '!seen[$1]++'
}

# flip FILE OFFSET
flip()
{
	python3 - "$IMG/$1" "$2" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    was = f.read(1)
		    f.seek(int(sys.argv[2]))
		    f.write(bytes([was[0] ^ 0x10]))
	END
}

start_counter c1
check dump -n c1 -s
cp -a "$IMG" "$GOOD"
before=$(world)

step 'bytes, in one process'
gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -I/build/obj -I/src/src/lxc -o /tmp/flips \
	"${0%/*}/../payload/flips.c" \
	/build/obj/.libs/lib{image,json,criu,carry,facts,sys,utils}.a -ljansson -lxxhash -lpthread
cp -a "$GOOD" /run/flipped
/tmp/flips /run/flipped
check diff -r "$GOOD" /run/flipped

step 'the command itself: a file of each kind missing, empty, cut short, grown, changed'
tried=0
for file in $(parts); do
	size=$(stat -c %s "$GOOD/$file")
	rm "$IMG/$file"
	refused "$file" "no $file"
	mend "$file"
	echo >>"$IMG/$file"
	refused "$file" "a longer $file"
	mend "$file"
	[ "$size" -gt 0 ] || continue
	: >"$IMG/$file"
	refused "$file" "an empty $file"
	truncate -s $((size - 1)) "$IMG/$file"
	refused "$file" "a shorter $file"
	mend "$file"
	flip "$file" $((size / 2))
	damaged "$file" "a changed $file"
	mend "$file"
done
check_equal "$before" "$(world)" 'the world after all that'

step 'lengths at which something could end'
for size in 1 4 8 12 16 4096; do
	truncate -s "$size" "$IMG/pages-1.img"
	refused pages-1.img "pages-1.img of $size"
	truncate -s "$size" "$IMG/manifest.json"
	refused manifest.json "manifest.json of $size"
	mend manifest.json
	mend pages-1.img
done

step "another's"
for pair in core-1.img:core-4.img pages-1.img:pages-3.img fs-1.img:fs-4.img ids-1.img:ids-4.img; do
	[ -e "$GOOD/${pair%:*}" ] && [ -e "$GOOD/${pair#*:}" ] || continue
	cmp -s "$GOOD/${pair%:*}" "$GOOD/${pair#*:}" && continue
	cp "$GOOD/${pair#*:}" "$IMG/${pair%:*}"
	refused "${pair%:*}" "${pair#*:} as ${pair%:*}"
	mend "${pair%:*}"
done
check restore -n c1
IMG=/run/other
check dump -n c1 -s
IMG=/run/image
for file in manifest.json core-1.img pages-1.img; do
	cp /run/other/"$file" "$IMG/"
	# of a whole manifest that is another's, any file can be the first that is not as it says
	name=$file
	[ "$file" != manifest.json ] || name=$IMG/
	refused "$name" "$file of another checkpoint"
	mend "$file"
done
check_equal "$before" "$(world)" 'the world after all that'
step "$tried images of the command's were refused"

step 'and what they were made of is restored'
check diff -r --exclude='*.log' --exclude='stats-*' --exclude=restored "$GOOD" "$IMG"
check restore -n c1
check_equal ok "$(ask check)" 'the memory'
