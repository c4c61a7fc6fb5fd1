/* The page that browsers get at "/", and what belongs to it. */
#ifndef PAGE_H
#define PAGE_H

#include "api/exchange.h"

/*
 * GET and POST of "/". A browser gets the page; others one line. Where there
 * are client keys the page is a form first, which posts one as "key"; no
 * cookie, and no address, ever holds it.
 */
exchange_handler page_root;
exchange_handler page_style;		/* GET /page.css */
exchange_handler page_script;		/* GET /page.js */

#endif
