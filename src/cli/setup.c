/* setup: a client's own configuration for this server. */
#include "config.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "setup/clients.h"

#define LIST_MAX	(4u << 20)
#define TIMEOUT_MS	20000

/* --- The models. */

static json_object *
usual_models(void)
{
	static const char *const usual[] = {
		"gpt-5-mini", "claude-sonnet-4.6",
	};
	json_object	*names = json_object_new_array();
	size_t		 i;

	for (i = 0; i < COUNT(usual); i++)
		json_object_array_add(names, json_object_new_string(usual[i]));
	return names;
}

/* Why there is no list, which "status" tells; 0: there was no answer. */
static void
complain(const struct cli *cli, const struct setup *s, int status)
{
	char *port = hint_option("port", cli->port);

	fprintf(stderr, "copilot-api: no models from %s: %s These are usual "
	    "ones.\n", s->base, status == 0 ? "is the server running?" :
	    status == 401 ? "it refuses the key; give one by --key." :
	    "its log says why.");
	if (status == 0 && cli->host == NULL)
		fprintf(stderr, "Start it: %s start%s%s\n", hint_program(),
		    port, hint_options());
	free(port);
}

/* GET /v1/models of the server that is to be used, by this key. */
static json_object *
ask_models(const struct cli *cli, const struct setup *s,
    const struct conf *conf, const char *key)
{
	struct http		*http = http_create(NULL);
	struct http_request	 req = { .method = "GET" };
	struct http_reply	 rep = { 0 };
	struct err		 err;
	json_object		*list = NULL, *names;
	char			*bearer;

	req.url = xasprintf("%s/v1/models", s->base);
	req.headers_timeout_ms = req.silence_timeout_ms = TIMEOUT_MS;
	req.body_max = LIST_MAX;
	bearer = xasprintf("Bearer %s", key);
	http_request_header(&req, "Authorization", bearer);
	free(bearer);
	if (progress_fetch("Asking the server for its models", http, conf, &req,
	    &rep, &err) && rep.status == 200)
		list = js_parse_quiet(buf_str(&rep.body), rep.body.len);
	names = setup_models(list);
	if (js_len(names) == 0)
		complain(cli, s, rep.status);
	json_object_put(list);
	http_reply_finish(&rep);
	http_request_finish(&req);
	http_destroy(http);
	if (js_len(names) > 0)
		return names;
	json_object_put(names);
	return usual_models();
}

/* --- The text. */

/* Members of "from" go into "to", objects are joined. */
static void
merge(json_object *to, json_object *from)
{
	json_object_object_foreach(from, key, value) {
		if (json_object_is_type(value, json_type_object) &&
		    js_obj(to, key) != NULL)
			merge(js_obj(to, key), value);
		else
			js_add_ref(to, key, value);
	}
}

static bool
merge_json(const struct buf *old, const struct buf *text, struct buf *out)
{
	json_object	*to, *from = js_parse_quiet(text->p, text->len);
	bool		 empty = strspn(buf_str(old), " \t\r\n") == old->len;

	to = empty ? json_object_new_object() :
	    js_parse_quiet(old->p, old->len);
	if (json_object_is_type(to, json_type_object)) {
		merge(to, from);
		buf_printf(out, "%s\n", cli_pretty(to));
	}
	json_object_put(to);
	json_object_put(from);
	return out->len > 0;
}

/* Has it one of our keys already, before its first table or as one? */
static bool
names_model(const char *toml)
{
	const char *line = toml;

	if (strstr(toml, "model_provider") != NULL)
		return true;
	while (*line != '\0') {
		line += strspn(line, " \t");
		if (*line == '[')
			return false;
		if (util_starts(line, "model") &&
		    line[5 + strspn(line + 5, " \t")] == '=')
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

/* The file as it shall be; false with the reason on standard error. */
static bool
compose(const struct setup *s, const char *path, const struct buf *old,
    struct buf *out)
{
	struct buf	head = { 0 }, text = { 0 };
	bool		ok = true;

	if (s->client->head != NULL)
		setup_expand(s, s->client->head, &head);
	setup_expand(s, s->client->text, &text);
	if (s->client->form == SETUP_JSON) {
		ok = merge_json(old, &text, out);
		if (!ok)
			fprintf(stderr, "copilot-api: %s is no plain JSON: add "
			    "this by hand\n", path);
	} else if (s->client->form == SETUP_TOML) {
		ok = !names_model(buf_str(old));
		if (!ok)
			fprintf(stderr, "copilot-api: %s names a model or a "
			    "model_provider already: change it by hand\n",
			    path);
		buf_printf(out, "%s%s%s", buf_str(&head), buf_str(old),
		    text.p);
	} else {
		ok = old->len == 0;
		if (!ok)
			fprintf(stderr, "copilot-api: %s is there already: add "
			    "this by hand\n", path);
		buf_append(out, text.p, text.len);
	}
	buf_finish(&head);
	buf_finish(&text);
	return ok;
}

/* --- The file. */

/* diff(1) shows what changes. */
static void
show_difference(const char *path, const struct buf *text)
{
	int	pipefd[2];
	pid_t	pid;
	FILE	*f;

	if (pipe(pipefd) < 0)
		return;
	/* It may not be there, or be done before it has read all. */
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	if ((pid = fork()) == 0) {
		dup2(pipefd[0], STDIN_FILENO);
		close(pipefd[0]);
		close(pipefd[1]);
		execlp("diff", "diff", "-u", "--",
		    access(path, F_OK) == 0 ? path : "/dev/null", "-",
		    (char *)NULL);
		_exit(127);
	}
	close(pipefd[0]);
	if ((f = fdopen(pipefd[1], "w")) != NULL) {
		fwrite(text->p, 1, text->len, f);
		fclose(f);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Many keep such files elsewhere, and have a link to them here. */
static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : xstrdup(path);
}

static bool
keep_backup(const char *dir, const char *name, const struct buf *old,
    struct err *err)
{
	char	*backup = xasprintf("%s.bak", name);
	bool	 ok = files_write(dir, backup, old->p, old->len, err);

	if (ok)
		printf("The old one is %s/%s\n", dir, backup);
	free(backup);
	return ok;
}

/* From now on it holds a key: nobody else may read it. */
static int
change_file(const struct setup *s, const char *path)
{
	struct buf	 old = { 0 }, text = { 0 };
	struct err	 err = { 0 };
	char		*dir = real_path(path), *name = strrchr(dir, '/');
	bool		 ok;

	*name++ = '\0';
	ok = files_read(dir, name, &old, &err) && compose(s, path, &old, &text);
	if (ok) {
		show_difference(path, &text);
		ok = (old.len == 0 || keep_backup(dir, name, &old, &err)) &&
		    files_write(dir, name, text.p, text.len, &err);
	}
	if (ok)
		printf("Written: %s\n", path);
	else if (err.status != 0)
		cli_fail(&err);
	buf_finish(&old);
	buf_finish(&text);
	free(dir);
	return ok ? 0 : 1;
}

static int
show(const struct setup *s, const char *path)
{
	struct buf	none = { 0 }, text = { 0 };
	bool		ok = compose(s, path, &none, &text);

	if (path != NULL)
		fprintf(stderr, "%s:\n", path);
	fputs(buf_str(&text), stdout);
	buf_finish(&text);
	return ok ? 0 : 1;
}

/* --- The command. */

static const struct setup_client *
find(const char *command)
{
	size_t i;

	for (i = 0; i < setup_nclients; i++)
		if (util_ends(command, setup_clients[i].name))
			return &setup_clients[i];
	die("%s: no such client", command);
}

static const char *
key_of(const struct cli *cli, const struct conf *conf)
{
	if (cli->client_key != NULL)
		return cli->client_key;
	if (conf->nkeys == 0)
		return "none";
	fprintf(stderr, "copilot-api: put one of your client keys in place of "
	    "YOUR-KEY, or give it by --key\n");
	return "YOUR-KEY";
}

/*
 * The key to ask this machine's own server by: one that is configured serves,
 * while the client is to have its own. No other host gets to see it.
 */
static const char *
own_key(const struct cli *cli, const struct conf *conf)
{
	if (cli->client_key != NULL)
		return cli->client_key;
	return cli->host == NULL && conf->nkeys > 0 ? conf->keys[0].key :
	    "none";
}

int
cli_setup(struct cli *cli)
{
	struct setup	 s = { .client = find(cli->command) };
	char		*base, *docker;
	struct conf	*conf;
	struct err	 err;
	const char	*home = getenv("HOME");
	const char	*port = cli->port != NULL ? cli->port : "4141";
	char		*path = NULL;
	int		 rc;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	base = xasprintf("http://%s:%s", cli->host != NULL ? cli->host :
	    "localhost", port);
	docker = xasprintf("http://host.docker.internal:%s/v1", port);
	s.base = base;
	s.docker = docker;
	s.key = key_of(cli, conf);
	s.models = ask_models(cli, &s, conf, own_key(cli, conf));
	setup_choose(&s);
	if (s.client->file != NULL)
		path = xasprintf("%s/%s", home != NULL ? home : "~",
		    s.client->file);
	if (!cli->write)
		rc = show(&s, path);
	else if (path != NULL)
		rc = change_file(&s, path);
	else {
		fprintf(stderr, "copilot-api: this client has no file to "
		    "write\n");
		rc = show(&s, path) | 1;
	}
	if (rc == 0 && s.client->after != NULL)
		fprintf(stderr, "%s\n", s.client->after);
	json_object_put(s.models);
	conf_unref(conf);
	free(base);
	free(docker);
	free(path);
	return rc;
}
