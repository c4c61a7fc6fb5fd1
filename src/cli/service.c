/*
 * service: "start" as a unit of the user's systemd, so that it comes back after
 * a crash, a logout or a reboot.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/util.h"
#include "cli/cli.h"
#include "copilot/signin.h"

#define UNIT		"copilot-api.service"
#define LIMIT_MS	60000		/* of a start and a stop */
#define STOP_MORE_S	15		/* than drainTimeoutSeconds */

/* $XDG_CONFIG_HOME/systemd/user (systemd.unit(5)); NULL: there is no home. */
static char *
unit_dir(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config != NULL && config[0] == '/')
		return xasprintf("%s/systemd/user", config);
	return home != NULL && home[0] == '/' ?
	    xasprintf("%s/.config/systemd/user", home) : NULL;
}

/* The running program, by the name that stays when it is replaced. */
static char *
program(struct err *err)
{
	char	path[4096];
	ssize_t	n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n > 0) {
		path[n] = '\0';
		return xstrdup(path);
	}
	err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "/proc/self/exe can't be read: %s", strerror(errno));
	return NULL;
}

/* A word as systemd.syntax(7) quotes it; "$" means something in ExecStart. */
static void
put_word(struct buf *out, const char *word)
{
	buf_puts(out, "\"");
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			buf_puts(out, "\\");
		if (*word == '%' || *word == '$')
			buf_append(out, word, 1);
		buf_append(out, word, 1);
	}
	buf_puts(out, "\"");
}

static void
put_option(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, " %s ", name);
	put_word(out, value);
}

/* The program with the options that speak to all commands. */
static void
put_program(struct buf *out, const struct cli *cli, const char *path)
{
	put_word(out, path);
	put_option(out, "--api-home", cli->home);
	put_option(out, "--enterprise-url", cli->override.enterprise_url);
	put_option(out, "--account-type", cli->override.account_type);
}

static void
print_unit(const struct cli *cli, const struct conf *conf, const char *path,
    struct buf *out)
{
	buf_puts(out, "# Made by \"copilot-api service install\".\n"
	    "[Unit]\n"
	    "Description=GitHub Copilot for OpenAI clients\n"
	    "Documentation=man:copilot-api(8)\n"
	    "# A configuration that is mended counts without being asked.\n"
	    "StartLimitIntervalSec=0\n\n"
	    "[Service]\n"
	    "ExecStart=");
	put_program(out, cli, path);
	buf_puts(out, " start");
	put_option(out, "--host", cli->host);
	put_option(out, "--port", cli->port);
	buf_puts(out, "\n# Says what is wrong in config.json, and then reloads "
	    "nothing.\n"
	    "ExecReload=");
	put_program(out, cli, path);
	buf_printf(out, " debug --config --quiet\n"
	    "ExecReload=/bin/kill -HUP $MAINPID\n"
	    "# start asks lighttpd and the program to stop.\n"
	    "KillMode=mixed\n"
	    "TimeoutStopSec=%lld\n"
	    "Restart=always\n"
	    "RestartSec=5\n\n"
	    "[Install]\n"
	    "WantedBy=default.target\n",
	    (long long)(conf->drain_ms / 1000 + STOP_MORE_S));
}

/* systemctl --user WORDS; what it prints goes to "out". */
static bool
systemctl(struct buf *out, struct err *err, const char *verb,
    const char *option, const char *unit)
{
	const char *const	words[] = { "systemctl", "--user", verb,
				    option != NULL ? option : unit,
				    option != NULL ? unit : NULL };
	char			*argv[COUNT(words) + 1] = { NULL };
	size_t			 n, i;
	bool			 ok;

	for (n = 0; n < COUNT(words) && words[n] != NULL; n++)
		argv[n] = xstrdup(words[n]);
	ok = command_run(argv, LIMIT_MS, out, err);
	for (i = 0; i < n; i++)
		free(argv[i]);
	return ok;
}

static bool
tell_systemd(const char *verb, const char *option, struct err *err)
{
	struct buf	out = { 0 };
	bool		ok;

	ok = systemctl(&out, err, "daemon-reload", NULL, NULL) &&
	    systemctl(&out, err, verb, option, UNIT);
	buf_finish(&out);
	return ok;
}

/* Nobody is there at a boot to enter a code. */
static bool
check_sign_in(const struct cli *cli, const struct conf *conf, struct err *err)
{
	struct signin	signin;
	bool		ok;

	signin_init(&signin, cli->home, cli_enterprise(cli), NULL, NULL);
	signin.command = true;
	ok = signin_look(&signin, conf, err);
	signin_finish(&signin);
	return ok;
}

static bool
write_unit(const struct cli *cli, const struct conf *conf, const char *dir,
    struct err *err)
{
	struct buf	 text = { 0 };
	char		*path = program(err);
	bool		 ok = false;

	if (path != NULL) {
		print_unit(cli, conf, path, &text);
		ok = files_write(dir, UNIT, text.p, text.len, err);
	}
	free(path);
	buf_finish(&text);
	return ok;
}

static void
say_installed(const struct cli *cli, const char *dir)
{
	printf("Written: %s/" UNIT "\n"
	    "It runs now, and from your next login on until you log out. To "
	    "have it run from\nboot on, whether you are logged in or not:\n\n"
	    "  loginctl enable-linger\n\n"
	    "  Base URL   http://%s:%s/v1\n"
	    "  Log        journalctl --user -u copilot-api -f\n"
	    "  Restart    systemctl --user restart copilot-api\n"
	    "  Stop it    %s service remove\n", dir,
	    cli->host != NULL ? cli->host : "localhost",
	    cli->port != NULL ? cli->port : "4141", hint_program());
	fflush(stdout);
}

static bool
no_home(struct err *err)
{
	return err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "HOME is not set: whose service is it?");
}

int
cli_service_install(struct cli *cli)
{
	struct conf	*conf;
	struct err	 err = { 0 };
	char		*dir = unit_dir();
	bool		 ok;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL) {
		free(dir);
		return cli_fail(&err);
	}
	ok = (dir != NULL || no_home(&err)) &&
	    check_sign_in(cli, conf, &err) &&
	    write_unit(cli, conf, dir, &err) &&
	    tell_systemd("enable", NULL, &err) &&
	    tell_systemd("restart", NULL, &err);
	if (ok)
		say_installed(cli, dir);
	conf_unref(conf);
	free(dir);
	return ok ? 0 : cli_fail(&err);
}

int
cli_service_remove(struct cli *cli)
{
	struct err	 err = { 0 };
	struct buf	 out = { 0 };
	char		*dir = unit_dir(), *path = NULL;
	int		 rc = 0;

	(void)cli;
	if (dir == NULL)
		no_home(&err);
	else
		path = xasprintf("%s/" UNIT, dir);
	if (path != NULL && access(path, F_OK) != 0)
		printf("There is no %s.\n", path);
	else if (path == NULL || !tell_systemd("disable", "--now", &err) ||
	    !files_remove(dir, UNIT, &err) ||
	    !systemctl(&out, &err, "daemon-reload", NULL, NULL))
		rc = cli_fail(&err);
	else
		printf("Stopped, and removed: %s\n", path);
	fflush(stdout);
	buf_finish(&out);
	free(path);
	free(dir);
	return rc;
}

/* systemctl's status has a status of its own: 3 is a unit that does not run. */
int
cli_service_status(struct cli *cli)
{
	static const char properties[] = "--property=LoadState,ActiveState,"
	    "SubState,UnitFileState,MainPID,Result,StatusText,FragmentPath";
	struct buf	out = { 0 };
	struct err	err = { 0 };
	bool		runs = false;

	(void)cli;
	if (!systemctl(&out, &err, "show", properties, UNIT)) {
		buf_finish(&out);
		return cli_fail(&err);
	}
	runs = strstr(buf_str(&out), "ActiveState=active") != NULL;
	printf("%s\n", buf_str(&out));
	if (strstr(buf_str(&out), "LoadState=not-found") != NULL)
		printf("Try: %s service install%s\n", hint_program(),
		    hint_options());
	else if (!runs)
		printf("Try: journalctl --user -u copilot-api -n 50\n");
	fflush(stdout);
	buf_finish(&out);
	return runs ? 0 : 1;
}
