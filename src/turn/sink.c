/* An answer in no API's words: what a stage leaves out is the next one's. */
#include "config.h"

#include "turn/sink.h"

bool
sink_head(struct sink *s, const struct sink_head *head, struct buf *out,
    struct err *err)
{
	while (s != NULL && s->ops->head == NULL)
		s = s->next;
	return s == NULL || s->ops->head(s, head, out, err);
}

bool
sink_begin(struct sink *s, size_t item, const struct sink_item *is,
    struct buf *out, struct err *err)
{
	for (;; s = s->next) {
		if (item != s->begun)
			return true;
		s->begun++;
		if (s->ops->begin != NULL)
			return s->ops->begin(s, item, is, out, err);
	}
}

bool
sink_delta(struct sink *s, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	while (s->ops->delta == NULL)
		s = s->next;
	return item >= s->begun || s->ops->delta(s, item, d, out, err);
}

bool
sink_seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	while (s->ops->seal == NULL)
		s = s->next;
	return item >= s->begun || s->ops->seal(s, item, form, text, out, err);
}

bool
sink_source(struct sink *s, size_t item, const struct sink_source *source,
    struct buf *out, struct err *err)
{
	while (s != NULL && s->ops->source == NULL)
		s = s->next;
	return s == NULL || item >= s->begun ||
	    s->ops->source(s, item, source, out, err);
}

bool
sink_end(struct sink *s, size_t item, bool cut, struct buf *out,
    struct err *err)
{
	while (s->ops->end == NULL)
		s = s->next;
	return item >= s->begun || s->ops->end(s, item, cut, out, err);
}

bool
sink_finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	while (s->ops->finish == NULL)
		s = s->next;
	return s->ops->finish(s, end, out, err);
}

void
sink_fail(struct sink *s, const struct err *why, struct buf *out)
{
	while (s->ops->fail == NULL)
		s = s->next;
	s->ops->fail(s, why, out);
}

bool
sink_filler(struct sink *s, struct buf *out)
{
	while (s != NULL && s->ops->filler == NULL)
		s = s->next;
	return s != NULL && s->ops->filler(s, out);
}

bool
sink_over(struct sink *s)
{
	for (; s != NULL; s = s->next)
		if (s->ops->over != NULL && s->ops->over(s))
			return true;
	return false;
}

bool
sink_keeps(struct sink *s)
{
	for (; s != NULL; s = s->next)
		if (s->ops->keeps != NULL && s->ops->keeps(s))
			return true;
	return false;
}

void
sink_keep(struct sink *s)
{
	for (; s != NULL; s = s->next)
		if (s->ops->keep != NULL && s->ops->keeps(s))
			s->ops->keep(s);
}

void
sink_destroy(struct sink *s)
{
	struct sink *next;

	for (; s != NULL; s = next) {
		next = s->next;
		s->ops->destroy(s);
	}
}
