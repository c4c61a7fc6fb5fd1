/* start: everything in the foreground, with a lighttpd of our own. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/lighttpd.h"
#include "copilot/signin.h"

#define PORT	"4141"

struct start {
	struct cli	*cli;
	char		*account;	/* in one line; NULL: see "wrong" */
	struct err	 wrong;
	struct conf	*conf;
	struct lighttpd	 lighttpd;
};

/* --- Address and port. */

static int
open_socket(const struct addrinfo *ai)
{
	int fd, one = 1;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* As lighttpd does, or a port just left would look busy. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return fd;
}

static bool
can_listen(const struct addrinfo *ai)
{
	int	fd = open_socket(ai), why;
	bool	ok;

	ok = fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, 1) == 0;
	why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return ok;
}

static bool
is_loopback(const struct addrinfo *ai)
{
	const struct sockaddr_in6	*six;
	const struct sockaddr_in	*four;

	if (ai->ai_family == AF_INET) {
		four = (const void *)ai->ai_addr;
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	six = (const void *)ai->ai_addr;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static bool
busy(const struct start *s, const char *host, int why, struct err *err)
{
	char	*given = hint_option("host", s->cli->host);
	int	 port = s->lighttpd.port;

	if (why == EADDRINUSE)
		err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "port %d on %s is in use by another program (another "
		    "copilot-api?). Choose another one: %s start%s "
		    "--port %d%s", port, host, hint_program(), given,
		    port < 65535 ? port + 1 : 4141, hint_options());
	else if (why == EACCES)
		err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "port %d is reserved for root. Choose one above 1023: "
		    "%s start%s --port " PORT "%s", port, hint_program(),
		    given, hint_options());
	else if (why == EADDRNOTAVAIL)
		err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "%s is not an address of this machine (--host)", host);
	else
		err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "can't listen on %s, port %d: %s", host, port,
		    strerror(why));
	free(given);
	return false;
}

/* Before anything listens on that address. */
static bool
check_keys(const struct start *s, const char *host, struct err *err)
{
	if (s->conf->nkeys > 0 || s->conf->auth_open)
		return true;
	return err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "refusing to listen on %s without an API key: everybody who "
	    "reaches this machine could use your Copilot subscription. Make "
	    "a key with \"%s auth keys --add%s\", which clients then "
	    "send, or leave --host out to serve this machine only.", host,
	    hint_program(), hint_options());
}

/* Look whether we could listen there; keep the numeric address. */
static bool
add_address(struct start *s, const struct addrinfo *ai, struct err *err)
{
	char host[INET6_ADDRSTRLEN + 20];

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL,
	    0, NI_NUMERICHOST) != 0)
		return err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "an address can't be printed");
	if (!is_loopback(ai) && !check_keys(s, host, err))
		return false;
	s->cli->override.need_keys |= !is_loopback(ai);
	if (!can_listen(ai))
		return busy(s, host, errno, err);
	s->lighttpd.addresses[s->lighttpd.naddresses++] = xstrdup(host);
	return true;
}

static struct addrinfo *
resolve(const char *host, const char *port, struct err *err)
{
	struct addrinfo	 hints = { .ai_flags = AI_PASSIVE,
			    .ai_socktype = SOCK_STREAM }, *ai;
	int		 rc = getaddrinfo(host, port, &hints, &ai);

	if (rc == 0)
		return ai;
	err_set(err, 500, ERR_SERVER, NULL, NULL, "--host %.100s: %s", host,
	    gai_strerror(rc));
	return NULL;
}

static bool
add_host(struct start *s, const char *host, struct err *err)
{
	char		 port[16];
	struct addrinfo	*ai;
	bool		 ok;

	snprintf(port, sizeof(port), "%d", s->lighttpd.port);
	if ((ai = resolve(host, port, err)) == NULL)
		return false;
	ok = add_address(s, ai, err);
	freeaddrinfo(ai);
	return ok;
}

/* Containers often come without IPv6: then [::1] can't be bound at all. */
static bool
have_ipv6(void)
{
	struct sockaddr_in6	six = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct addrinfo		ai = { .ai_family = AF_INET6,
				    .ai_addr = (struct sockaddr *)&six,
				    .ai_addrlen = sizeof(six) };

	return can_listen(&ai);
}

/* "localhost" is both loopback addresses: clients try either of them first. */
static bool
choose_addresses(struct start *s, struct err *err)
{
	const char	*host = s->cli->host;
	const char	*port = s->cli->port != NULL ? s->cli->port : PORT;
	int64_t		 n;

	if (!util_parse_int64(port, &n) || n < 1 || n > 65535)
		return err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "--port: expected a number from 1 to 65535, not \"%.20s\"",
		    port);
	s->lighttpd.port = (int)n;
	if (host != NULL && strcmp(host, "localhost") != 0)
		return add_host(s, strcmp(host, "*") == 0 ? "0.0.0.0" : host,
		    err);
	return add_host(s, "127.0.0.1", err) &&
	    (!have_ipv6() || add_host(s, "::1", err));
}

/* --- Signing in. */

static bool
check_sign_in(struct start *s, struct err *err)
{
	struct signin	 signin;
	struct http	*http;
	char		*token = NULL;
	bool		 ok;

	http = http_create(NULL);
	s->cli->account = s->conf->default_account;
	ok = cli_token(s->cli, http, s->conf, &token, err) &&
	    (token != NULL || cli_sign_in(s->cli, http, s->conf, err));
	free(token);
	/* A Copilot token is fetched at once: "ready" shall be true. */
	cli_signin(s->cli, &signin);
	if (ok && signin_look(&signin, s->conf, &s->wrong))
		s->account = ask_account(http, s->conf, &signin, &s->wrong);
	signin_finish(&signin);
	http_destroy(http);
	return ok;
}

/* The responder learns from its environment what our command line said. */
static void
export_options(const struct cli *cli)
{
	const struct {
		const char *name, *value;
	} all[] = {
		{ "COPILOT_API_HOME", cli->home },
		{ "COPILOT_API_ENTERPRISE_URL", cli->override.enterprise_url },
		{ "COPILOT_API_ACCOUNT_TYPE", cli->override.account_type },
		{ "COPILOT_API_GITHUB_TOKEN", cli->token_option },
		{ "COPILOT_API_VERBOSE", cli->verbose ? "1" : NULL },
		{ "COPILOT_API_NEED_KEYS",
		    cli->override.need_keys ? "1" : NULL },
	};
	size_t i;

	for (i = 0; i < COUNT(all); i++)
		if (all[i].value != NULL)
			setenv(all[i].name, all[i].value, 1);
	/* These would make it take itself for a CGI program. */
	unsetenv("REQUEST_METHOD");
	unsetenv("GATEWAY_INTERFACE");
}

/* From here on a signal must not end us with a directory or a child left. */
static void
hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* --- Running. */

/* The URL for others, and for who tries it here; both are ours. */
static void
name_server(const struct start *s, char **url, char **here)
{
	const char	*a = s->lighttpd.addresses[0];
	bool		 all = strcmp(a, "0.0.0.0") == 0 ||
			    strcmp(a, "::") == 0;
	const char	*host = s->lighttpd.naddresses > 1 || all ?
			    "localhost" : a;
	bool		 six = strchr(host, ':') != NULL;
	char		 name[256] = "";

	*here = xasprintf("http://%s%s%s:%d", six ? "[" : "", host,
	    six ? "]" : "", s->lighttpd.port);
	if (all && gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0')
		*url = xasprintf("http://%s:%d", name, s->lighttpd.port);
	else
		*url = xstrdup(*here);
}

/* An address as a shell takes it: some expand "[". */
static char *
shell_url(const char *base, const char *path)
{
	struct buf	 out = { 0 };
	char		*url = xasprintf("%s%s", base, path);

	hint_word(&out, url);
	free(url);
	return buf_steal(&out);
}

static void
say_ready(void *arg)
{
	const struct start	*s = arg;
	bool			 keys = s->conf->nkeys > 0;
	char			*url, *here, *show, *sdk, *try;

	name_server(s, &url, &here);
	sdk = shell_url(url, "/v1");
	try = shell_url(here, "/v1/models");
	show = xasprintf("one of: %s auth keys --show%s", hint_program(),
	    hint_options());
	printf("\ncopilot-api %s is %s.\n\n"
	    "  %s         %s\n"
	    "  Base URL        %s/v1\n"
	    "  API key         %s\n"
	    "  Data directory  %s\n\n"
	    "  Any OpenAI SDK:  export OPENAI_BASE_URL=%s "
	    "OPENAI_API_KEY=%s\n"
	    "  Try it:          curl%s %s\n"
	    "  Stop it:         Ctrl-C\n\n", PACKAGE_VERSION,
	    s->account != NULL ? "ready" : "running, but can't answer yet",
	    s->account != NULL ? "Account" : "Trouble",
	    s->account != NULL ? s->account : s->wrong.msg, url,
	    keys ? show : s->conf->closed ?
	    "none: config.json has lost its keys" :
	    "any (none is configured)", s->cli->home, sdk,
	    keys ? "KEY" : "any",
	    keys ? " -H 'Authorization: Bearer KEY'" : "", try);
	fflush(stdout);
	free(try);
	free(sdk);
	free(show);
	free(here);
	free(url);
}

/* The responder reads an edited file by itself, and says what is wrong. */
static bool
reload(void *arg)
{
	struct start	*s = arg;
	struct conf	*conf;
	struct err	 err;

	if ((conf = conf_load(s->cli->home, &s->cli->override, &err)) == NULL) {
		cli_fail(&err);
		return false;
	}
	if (conf->max_request_body_bytes > s->conf->max_request_body_bytes)
		fprintf(stderr, "copilot-api: maxRequestBodyBytes: larger "
		    "bodies are taken after the next start\n");
	if (conf->responders != s->conf->responders)
		fprintf(stderr, "copilot-api: responders: as many as that are "
		    "started by the next start\n");
	s->lighttpd.drain_ms = conf->drain_ms;
	conf_unref(conf);
	return true;
}

int
cli_start(struct cli *cli)
{
	static const struct lighttpd_ops ops = { say_ready, reload };
	struct start	s = { .cli = cli };
	struct err	err;
	int		rc = 1;

	if ((s.conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	if (!choose_addresses(&s, &err) ||
	    !lighttpd_find(&s.lighttpd, &err) || !check_sign_in(&s, &err)) {
		cli_fail(&err);
		goto out;
	}
	export_options(cli);
	hold_signals();
	if (lighttpd_prepare(&s.lighttpd, s.conf, cli->home, &err))
		rc = lighttpd_run(&s.lighttpd, &ops, &s);
	else
		cli_fail(&err);
out:
	free(s.account);
	lighttpd_finish(&s.lighttpd);
	conf_unref(s.conf);
	return rc;
}
