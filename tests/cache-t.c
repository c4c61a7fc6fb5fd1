/* Which conversation a request is part of; up to where its prompt is kept. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/exchange.h"
#include "api/interaction.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/mac.h"
#include "base/util.h"
#include "copilot/models.h"
#include "server/route.h"
#include "turn/cache-marks.h"
#include "turn/turn.h"

static json_object *
parse(const char *text)
{
	json_object *obj = js_parse_quiet(text, strlen(text));

	assert_non_null(obj);
	return obj;
}

/* --- HMAC: cases 1, 2, 3 and 6 of RFC 4231. */

static void
assert_mac(const char *key, const char *data, const char *want)
{
	struct mac	m;
	uint8_t		out[MAC_SIZE];
	char		hex[2 * MAC_SIZE + 1];
	size_t		i;

	mac_begin(&m, key);
	mac_add(&m, data, strlen(data) / 2);
	mac_add(&m, data + strlen(data) / 2, strlen(data) - strlen(data) / 2);
	mac_end(&m, out);
	for (i = 0; i < MAC_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", out[i]);
	assert_string_equal(hex, want);
}

static void
test_mac(void **state)
{
	char key[132], data[51];

	(void)state;
	memset(key, 0x0b, 20);
	key[20] = '\0';
	assert_mac(key, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	assert_mac("Jefe", "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	key[20] = '\0';
	memset(data, 0xdd, 50);
	data[50] = '\0';
	assert_mac(key, data, "773ea91e36800e46854db8ebd09181a7"
	    "2959098b3ef8c122d9635514ced565fe");
	memset(key, 0xaa, sizeof(key));
	key[131] = '\0';
	assert_mac(key, "Test Using Larger Than Block-Size Key - Hash Key "
	    "First", "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
}

/* --- Interactions. */

/* What a request with these headers and this body is part of. */
static char *
part_of(const char *key, const char *headers, const char *body,
    const char *conversation, const char *previous, bool on)
{
	struct exchange	*x = exchange_create();
	struct conf	 conf = { .prompt_cache = on };
	json_object	*obj = parse(body);
	char		*env[16], *text = xstrdup(headers), *p, *id;
	size_t		 n = 0;

	for (p = strtok(text, "\n"); p != NULL; p = strtok(NULL, "\n"))
		env[n++] = p;
	env[n] = NULL;
	request_init(&x->req, env, route_is_head);
	x->conf = &conf;
	x->key = key;
	interaction_find(x, obj, conversation, previous);
	id = xstrdup(x->call.interaction);
	x->conf = NULL;
	exchange_destroy(x);
	json_object_put(obj);
	free(text);
	return id;
}

static char *
of_body(const char *body)
{
	return part_of("key", "", body, NULL, NULL, true);
}

static char *
of_headers(const char *headers)
{
	return part_of("key", headers, "{\"prompt_cache_key\":\"k\"}", NULL,
	    NULL, true);
}

static void
assert_same(char *a, char *b)
{
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void
assert_other(char *a, char *b)
{
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

#define M(more) "{\"messages\":[{\"role\":\"system\",\"content\":\"S\"}," \
    "{\"role\":\"user\",\"content\":\"A\"}" more "]}"

static void
test_heads(void **state)
{
	(void)state;
	/* Whatever follows the first message. */
	assert_same(of_body(M("")), of_body(M(
	    ",{\"role\":\"assistant\",\"content\":\"x\"},"
	    "{\"role\":\"user\",\"content\":\"y\"}")));
	/* The form of a text doesn't matter, nor a mark on it. */
	assert_same(of_body(M("")), of_body("{\"messages\":["
	    "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"S\"}]},{\"content\":[{\"type\":\"text\",\"text\":\"A\","
	    "\"cache_control\":{\"type\":\"ephemeral\"}}],\"role\":\"user\"}"
	    "]}"));
	assert_other(of_body(M("")), of_body("{\"messages\":["
	    "{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\","
	    "\"content\":\"B\"}]}"));
	assert_other(of_body(M("")), of_body("{\"messages\":["
	    "{\"role\":\"system\",\"content\":\"SA\"},{\"role\":\"user\","
	    "\"content\":\"\"}]}"));
	/* Responses, and Anthropic's form. */
	assert_same(of_body("{\"instructions\":\"S\",\"input\":\"A\"}"),
	    of_body("{\"instructions\":\"S\",\"input\":[{\"role\":\"user\","
	    "\"content\":\"A\"},{\"type\":\"reasoning\"}]}"));
	assert_same(of_body("{\"system\":[{\"text\":\"S\"}],\"messages\":["
	    "{\"role\":\"user\",\"content\":\"A\"}]}"), of_body(M("")));
	assert_other(of_body("{\"input\":\"A\"}"), of_body("{\"input\":"
	    "\"B\"}"));
	/* Anything is part of something. */
	free(of_body("{}"));
	free(of_body("{\"messages\":[null,1,{\"role\":\"user\",\"content\":"
	    "{}}],\"input\":7,\"metadata\":[],\"instructions\":[[]]}"));
}

static void
test_keys(void **state)
{
	char *id = of_body(M(""));

	(void)state;
	assert_int_equal(strlen(id), 36);
	assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
	assert_true(id[8] == '-' && id[13] == '-' && id[14] == '4' &&
	    id[18] == '-' && strchr("89ab", id[19]) != NULL && id[23] == '-');
	/* The same on every host, today and tomorrow. */
	assert_string_equal(id, "383931d4-ab66-4d84-b6b8-31912e208531");
	assert_other(id, part_of("other", "", M(""), NULL, NULL, true));
	assert_other(of_body(M("")), part_of(NULL, "", M(""), NULL, NULL,
	    true));
}

/* The best name of a session counts. */
static void
test_sessions(void **state)
{
	static const char own[] = "HTTP_X_INTERACTION_ID=My-Id_1";

	(void)state;
	assert_same(of_headers(own), xstrdup("My-Id_1"));
	assert_same(of_headers("HTTP_SESSION_ID=d\nHTTP_X_SESSION_ID=c\n"
	    "HTTP_X_SESSION_AFFINITY=b\nHTTP_X_INTERACTION_ID=a"),
	    xstrdup("a"));
	assert_same(of_headers("HTTP_SESSION_ID=d\nHTTP_X_SESSION_ID=c\n"
	    "HTTP_X_SESSION_AFFINITY=b"),
	    of_headers("HTTP_X_SESSION_AFFINITY=b"));
	assert_same(of_headers("HTTP_X_SESSION_ID=c\nHTTP_SESSION_ID=d"),
	    of_headers("HTTP_X_SESSION_ID=c"));
	assert_same(of_headers("HTTP_X_SESSION_AFFINITY=\nHTTP_SESSION_ID=d"),
	    of_headers("HTTP_SESSION_ID=d"));
	assert_other(of_headers("HTTP_SESSION_ID=d"), of_headers(""));
	assert_same(of_headers(""), of_body("{\"prompt_cache_key\":\"k\","
	    "\"input\":\"A\"}"));
	/* What could break a header is a name like any other. */
	assert_other(of_headers("HTTP_X_INTERACTION_ID=a b"),
	    xstrdup("a b"));
	assert_other(of_headers("HTTP_X_INTERACTION_ID=a b"), of_headers(""));
	assert_same(of_headers("HTTP_X_INTERACTION_ID="), of_headers(""));
	/* Claude Code's, in both of its forms. */
	assert_same(of_body("{\"metadata\":{\"user_id\":"
	    "\"user_1_account_2_session_3\"}}"), of_body("{\"metadata\":{"
	    "\"user_id\":\"{\\\"session_id\\\":\\\"3\\\"}\"},\"input\":"
	    "\"A\"}"));
	assert_same(of_body("{\"metadata\":{\"user_id\":\"bob\"},\"input\":"
	    "\"A\"}"), of_body("{\"input\":\"A\"}"));
}

static void
test_chains(void **state)
{
	(void)state;
	assert_same(part_of("k", "", "{\"input\":\"A\"}", "conv_1", NULL,
	    true), part_of("k", "", "{\"input\":\"B\"}", "conv_1", "p", true));
	assert_same(part_of("k", "", "{}", NULL, "previous", true),
	    xstrdup("previous"));
	assert_other(part_of("k", "", "{\"prompt_cache_key\":\"s\"}", NULL,
	    "previous", true), xstrdup("previous"));
	/* Switched off, only what the client says itself goes on. */
	assert_same(part_of("k", "", M(""), "c", "p", false), xstrdup(""));
	assert_same(part_of("k", "HTTP_X_INTERACTION_ID=a", "{}", NULL, NULL,
	    false), xstrdup("a"));
}

/* --- Marks. */

/*
 * A piece is a letter: s, u, a, t for messages of the system, the user, the
 * assistant and tools; f for a tool. A capital one is marked.
 */
static json_object *
pieces_of(const char *letters, const char *mark)
{
	static const struct {
		char		 c;
		const char	*role;
	} roles[] = {
		{ 's', "system" }, { 'd', "developer" }, { 'u', "user" },
		{ 'a', "assistant" }, { 't', "tool" }, { 'f', NULL },
	};
	json_object	*list = json_object_new_array(), *piece;
	size_t		 i;

	for (; *letters != '\0'; letters++) {
		piece = json_object_new_object();
		for (i = 0; i < COUNT(roles); i++)
			if (roles[i].c == (*letters | 0x20) &&
			    roles[i].role != NULL)
				js_add_str(piece, "role", roles[i].role);
		if ((*letters & 0x20) == 0)
			js_add_take(piece, mark,
			    parse("{\"type\":\"ephemeral\"}"));
		json_object_array_add(list, piece);
	}
	return list;
}

static void
assert_marked(const char *tools, const char *messages, const char *mark,
    bool claude, bool add, const char *want)
{
	json_object		*t = pieces_of(tools, mark);
	json_object		*m = pieces_of(messages, mark), *piece;
	char			 got[64];
	size_t			 i, n = 0, nt = strlen(tools);
	const char		*c;
	struct cache_marks	 changed;

	changed = cache_marks_chat(m, t, claude, add);
	for (i = 0; i < nt + strlen(messages); i++) {
		piece = i < nt ? json_object_array_get_idx(t, i) :
		    json_object_array_get_idx(m, i - nt);
		c = i < nt ? &tools[i] : &messages[i - nt];
		got[n++] = js_has(piece, "copilot_cache_control") ?
		    (char)(*c & ~0x20) : (char)(*c | 0x20);
		assert_false(js_has(piece, "cache_control"));
	}
	got[n] = '\0';
	assert_string_equal(got, want);
	assert_int_equal(changed.tools, strpbrk(tools, "FSDUAT") != NULL ||
	    strncmp(got, tools, nt) != 0);
	json_object_put(t);
	json_object_put(m);
}

static void
test_marks(void **state)
{
	static const struct {
		const char *tools, *messages, *want;
	} own[] = {
		/* The end of this turn, and of the one before. */
		{ "", "u", "U" },
		{ "", "su", "SU" },
		{ "ff", "ssu", "fFsSU" },
		{ "ff", "sdu", "fFsDU" },
		{ "f", "suatt", "FSUatT" },
		{ "f", "suattatt", "FSuatTatT" },
		{ "f", "suatau", "FSuaTaU" },
		{ "", "suaau", "SUaaU" },
		{ "", "sua", "SUA" },
		{ "", "a", "A" },
		{ "", "", "" },
		{ "f", "s", "FS" },
		{ "", "susau", "SuSaU" },
	}, clients[] = {
		{ "F", "suattu", "Fsuattu" },
		{ "f", "Suatt", "fSuatt" },
		{ "FF", "SUATU", "ffsUATU" },	/* four at the most */
	};
	size_t i, k;
	static const char *const names[] = {
		"copilot_cache_control", "cache_control",
	};

	(void)state;
	for (i = 0; i < COUNT(own); i++)
		assert_marked(own[i].tools, own[i].messages, names[0], true,
		    true, own[i].want);
	for (k = 0; k < COUNT(names); k++)
		for (i = 0; i < COUNT(clients); i++)
			assert_marked(clients[i].tools, clients[i].messages,
			    names[k], true, i % 2 == 0, clients[i].want);
	assert_marked("ff", "suatu", names[0], true, false, "ffsuatu");
	for (k = 0; k < COUNT(names); k++)
		assert_marked("fF", "SuatU", names[k], false, true, "ffsuatu");
}

/* A mark may be on a part, or in the tool of a tool. */
static void
test_marked_parts(void **state)
{
	static const char *const marked[] = {
		"{\"content\":[{\"text\":\"a\"},{\"text\":\"b\","
		    "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":"
		    "\"1h\"}}]}",
		"{\"output\":[{\"cache_control\":{\"type\":\"ephemeral\"}}]}",
		("{\"function\":{\"name\":\"f\",\"cache_control\":"
		    "{\"type\":\"ephemeral\"}}}"),
	}, *const not_marked[] = {
		"{\"content\":[{\"text\":\"cache_control\"}]}", "[]", "7",
		"{\"cache_control\":null,\"content\":null,\"function\":[]}",
	};
	json_object	*piece, *list;
	struct buf	 text = { 0 };
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(not_marked); i++) {
		piece = parse(not_marked[i]);
		assert_false(cache_marks_has(piece));
		json_object_put(piece);
	}
	for (i = 0; i < COUNT(marked); i++) {
		piece = parse(marked[i]);
		assert_true(cache_marks_has(piece));
		list = json_object_new_array();
		json_object_array_add(list, piece);
		cache_marks_chat(list, NULL, true, false);
		buf_truncate(&text, 0);
		js_print(list, &text);
		assert_null(strstr(text.p, "\"cache_control\":"));
		assert_non_null(strstr(text.p, "\"copilot_cache_control\":"
		    "{\"type\":\"ephemeral\"}}]"));
		json_object_put(list);
	}
	buf_finish(&text);
}

/* --- prompt_cache_key */

static void
test_cache_key(void **state)
{
	struct model	 m = { .openai = true, .endpoints = MODEL_RESPONSES };
	struct turn	 t = { 0 };
	json_object	*empty = json_object_new_string("");
	json_object	*own = json_object_new_string("k");

	(void)state;
	assert_string_equal(cache_key_for(&m, NULL, "x"), "x");
	assert_string_equal(cache_key_for(&m, empty, "x"), "x");
	assert_null(cache_key_for(&m, own, "x"));
	assert_null(cache_key_for(&m, NULL, NULL));
	assert_null(cache_key_for(NULL, NULL, "x"));
	cache_key_add(&t, &m, "x");
	assert_string_equal(json_object_get_string(t.cache_key), "x");
	cache_key_add(&t, &m, "y");
	assert_string_equal(json_object_get_string(t.cache_key), "x");
	turn_finish(&t);
	m.endpoints = MODEL_CHAT;
	assert_null(cache_key_for(&m, NULL, "x"));
	m = (struct model){ .endpoints = MODEL_RESPONSES };
	assert_null(cache_key_for(&m, NULL, "x"));
	cache_key_add(&t, &m, "x");
	assert_null(t.cache_key);
	json_object_put(empty);
	json_object_put(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marked_parts),
		cmocka_unit_test(test_cache_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
