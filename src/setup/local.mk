src_libcore_a_SOURCES += \
	%reldir%/clients.c \
	%reldir%/clients.h \
	%reldir%/expand.c
