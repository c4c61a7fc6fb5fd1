/* The tables of responses, conversations, chat completions and thoughts. */
#include "config.h"

#include "base/util.h"
#include "state/rows.h"
#include "state/stored.h"

/*
 * Step i makes a file of version i one of version i + 1. Never edit a step that
 * was released: add one.
 *
 * "bytes" in the table meta follows the turns by triggers, so that the limit
 * costs no sum over the table. A turn's short columns come first, so that they
 * are read without its text; its output is apart from the rest of the response
 * since most reading wants only that.
 */
static const char *const steps[] = {
	"CREATE TABLE turn (id TEXT NOT NULL, owner TEXT NOT NULL,"
	" previous TEXT, model TEXT, created INTEGER NOT NULL,"
	" size INTEGER NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL,"
	" response TEXT NOT NULL, PRIMARY KEY (owner, id));"
	"CREATE INDEX turn_created ON turn (created);"
	"CREATE TABLE item (owner TEXT NOT NULL, id TEXT NOT NULL,"
	" turn TEXT NOT NULL, output INTEGER NOT NULL, place INTEGER NOT NULL,"
	" PRIMARY KEY (owner, id, turn),"
	" FOREIGN KEY (owner, turn) REFERENCES turn (owner, id)"
	" ON DELETE CASCADE) WITHOUT ROWID;"
	"CREATE INDEX item_turn ON item (owner, turn);"
	"CREATE TABLE thought (owner TEXT NOT NULL, call TEXT NOT NULL,"
	" created INTEGER NOT NULL, model TEXT NOT NULL,"
	" opaque TEXT NOT NULL, text TEXT,"
	" PRIMARY KEY (owner, call));"
	"CREATE INDEX thought_created ON thought (created);"
	"CREATE TABLE meta (bytes INTEGER NOT NULL);"
	"INSERT INTO meta VALUES (0);"
	"CREATE TRIGGER turn_in AFTER INSERT ON turn BEGIN"
	" UPDATE meta SET bytes = bytes + new.size; END;"
	"CREATE TRIGGER turn_out AFTER DELETE ON turn BEGIN"
	" UPDATE meta SET bytes = bytes - old.size; END;",

	/*
	 * Conversations. Their items follow each other by number; the size of
	 * a conversation has theirs in it. "turn.start" is the last item that
	 * was there before that turn. No number comes twice: a turn may refer
	 * to what was deleted.
	 */
	"CREATE TABLE conversation (n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" owner TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,"
	" used INTEGER NOT NULL, size INTEGER NOT NULL,"
	" metadata TEXT NOT NULL, UNIQUE (owner, id));"
	"CREATE INDEX conversation_used ON conversation (used);"
	"CREATE TABLE conversation_item (n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" conversation INTEGER NOT NULL REFERENCES conversation (n)"
	" ON DELETE CASCADE, id TEXT NOT NULL, model TEXT,"
	" size INTEGER NOT NULL, item TEXT NOT NULL,"
	" UNIQUE (conversation, id));"
	"CREATE INDEX conversation_item_n ON conversation_item"
	" (conversation, n);"
	"CREATE INDEX conversation_item_id ON conversation_item (id);"
	"ALTER TABLE turn ADD COLUMN conversation INTEGER;"
	"ALTER TABLE turn ADD COLUMN start INTEGER;"
	"CREATE TRIGGER conversation_item_in AFTER INSERT ON conversation_item"
	" BEGIN UPDATE conversation SET size = size + new.size"
	" WHERE n = new.conversation; END;"
	"CREATE TRIGGER conversation_item_out AFTER DELETE ON conversation_item"
	" BEGIN UPDATE conversation SET size = size - old.size"
	" WHERE n = old.conversation; END;"
	"CREATE TRIGGER conversation_in AFTER INSERT ON conversation BEGIN"
	" UPDATE meta SET bytes = bytes + new.size; END;"
	"CREATE TRIGGER conversation_change AFTER UPDATE OF size"
	" ON conversation BEGIN"
	" UPDATE meta SET bytes = bytes + new.size - old.size; END;"
	"CREATE TRIGGER conversation_out AFTER DELETE ON conversation BEGIN"
	" UPDATE meta SET bytes = bytes - old.size; END;",

	/* Each owner's share of the bytes in meta: whose oldest goes first. */
	"CREATE TABLE share (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"INSERT INTO share SELECT owner, sum(size) FROM (SELECT owner, size"
	" FROM turn UNION ALL SELECT owner, size FROM conversation)"
	" GROUP BY owner;"
	"CREATE TRIGGER share_turn_in AFTER INSERT ON turn BEGIN"
	" INSERT OR IGNORE INTO share VALUES (new.owner, 0);"
	" UPDATE share SET bytes = bytes + new.size WHERE owner = new.owner;"
	" END;"
	"CREATE TRIGGER share_turn_out AFTER DELETE ON turn BEGIN"
	" UPDATE share SET bytes = bytes - old.size WHERE owner = old.owner;"
	" END;"
	"CREATE TRIGGER share_in AFTER INSERT ON conversation BEGIN"
	" INSERT OR IGNORE INTO share VALUES (new.owner, 0);"
	" UPDATE share SET bytes = bytes + new.size WHERE owner = new.owner;"
	" END;"
	"CREATE TRIGGER share_change AFTER UPDATE OF size ON conversation"
	" BEGIN UPDATE share SET bytes = bytes + new.size - old.size"
	" WHERE owner = new.owner; END;"
	"CREATE TRIGGER share_out AFTER DELETE ON conversation BEGIN"
	" UPDATE share SET bytes = bytes - old.size WHERE owner = old.owner;"
	" END;"
	"CREATE INDEX turn_share ON turn (owner, created);"
	"CREATE INDEX conversation_share ON conversation (owner, used);",

	/* The interaction that the turn was part of: see api/interaction.h. */
	"ALTER TABLE turn ADD COLUMN interaction TEXT;",

	/*
	 * Responses that run in the background, see state/background.h. The
	 * row of one that was stored goes with what was stored. No number
	 * comes twice: who runs one knows it by that.
	 */
	"CREATE TABLE background (n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" owner TEXT NOT NULL, id TEXT NOT NULL, process TEXT NOT NULL,"
	" status TEXT NOT NULL, created INTEGER NOT NULL, finished INTEGER,"
	" told INTEGER NOT NULL DEFAULT 0, code TEXT, why TEXT,"
	" response TEXT, input TEXT, UNIQUE (owner, id));"
	"CREATE INDEX background_live ON background (owner)"
	" WHERE finished IS NULL;"
	"CREATE TABLE background_event (run INTEGER NOT NULL REFERENCES"
	" background (n) ON DELETE CASCADE, number INTEGER NOT NULL,"
	" event TEXT NOT NULL, PRIMARY KEY (run, number)) WITHOUT ROWID;"
	"CREATE TRIGGER background_out AFTER DELETE ON turn BEGIN"
	" DELETE FROM background WHERE owner = old.owner AND id = old.id"
	" AND finished IS NOT NULL AND response IS NULL; END;",

	/* Chat completions, see state/completions.h. */
	"CREATE TABLE completion (n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" owner TEXT NOT NULL, id TEXT NOT NULL, model TEXT,"
	" created INTEGER NOT NULL, size INTEGER NOT NULL,"
	" metadata TEXT NOT NULL, messages TEXT NOT NULL,"
	" object TEXT NOT NULL, UNIQUE (owner, id));"
	"CREATE INDEX completion_created ON completion (created);"
	"CREATE INDEX completion_share ON completion (owner, created, n);"
	"CREATE TRIGGER completion_in AFTER INSERT ON completion BEGIN"
	" UPDATE meta SET bytes = bytes + new.size;"
	" INSERT OR IGNORE INTO share VALUES (new.owner, 0);"
	" UPDATE share SET bytes = bytes + new.size WHERE owner = new.owner;"
	" END;"
	"CREATE TRIGGER completion_change AFTER UPDATE OF size ON completion"
	" BEGIN UPDATE meta SET bytes = bytes + new.size - old.size;"
	" UPDATE share SET bytes = bytes + new.size - old.size"
	" WHERE owner = new.owner; END;"
	"CREATE TRIGGER completion_out AFTER DELETE ON completion BEGIN"
	" UPDATE meta SET bytes = bytes - old.size;"
	" UPDATE share SET bytes = bytes - old.size WHERE owner = old.owner;"
	" END;",
};

/*
 * The same for PostgreSQL, which began with the version above. Sums follow by
 * statements, not by rows: many rows go at once, and each would leave a version
 * of the sum behind.
 */
#define SUM_BY(table, sign) \
	"UPDATE meta SET bytes = bytes " sign " coalesce((SELECT sum(size)" \
	" FROM " table "), 0);" \
	"INSERT INTO share SELECT owner, 0 FROM " table " GROUP BY owner" \
	" ON CONFLICT DO NOTHING;" \
	"UPDATE share SET bytes = share.bytes " sign " part.size FROM" \
	" (SELECT owner, sum(size) AS size FROM " table " GROUP BY owner)" \
	" AS part WHERE part.owner = share.owner;"
#define TRIGGER(name, event, table, rows, does) \
	"CREATE FUNCTION " name "() RETURNS TRIGGER LANGUAGE plpgsql AS" \
	" $$ BEGIN " does " RETURN NULL; END $$;" \
	"CREATE TRIGGER " name " AFTER " event " ON " table " REFERENCING " \
	rows " FOR EACH STATEMENT EXECUTE FUNCTION " name "();"

static const char *const postgresql_steps[] = {
	"CREATE TABLE turn (rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,"
	" owner TEXT NOT NULL, id TEXT NOT NULL, previous TEXT, model TEXT,"
	" created BIGINT NOT NULL, size BIGINT NOT NULL, input TEXT NOT NULL,"
	" output TEXT NOT NULL, response TEXT NOT NULL, conversation BIGINT,"
	" start BIGINT, interaction TEXT, PRIMARY KEY (owner, id));"
	"CREATE INDEX turn_created ON turn (created);"
	"CREATE INDEX turn_share ON turn (owner, created);"
	"CREATE TABLE item (owner TEXT NOT NULL, id TEXT NOT NULL,"
	" turn TEXT NOT NULL, output BIGINT NOT NULL, place BIGINT NOT NULL,"
	" PRIMARY KEY (owner, id, turn), FOREIGN KEY (owner, turn)"
	" REFERENCES turn (owner, id) ON DELETE CASCADE);"
	"CREATE INDEX item_turn ON item (owner, turn);"
	"CREATE TABLE thought (rowid BIGINT GENERATED ALWAYS AS IDENTITY,"
	" owner TEXT NOT NULL, call TEXT NOT NULL, created BIGINT NOT NULL,"
	" model TEXT NOT NULL, opaque TEXT NOT NULL, text TEXT,"
	" PRIMARY KEY (owner, call));"
	"CREATE INDEX thought_created ON thought (created, rowid);"
	"CREATE TABLE conversation (n BIGINT GENERATED ALWAYS AS IDENTITY"
	" PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL,"
	" created BIGINT NOT NULL, used BIGINT NOT NULL, size BIGINT NOT NULL,"
	" metadata TEXT NOT NULL, UNIQUE (owner, id));"
	"CREATE INDEX conversation_used ON conversation (used);"
	"CREATE INDEX conversation_share ON conversation (owner, used);"
	"CREATE TABLE conversation_item (n BIGINT GENERATED ALWAYS AS IDENTITY"
	" PRIMARY KEY, conversation BIGINT NOT NULL REFERENCES conversation"
	" (n) ON DELETE CASCADE, id TEXT NOT NULL, model TEXT,"
	" size BIGINT NOT NULL, item TEXT NOT NULL, UNIQUE (conversation, id));"
	"CREATE INDEX conversation_item_n ON conversation_item"
	" (conversation, n);"
	"CREATE INDEX conversation_item_id ON conversation_item (id);"
	"CREATE TABLE background (n BIGINT GENERATED ALWAYS AS IDENTITY"
	" PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL,"
	" process TEXT NOT NULL, status TEXT NOT NULL, created BIGINT NOT NULL,"
	" finished BIGINT, told BIGINT NOT NULL DEFAULT 0, code TEXT, why TEXT,"
	" response TEXT, input TEXT, UNIQUE (owner, id));"
	"CREATE INDEX background_live ON background (owner)"
	" WHERE finished IS NULL;"
	"CREATE TABLE background_event (run BIGINT NOT NULL REFERENCES"
	" background (n) ON DELETE CASCADE, number BIGINT NOT NULL,"
	" event TEXT NOT NULL, PRIMARY KEY (run, number));"
	"CREATE TABLE process (name TEXT PRIMARY KEY, seen BIGINT NOT NULL,"
	" doubted BIGINT);"
	"CREATE TABLE meta (bytes BIGINT NOT NULL);"
	"INSERT INTO meta VALUES (0);"
	"CREATE TABLE share (owner TEXT PRIMARY KEY, bytes BIGINT NOT NULL);"
	TRIGGER("turn_in", "INSERT", "turn", "NEW TABLE AS come",
	    SUM_BY("come", "+"))
	TRIGGER("turn_out", "DELETE", "turn", "OLD TABLE AS gone",
	    SUM_BY("gone", "-")
	    "DELETE FROM background USING gone WHERE"
	    " background.owner = gone.owner AND background.id = gone.id AND"
	    " finished IS NOT NULL AND background.response IS NULL;")
	TRIGGER("conversation_in", "INSERT", "conversation",
	    "NEW TABLE AS come", SUM_BY("come", "+"))
	TRIGGER("conversation_out", "DELETE", "conversation",
	    "OLD TABLE AS gone", SUM_BY("gone", "-"))
	TRIGGER("conversation_change", "UPDATE", "conversation",
	    "OLD TABLE AS gone NEW TABLE AS come", SUM_BY("come", "+")
	    SUM_BY("gone", "-"))
	TRIGGER("conversation_item_in", "INSERT", "conversation_item",
	    "NEW TABLE AS come",
	    "UPDATE conversation SET size = conversation.size + part.size FROM"
	    " (SELECT conversation AS n, sum(size) AS size FROM come GROUP BY"
	    " conversation) AS part WHERE part.n = conversation.n;")
	TRIGGER("conversation_item_out", "DELETE", "conversation_item",
	    "OLD TABLE AS gone",
	    "UPDATE conversation SET size = conversation.size - part.size FROM"
	    " (SELECT conversation AS n, sum(size) AS size FROM gone GROUP BY"
	    " conversation) AS part WHERE part.n = conversation.n;"),

	"CREATE TABLE completion (n BIGINT GENERATED ALWAYS AS IDENTITY"
	" PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL, model TEXT,"
	" created BIGINT NOT NULL, size BIGINT NOT NULL,"
	" metadata TEXT NOT NULL, messages TEXT NOT NULL,"
	" object TEXT NOT NULL, UNIQUE (owner, id));"
	"CREATE INDEX completion_created ON completion (created);"
	"CREATE INDEX completion_share ON completion (owner, created, n);"
	TRIGGER("completion_in", "INSERT", "completion", "NEW TABLE AS come",
	    SUM_BY("come", "+"))
	TRIGGER("completion_out", "DELETE", "completion",
	    "OLD TABLE AS gone", SUM_BY("gone", "-"))
	TRIGGER("completion_change", "UPDATE", "completion",
	    "OLD TABLE AS gone NEW TABLE AS come", SUM_BY("come", "+")
	    SUM_BY("gone", "-")),
};

const struct db_schema stored_schema = {
	"stored responses", STORED_FILE, { steps, COUNT(steps) },
	{ postgresql_steps, COUNT(postgresql_steps) }
};
