/* Errors about "input" in the client's terms. */
#include "config.h"

#include "api/stored-terms.h"
#include "turn/terms.h"

void
stored_terms(size_t n, const char *by, struct err *err)
{
	terms_shift("input", n, by, err);
}
