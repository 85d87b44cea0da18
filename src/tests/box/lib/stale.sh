# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After lib.sh and counter.sh: what the cases share that look whether files, mounts and devices of
# a restore are those of the checkpoint.

# nothing has run since, unless the case says so
export FRESH=1

# shellcheck disable=SC2034 # for the cases
ROOTFS=/var/lib/lxc/c1/rootfs

# detach_at_end FILE...: the machine has the loop devices for all boxes, so those of /srv/FILE go
# with this case.
detach_at_end()
{
	LOOP_FILES=("$@")
	trap detach_all EXIT
}

detach_all()
{
	local file

	lxc-stop -k -n c1 2>/dev/null || :
	umount -l /srv/disk 2>/dev/null || :
	for file in "${LOOP_FILES[@]}"; do
		losetup -j "/srv/$file" -O NAME -n | xargs -r losetup -d
	done
}

# comes_back_silently: c1, and there is nothing to be said
comes_back_silently()
{
	fails 0 '' restore -n c1
	# shellcheck disable=SC2154 # lib.sh's
	check_equal '' "$said" 'what the restore says'
}

# two_rounds: and the checkpoint of a container that was restored twice
two_rounds()
{
	for _ in 1 2; do
		check dump -n c1 -s --replace
		comes_back_silently
	done
	check dump -n c1 -s --replace
}

# without_file_times: the image is of a version that did not have them
without_file_times()
{
	as_schema 2 "$IMG"
	rm "$IMG/file-times"
	python3 - "$IMG/manifest.json" <<-'END'
		import json, sys
		m = json.load(open(sys.argv[1]))
		m["files"] = [f for f in m["files"] if f["name"] != "file-times"]
		open(sys.argv[1], "w").write(json.dumps(m, indent=2) + "\n")
	END
	reseal "$IMG"
}
