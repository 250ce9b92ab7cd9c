# SPDX-License-Identifier: BSD-3-Clause
# Completion of pcap-rewrite for bash. Options are asked of the program itself.

_pcap_rewrite() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	case $prev in
	-F | --format | -o)
		words="pcap usecpcap nsecpcap pcapng"
		;;
	-T | --link-type)
		words="ether rawip"
		;;
	*)
		[[ $cur == -* ]] && words=$("${COMP_WORDS[0]}" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*')
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	return 0
}

complete -o default -F _pcap_rewrite pcap-rewrite
