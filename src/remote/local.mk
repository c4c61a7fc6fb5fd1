src_libcore_a_SOURCES += \
	%reldir%/blob.c \
	%reldir%/blob.h \
	%reldir%/cache.c \
	%reldir%/cache.h \
	%reldir%/remote.c \
	%reldir%/remote.h \
	%reldir%/rules.c \
	%reldir%/rules.h
