src_libcore_a_SOURCES += \
	%reldir%/app.c \
	%reldir%/app.h \
	%reldir%/auto.c \
	%reldir%/auto.h \
	%reldir%/autos.c \
	%reldir%/autos.h \
	%reldir%/call.c \
	%reldir%/call.h \
	%reldir%/copilot.c \
	%reldir%/copilot.h \
	%reldir%/device.c \
	%reldir%/failure.c \
	%reldir%/failure.h \
	%reldir%/fetch.c \
	%reldir%/fetch.h \
	%reldir%/github.c \
	%reldir%/github.h \
	%reldir%/lessons.c \
	%reldir%/lessons.h \
	%reldir%/models.c \
	%reldir%/models.h \
	%reldir%/quota.c \
	%reldir%/quota.h \
	%reldir%/signin.c \
	%reldir%/signin.h \
	%reldir%/token.c \
	%reldir%/token.h
