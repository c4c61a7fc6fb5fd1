src_libcore_a_SOURCES += \
	%reldir%/assets.S \
	%reldir%/html.c \
	%reldir%/html.h \
	%reldir%/page.c \
	%reldir%/page.h \
	%reldir%/parts.c \
	%reldir%/parts.h \
	%reldir%/spent.c \
	%reldir%/spent.h
