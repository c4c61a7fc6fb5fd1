src_libcore_a_SOURCES += \
	%reldir%/answer.c \
	%reldir%/answer.h \
	%reldir%/calls.c \
	%reldir%/calls.h \
	%reldir%/check.c \
	%reldir%/check.h \
	%reldir%/choice.c \
	%reldir%/choice.h \
	%reldir%/collect.c \
	%reldir%/collect.h \
	%reldir%/custom.c \
	%reldir%/custom.h \
	%reldir%/fit.c \
	%reldir%/fit.h \
	%reldir%/head.c \
	%reldir%/head.h \
	%reldir%/messages.c \
	%reldir%/messages.h \
	%reldir%/native.c \
	%reldir%/native.h \
	%reldir%/repair.c \
	%reldir%/repair.h \
	%reldir%/usage.c \
	%reldir%/usage.h
