/* The command line: wrong use, and edits of config.json that keep the rest. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/parse.h"
#include "dir.h"

static char home[] = "/tmp/cli-t.XXXXXX";

/*
 * Run a command line given as one string, in which the word %HOME% stands for
 * the data directory. What it says goes to /dev/null: our output is TAP.
 */
static int
run(const char *line)
{
	char	*copy = xstrdup(line), *argv[16], *word, *save;
	int	 argc = 0, out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int	 null = open("/dev/null", O_WRONLY), rc;

	argv[argc++] = copy + strlen(copy);
	for (word = strtok_r(copy, " ", &save); word != NULL && argc < 15;
	    word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "%HOME%") == 0 ? home : word;
	argv[argc] = NULL;
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	rc = cli_main(argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(null);
	close(out);
	close(err);
	free(copy);
	return rc;
}

static void
test_use(void **state)
{
	static const struct {
		const char	*line;
		int		 rc;
	} t[] = {
		{ "--help", 0 }, { "-h", 0 }, { "--version", 0 },
		{ "start --help", 0 }, { "auth -h", 0 },
		{ "auth keys --help", 0 }, { "-v --help start", 0 },
		{ "check-usage --json --help", 0 },
		{ "", 2 }, { "-v", 2 }, { "frob", 2 }, { "start frob", 2 },
		{ "--frob", 2 }, { "-z", 2 }, { "-", 2 }, { "--", 2 },
		{ "--port 1 start", 2 },	/* not a global option */
		{ "start --port", 2 }, { "start -p", 2 },
		{ "start --json", 2 }, { "logout --force", 2 },
		{ "--help=yes", 2 }, { "start --verbose=1", 2 },
		{ "auth keys", 2 }, { "auth keys keys", 2 },
		{ "debug keys", 2 }, { "--api-home", 2 },
		{ "--api-home %HOME% start --port x", 1 },
		{ "--api-home %HOME% start --port 0", 1 },
		{ "--api-home %HOME% start -p65536", 1 },
		{ "--api-home %HOME% --account-type x logout", 0 },
		{ "--api-home %HOME% start -ax", 1 },
		{ "--api-home %HOME% check-usage", 1 },
		{ "--api-home %HOME% -g ghp_x check-usage", 1 },
		{ "check-usage -gghp_x --api-home %HOME%", 1 },
		{ "start --api-home %HOME% -H 192.0.2.1", 1 },
		{ "start --api-home %HOME% -vH 0.0.0.0 -p 39999", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++)
		if (run(t[i].line) != t[i].rc)
			fail_msg("copilot-api %s: not %d", t[i].line, t[i].rc);
}

static void
put_config(const char *text)
{
	struct err err;

	assert_true(files_write(home, "config.json", text, strlen(text),
	    &err));
}

static void
assert_config(const char *want)
{
	struct buf	text = { 0 };
	struct err	err;

	assert_true(files_read(home, "config.json", &text, &err));
	assert_string_equal(buf_str(&text), want);
	buf_finish(&text);
}

/* Unknown keys, the order of keys and the way numbers are written survive. */
static void
test_add_key(void **state)
{
	static const char want[] = "{\n"
	    "  \"zeta\": {\n"
	    "    \"b\": 2.50,\n"
	    "    \"a\": 1e3,\n"
	    "    \"url\": \"https://x/\xc3\xa4\"\n"
	    "  },\n"
	    "  \"auth\": {\n"
	    "    \"adminApiKey\": \"secret\",\n"
	    "    \"apiKeys\": [\n"
	    "      \"old\",\n"
	    "      \"new\"\n"
	    "    ]\n"
	    "  },\n"
	    "  \"alpha\": null,\n"
	    "  \"big\": 18446744073709551615\n"
	    "}\n";
	char		*path = xasprintf("%s/config.json", home);
	struct stat	 st;

	(void)state;
	put_config("{\"zeta\":{\"b\":2.50,\"a\":1e3,\"url\":"
	    "\"https:\\/\\/x/\xc3\xa4\"},\"auth\":{\"adminApiKey\":\"secret\","
	    "\"apiKeys\":[\"old\"]},\"alpha\":null,"
	    "\"big\":18446744073709551615}");
	assert_int_equal(run("--api-home %HOME% auth keys --add --key new"), 0);
	assert_config(want);
	assert_int_equal(run("auth keys --add --key=new --api-home %HOME%"), 0);
	assert_config(want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(path);
}

static void
test_add_first_key(void **state)
{
	static const char want[] = "{\n"
	    "  \"auth\": {\n"
	    "    \"apiKeys\": [\n"
	    "      \"k\"\n"
	    "    ]\n"
	    "  }\n"
	    "}\n";
	static const char *const empty[] = {
		"", "\xef\xbb\xbf", "{}", "{\"auth\":null}", "{\"auth\":{}}",
		"{\"auth\":{\"apiKeys\":[]}}", "{\"auth\":{\"apiKeys\":null}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(empty); i++) {
		put_config(empty[i]);
		assert_int_equal(run("--api-home %HOME% auth keys --add --key k"), 0);
		assert_config(want);
	}
}

/* Without KEY: "sk-" and 48 hex digits, another one each time. */
static void
test_make_key(void **state)
{
	struct conf	*c;
	struct err	 err;
	size_t		 i;

	(void)state;
	put_config("{}");
	assert_int_equal(run("--api-home %HOME% auth keys --add"), 0);
	assert_int_equal(run("--api-home %HOME% auth keys --add --list"), 0);
	c = conf_load(home, NULL, &err);
	assert_non_null(c);
	for (i = 0; i < 2; i++) {
		assert_int_equal(strlen(c->keys[i].key), 51);
		assert_true(util_starts(c->keys[i].key, "sk-"));
		assert_int_equal(strspn(c->keys[i].key + 3,
		    "0123456789abcdef"), 48);
	}
	assert_int_equal(c->nkeys, 2);
	assert_string_not_equal(c->keys[0].key, c->keys[1].key);
	conf_unref(c);
}

/* A broken file and an unusable key change nothing. */
static void
test_refused(void **state)
{
	(void)state;
	put_config("{\"auth\":{\"apiKeys\":[\"k\"]");
	assert_int_equal(run("--api-home %HOME% auth keys --add n"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --list"), 1);
	assert_config("{\"auth\":{\"apiKeys\":[\"k\"]");
	put_config("{}");
	assert_int_equal(run("--api-home %HOME% auth keys --add --key=\xc3\xa4"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --add --key=a\tb"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --add=a\tb"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --add sk-abc"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --remove n"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --add "
	    "--monthly-credits x"), 1);
	assert_int_equal(run("--api-home %HOME% auth keys --key k"), 2);
	assert_config("{}");
}

static void
test_logout(void **state)
{
	static const char *const files[] = {
		"github_token", "copilot_token.json", "models.json"
	};
	struct buf	text = { 0 };
	struct err	err;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(files); i++)
		assert_true(files_write(home, files[i], "x", 1, &err));
	assert_true(files_write(home, "ent_github_token", "x", 1, &err));
	assert_int_equal(run("--api-home %HOME% logout"), 0);
	for (i = 0; i < COUNT(files); i++)
		assert_true(files_read(home, files[i], &text, &err));
	assert_int_equal(text.len, 0);
	assert_true(files_read(home, "ent_github_token", &text, &err));
	assert_int_equal(text.len, 1);
	buf_finish(&text);
	assert_int_equal(run("--api-home %HOME% logout "
	    "--enterprise-url octo.ghe.com"), 0);
	assert_int_equal(run("--api-home %HOME% logout"), 0);
}

static void
test_environment(void **state)
{
	struct cli cli;

	(void)state;
	setenv("COPILOT_API_HOME", home, 1);
	setenv("COPILOT_API_ENTERPRISE_URL", "", 1);
	setenv("GH_TOKEN", "gho_a", 1);
	setenv("COPILOT_API_KEY", "key", 1);
	cli_environment(&cli);
	assert_string_equal(cli.home, home);
	assert_null(cli.override.enterprise_url);
	assert_false(cli_enterprise(&cli));
	assert_string_equal(cli.override.api_key, "key");
	assert_string_equal(cli.github_token, "gho_a");
	assert_string_equal(cli.github_token_from, "GH_TOKEN");
	cli_finish(&cli);
	setenv("COPILOT_API_ENTERPRISE_URL", "octo.ghe.com", 1);
	setenv("COPILOT_API_GITHUB_TOKEN", "ghu_b", 1);
	cli_environment(&cli);
	assert_true(cli_enterprise(&cli));
	assert_string_equal(cli.github_token, "ghu_b");
	assert_string_equal(cli.github_token_from, "COPILOT_API_GITHUB_TOKEN");
	cli_finish(&cli);
}

static void
clear_environment(void)
{
	static const char *const names[] = {
		"COPILOT_API_HOME", "COPILOT_API_ENTERPRISE_URL",
		"COPILOT_API_ACCOUNT_TYPE", "COPILOT_API_GITHUB_TOKEN",
		"COPILOT_API_KEY", "COPILOT_API_HOST", "COPILOT_API_PORT",
		"COPILOT_API_VERBOSE", "GH_TOKEN",
	};
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
}

static int
setup(void **state)
{
	(void)state;
	clear_environment();
	return mkdtemp(home) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return dir_remove(home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_add_key),
		cmocka_unit_test(test_add_first_key),
		cmocka_unit_test(test_make_key),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_environment),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
