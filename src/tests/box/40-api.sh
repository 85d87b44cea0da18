#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# C programs: the methods of struct lxc_container for programs that know only liblxc, by linking and
# by lxc_checkpoint_extend(), and the functions with options.
. "${0%/*}/lib/lib.sh"
. "${0%/*}/lib/counter.sh"

# build PROGRAM SOURCE FLAG...
build()
{
	local program=$1 source=$2

	shift 2
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o "/tmp/$program" \
		"$(dirname "${BASH_SOURCE[0]}")/../payload/$source" "$@"
}

# all_homes LIBRARY [NOT-THOSE]: where each of the methods has to be, as api prints it
all_homes()
{
	local whose what

	for whose in lxc_container_new list_all_containers list_defined_containers \
		list_active_containers '->clone' '->clone->clone'; do
		for what in checkpoint restore migrate; do
			printf '%s %s: %s\n' "$whose" "$what" "$1"
		done
	done
}

# goes_through PROGRAM: out and back, by methods and by ->migrate
goes_through()
{
	check "$1" checkpoint c1 "$IMG"
	check_client_goes_on
	rm -r "$IMG"
	check "$1" stop c1 "$IMG"
	check_left "$before_start"
	check "$1" restore c1 "$IMG"
	check_client_goes_on
	rm -r "$IMG"
	check "$1" migrate-dump c1 "$IMG"
	check_left "$before_start"
	check "$1" migrate-restore c1 "$IMG"
	check_client_goes_on
	check_equal ok "$(ask check)" 'the memory'
	rm -r "$IMG" "$IMG.copy"
}

# liblxc copies a rootfs with it
cat >/usr/local/bin/rsync <<'END'
#!/bin/sh
while [ $# -gt 2 ]; do shift; done
exec cp -a "$1/." "$2"
END
chmod +x /usr/local/bin/rsync

export PKG_CONFIG_PATH=/usr/local/lib/pkgconfig
read -ra flags < <(pkg-config --cflags --libs lxc-checkpoint)
before_start=$(make_bridge && start_dhcp && leftovers)
make_container stopped </dev/null
start_counter c1 4
start_client

step 'linked with pkg-config'\''s flags: every container is ours'
build api api.c "${flags[@]}"
check_equal "$(all_homes liblxc-checkpoint.so.0)" "$(/tmp/api homes c1)" 'homes of the methods'
check_equal 'c1 stopped' "$(lxc-ls -1 | paste -sd ' ')" 'containers afterwards'

step 'its methods'
goes_through /tmp/api

step 'features'
# what CRIU itself says of this kernel
there=0
! criu check --feature mem_dirty_track >/dev/null 2>&1 || there=$((there | 1))
! criu check --feature uffd-noncoop >/dev/null 2>&1 || there=$((there | 2))
check_equal "$there" "$(/tmp/api features c1)" 'features'

step 'linked behind liblxc, with lxc_checkpoint_extend()'
build extended api.c -DWITH_EXTEND -Wl,--no-as-needed -llxc -L/usr/local/lib -llxc-checkpoint
found=$(/tmp/extended homes c1)
# it asked for these, and the others are liblxc's
wanted=$(all_homes liblxc-checkpoint.so.0 | sed '/^list_/s/liblxc-checkpoint.so.0/liblxc.so.1/')
check_equal "$wanted" "$found" 'homes of the methods'
goes_through /tmp/extended

step 'without the library they are liblxc'\''s: the case can fail'
build plain api.c -llxc
check_equal "$(all_homes liblxc.so.1)" "$(/tmp/plain homes c1)" 'homes of the methods'
check_equal "$(all_homes liblxc-checkpoint.so.0)" \
	"$(LD_PRELOAD=liblxc-checkpoint.so.0 /tmp/plain homes c1)" 'homes with it preloaded'

step 'the calls with options'
build options api_options.c "${flags[@]}"
check_equal 0.1.0 "$(/tmp/options c1 "$IMG")" version
check_client_goes_on

step 'the end'
end_client
check lxc-stop -n c1 -k
check_left "$before_start"
