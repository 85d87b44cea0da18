# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of lxc-checkpoint for bash.
complete -F _lxc_checkpoint lxc-checkpoint
_lxc_checkpoint()
{
	COMPREPLY=()
}
