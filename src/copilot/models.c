/* The list of models that the account can use. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/call.h"
#include "copilot/card.h"
#include "copilot/models.h"

/*
 * OpenAI's list says when a model was created, Copilot's does not. A date in
 * the model's version or id serves, else this fixed one: 2025-01-01.
 */
#define CREATED_UNKNOWN 1735689600

#define HEADERS_MAX 32	/* request_headers of one model; none has a handful */

/*
 * A list is read on the loop, and each request looks through it: so many take
 * a tenth of a second. One of 41 models has 4,000. A container counts as
 * several.
 */
#define LIST_VALUES	(1u << 18)

/* --- Names with dates. */

static bool
all_digits(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* Where "-20250929" or "-2025-08-07" at the end begins, else the length. */
static size_t
date_at(const char *s)
{
	size_t n = strlen(s);

	if (n > 11 && s[n - 11] == '-' && all_digits(s + n - 10, 4) &&
	    s[n - 6] == '-' && all_digits(s + n - 5, 2) && s[n - 3] == '-' &&
	    all_digits(s + n - 2, 2))
		return n - 11;
	if (n > 9 && s[n - 9] == '-' && util_starts(s + n - 8, "20") &&
	    all_digits(s + n - 8, 8))
		return n - 9;
	return n;
}

/* The date at the end of a name as Unix time, -1 when it has none. */
static int64_t
date_of(const char *s)
{
	size_t		 at = date_at(s);
	struct tm	 tm = { 0 };
	const char	*end;

	if (s[at] == '\0')
		return -1;
	end = strptime(s + at, strlen(s + at) == 11 ? "-%Y-%m-%d" : "-%Y%m%d",
	    &tm);
	return end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}

/* Are the first n bytes this id, a dot being as good as a dash? */
static bool
same_name(const char *name, size_t n, const char *id)
{
	size_t i;

	if (strlen(id) != n)
		return false;
	for (i = 0; i < n; i++)
		if ((name[i] == '.' ? '-' : name[i]) !=
		    (id[i] == '.' ? '-' : id[i]))
			return false;
	return true;
}

bool
model_by_messages(const struct model *m, const struct conf *conf)
{
	return m != NULL && (m->endpoints & MODEL_MESSAGES) != 0 &&
	    (conf->claude_upstream == NULL ||
	    strcmp(conf->claude_upstream, "messages") == 0);
}

const struct model *
models_find(const struct models *models, const char *id)
{
	size_t i;

	for (i = 0; models != NULL && i < models->n; i++)
		if (strcmp(models->list[i].id, id) == 0)
			return &models->list[i];
	return NULL;
}

static const struct model *
find_similar(const struct models *models, const char *name, size_t n)
{
	const struct model	*found = NULL;
	size_t			 i;

	for (i = 0; i < models->n; i++) {
		if (!same_name(name, n, models->list[i].id))
			continue;
		if (found != NULL)
			return NULL;
		found = &models->list[i];
	}
	return found;
}

/* By the name that people see; NULL when two models have it. */
static const struct model *
find_shown(const struct models *models, const char *name)
{
	const struct model	*found = NULL;
	size_t			 i;

	for (i = 0; i < models->n; i++) {
		if (models->list[i].name == NULL ||
		    strcasecmp(name, models->list[i].name) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &models->list[i];
	}
	return found;
}

static const struct model *
resolve(const struct models *models, const char *name)
{
	const struct model	*m;
	size_t			 at = date_at(name);
	char			*bare;

	if ((m = models_find(models, name)) != NULL ||
	    (m = find_similar(models, name, strlen(name))) != NULL)
		return m;
	if (name[at] == '\0')
		return find_shown(models, name);
	bare = xstrndup(name, at);
	if ((m = models_find(models, bare)) == NULL)
		m = find_similar(models, bare, at);
	free(bare);
	return m;
}

/* It doesn't talk: embeddings, images. */
static bool
is_for_more(const struct model *m)
{
	return m->endpoints != 0 && (m->endpoints &
	    (MODEL_CHAT | MODEL_RESPONSES | MODEL_MESSAGES)) == 0;
}

const struct model *
models_resolve(const struct models *models, const char *name)
{
	const struct model	*m;
	bool			 is_auto = strcmp(name, MODEL_AUTO) == 0;

	if (models == NULL)
		return NULL;
	if (is_auto && models->chosen == NULL)
		return &models->list[models->n - models->auto_only];
	m = is_auto ? NULL : resolve(models, name);
	if (models->chosen == NULL || (m != NULL && (!models->auto_only ||
	    is_for_more(m))))
		return m;
	return models->chosen;
}

/* --- One entry of upstream's list. */

static char *
dup_member(json_object *obj, const char *key)
{
	const char *s = js_str(obj, key);

	return xstrdup(s != NULL ? s : "");
}

static int64_t
limit_of(json_object *obj, const char *key)
{
	int64_t n = js_int(obj, key, 0);

	return n > 0 ? n : 0;
}

static const struct {
	const char	*name;
	unsigned	 bit;
} endpoint_names[] = {
	{ "/chat/completions",		MODEL_CHAT },
	{ "/v1/chat/completions",	MODEL_CHAT },
	{ "/responses",			MODEL_RESPONSES },
	{ "/v1/responses",		MODEL_RESPONSES },
	{ "/v1/messages",		MODEL_MESSAGES },
	{ "/embeddings",		MODEL_EMBEDDINGS },
	{ "/v1/embeddings",		MODEL_EMBEDDINGS },
	{ "/images/generations",	MODEL_IMAGES },
	{ "/v1/images/generations",	MODEL_IMAGES },
	{ "/images/edits",		MODEL_IMAGE_EDITS },
	{ "/v1/images/edits",		MODEL_IMAGE_EDITS }
};

void
models_endpoints(const struct model *m, const char *separator,
    struct buf *out)
{
	static const struct {
		unsigned	 bit;
		const char	*name;
	} shown[] = {
		{ MODEL_CHAT, "chat" }, { MODEL_RESPONSES, "responses" },
		{ MODEL_MESSAGES, "messages" },
		{ MODEL_EMBEDDINGS, "embeddings" }, { MODEL_IMAGES, "images" },
		{ MODEL_IMAGE_EDITS, "image-edits" },
	};
	const char	*before = "";
	size_t		 i;

	for (i = 0; i < COUNT(shown); i++)
		if ((m->endpoints & shown[i].bit) != 0) {
			buf_printf(out, "%s%s", before, shown[i].name);
			before = separator;
		}
}

static unsigned
endpoint_bit(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < COUNT(endpoint_names); i++)
		if (strcmp(name, endpoint_names[i].name) == 0)
			return endpoint_names[i].bit;
	return 0;
}

/* Older models say no endpoints: then their type decides. */
static unsigned
endpoints_of(json_object *entry, json_object *capabilities)
{
	json_object	*list = js_array(entry, "supported_endpoints");
	unsigned	 bits = 0;
	size_t		 i;

	for (i = 0; i < js_len(list); i++)
		bits |= endpoint_bit(json_object_get_string(
		    json_object_array_get_idx(list, i)));
	if (js_len(list) > 0)
		return bits;
	if (js_is(capabilities, "type", "embeddings"))
		return MODEL_EMBEDDINGS;
	return js_is(capabilities, "type", "completion") ? 0 : MODEL_CHAT;
}

static char **
strings_of(json_object *array)
{
	size_t		  n = js_len(array), i, k = 0;
	char		**list = xcalloc(n + 1, sizeof(*list));
	json_object	 *v;

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(array, i);
		if (v != NULL && json_object_is_type(v, json_type_string))
			list[k++] = xstrdup(json_object_get_string(v));
	}
	return list;
}

/* RFC 9110: a token, and a value that cannot end the line. */
static bool
header_is_sound(const char *name, const char *value, size_t len)
{
	size_t i;

	if (*name == '\0' || strlen(value) != len)
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) &&
		    strchr("!#$%&'*+-.^_`|~", *name) == NULL)
			return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return false;
	return true;
}

static char **
headers_of(json_object *obj)
{
	char	**list = xcalloc(HEADERS_MAX + 1, sizeof(*list));
	size_t	  n = 0;

	if (obj == NULL)
		return list;
	json_object_object_foreach(obj, name, v) {
		const char *value = json_object_is_type(v, json_type_string) &&
		    v != NULL ? json_object_get_string(v) : NULL;

		if (value != NULL && n < HEADERS_MAX &&
		    !copilot_call_sets(name) && header_is_sound(name, value,
		    (size_t)json_object_get_string_len(v)))
			list[n++] = xasprintf("%s: %s", name, value);
	}
	return list;
}

/* "Azure OpenAI" -> "openai", "xAI" -> "xai", nothing -> "github-copilot". */
static char *
owner_of(const struct model *m)
{
	char *s, *p;

	if (m->openai)
		return xstrdup("openai");
	s = xstrdup(m->vendor[0] != '\0' ? m->vendor : "github-copilot");
	for (p = s; *p != '\0'; p++)
		*p = *p == ' ' ? '-' : (char)tolower((unsigned char)*p);
	return s;
}

static int64_t
created_of(const struct model *m)
{
	int64_t t = date_of(m->version);

	if (t < 0)
		t = date_of(m->id);
	return t > 0 ? t : CREATED_UNKNOWN;
}

/* Members of upstream that clients find useful, as they came. */
static const char *const passed_on[] = {
	"name", "vendor", "version", "preview", "model_picker_enabled",
	"model_picker_category", "is_chat_default", "is_chat_fallback",
	"supported_endpoints", "capabilities", "billing"
};

/* Chat completions upstream take no PDF, whatever the list says of a model. */
static bool
takes_pdf(const struct model *m)
{
	size_t i;

	if ((m->endpoints & (MODEL_RESPONSES | MODEL_MESSAGES)) == 0)
		return false;
	for (i = 0; m->image_types[i] != NULL; i++)
		if (strcmp(m->image_types[i], "application/pdf") == 0)
			return true;
	return false;
}

/* The window has the answer in it, too. */
static void
add_card(json_object *obj, const struct model *m, json_object *entry)
{
	struct card c = {
		.context = m->max_context_window_tokens,
		.output = m->max_output_tokens,
		.vectors = m->endpoints == MODEL_EMBEDDINGS,
		.image = m->vision,
		.pdf = takes_pdf(m),
		.tools = m->tool_calls,
		.parallel = m->parallel_tool_calls,
		.schema = m->structured_outputs,
		.thinks = *m->reasoning_effort != NULL
	};

	if (c.context == 0 && m->max_prompt_tokens > 0)
		c.context = m->max_prompt_tokens + m->max_output_tokens;
	card_add(obj, &c, entry);
}

/* OpenAI's four members first, then what Copilot adds, and a card. */
static char *
model_json(const struct model *m, json_object *entry)
{
	json_object	*obj = json_object_new_object(), *policy;
	char		*owner = owner_of(m);
	struct buf	 out = { 0 };
	size_t		 i;

	js_add_str(obj, "id", m->id);
	js_add_str(obj, "object", "model");
	js_add_int(obj, "created", m->created);
	js_add_str(obj, "owned_by", owner);
	js_add_str(obj, "display_name", m->name[0] != '\0' ? m->name : m->id);
	for (i = 0; i < COUNT(passed_on); i++)
		if (js_get(entry, passed_on[i]) != NULL)
			js_add_ref(obj, passed_on[i],
			    js_get(entry, passed_on[i]));
	add_card(obj, m, entry);
	if (js_str(js_obj(entry, "policy"), "state") != NULL) {
		policy = json_object_new_object();
		js_add_ref(policy, "state",
		    js_get(js_obj(entry, "policy"), "state"));
		js_add_take(obj, "policy", policy);
	}
	js_print(obj, &out);
	json_object_put(obj);
	free(owner);
	return buf_steal(&out);
}

static void
model_supports(struct model *m, json_object *capabilities)
{
	json_object *can = js_obj(capabilities, "supports");
	json_object *limits = js_obj(capabilities, "limits");
	json_object *vision = js_obj(limits, "vision");

	m->streaming = js_bool(can, "streaming", false);
	m->tool_calls = js_bool(can, "tool_calls", false);
	m->parallel_tool_calls = js_bool(can, "parallel_tool_calls", false);
	m->vision = js_bool(can, "vision", false);
	m->structured_outputs = js_bool(can, "structured_outputs", false);
	m->dimensions = js_bool(can, "dimensions", false);
	m->adaptive_thinking = js_bool(can, "adaptive_thinking", false);
	m->context_editing = js_bool(can, "context_editing", false);
	m->tool_search = js_bool(can, "tool_search", false);
	m->min_thinking_budget = limit_of(can, "min_thinking_budget");
	m->max_thinking_budget = limit_of(can, "max_thinking_budget");
	m->reasoning_effort = strings_of(js_array(can, "reasoning_effort"));
	m->max_output_tokens = limit_of(limits, "max_output_tokens");
	m->max_prompt_tokens = limit_of(limits, "max_prompt_tokens");
	m->max_context_window_tokens =
	    limit_of(limits, "max_context_window_tokens");
	m->max_inputs = limit_of(limits, "max_inputs");
	m->max_prompt_image_size = limit_of(vision, "max_prompt_image_size");
	m->max_prompt_images = limit_of(vision, "max_prompt_images");
	m->image_types = strings_of(js_array(vision, "supported_media_types"));
}

/*
 * Which quota a request to it is counted on. Since 2026-06 the list has prices
 * for tokens in place of the word; all that has a price is premium.
 */
static bool
is_premium(json_object *billing)
{
	return js_bool(billing, "is_premium",
	    js_obj(billing, "token_prices") != NULL);
}

#define BATCH	1e6	/* tokens that a price is for */
#define NANO	1e9	/* nano credits of a credit */

/* Credits of a batch as nano credits of a token; 0 for nonsense. */
static int64_t
price_of(json_object *tier, const char *name, double batch)
{
	double nano = js_double(tier, name, 0) * NANO / batch;

	return nano > 0 && nano < NANO ? (int64_t)(nano + 0.5) : 0;
}

static void
read_prices(struct model_price *p, json_object *tier, double batch)
{
	p->input = price_of(tier, "input_price", batch);
	p->output = price_of(tier, "output_price", batch);
	p->cached = price_of(tier, js_has(tier, "cache_price") ?
	    "cache_price" : "cache_read_price", batch);
	p->write = price_of(tier, "cache_write_price", batch);
	if (p->cached == 0)
		p->cached = p->input;
	if (p->write == 0)
		p->write = p->input;
}

/* Upstream's list says them since 2026-06. */
static void
model_prices(struct model *m, json_object *list)
{
	double batch = js_double(list, "batch_size", BATCH);

	if (!(batch >= 1))
		return;
	read_prices(&m->price, js_obj(list, "default"), batch);
	read_prices(&m->long_price, js_obj(list, "long_context"), batch);
	m->context_max = limit_of(js_obj(list, "default"), "context_max");
}

static void
model_init(struct model *m, json_object *entry)
{
	json_object *capabilities = js_obj(entry, "capabilities");

	m->id = dup_member(entry, "id");
	m->name = dup_member(entry, "name");
	m->vendor = dup_member(entry, "vendor");
	m->version = dup_member(entry, "version");
	m->family = dup_member(capabilities, "family");
	m->openai = strcmp(m->vendor, "OpenAI") == 0 ||
	    strcmp(m->vendor, "Azure OpenAI") == 0;
	m->premium = is_premium(js_obj(entry, "billing"));
	model_prices(m, js_obj(js_obj(entry, "billing"), "token_prices"));
	m->picker = js_bool(entry, "model_picker_enabled", true);
	m->endpoints = endpoints_of(entry, capabilities);
	m->request_headers = headers_of(js_obj(entry, "request_headers"));
	model_supports(m, capabilities);
	m->created = created_of(m);
	m->json = model_json(m, entry);
}

static void
strings_free(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static void
model_finish(struct model *m)
{
	free(m->id);
	free(m->name);
	free(m->vendor);
	free(m->family);
	free(m->version);
	free(m->json);
	strings_free(m->reasoning_effort);
	strings_free(m->image_types);
	strings_free(m->request_headers);
}

/* --- The whole list. */

/*
 * Some ids are there twice. A model whose policy is "disabled" or
 * "unconfigured" answers every request with 403, and those of type
 * "completion" take part in no conversation.
 */
static bool
is_wanted(json_object *entry, json_object *seen)
{
	const char *id = js_str(entry, "id");
	const char *policy = js_str(js_obj(entry, "policy"), "state");

	if (id == NULL || *id == '\0' || js_has(seen, id) ||
	    strcmp(id, MODEL_AUTO) == 0 ||
	    (policy != NULL && strcmp(policy, "enabled") != 0) ||
	    js_is(js_obj(entry, "capabilities"), "type", "completion"))
		return false;
	js_add_null(seen, id);
	return true;
}

/* As able as any: who is chosen in the end is asked once more. */
static const char auto_entry[] = "{\"id\":\"" MODEL_AUTO "\",\"name\":"
    "\"Auto\",\"vendor\":\"GitHub\",\"version\":\"auto\","
    "\"model_picker_enabled\":true,\"supported_endpoints\":"
    "[\"/chat/completions\",\"/responses\"],\"capabilities\":{"
    "\"family\":\"auto\",\"type\":\"chat\",\"limits\":{\"vision\":{"
    "\"supported_media_types\":[\"image/png\",\"image/jpeg\","
    "\"image/webp\",\"image/gif\"]}},\"supports\":{\"streaming\":true,"
    "\"tool_calls\":true,\"parallel_tool_calls\":true,"
    "\"structured_outputs\":true,\"vision\":true}}}";

/*
 * It stands behind the others, and is one of them where nobody may pick any
 * other (Copilot Free and Student, since 2026-06).
 */
static void
add_auto(struct models *models)
{
	json_object	*entry = js_parse_quiet(auto_entry,
			    sizeof(auto_entry) - 1);
	bool		 chat = false, pick = false;
	size_t		 i;

	for (i = 0; i < models->n; i++)
		if (!is_for_more(&models->list[i])) {
			chat = true;
			pick = pick || models->list[i].picker;
		}
	model_init(&models->list[models->n], entry);
	models->auto_only = chat && !pick;
	models->n += models->auto_only;
	json_object_put(entry);
}

/*
 * "client_version_deprecated": our API version will be refused one day. It
 * stands beside the list or in each entry, alone or with a sentence.
 */
static void
note_outdated(struct models *models, json_object *obj)
{
	static const char	 code[] = "client_version_deprecated";
	json_object		*list = js_array(obj, "warning_messages"), *w;
	const char		*text;
	char			 said[200];
	size_t			 i;

	for (i = 0; models->outdated == NULL && i < js_len(list); i++) {
		w = json_object_array_get_idx(list, i);
		text = js_str(w, "message");
		if (!js_is(w, "code", code)) {
			if (!json_object_is_type(w, json_type_string) ||
			    strcmp(json_object_get_string(w), code) != 0)
				continue;
			text = code;
		}
		if (text == NULL)
			text = code;
		text_clean(text, strlen(text), said, sizeof(said));
		models->outdated = xstrdup(said);
	}
}

/* Numbers in a name count as numbers: gpt-5 is before gpt-10. */
static int
by_name(const void *a, const void *b)
{
	const struct model *x = a, *y = b;

	return strverscmp(x->id, y->id);
}

/* Upstream's order changes from fetch to fetch; clients page through ours. */
static void
models_read(struct models *models, json_object *data)
{
	json_object	*seen = json_object_new_object(), *entry;
	size_t		 i, n = js_len(data);

	models->list = xcalloc(n + 1, sizeof(*models->list));
	for (i = 0; i < n; i++) {
		entry = json_object_array_get_idx(data, i);
		note_outdated(models, entry);
		if (is_wanted(entry, seen))
			model_init(&models->list[models->n++], entry);
	}
	qsort(models->list, models->n, sizeof(*models->list), by_name);
	json_object_put(seen);
	add_auto(models);
}

static void
models_print(struct models *models)
{
	struct buf	out = { 0 };
	size_t		i;

	buf_puts(&out, "{\"object\":\"list\",\"data\":[");
	for (i = 0; i < models->n; i++) {
		if (i > 0)
			buf_putc(&out, ',');
		buf_puts(&out, models->list[i].json);
	}
	buf_puts(&out, "]}");
	models->json = buf_steal(&out);
	snprintf(models->etag, sizeof(models->etag), "\"%016llx\"",
	    (unsigned long long)util_hash(models->json));
}

struct models *
models_of(json_object *obj, struct err *err)
{
	struct models *models;

	if (js_array(obj, "data") == NULL) {
		err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "GitHub Copilot's list of models could not be read.");
		return NULL;
	}
	models = xcalloc(1, sizeof(*models));
	models->refs = 1;
	models->fetched_ms = util_now_ms();
	note_outdated(models, obj);
	models_read(models, js_array(obj, "data"));
	models_print(models);
	return models;
}

static bool
is_too_large(const char *text, size_t n)
{
	struct scan_facts f;

	return scan_json(text, n, SCAN_ANY, &f) &&
	    f.values + f.containers * SCAN_CONTAINER > LIST_VALUES;
}

struct models *
models_parse(const char *text, size_t n, struct err *err)
{
	json_object	*obj;
	struct models	*models;

	if (is_too_large(text, n)) {
		err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "GitHub Copilot's list of models is too large.");
		return NULL;
	}
	obj = js_parse_quiet(text, n);
	models = models_of(obj, err);
	json_object_put(obj);
	return models;
}

struct models *
models_ref(const struct models *models)
{
	struct models *m = (struct models *)models;

	if (m != NULL)
		m->refs++;
	return m;
}

/* The list is the base's; only a model that it lacks is its own. */
const struct models *
models_chosen(const struct models *base, const char *text)
{
	struct models	*m = xcalloc(1, sizeof(*m));
	json_object	*entry = js_parse_quiet(text, strlen(text));

	if (base != NULL)
		*m = *base;
	m->base = models_ref(base);
	m->refs = 1;
	m->json = m->outdated = NULL;
	m->chosen = models_find(base, js_str(entry, "id"));
	if (m->chosen == NULL) {
		m->own = xcalloc(1, sizeof(*m->own));
		model_init(m->own, entry);
		m->chosen = m->own;
	}
	json_object_put(entry);
	return m;
}

static void
list_free(struct models *m)
{
	size_t i;

	/* Auto is there, listed or not. */
	for (i = 0; i < m->n + !m->auto_only; i++)
		model_finish(&m->list[i]);
	free(m->list);
}

void
models_unref(const struct models *models)
{
	struct models *m = (struct models *)models;

	if (m == NULL || --m->refs > 0)
		return;
	if (m->part)
		free(m->list);
	else if (m->chosen == NULL)
		list_free(m);
	if (m->own != NULL)
		model_finish(m->own);
	models_unref(m->base);
	free(m->own);
	free(m->json);
	free(m->outdated);
	free(m);
}

const struct models *
models_filter(const struct models *all,
    bool (*wanted)(const struct model *, const void *), const void *arg)
{
	struct models	*part;
	size_t		 i;

	if (all == NULL)
		return NULL;
	part = xcalloc(1, sizeof(*part));
	part->refs = 1;
	part->part = true;
	part->base = models_ref(all);
	part->fetched_ms = all->fetched_ms;
	part->auto_only = all->auto_only;
	part->list = xcalloc(all->n + 1, sizeof(*part->list));
	for (i = 0; i < all->n; i++)
		if (wanted(&all->list[i], arg))
			part->list[part->n++] = all->list[i];
	if (!all->auto_only)
		part->list[part->n] = all->list[all->n];
	models_print(part);
	return part;
}
