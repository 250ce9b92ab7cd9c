# SPDX-License-Identifier: BSD-3-Clause
# Sourced by config/quickstart and tests/run, after `root` was set to the source tree.

die() {
	echo "$0: $*" >&2
	exit 1
}

# packages_of SECTION...: the packages of these sections of packages.txt.
packages_of() {
	for section; do
		sed -n "/^\[$section\]/,/^\[/{/^[a-z0-9]/p}" "$root/config/packages.txt"
	done
}

# need_packages SECTION...: install what is missing of these. Sets packages_installed to yes or no.
need_packages() {
	packages_installed=no
	wanted=$(packages_of "$@" | sort -u)
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		for tool in meson ninja pkg-config cc; do
			command -v $tool >/dev/null ||
				die "$tool is missing, and this is not Debian: install what Debian calls" $wanted
		done
		return 0
	fi
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u)
	missing=$(printf '%s\n' "$wanted" | grep -vxF "$have" || true)
	[ -z "$missing" ] && return 0
	set -- apt-get install -y --no-install-recommends $missing
	[ "$(id -u)" = 0 ] || die "packages are missing. Run: sudo apt-get update && sudo $*"
	echo "installing" $missing
	log=$(mktemp)
	# An index that cannot be fetched may be one that is not needed: installing will tell.
	apt-get update >"$log" 2>&1 </dev/null || true
	DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "cannot install packages. Try: apt-get update && $*"
	}
	rm -f "$log"
	packages_installed=yes
}

# quietly WHAT COMMAND...: run it, showing what it says only where it fails.
quietly() {
	what=$1
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || {
		tail -n 60 "$log" >&2
		rm -f "$log"
		die "cannot $what: $*"
	}
	rm -f "$log"
}

# set_up_build DIR [meson options]: a build directory that ninja can work in.
set_up_build() {
	dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		quietly "set up $dir" meson setup "$@" "$dir" "$root"
	elif [ $packages_installed = yes ]; then # what was not found then may be found now
		quietly "set up $dir" meson setup --reconfigure "$@" "$dir" "$root"
	fi
}
