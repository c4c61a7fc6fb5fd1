src_libcore_a_SOURCES += \
	%reldir%/chat-answer.c \
	%reldir%/chat-answer.h \
	%reldir%/chat-chunk.c \
	%reldir%/chat-chunk.h \
	%reldir%/chat-input.c \
	%reldir%/chat-input.h \
	%reldir%/chat-items.c \
	%reldir%/chat-items.h \
	%reldir%/chat-opaque.c \
	%reldir%/chat-opaque.h \
	%reldir%/chat-request.c \
	%reldir%/chat-request.h \
	%reldir%/chat-reword.c \
	%reldir%/responses-answer.c \
	%reldir%/responses-answer.h \
	%reldir%/responses-events.c \
	%reldir%/responses-events.h \
	%reldir%/responses-request.c \
	%reldir%/responses-request.h
