# shellcheck shell=sh disable=SC2154
# What quickstart, check and in-debian share: Debian packages and the build
# directory. Sourced by POSIX sh after "top" was set to the source directory.

# Debian keeps web servers where an ordinary user's PATH doesn't look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

missing=

say()
{
	printf '%s\n' "$*"
}

fail()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# need PACKAGE COMMAND...: the package is missing if the command fails.
need()
{
	_package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $_package"
}

# What it takes to build and run the program.
need_build()
{
	need autoconf command -v autoconf
	need automake command -v automake
	need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
	need gcc command -v cc
	need libc6-dev test -e /usr/include/stdio.h
	need libcurl4-openssl-dev pkg-config --exists 'libcurl >= 7.88'
	need libfcgi-dev test -e /usr/include/fcgiapp.h
	need libjson-c-dev pkg-config --exists 'json-c >= 0.16'
	need libmd-dev pkg-config --exists 'libmd >= 1.0.4'
	need libsqlite3-dev pkg-config --exists 'sqlite3 >= 3.38'
	need libssl-dev pkg-config --exists 'libcrypto >= 3.0'
	need libzstd-dev pkg-config --exists 'libzstd >= 1.4.0'
	need lighttpd command -v lighttpd
	need make command -v make
	need pkg-config command -v pkg-config
	need zlib1g-dev pkg-config --exists 'zlib >= 1.2.11'
}

# Run by root: install the packages in "$@" without starting the servers among
# them (Debian's would take port 80), then leave them switched off.
# shellcheck disable=SC2016 # not ours to expand
install_script='
set -e
policy=/usr/sbin/policy-rc.d
if ! test -e $policy; then
	trap "rm -f $policy" EXIT
	printf "#!/bin/sh\nexit 101\n" >$policy
	chmod 755 $policy
fi
# The tests make their own database cluster; only where no person works is the
# package told to make none.
cluster=/etc/postgresql-common/createcluster.conf
case " $* " in
*" postgresql "*)
	if test -n "${CI-}${IN_DEBIAN-}" && ! test -e $cluster; then
		mkdir -p /etc/postgresql-common
		echo "create_main_cluster = false" >$cluster
	fi
	;;
esac
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
if test -d /run/systemd/system; then
	for p in "$@"; do
		case $p in
		apache2 | caddy | haproxy) systemctl disable "$p" ;;
		lighttpd) systemctl disable lighttpd ;;
		nginx-light) systemctl disable nginx ;;
		postgresql) systemctl disable postgresql ;;
		esac
	done
fi
'

# Install what need() found missing; nothing missing, nothing done.
install_missing()
{
	test -n "$missing" || return 0
	say "Missing Debian packages:$missing"
	command -v apt-get >/dev/null 2>&1 ||
	    fail "this is no Debian: install the equivalents yourself"
	_sudo=
	if test "$(id -u)" != 0; then
		_sudo=sudo
		command -v sudo >/dev/null 2>&1 || fail "run as root:" \
		    "apt-get update && apt-get install --no-install-recommends$missing"
	fi
	# shellcheck disable=SC2086 # one word a package
	$_sudo sh -c "$install_script" sh $missing </dev/null >&2 ||
	    fail "the packages could not be installed"
	missing=
}

# prepare DIR CONFIGURE-OPTIONS...: a configured build directory. Does only what
# hasn't been done; make itself redoes what an edit of the build files needs.
prepare()
{
	_dir=$1
	shift
	if ! test -x "$top/configure" || ! test -e "$top/Makefile.in"; then
		say "Making configure ..."
		(cd "$top" && autoreconf -fi) >"$_dir.log" 2>&1 ||
		    { cat "$_dir.log" >&2; fail "autoreconf failed"; }
		rm -f "$_dir.log"
	fi
	test ! -e "$top/config.status" ||
	    fail "the source directory itself is configured:" \
		"run 'make distclean' there first"
	mkdir -p "$_dir"
	if ! test -e "$_dir/config.status"; then
		say "Configuring ..."
		(cd "$_dir" && "$top/configure" --quiet "$@") ||
		    fail "configure failed"
	fi
}

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# compile DIR TARGETS...: quiet unless it fails.
compile()
{
	_dir=$1
	shift
	if ! make -C "$_dir" --no-print-directory -j"$jobs" "$@" \
	    >"$_dir/make.log" 2>&1 </dev/null; then
		grep -vE '^  [A-Z]+ ' "$_dir/make.log" >&2
		return 1
	fi
}
