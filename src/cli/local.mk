src_libcore_a_SOURCES += \
	%reldir%/auth.c \
	%reldir%/cli.c \
	%reldir%/cli.h \
	%reldir%/debug.c \
	%reldir%/lighttpd.c \
	%reldir%/lighttpd.h \
	%reldir%/responses.c \
	%reldir%/start.c \
	%reldir%/supervise.c \
	%reldir%/usage.c
