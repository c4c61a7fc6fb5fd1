src_libcore_a_SOURCES += \
	%reldir%/app.c \
	%reldir%/ask.c \
	%reldir%/ask.h \
	%reldir%/auth.c \
	%reldir%/cli.c \
	%reldir%/cli.h \
	%reldir%/completion.c \
	%reldir%/debug.c \
	%reldir%/help.c \
	%reldir%/help.h \
	%reldir%/keys.c \
	%reldir%/ledger.c \
	%reldir%/lighttpd.c \
	%reldir%/lighttpd.h \
	%reldir%/models.c \
	%reldir%/parse.c \
	%reldir%/parse.h \
	%reldir%/responses.c \
	%reldir%/service.c \
	%reldir%/setup.c \
	%reldir%/start.c \
	%reldir%/supervise.c \
	%reldir%/table.c \
	%reldir%/table.h \
	%reldir%/uploads.c \
	%reldir%/uploads.h \
	%reldir%/usage.c
