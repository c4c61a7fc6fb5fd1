src_libcore_a_SOURCES += \
	%reldir%/assets.S \
	%reldir%/frame.c \
	%reldir%/frame.h \
	%reldir%/html.c \
	%reldir%/html.h \
	%reldir%/page.c \
	%reldir%/page.h \
	%reldir%/parts.c \
	%reldir%/parts.h \
	%reldir%/signin.c \
	%reldir%/signin.h \
	%reldir%/spent.c \
	%reldir%/spent.h
