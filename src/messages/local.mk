src_libcore_a_SOURCES += \
	%reldir%/betas.c \
	%reldir%/betas.h \
	%reldir%/check.c \
	%reldir%/check.h \
	%reldir%/collect.c \
	%reldir%/collect.h \
	%reldir%/error.c \
	%reldir%/error.h \
	%reldir%/fit.c \
	%reldir%/fit.h \
	%reldir%/initiator.c \
	%reldir%/initiator.h \
	%reldir%/model.c \
	%reldir%/model.h \
	%reldir%/native.c \
	%reldir%/native.h \
	%reldir%/native-answer.c \
	%reldir%/native-answer.h \
	%reldir%/thinking.c \
	%reldir%/thinking.h \
	%reldir%/tools.c \
	%reldir%/tools.h
