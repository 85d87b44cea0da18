# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of lxc-checkpoint for bash. bash-completion only loads this file, which uses nothing of
# it.
#
# LXC has one file for all of its commands, which also registers a completion for lxc-checkpoint.
# Newer versions of bash-completion find that file first. To use this one in any case, source it in
# ~/.bashrc.

# Completes possible container names: running containers can be checkpointed, stopped ones restored.
# lxc-ls shows them to users who may see them.
_lxccheckpoint_names()
{
	local filter=$1 lxcpath=$2 cur=$3 names

	names=$(lxc-ls -1 "$filter" ${lxcpath:+-P "$lxcpath"} 2>/dev/null)
	mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
}

_lxccheckpoint_paths()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_lxccheckpoint()
{
	local cur=${COMP_WORDS[COMP_CWORD]} option='' word lxcpath='' i
	local names=--running restore='' stop='' scripted='' check='' mode='' look='' json=''
	local forced='' named='' timed=''
	local common='--name --checkpoint-dir --verbose --lxcpath --logfile
		--logpriority --quiet --rcfile --help --usage --version'

	COMPREPLY=()

	# Parses the line so far. bash makes three words of --option=value.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = = ] && [ -n "$option" ]; then
			continue
		fi
		case $option in
		-n | --name) named=1 option='' ;;
		-P | --lxcpath) lxcpath=$word option='' ;;
		'')
			case $word in
			--restore | --no-verify) restore=1 ;;
			--stop) stop=1 ;;
			--replace | --drop-outside) stop=1 ;;
			--check) check=1 ;;
			--info | --verify) look=1 ;;
			--json) json=1 ;;
			--daemon | --foreground) mode=1 ;;
			--force) forced=1 option=$word ;;
			--timeout) timed=1 option=$word ;;
			-[nDAPol] | --name | --checkpoint-dir | --action-script | --lxcpath | \
				--logfile | --logpriority | --rcfile) option=$word ;;
			--*) ;;
			-*)
				# flags in one word: -vr; the last one may want a value
				case $word in *r*) restore=1 ;; esac
				case $word in *s*) stop=1 ;; esac
				case $word in *[dF]*) mode=1 ;; esac
				case $word in *[nDAPol]) option=-${word: -1} ;; esac
				;;
			*) named=1 ;;
			esac
			;;
		-A | --action-script) scripted=1 option='' ;;
		*) option='' ;;
		esac
	done
	[ -z "$restore$mode$forced" ] || names=--stopped
	[ "$cur" != = ] || cur=''

	case $option in
	-n | --name)
		_lxccheckpoint_names "$names" "$lxcpath" "$cur"
		return
		;;
	-D | --checkpoint-dir | -P | --lxcpath)
		_lxccheckpoint_paths -d "$cur"
		return
		;;
	-A | --action-script | -o | --logfile | --rcfile)
		_lxccheckpoint_paths -f "$cur"
		return
		;;
	-l | --logpriority)
		mapfile -t COMPREPLY < <(compgen -W \
			'TRACE DEBUG INFO NOTICE WARN ERROR CRIT ALERT FATAL' -- "$cur")
		return
		;;
	--force)
		mapfile -t COMPREPLY < <(compgen -W 'cpu criu config network rootfs stale' -- "$cur")
		return
		;;
	esac

	if [[ $cur != -* ]]; then
		[ -n "$named" ] || _lxccheckpoint_names "$names" "$lxcpath" "$cur"
		return
	fi
	# -r excludes what only a checkpoint has, and the other way round; --check what writes or
	# starts; --info and --verify all but the names.
	[ -n "$stop$look$timed" ] || common+=' --restore --force'
	[ -n "$restore$mode$forced$look" ] || common+=' --stop'
	[ -n "$check$look$json" ] || common+=' --action-script'
	[ -n "$restore$mode$forced$look" ] || common+=' --replace --drop-outside'
	[ -n "$restore$mode$forced$check$look$json" ] || common+=' --timeout'
	[ -n "$mode$scripted$look$timed" ] || common+=' --check'
	[ -n "$restore$mode$scripted$stop$check$forced$look$timed" ] || common+=' --info --verify'
	[ -n "$mode$scripted$timed" ] || common+=' --json'
	[ -n "$stop$mode$check$look$json$timed" ] || common+=' --daemon --foreground'
	[ -n "$stop$check$look$json$timed" ] || common+=' --no-verify'
	mapfile -t COMPREPLY < <(compgen -W "$common" -- "$cur")
}

# LXC's file would replace our completion when it is loaded later for another command, so load it
# first. (The result of the loaders does not matter.)
if declare -F _comp_load >/dev/null; then
	_comp_load lxc-start
elif declare -F _completion_loader >/dev/null; then
	_completion_loader lxc-start
fi
complete -F _lxccheckpoint lxc-checkpoint
