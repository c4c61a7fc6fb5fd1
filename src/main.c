/* argv decides: a command, or whatever a web server started us as. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hint.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/parse.h"
#include "server/process.h"
#include "server/serve.h"

/* Where 0, 1 or 2 is closed the next socket would become standard error. */
static void
fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int
serve(void)
{
	struct cli		cli = { 0 };
	struct serve_options	options;
	int			rc;

	cli_environment(&cli);
	hint_init(cli.home, cli.override.enterprise_url);
	options = (struct serve_options){ cli.home, &cli.override,
	    cli.github_token };
	rc = serve_main(&options);
	cli_finish(&cli);
	return rc;
}

int
main(int argc, char **argv)
{
	int	 rc;
	char	*home;

	fill_descriptors();
	log_init();
	/*
	 * GATEWAY_INTERFACE first: a query without '=' reaches a CGI program as
	 * arguments (RFC 3875, 4.4), and no client may run a command.
	 */
	if (getenv("GATEWAY_INTERFACE") == NULL && argc > 1) {
		rc = cli_main(argc, argv);
	} else if (process_wanted() || getenv("GATEWAY_INTERFACE") != NULL ||
	    getenv("REQUEST_METHOD") != NULL) {
		rc = serve();
	} else {
		home = files_home(NULL);
		hint_init(home, NULL);
		free(home);
		fprintf(stderr, "usage: %s start    (%s --help tells more)\n",
		    hint_program(), hint_program());
		rc = 2;
	}
	return rc;
}
