/* The words of Responses. */
#ifndef RESPONSES_TERMS_H
#define RESPONSES_TERMS_H

struct terms_side;

extern const struct terms_side responses_terms;

#endif
