dnl The --enable switches of configure.

dnl CA_TRY_FLAGS(VARIABLE, FLAGS): append each flag that the compiler takes.
dnl clang only warns about a warning flag it doesn't know, hence -Werror.
AC_DEFUN([CA_TRY_FLAGS], [
    ca_save_CFLAGS=$CFLAGS
    for ca_flag in $2; do
	CFLAGS="$ca_save_CFLAGS -Werror $ca_flag"
	AC_MSG_CHECKING([whether $CC accepts $ca_flag])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
	    [AC_MSG_RESULT([yes])
	     $1="$$1 $ca_flag"],
	    [AC_MSG_RESULT([no])])
    done
    CFLAGS=$ca_save_CFLAGS
])

dnl CA_TRY_LINK_FLAGS(FLAGS, WHAT): stop unless a program links with them.
AC_DEFUN([CA_TRY_LINK_FLAGS], [
    ca_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $1"
    AC_MSG_CHECKING([whether $CC links with $1])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	 AC_MSG_ERROR([$2])])
    CFLAGS=$ca_save_CFLAGS
])

dnl --enable-warnings[=error]. Never the default: a newer compiler knows
dnl warnings that ours doesn't. (-Wformat=2 makes clang refuse to hand a format on in a
dnl va_list, which gcc knows to be fine: hence -Wno-format-nonliteral.)
AC_DEFUN([CA_ENABLE_WARNINGS], [
    AC_ARG_ENABLE([warnings],
	[AS_HELP_STRING([--enable-warnings@<:@=error@:>@],
	    [turn on the compiler warnings the authors use; with "error" each
	     of them is fatal])],
	[], [enable_warnings=no])
    WARN_CFLAGS=
    AS_CASE([$enable_warnings],
	[no], [],
	[yes|error], [
	    CA_TRY_FLAGS([WARN_CFLAGS], [-Wall -Wextra -Wshadow dnl
-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition dnl
-Wpointer-arith -Wwrite-strings -Wconversion -Wno-sign-conversion dnl
-Wformat=2 -Wno-format-nonliteral -Wundef -Wvla -Wimplicit-fallthrough])
	    AS_IF([test "$enable_warnings" = error],
		[WARN_CFLAGS="$WARN_CFLAGS -Werror"])],
	[AC_MSG_ERROR([--enable-warnings=$enable_warnings: only "error" is known])])
    AC_SUBST([WARN_CFLAGS])
])

dnl --enable-sanitizers: AddressSanitizer (with its leak check) and
dnl UndefinedBehaviorSanitizer in all programs. A report ends the program.
AC_DEFUN([CA_ENABLE_SANITIZERS], [
    AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers],
	    [build with AddressSanitizer and UndefinedBehaviorSanitizer])],
	[], [enable_sanitizers=no])
    SAN_CFLAGS=
    AS_IF([test "$enable_sanitizers" != no], [
	SAN_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all"
	SAN_CFLAGS="$SAN_CFLAGS -fno-omit-frame-pointer"
	CA_TRY_LINK_FLAGS([$SAN_CFLAGS],
	    [the compiler's sanitizer libraries are missing])])
    AC_SUBST([SAN_CFLAGS])
    AM_CONDITIONAL([SANITIZERS], [test "$enable_sanitizers" != no])
])

dnl --enable-fuzzing: the libFuzzer programs of tests/fuzz, clang only.
AC_DEFUN([CA_ENABLE_FUZZING], [
    AC_ARG_ENABLE([fuzzing],
	[AS_HELP_STRING([--enable-fuzzing],
	    [build the fuzzing programs of tests/fuzz (clang only)])],
	[], [enable_fuzzing=no])
    FUZZ_CFLAGS=
    AS_IF([test "$enable_fuzzing" != no], [
	CA_TRY_LINK_FLAGS([-fsanitize=fuzzer-no-link],
	    [--enable-fuzzing needs clang: ./configure CC=clang ...])
	FUZZ_CFLAGS=-fsanitize=fuzzer-no-link])
    AC_SUBST([FUZZ_CFLAGS])
    AM_CONDITIONAL([FUZZING], [test "$enable_fuzzing" != no])
])

dnl --enable-coverage: count which lines and branches run ("make coverage").
AC_DEFUN([CA_ENABLE_COVERAGE], [
    AC_ARG_ENABLE([coverage],
	[AS_HELP_STRING([--enable-coverage],
	    [build for "make coverage", which tells what the tests run])],
	[], [enable_coverage=no])
    COV_CFLAGS=
    AS_IF([test "$enable_coverage" != no], [
	COV_CFLAGS="--coverage -O0 -fprofile-update=atomic"
	CA_TRY_LINK_FLAGS([$COV_CFLAGS],
	    [the compiler can't count what runs])])
    AC_SUBST([COV_CFLAGS])
])
