src_libcore_a_SOURCES += \
	%reldir%/chat-request.c \
	%reldir%/chat-request.h \
	%reldir%/responses-request.c \
	%reldir%/responses-request.h
