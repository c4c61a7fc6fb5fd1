src_libcore_a_SOURCES += \
	%reldir%/chat-request.c \
	%reldir%/chat-request.h \
	%reldir%/responses-answer.c \
	%reldir%/responses-answer.h \
	%reldir%/responses-events.c \
	%reldir%/responses-events.h \
	%reldir%/responses-request.c \
	%reldir%/responses-request.h
