/* The certificates that the system trusts. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/trust.h"
#include "base/util.h"

#define BEGIN		"-----BEGIN "
#define HASH_DIGITS	8
#define LINE_SIZE	512

/* "5ed36f99.0" */
static bool
is_hashed(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == HASH_DIGITS && name[n] == '.' &&
	    isdigit((unsigned char)name[n + 1]);
}

/* -1 when it can't be read. */
static long
in_dir(const char *path)
{
	struct dirent	*e;
	DIR		*dir = opendir(path);
	long		 n = 0;

	if (dir == NULL)
		return -1;
	while ((e = readdir(dir)) != NULL)
		n += is_hashed(e->d_name);
	closedir(dir);
	return n;
}

/* Certificates that are trusted with restrictions begin with another word. */
static long
in_file(const char *path)
{
	char	 line[LINE_SIZE];
	FILE	*f = fopen(path, "re");
	long	 n = 0;

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		n += line[0] == '-' && util_starts(line, BEGIN) &&
		    strstr(line, "CERTIFICATE-----") != NULL;
	fclose(f);
	return n;
}

bool
trust_has_all(const char *dir, const char *file)
{
	long n = in_file(file);

	return n > 0 && in_dir(dir) >= n;
}
