src_libcore_a_SOURCES += \
	%reldir%/conversations.h \
	%reldir%/owner.c \
	%reldir%/reasoning.c \
	%reldir%/reasoning.h \
	%reldir%/sqlite.h \
	%reldir%/stored.h
if HAVE_SQLITE
src_libcore_a_SOURCES += \
	%reldir%/conversations.c \
	%reldir%/group.c \
	%reldir%/prune.c \
	%reldir%/reasoning-rows.c \
	%reldir%/sqlite-wal.c \
	%reldir%/sqlite.c \
	%reldir%/stored.c
else
src_libcore_a_SOURCES += %reldir%/none.c
endif
