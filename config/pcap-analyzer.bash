# SPDX-License-Identifier: BSD-3-Clause
# Completion of pcap-analyzer for bash. Options and plugins are asked of the program itself.

_pcap_analyzer() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
	local words

	case $prev in
	-i | --interface)
		words=$("$program" -D 2>/dev/null | sed -n 's/ .*AF_XDP.*//p')
		;;
	-p | --plugins)
		words=$("$program" --list-plugins 2>/dev/null | sed -n 's/^\([a-z0-9-][a-z0-9-]*\) .*/\1/p')
		;;
	-k | --checksums)
		words="none all"
		;;
	--set)
		words=$("$program" --dump-config 2>/dev/null |
			sed -n -e 's/^\[\(.*\)\]$/\1/; t keep' -e 's/^\([a-z-]*\) = .*/\1/; t key' -e 'b' \
				-e ':keep' -e 'h; b' -e ':key' -e 'G; s/\(.*\)\n\(.*\)/\2.\1=/p')
		;;
	*)
		[[ $cur == -* ]] && words=$("$program" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*')
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ $prev == --set ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -o default -F _pcap_analyzer pcap-analyzer
