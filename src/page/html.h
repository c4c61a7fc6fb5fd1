/* Pieces of HTML. Nothing of what others wrote is printed without these. */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include <stdint.h>

struct buf;

/* Text, for between tags and for attributes in double quotes. NULL is "". */
void	html_text(struct buf *, const char *);
/* <TAG>text</TAG> */
void	html_element(struct buf *, const char *tag, const char *text);
/* A cell of a table; numbers stand on the right. */
void	html_cell(struct buf *, const char *text);
void	html_number(struct buf *, const char *text);
/* "12,345,678" */
void	html_count(int64_t n, char out[static 32]);
/* Credits, "1,234.5"; and as a cell. */
void	html_credits_cell(struct buf *, int64_t nano);
/* A bar, part of the longest one; decoration beside a number. */
void	html_bar(struct buf *, int64_t n, int64_t most);

/*
 * A path, decoded, as a mount: without a slash at its end, "" for none. Whoever
 * makes a link to this server chooses it, and it becomes part of commands that
 * are pasted: so all is encoded that means something to a shell, and it begins
 * with one slash, since with two it is another host to a browser.
 */
void	html_mount(struct buf *, const char *path);

#endif
