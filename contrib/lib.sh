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

# -------------------------------------------------------- what takes its time

# While our caller lives: the seconds and the last line of a log, in one line
# of the terminal that changes.
ticker()
{
	_seconds=0
	_width=$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)
	test "${_width:-0}" -gt 20 || _width=80
	while kill -0 $$ 2>/dev/null; do
		_line=$(tail -n 1 "$2" 2>/dev/null | tr -d '\000-\037\177' |
		    cut -c 1-200)
		printf '%s ... %d s  %s\n' "$1" "$_seconds" "$_line" |
		    cut -c "1-$((_width - 1))" | tr -d '\n'
		sleep 1
		printf '\r\033[K'
		_seconds=$((_seconds + 1))
	done
}

# quietly TEXT LOG COMMAND...: run it with its output in the log, which is for
# whom it failed. A terminal sees that it goes on, a file gets one line.
quietly()
{
	_text=$1
	_log=$2
	shift 2
	_ticker=
	if test -t 1; then
		: >"$_log"
		ticker "$_text" "$_log" &
		_ticker=$!
	else
		say "$_text ..."
	fi
	_begin=$(date +%s)
	"$@" >"$_log" 2>&1 </dev/null
	_status=$?
	if test -n "$_ticker"; then
		{ kill "$_ticker"; wait "$_ticker"; } 2>/dev/null
		printf '\r\033[K'
		say "$_text ... $(($(date +%s) - _begin)) s"
	fi
	return "$_status"
}

# ---------------------------------------------------------- Debian's packages

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
	need libfcgi-dev test -e /usr/include/fastcgi.h
	need libjson-c-dev pkg-config --exists 'json-c >= 0.16'
	need libmd-dev pkg-config --exists 'libmd >= 1.0.4'
	need libpq-dev pkg-config --exists 'libpq >= 15'
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
		# It may ask for a password, which a line that changes would
		# hide.
		sudo -n true 2>/dev/null || sudo -v ||
		    fail "the packages could not be installed"
	fi
	_apt=$(mktemp) || exit 1
	# shellcheck disable=SC2086 # one word a package
	if ! quietly "Installing them" "$_apt" \
	    $_sudo sh -c "$install_script" sh $missing; then
		cat "$_apt" >&2
		rm -f "$_apt"
		fail "the packages could not be installed"
	fi
	rm -f "$_apt"
	missing=
}

# ------------------------------------------------------------------ the build

make_configure()
{
	(cd "$top" && autoreconf -fi)
}

configure_in()
{
	(cd "$1" && shift && "$top/configure" "$@")
}

# prepare DIR CONFIGURE-OPTIONS...: a configured build directory. Does only what
# hasn't been done; make itself redoes what an edit of the build files needs.
prepare()
{
	_dir=$1
	shift
	mkdir -p "$_dir"
	if ! test -x "$top/configure" || ! test -e "$top/Makefile.in"; then
		quietly "Making configure" "$_dir.log" make_configure ||
		    { cat "$_dir.log" >&2; fail "autoreconf failed"; }
		rm -f "$_dir.log"
	fi
	test ! -e "$top/config.status" ||
	    fail "the source directory itself is configured:" \
		"run 'make distclean' there first"
	if ! test -e "$_dir/config.status"; then
		# What it warns of is of no concern here, unless it fails.
		quietly Configuring "$_dir/configure.log" configure_in \
		    "$_dir" --quiet "$@" ||
		    { cat "$_dir/configure.log" >&2; fail "configure failed"; }
	fi
}

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# compile DIR TARGETS...: quiet unless it fails.
compile()
{
	_dir=$1
	shift
	if ! quietly Building "$_dir/make.log" \
	    make -C "$_dir" --no-print-directory -j"$jobs" "$@"; then
		grep -vE '^  [A-Z]+ ' "$_dir/make.log" >&2
		return 1
	fi
}
