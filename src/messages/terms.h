/* The words of Anthropic's Messages. */
#ifndef MESSAGES_TERMS_H
#define MESSAGES_TERMS_H

struct terms_side;

extern const struct terms_side messages_terms;

#endif
