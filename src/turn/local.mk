src_libcore_a_SOURCES += \
	%reldir%/answer.h \
	%reldir%/calls.c \
	%reldir%/calls.h \
	%reldir%/effort.c \
	%reldir%/effort.h \
	%reldir%/format.c \
	%reldir%/format.h \
	%reldir%/images.c \
	%reldir%/images.h \
	%reldir%/object.c \
	%reldir%/object.h \
	%reldir%/schema.c \
	%reldir%/schema.h \
	%reldir%/seal.c \
	%reldir%/seal.h \
	%reldir%/stop.c \
	%reldir%/stop.h \
	%reldir%/tools.c \
	%reldir%/tools.h \
	%reldir%/tuning.c \
	%reldir%/tuning.h \
	%reldir%/usage.c \
	%reldir%/usage.h
