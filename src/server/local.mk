src_libcore_a_SOURCES += \
	%reldir%/auth.c \
	%reldir%/auth.h \
	%reldir%/call.c \
	%reldir%/cgi.c \
	%reldir%/client.h \
	%reldir%/cors.c \
	%reldir%/cors.h \
	%reldir%/fcgi.c \
	%reldir%/header.c \
	%reldir%/header.h \
	%reldir%/outlet.c \
	%reldir%/relay-state.h \
	%reldir%/relay.c \
	%reldir%/relay.h \
	%reldir%/route.c \
	%reldir%/route.h \
	%reldir%/serve.c \
	%reldir%/serve.h \
	%reldir%/upload.c \
	%reldir%/upload.h
