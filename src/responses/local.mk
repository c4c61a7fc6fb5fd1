src_libcore_a_SOURCES += \
	%reldir%/ids.c \
	%reldir%/ids.h \
	%reldir%/input.c \
	%reldir%/input.h \
	%reldir%/items.c \
	%reldir%/items.h \
	%reldir%/native-answer.c \
	%reldir%/native-answer.h \
	%reldir%/native.c \
	%reldir%/native.h \
	%reldir%/object.c \
	%reldir%/object.h \
	%reldir%/replay.c \
	%reldir%/replay.h \
	%reldir%/request-read.c \
	%reldir%/request-read.h \
	%reldir%/request-tools.c \
	%reldir%/request-tools.h \
	%reldir%/terms.c \
	%reldir%/terms.h \
	%reldir%/tools.c \
	%reldir%/tools.h \
	%reldir%/usage.c \
	%reldir%/usage.h
