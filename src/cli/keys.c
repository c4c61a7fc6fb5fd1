/* auth keys: the keys of clients, in config.json. */
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
#include "base/hint.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/cli.h"
#include "copilot/accounts.h"

#define CONFIG_FILE	"config.json"
#define CONFIG_LOCK	"config.lock"
#define EXIT_USAGE	2
#define KEY_DIGITS	48
#define KEY_MAX		1024
#define NAME_MAX_BYTES	64
#define CREDITS_MAX	1e9
#define MASK_MIN	16	/* a shorter key isn't shown in part */

/* --- The tree of config.json. */

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

static json_object *
key_list(json_object *root)
{
	json_object *auth = object_member(root, "auth");

	if (js_get(auth, "apiKeys") == NULL)
		js_add_take(auth, "apiKeys", json_object_new_array());
	return js_get(auth, "apiKeys");
}

/* Is this entry of the list for that key? White space around it is none. */
static bool
is_entry(json_object *e, const char *key)
{
	const char	*s = json_object_is_type(e, json_type_object) ?
			    js_str(e, "key") : json_object_is_type(e,
			    json_type_string) ? json_object_get_string(e) :
			    NULL;
	size_t		 n;

	if (s == NULL || key == NULL)
		return false;
	n = strlen(key);
	s += strspn(s, " \t\r\n");
	return strncmp(s, key, n) == 0 && s[n + strspn(s + n, " \t\r\n")] ==
	    '\0';
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

/*
 * Edit the list, unless "edit" says that nothing changes. json-c keeps the
 * order of members and prints numbers as they were read, so the keys of other
 * programs survive. A file that no program would load any more is not written.
 */
static bool
config_edit(const struct cli *cli, bool (*edit)(json_object *list, void *),
    void *arg, struct err *err)
{
	struct buf	 text = { 0 };
	json_object	*root = NULL;
	char		*out;
	int		 lock = files_lock(cli->home, CONFIG_LOCK, true, NULL);
	bool		 ok;

	ok = files_read(cli->home, CONFIG_FILE, &text, err);
	if (ok)
		root = config_tree(&text);
	if (ok && edit(key_list(root), arg)) {
		out = xasprintf("%s\n", cli_pretty(root));
		ok = conf_accepts(cli->home, &cli->override, out, err) &&
		    files_write(cli->home, CONFIG_FILE, out, strlen(out), err);
		free(out);
	}
	json_object_put(root);
	buf_finish(&text);
	if (lock >= 0)
		close(lock);
	return ok;
}

/* --- --add */

struct addition {
	const char	*key, *name;	/* no name: "" */
	json_object	*monthly, *daily;	/* NULL: no budget */
	const char	*account;	/* NULL: none is named */
	bool		 sign_in;
	bool		 added;
};

static bool
add_entry(json_object *list, void *arg)
{
	struct addition	*a = arg;
	json_object	*obj;
	size_t		 i;

	for (i = 0; i < js_len(list); i++)
		if (is_entry(json_object_array_get_idx(list, i), a->key))
			return false;
	a->added = true;
	if (a->name[0] == '\0' && a->monthly == NULL && a->daily == NULL &&
	    a->account == NULL) {
		json_object_array_add(list, json_object_new_string(a->key));
		return true;
	}
	obj = json_object_new_object();
	js_add_str(obj, "key", a->key);
	if (a->name[0] != '\0')
		js_add_str(obj, "name", a->name);
	if (a->monthly != NULL)
		js_add_ref(obj, "monthlyCredits", a->monthly);
	if (a->daily != NULL)
		js_add_ref(obj, "dailyCredits", a->daily);
	if (a->account != NULL)
		js_add_str(obj, "account", a->account);
	if (a->sign_in)
		js_add_bool(obj, "signIn", true);
	json_object_array_add(list, obj);
	return true;
}

static bool
refuse(struct err *err, const char *what)
{
	return err_set(err, 400, ERR_REQUEST, NULL, NULL, "%s", what);
}

static bool
key_usable(const char *key, struct err *err)
{
	size_t n;

	for (n = 0; key[n] != '\0'; n++)
		if (!isgraph((unsigned char)key[n]) || n >= KEY_MAX)
			break;
	return (n > 0 && key[n] == '\0') || err_set(err, 400, ERR_REQUEST,
	    NULL, NULL, "a key consists of letters, digits and signs (ASCII, "
	    "no blanks, at most %d)", KEY_MAX);
}

/* A key that is given where its name belongs would be shown to everybody. */
static bool
name_usable(const struct conf *conf, const char *name, struct err *err)
{
	size_t i;

	if (util_starts(name, "sk-"))
		return refuse(err, "--add takes the name of the key; a key of "
		    "your own is given with --key");
	if (strlen(name) > NAME_MAX_BYTES)
		return refuse(err, "a name has at most 64 bytes");
	for (i = 0; name[i] != '\0'; i++)
		if (iscntrl((unsigned char)name[i]))
			return refuse(err, "a name has no control characters");
	for (i = 0; i < conf->nkeys && name[0] != '\0'; i++)
		if (strcmp(conf->keys[i].name, name) == 0)
			return refuse(err, "there is a key of that name; "
			    "--remove takes it away");
	return true;
}

/* A key that may sign an account in has it alone; else the file is refused. */
static bool
account_usable(const struct conf *conf, const struct addition *a,
    struct err *err)
{
	const char	*other;
	size_t		 i;

	if (a->sign_in && (a->account == NULL ||
	    strcmp(a->account, ACCOUNT_DEFAULT) == 0 ||
	    strcmp(a->account, conf->default_account) == 0))
		return refuse(err, "--sign-in needs an --account that isn't "
		    "the default one");
	for (i = 0; i < conf->nkeys && a->account != NULL; i++) {
		other = conf->keys[i].account;
		if (other != NULL && strcmp(other, a->account) == 0 &&
		    (a->sign_in || conf->keys[i].sign_in))
			return err_set(err, 400, ERR_REQUEST, NULL, NULL,
			    "the key \"%s\" has that account; who signs one in "
			    "has it alone", conf->keys[i].name);
	}
	return true;
}

/* As a number of JSON, in the words it was given in. */
static bool
read_credits(const char *text, const char *option, json_object **v,
    struct err *err)
{
	char	*end;
	double	 d;

	if (text == NULL)
		return true;
	d = strtod(text, &end);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' ||
	    !(d <= CREDITS_MAX))
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "%s: expected a number of credits from 0 to 1000000000, "
		    "not \"%.100s\"", option, text);
	*v = d == (double)(int64_t)d ? json_object_new_int64((int64_t)d) :
	    json_object_new_double(d);
	return true;
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
	struct addition	 a = { .key = cli->client_key, .name = cli->add,
			    .account = cli->account, .sign_in = cli->sign_in };
	struct err	 err;
	bool		 ok;

	if (a.key == NULL) {
		util_random_hex(made + 3, KEY_DIGITS);
		a.key = made;
	}
	ok = key_usable(a.key, &err) && name_usable(conf, a.name, &err) &&
	    account_usable(conf, &a, &err) &&
	    read_credits(cli->monthly, "--monthly-credits", &a.monthly,
	    &err) &&
	    read_credits(cli->daily, "--daily-credits", &a.daily, &err) &&
	    config_edit(cli, add_entry, &a, &err);
	json_object_put(a.monthly);
	json_object_put(a.daily);
	if (!ok)
		return cli_fail(&err);
	if (a.key == made)
		printf("%s\n", a.key);
	fflush(stdout);
	fprintf(stderr, "%s %s/%s\n", a.added ? "Added to" :
	    "It is already in", cli->home, CONFIG_FILE);
	if (a.added)
		note_replaced_key(conf, a.key);
	return 0;
}

/* --- --remove */

struct removal {
	const char	*key;
};

static bool
remove_entry(json_object *list, void *arg)
{
	const struct removal	*r = arg;
	bool			 found = false;
	size_t			 i = 0;

	while (i < js_len(list)) {
		if (!is_entry(json_object_array_get_idx(list, i), r->key)) {
			i++;
			continue;
		}
		json_object_array_del_idx(list, i, 1);
		found = true;
	}
	return found;
}

static int
remove_key(const struct cli *cli, const struct conf *conf)
{
	struct removal	 r = { .key = NULL };
	struct err	 err;
	size_t		 i;
	bool		 ok = true;

	for (i = 0; i < conf->nkeys; i++)
		if (strcmp(conf->keys[i].name, cli->remove) == 0)
			r.key = conf->keys[i].key;
	if (r.key == NULL)
		ok = err_set(&err, 400, ERR_REQUEST, NULL, NULL, "there is no "
		    "key of the name %.100s: see --list", cli->remove);
	else if (conf->from_environment)
		ok = refuse(&err, "that one is COPILOT_API_KEY, not in "
		    "config.json");
	else if (conf->nkeys == 1)
		ok = refuse(&err, "it is the only key: without one every "
		    "client may come in. Add another one first, or write "
		    "\"apiKeys\": [] into config.json");
	if (!ok || !config_edit(cli, remove_entry, &r, &err))
		return cli_fail(&err);
	fprintf(stderr, "Removed from %s/%s\n", cli->home, CONFIG_FILE);
	return 0;
}

/* --- --list */

static void
print_credits(int64_t nano, const char *each)
{
	if (nano >= 0)
		printf("  %.10g credits a %s", (double)nano / CREDIT_NANO,
		    each);
}

/* "sk-...ab12": enough to tell them apart. */
static void
print_key(const struct conf_key *k, bool show, int width)
{
	size_t n = strlen(k->key);

	printf("%-*s  ", width, k->name);
	if (show)
		printf("%s", k->key);
	else if (n >= MASK_MIN)
		printf("%.3s...%s", k->key, k->key + n - 4);
	else
		printf("****");
	print_credits(k->monthly, "month");
	print_credits(k->daily, "day");
	if (k->models != NULL)
		printf("  some models");
	if (k->admin)
		printf("  admin");
	if (k->sign_in)
		printf("  signs in");
	putchar('\n');
}

static int
list_keys(const struct cli *cli, const struct conf *conf)
{
	int	width = 0;
	size_t	i;

	for (i = 0; i < conf->nkeys; i++)
		if ((int)strlen(conf->keys[i].name) > width)
			width = (int)strlen(conf->keys[i].name);
	for (i = 0; i < conf->nkeys; i++)
		print_key(&conf->keys[i], cli->show, width);
	fflush(stdout);
	if (conf->nkeys == 0)
		fprintf(stderr, "No API keys: every client may come in. "
		    "Make one: %s auth keys --add%s\n", hint_program(),
		    hint_options());
	else if (conf->from_environment)
		fprintf(stderr, "This one is COPILOT_API_KEY; config.json has "
		    "none.\n");
	return 0;
}

/* --- */

static int
wrong_use(const char *what)
{
	fprintf(stderr, "copilot-api: %s\n"
	    "Try: %s auth keys --help\n", what, hint_program());
	return EXIT_USAGE;
}

int
cli_auth_keys(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	int		 rc = 0;

	cli->list |= cli->show;
	if (cli->add == NULL && cli->remove == NULL && !cli->list)
		return wrong_use("--add, --list or --remove is missing");
	if (cli->add == NULL && (cli->client_key != NULL ||
	    cli->monthly != NULL || cli->daily != NULL ||
	    cli->account != NULL || cli->sign_in))
		return wrong_use("--key, credits, --account and --sign-in go "
		    "with --add");
	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	if (cli->add != NULL)
		rc = add_key(cli, conf);
	if (cli->remove != NULL && rc == 0)
		rc = remove_key(cli, conf);
	conf_unref(conf);
	if (!cli->list || rc != 0)
		return rc;
	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	rc = list_keys(cli, conf);
	conf_unref(conf);
	return rc;
}
