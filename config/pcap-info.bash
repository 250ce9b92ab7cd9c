# SPDX-License-Identifier: BSD-3-Clause
# Completion of pcap-info for bash. Options are asked of the program itself.

_pcap_info() {
	local cur=${COMP_WORDS[COMP_CWORD]} words

	[[ $cur == -* ]] && words=$("${COMP_WORDS[0]}" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z0-9-]*')
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	return 0
}

complete -o default -F _pcap_info pcap-info
