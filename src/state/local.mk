src_libcore_a_SOURCES += \
	%reldir%/alive-lock.c \
	%reldir%/alive-row.c \
	%reldir%/alive.c \
	%reldir%/alive.h \
	%reldir%/background.c \
	%reldir%/background.h \
	%reldir%/chain.c \
	%reldir%/completions.c \
	%reldir%/completions.h \
	%reldir%/conversation-rows.h \
	%reldir%/conversations.c \
	%reldir%/conversations.h \
	%reldir%/db-driver.c \
	%reldir%/copy.c \
	%reldir%/copy.h \
	%reldir%/db-driver.h \
	%reldir%/db-open.c \
	%reldir%/db.h \
	%reldir%/export.c \
	%reldir%/found.h \
	%reldir%/group.c \
	%reldir%/group.h \
	%reldir%/items.c \
	%reldir%/journal.c \
	%reldir%/journal.h \
	%reldir%/ledger-line.c \
	%reldir%/ledger-line.h \
	%reldir%/ledger-rows.c \
	%reldir%/ledger-rows.h \
	%reldir%/ledger-sums.c \
	%reldir%/ledger-sums.h \
	%reldir%/ledger-take.c \
	%reldir%/ledger-take.h \
	%reldir%/ledger.c \
	%reldir%/ledger.h \
	%reldir%/mapped.c \
	%reldir%/mapped.h \
	%reldir%/metrics.c \
	%reldir%/metrics.h \
	%reldir%/owner.c \
	%reldir%/place.c \
	%reldir%/place.h \
	%reldir%/prune.c \
	%reldir%/prune.h \
	%reldir%/reasoning-rows.c \
	%reldir%/reasoning.c \
	%reldir%/reasoning.h \
	%reldir%/rows.c \
	%reldir%/rows.h \
	%reldir%/shared.c \
	%reldir%/shared.h \
	%reldir%/spending.c \
	%reldir%/spending.h \
	%reldir%/stored-schema.c \
	%reldir%/stored.c \
	%reldir%/stored.h
if HAVE_SQLITE
src_libcore_a_SOURCES += \
	%reldir%/db-sqlite-wal.c \
	%reldir%/db-sqlite-wal.h \
	%reldir%/db-sqlite.c
endif
if HAVE_POSTGRESQL
src_libcore_a_SOURCES += \
	%reldir%/db-pg-link.c \
	%reldir%/db-pg-link.h \
	%reldir%/db-pg-pool.c \
	%reldir%/db-pg-pool.h \
	%reldir%/db-postgresql.c
endif
