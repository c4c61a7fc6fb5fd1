/* auth, auth keys and logout. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "copilot/accounts.h"
#include "copilot/app.h"
#include "copilot/github.h"
#include "copilot/signin.h"

#define CONFIG_FILE	"config.json"
#define CONFIG_LOCK	"config.lock"
#define KEY_DIGITS	48
#define KEY_MAX		1024

/* What another account must not inherit; copilot.c writes them. */
static const char *const caches[] = { "copilot_token.json", "models.json" };

bool
cli_remove_caches(const char *home, struct err *err)
{
	size_t	i;
	bool	ok = true;

	for (i = 0; i < COUNT(caches); i++)
		ok = ok && store_remove(home, caches[i], err);
	return ok;
}

/* --- auth */

static void
note_given_token(const struct cli *cli)
{
	if (cli->github_token != NULL)
		fprintf(stderr, "Note: %s is set and is used instead of the "
		    "stored token.\n", cli->github_token_from);
}

/* What this account is worth: its plan and its models, or what is wrong. */
static void
say_account(const struct cli *cli, struct http *http, const struct conf *conf)
{
	struct signin	 s;
	struct err	 err;
	char		*line = NULL;

	cli_signin(cli, &s);
	if (signin_look(&s, conf, &err))
		line = ask_account(http, conf, &s, &err);
	printf("%s%s\n", line != NULL ? "Copilot: " : "It can't be used: ",
	    line != NULL ? line : err.msg);
	fflush(stdout);
	free(line);
	signin_finish(&s);
}

bool
cli_sign_in(struct cli *cli, struct http *http, const struct conf *conf,
    struct err *err)
{
	const char	*name = github_token_file(cli_enterprise(cli));
	struct err	 ignored;
	char		*token = NULL, *login = NULL;
	char		*home = cli_account_home(cli);
	bool		 ok;

	/* Nobody shall type in a code whose token is lost then. */
	ok = store_writable(home, err) &&
	    github_device_login(http, conf, &token, err) &&
	    store_write(home, name, token, strlen(token), err) &&
	    store_remove(home, APP_FILE, err) &&
	    cli_remove_caches(home, err);
	if (ok) {
		github_login_name(http, conf, token, &login, &ignored);
		printf("Signed in%s%s. The token is in %s/%s\n",
		    login != NULL ? " as " : "", login != NULL ? login : "",
		    home, name);
		fflush(stdout);
		say_account(cli, http, conf);
	}
	free(login);
	free(token);
	free(home);
	return ok;
}

/*
 * Is there a stored token that GitHub still takes? One that it refuses or
 * that is no token at all does not keep anybody from signing in again.
 */
static bool
signed_in(const struct cli *cli, struct http *http, const struct conf *conf)
{
	struct err	 err;
	char		*token, *login = NULL;
	char		*home = cli_account_home(cli);
	bool		 yes = false, ok;

	ok = github_token_load(home, cli_enterprise(cli), NULL, NULL,
	    &token, &err);
	free(home);
	if (!ok) {
		fprintf(stderr, "%s\n", err.msg);
		return false;
	}
	if (token == NULL)
		return false;
	if (github_login_name(http, conf, token, &login, &err)) {
		printf("You are signed in as %s.\n", login);
		yes = true;
	} else if (err.status == 401)
		fprintf(stderr, "GitHub no longer accepts the stored token.\n");
	else {
		printf("You are signed in, but GitHub can't be asked as whom "
		    "(%s).\n", err.msg);
		yes = true;
	}
	if (yes)
		printf("To sign in again: copilot-api auth --force\n");
	free(login);
	free(token);
	return yes;
}

int
cli_auth(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	struct http	*http;
	int		 rc = 0;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	if ((cli->force || !signed_in(cli, http, conf)) &&
	    !cli_sign_in(cli, http, conf, &err))
		rc = cli_fail(&err);
	note_given_token(cli);
	http_destroy(http);
	conf_unref(conf);
	return rc;
}

/* --- auth keys */

static bool
key_usable(const char *key, struct err *err)
{
	size_t n;

	for (n = 0; key[n] != '\0'; n++)
		if (!isgraph((unsigned char)key[n]) || n >= KEY_MAX)
			break;
	if (key[n] == '\0')
		return true;
	return err_set(err, 400, ERR_REQUEST, NULL, NULL,
	    "a key consists of letters, digits and signs (ASCII, no blanks, at "
	    "most %d)", KEY_MAX);
}

/* A member that is an object; made when it is missing or null. */
static json_object *
object_member(json_object *obj, const char *key)
{
	json_object *in = js_get(obj, key);

	if (in == NULL) {
		in = json_object_new_object();
		js_add_take(obj, key, in);
	}
	return in;
}

static bool
holds(json_object *list, const char *key)
{
	size_t i;

	for (i = 0; i < js_len(list); i++) {
		json_object	*e = json_object_array_get_idx(list, i);
		const char	*s = json_object_is_type(e, json_type_object) ?
				    js_str(e, "key") :
				    json_object_get_string(e);

		if (s != NULL && strcmp(s, key) == 0)
			return true;
	}
	return false;
}

/*
 * Add the key to the tree of config.json. json-c keeps the order of members
 * and prints numbers as they were read, so other programs' keys survive.
 */
static bool
tree_add_key(json_object *root, const char *key)
{
	json_object *auth = object_member(root, "auth");
	json_object *list = js_get(auth, "apiKeys");

	if (list == NULL) {
		list = json_object_new_array();
		js_add_take(auth, "apiKeys", list);
	}
	if (holds(list, key))
		return false;
	json_object_array_add(list, json_object_new_string(key));
	return true;
}

/* conf_load() has accepted the file, so it is empty or an object. */
static json_object *
config_tree(const struct buf *text)
{
	const char	*p = buf_str(text);
	json_object	*root;

	if (util_starts(p, "\xef\xbb\xbf"))	/* a byte order mark */
		p += 3;
	root = js_parse_quiet(p, strlen(p));
	return root != NULL ? root : json_object_new_object();
}

static bool
config_add_key(const struct cli *cli, const char *key, bool *added,
    struct err *err)
{
	struct buf	 text = { 0 };
	json_object	*root = NULL;
	char		*out;
	int		 lock = store_lock(cli->home, CONFIG_LOCK, true, NULL);
	bool		 ok;

	ok = store_read(cli->home, CONFIG_FILE, &text, err);
	if (ok) {
		root = config_tree(&text);
		*added = tree_add_key(root, key);
	}
	if (ok && *added) {
		out = xasprintf("%s\n", json_object_to_json_string_ext(root,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		    JSON_C_TO_STRING_NOSLASHESCAPE));
		ok = store_write(cli->home, CONFIG_FILE, out, strlen(out),
		    err);
		free(out);
	}
	json_object_put(root);
	buf_finish(&text);
	if (lock >= 0)
		close(lock);
	return ok;
}

/* The first key in auth.apiKeys puts older single keys out of use. */
static void
note_replaced_key(const struct conf *conf, const char *key)
{
	if (conf->nkeys != 1 || strcmp(conf->keys[0].key, key) == 0)
		return;
	if (conf->from_environment)
		fprintf(stderr, "Note: COPILOT_API_KEY counts only while "
		    "auth.apiKeys is empty; it is not accepted any more.\n");
}

static int
add_key(const struct cli *cli, const struct conf *conf)
{
	char		 made[KEY_DIGITS + 4] = "sk-";
	const char	*key = cli->add;
	struct err	 err;
	bool		 added;

	if (key[0] == '\0') {
		util_random_hex(made + 3, KEY_DIGITS);
		key = made;
	}
	if (!key_usable(key, &err) ||
	    !config_add_key(cli, key, &added, &err))
		return cli_fail(&err);
	if (key == made)
		printf("%s\n", key);
	fflush(stdout);
	fprintf(stderr, "%s %s/%s\n", added ? "Added to" : "It is already in",
	    cli->home, CONFIG_FILE);
	if (added)
		note_replaced_key(conf, key);
	return 0;
}

static int
list_keys(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nkeys; i++)
		printf("%s\n", conf->keys[i].key);
	fflush(stdout);
	if (i == 0)
		fprintf(stderr, "No API keys: every client may come in. "
		    "Make one: copilot-api auth keys --add\n");
	else if (conf->from_environment)
		fprintf(stderr, "This one is COPILOT_API_KEY; config.json has "
		    "none.\n");
	return 0;
}

int
cli_auth_keys(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	int		 rc = 0;

	if (cli->add == NULL && !cli->list) {
		fprintf(stderr, "copilot-api: --add or --list is missing\n"
		    "Try: copilot-api auth keys --help\n");
		return 2;
	}
	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	if (cli->add != NULL) {
		rc = add_key(cli, conf);
		conf_unref(conf);
		conf = cli->list && rc == 0 ? conf_load(cli->home,
		    &cli->override, &err) : NULL;
		if (cli->list && rc == 0 && conf == NULL)
			rc = cli_fail(&err);
	}
	if (conf != NULL && rc == 0)
		rc = list_keys(conf);
	conf_unref(conf);
	return rc;
}

/* --- logout, and the other accounts */

/* *was: was it signed in? */
static bool
sign_out(const struct cli *cli, bool *was, struct err *err)
{
	const char	*name = github_token_file(cli_enterprise(cli));
	char		*home = cli_account_home(cli);
	struct buf	 text = { 0 };
	bool		 ok;

	*was = (store_read(home, name, &text, err) && text.len > 0) ||
	    (store_read(home, APP_FILE, &text, err) && text.len > 0);
	buf_finish(&text);
	ok = store_remove(home, name, err) &&
	    store_remove(home, APP_FILE, err) && cli_remove_caches(home, err);
	/* An account with a name has a directory of its own. */
	if (ok && strcmp(home, cli->home) != 0) {
		store_remove(home, "copilot_token.lock", err);
		rmdir(home);
	}
	free(home);
	return ok;
}

int
cli_logout(struct cli *cli)
{
	struct err	err;
	bool		was;

	if (!sign_out(cli, &was, &err))
		return cli_fail(&err);
	printf("%s\n", was ? "Signed out: the stored token is removed. To "
	    "revoke it everywhere, see https://github.com/settings/"
	    "applications" : "Not signed in.");
	note_given_token(cli);
	return 0;
}

int
cli_auth_remove(struct cli *cli)
{
	if (cli->account != NULL)
		return cli_logout(cli);
	fprintf(stderr, "copilot-api: the account's name is missing\n"
	    "Try: copilot-api auth list\n");
	return 2;
}

static void
list_one(struct cli *cli, struct http *http, const struct conf *conf)
{
	struct signin	 s;
	struct err	 err;
	char		*line = NULL;

	cli_signin(cli, &s);
	if (signin_look(&s, conf, &err))
		line = ask_account(http, conf, &s, &err);
	printf("%-12s %s\n", cli->account, line != NULL ? line : err.msg);
	fflush(stdout);
	free(line);
	signin_finish(&s);
}

int
cli_auth_list(struct cli *cli)
{
	char		**names, **p;
	struct err	  err;
	struct conf	 *conf;
	struct http	 *http;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	names = account_names(cli->home);
	for (p = names; *p != NULL; p++) {
		cli->account = *p;
		list_one(cli, http, conf);
	}
	cli->account = NULL;
	account_names_free(names);
	http_destroy(http);
	conf_unref(conf);
	return 0;
}
