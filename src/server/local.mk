src_libcore_a_SOURCES += \
	%reldir%/access-log.c \
	%reldir%/access-log.h \
	%reldir%/auth.c \
	%reldir%/auth.h \
	%reldir%/call.c \
	%reldir%/cgi.c \
	%reldir%/cgi.h \
	%reldir%/client.h \
	%reldir%/cors.c \
	%reldir%/cors.h \
	%reldir%/fcgi.c \
	%reldir%/fcgi.h \
	%reldir%/handle.c \
	%reldir%/handle.h \
	%reldir%/header.c \
	%reldir%/header.h \
	%reldir%/outlet.c \
	%reldir%/parts.h \
	%reldir%/relay-state.h \
	%reldir%/relay.c \
	%reldir%/relay.h \
	%reldir%/route.c \
	%reldir%/route.h \
	%reldir%/serve.c \
	%reldir%/serve.h \
	%reldir%/upload.c \
	%reldir%/upload.h
