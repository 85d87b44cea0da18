#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --info and --verify: what a checkpoint contains, and whether it is intact. Damage of every kind is
# named and refuses a restore, which starts nothing. --no-verify accepts damage that only checksums
# reveal.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

BAD=/run/bad

# of JSON PATH: a member, as "interfaces.0.name"
of()
{
	python3 -c 'import json, sys
x = json.loads(sys.argv[1])
for k in sys.argv[2].split("."):
    x = x[int(k)] if isinstance(x, list) else x[k]
print(json.dumps(x) if not isinstance(x, str) else x)' "$1" "$2"
}

verify()
{
	lxc-checkpoint --verify "$@"
}

# flip FILE [OFFSET]: one bit of a byte, without a change of its size; in the middle by default
flip()
{
	python3 -c 'import os, sys
with open(sys.argv[1], "r+b") as f:
    at = int(sys.argv[2]) if len(sys.argv) > 2 else os.path.getsize(sys.argv[1]) // 2
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 4]))' "$@"
}

# damaged FILE WORDS: $BAD is damaged, in that file and no other, and is not restored
damaged()
{
	fails 1 "$BAD/$1" verify -D "$BAD"
	case $said in
	*"$2"*"$BAD is damaged: 1 file") ;;
	*) die "\"$said\", not \"$2\"" ;;
	esac
	check_equal "$1" "$(of "$(verify -D "$BAD" --json || :)" damaged.0.file)" 'file'
	not_restored "$1"
}

# not_restored WORDS
not_restored()
{
	fails 3 "$1" lxc-checkpoint -r -n c1 -D "$BAD"
	check_left "$nothing"
	check_not test -e "$BAD/restore.log"
	fresh
}

fresh()
{
	rm -rf "$BAD"
	cp -a "$IMG" "$BAD"
}

nothing=$(make_bridge && start_dhcp && leftovers)
start_counter c1 4
check dump -n c1
check lxc-checkpoint -n c1 -D /run/second -s
ip -o link show master lxcbr0 >/dev/null
check_left "$nothing"

step 'what is in it'
said=$(lxc-checkpoint --info -D "$IMG")
for word in 'c1, checkpoint of 20' "directory    $IMG" 'complete     yes' 'eth0 (veth, ' 'on lxcbr0' \
	"CRIU $(criu --version | sed -n 's/^Version: //p')" "Linux $(uname -r)" "LXC $(lxc-info --version)" \
	'/dev/console'; do
	case $said in
	*"$word"*) ;;
	*) die "\"$word\" is not in: $said" ;;
	esac
done
json=$(lxc-checkpoint --info -D "$IMG" --json)
check_equal c1 "$(of "$json" container)" container
check_equal true "$(of "$json" complete)" complete
check_equal true "$(of "$json" checksums)" checksums
check_equal lxcbr0 "$(of "$json" interfaces.0.bridge)" bridge
check_equal /var/lib/lxc/c1/rootfs "$(of "$json" rootfs)" rootfs
check test "$(of "$json" memory_bytes)" -ge $((4 << 20))
check test "$(of "$json" processes)" -ge 3
check_equal '[]' "$(of "$json" parents)" parents
check_equal '' "$(lxc-checkpoint --info -q -D "$IMG" 2>&1)" 'output with -q'

step 'it is intact, and needs no container'
check_equal "$IMG is intact" "$(verify -D "$IMG")" '--verify'
check_equal true "$(of "$(verify -D "$IMG" --json)" whole)" whole
mv /var/lib/lxc/c1 /run/away
check verify -D "$IMG"
check lxc-checkpoint --info -D "$IMG" >/dev/null
mkdir -p /run/lxcpath/c1
cp -a "$IMG" /run/lxcpath/c1/checkpoint
check_equal '/run/lxcpath/c1/checkpoint is intact' "$(verify -P /run/lxcpath -n c1)" 'default directory'
mv /run/away /var/lib/lxc/c1

step 'what is no checkpoint, or none for us'
mkdir /run/empty
fails 3 'there is no checkpoint in /run/nowhere' verify -D /run/nowhere
fails 3 '/run/empty is not a checkpoint' verify -D /run/empty
fails 3 '/run/empty is not a checkpoint' lxc-checkpoint --info -D /run/empty
fails 3 'there is no checkpoint in /var/lib/lxc/c1/checkpoint' verify -n c1
fails 3 'Permission denied' setpriv --reuid 65534 --clear-groups lxc-checkpoint --verify -D "$IMG"
check_equal false "$(of "$(verify --json -D /run/empty 2>/dev/null || :)" whole)" whole
exec 8<"$IMG"
flock -x 8
fails 3 'is in use by' verify -D "$IMG"
exec 8<&-

step 'which options go with them'
fails 2 'no checkpoint is named' verify
fails 2 '--info and --verify conflict' verify --info -D "$IMG"
for option in -r -s --replace --check --no-verify -d -F; do
	fails 2 'only read a checkpoint' verify -D "$IMG" $option
done
fails 2 '--json without' lxc-checkpoint -n c1 --json

step 'a flipped bit in any file'
fresh
for file in $(cd "$IMG" && python3 -c 'import json
print(*[f["name"] for f in json.load(open("manifest.json"))["files"] if f["size"]])'); do
	flip "$BAD/$file"
	fails 1 "$BAD/$file is damaged: checksum mismatch" verify -D "$BAD"
	check_equal 2 "$(wc -l <<<"$said")" "what is said: $said"
	flip "$BAD/$file"
done
check verify -D "$BAD"
flip "$BAD/pages-1.img"
damaged pages-1.img 'checksum mismatch'

step 'other damage'
truncate -s -1 "$BAD/pages-1.img"
damaged pages-1.img 'is damaged: it has '
echo >>"$BAD/pstree.img"
damaged pstree.img 'is damaged: it has '
rm "$BAD/inventory.img"
damaged inventory.img 'is missing from the checkpoint'
rm "$BAD/network"
mkdir "$BAD/network"
fails 3 "$BAD/network is a directory" verify -D "$BAD"
not_restored "$BAD/network is a directory"
cp -a "$BAD/fdinfo-2.img" "$BAD/pstree.img"
damaged pstree.img 'is damaged'
# of the same size: from the other checkpoint of this container
for other in /run/second/*.img; do
	file=${other##*/}
	if [ "$(stat -c %s "$other")" = "$(stat -c %s "$IMG/$file" || :)" ] && ! cmp -s "$other" "$IMG/$file"; then
		break
	fi
	file=
done
check test -n "$file"
cp "/run/second/$file" "$BAD/$file"
damaged "$file" 'checksum mismatch'

step 'several files at once: each is named'
flip "$BAD/pages-1.img"
rm "$BAD/pstree.img"
fails 1 "$BAD is damaged: 2 files" verify -D "$BAD"
grep -q "$BAD/pages-1.img is damaged" <<<"$said"
grep -q "$BAD/pstree.img is missing" <<<"$said"
fails 1 'complete     no' lxc-checkpoint --info -D "$BAD"
not_restored pstree.img

step 'the manifest'
for at in 0 1 100 -1; do
	size=$(stat -c %s "$BAD/manifest.json")
	flip "$BAD/manifest.json" $(((at + size) % size))
	fails 1 manifest.json verify -D "$BAD"
	fails 1 manifest.json lxc-checkpoint --info -D "$BAD"
	not_restored manifest.json
done
sed -i 's/"name": "c1"/"name":  "c1"/' "$BAD/manifest.json"
damaged_manifest='the file was changed'
fails 1 "$damaged_manifest" verify -D "$BAD"
not_restored "$damaged_manifest"
sed -i 's/"schema": 3/"schema": 7/' "$BAD/manifest.json"
fails 3 'schema: 7 was written by a later version' verify -D "$BAD"
not_restored 'schema: 7'
rm "$BAD/manifest.json"
fails 3 'is not a checkpoint' verify -D "$BAD"
not_restored 'is not a checkpoint'

step 'without a look into the files'
sed -i 's/^#\(.\)/#x/' "$BAD/network"
size=$(stat -c %s "$IMG/network")
truncate -s "$size" "$BAD/network"
check_not cmp -s "$IMG/network" "$BAD/network"
fails 3 '/run/bad/network is damaged' lxc-checkpoint -r -n c1 -D "$BAD"
check lxc-checkpoint -r --no-verify -n c1 -D "$BAD"
check answers
check lxc-stop -n c1 -k
fresh
truncate -s -1 "$BAD/pages-1.img"
fails 3 'is damaged: it has ' lxc-checkpoint -r --no-verify -n c1 -D "$BAD"

step 'one of an earlier version, without checksums'
fresh
as_schema 1 "$BAD"
fails 0 'without checksums' verify -D "$BAD"
fails 0 'it has no checksums' lxc-checkpoint --info -D "$BAD"
check_equal false "$(of "$(verify -D "$BAD" --json)" checksums)" checksums
check lxc-checkpoint -r -n c1 -D "$BAD"
check answers
check lxc-stop -n c1 -k
