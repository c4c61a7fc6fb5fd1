/*
 * Private to conf.c and the files that begin with conf-: a row of the table of
 * keys, and the text that is being read.
 */
#ifndef CONF_ROW_H
#define CONF_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

struct conf;
struct err;

#define CONF_FILE_NAME "config.json"	/* in the data directory */
#define CONF_HAD_KEYS "had_keys"	/* likewise: there were keys */

/* Bytes of a key's or an account's name: a column of a table, in the log. */
#define CONF_NAME_MAX 64

enum conf_type {
	CONF_BOOL,
	CONF_INT,
	CONF_SECONDS,		/* a fraction is fine; kept in milliseconds */
	CONF_STRING,		/* goes into a header: not empty, no controls */
	CONF_ACCOUNT,		/* the name of one: letters, digits, ._- */
	CONF_CHOICE,		/* one of the words in "choices" */
	CONF_LEVEL,		/* log_level_find() knows the words */
	CONF_PATH,		/* empty or an absolute path */
	CONF_DATABASE,		/* empty, or postgresql://...; has a secret */
	CONF_URL,		/* empty only when that is the default */
	CONF_LIST,		/* of strings; see "example" */
	CONF_PLACES,		/* "public", "off" or a list of hosts */
	CONF_COMMAND,		/* a list: a program and its arguments */
	CONF_KEYS,
	CONF_MAPPINGS
};

struct conf_row {
	const char	*name;		/* dots separate nested objects */
	enum conf_type	 type;
	size_t		 offset;	/* in struct conf */
	int64_t		 dflt, min, max;	/* of numbers */
	const char	*text;		/* the default of texts */
	const char	*choices;	/* "a, b" as the message shows them */
	const char	*example;	/* of a list's entries */
	const char	*alias;		/* an older name, lower priority */
};

/* The text that is being read, for the messages. */
struct conf_source {
	char		*path;
	struct buf	 text;
	json_object	*root;		/* NULL: no file, or an empty one */
	struct err	*err;
};

/* The table. */
struct conf_rows {
	const struct conf_row	*list;
	size_t			 n;
};

/*
 * Note, as warnings, the members that are no keys. "$schema" and "//" are none
 * either, and are for others to read.
 */
void	 conf_find_unknown(struct conf *, const struct conf_rows *,
	    const struct conf_source *);

/* Where the row's value lives in "c". */
void	*conf_row_member(const struct conf *c, const struct conf_row *);
void	 conf_row_set_text(struct conf *, const struct conf_row *,
	    const char *);

/* A list of one place, or of none (""). */
void	 conf_row_set_place(struct conf *, const struct conf_row *,
	    const char *);

/* --- What all values share (conf-text.c). */

/* It without the password: yours. */
char	*conf_database_shown(const char *url);

/* Is "word" one of "a, b, c"? */
bool	 conf_is_choice(const char *choices, const char *word);

/* A JSON string without the white space around it. */
char	*conf_trimmed(json_object *string);
bool	 conf_has_control(json_object *string);

/* "FILE:LINE: KEY: what" as the reason. Always false. */
bool	 conf_refuse(const struct conf_source *, const char *key,
	    const char *what);

/* --- Values. */

/* Check a value that stands at "key" (the row's name or its alias); keep it. */
bool	 conf_value_read(struct conf *, const struct conf_row *, json_object *,
	    const struct conf_source *, const char *key);

/* The same of the list of clients' keys (conf-keys.c). */
bool	 conf_keys_read(struct conf *, json_object *,
	    const struct conf_source *, const char *key);
/* Do they go with the rest? */
bool	 conf_keys_check(const struct conf *, const struct conf_source *);
/* This one alone. */
void	 conf_keys_only(struct conf *, const char *key);
void	 conf_keys_free(struct conf *);
/* As they would stand in the file, without the secrets. */
json_object *conf_keys_json(const struct conf *);

#endif
