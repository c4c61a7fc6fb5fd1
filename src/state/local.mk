src_libcore_a_SOURCES += \
	%reldir%/background.h \
	%reldir%/conversation-rows.h \
	%reldir%/conversations.h \
	%reldir%/found.h \
	%reldir%/journal.h \
	%reldir%/ledger-rows.h \
	%reldir%/ledger-sums.c \
	%reldir%/ledger-sums.h \
	%reldir%/ledger.h \
	%reldir%/metrics.c \
	%reldir%/metrics.h \
	%reldir%/owner.c \
	%reldir%/prune.h \
	%reldir%/reasoning.c \
	%reldir%/reasoning.h \
	%reldir%/rows.h \
	%reldir%/sqlite.h \
	%reldir%/stored.h
if HAVE_SQLITE
src_libcore_a_SOURCES += \
	%reldir%/chain.c \
	%reldir%/background.c \
	%reldir%/conversations.c \
	%reldir%/export.c \
	%reldir%/group.c \
	%reldir%/items.c \
	%reldir%/journal.c \
	%reldir%/ledger-rows.c \
	%reldir%/ledger.c \
	%reldir%/prune.c \
	%reldir%/reasoning-rows.c \
	%reldir%/rows.c \
	%reldir%/sqlite-schema.c \
	%reldir%/sqlite-wal.c \
	%reldir%/sqlite.c \
	%reldir%/stored.c
else
src_libcore_a_SOURCES += %reldir%/none.c
endif
