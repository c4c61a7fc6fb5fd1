/*
 * The knobs that stay turned until the next reset: one JSON object, whose
 * defaults say which members there are and of which type.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "catalog.h"
#include "fake.h"

static const char defaults[] = "{"
    /* login */
    "\"device_interval\":5,\"device_slow_down_interval\":0,"
    "\"device_expires_in\":900,"
    "\"device_script\":[\"pending\",\"slow_down\",\"pending\",\"success\"],"
    "\"login\":\"octo\",\"dead_tokens\":[],"
    /* the token exchange */
    "\"token_expires_in\":1800,\"token_refresh_in\":1500,"
    "\"token_variant\":\"\","
    /* accounts by their GitHub token ("*": any), Apps, Auto; account.c */
    "\"accounts\":{},\"app_id\":\"12345\",\"app_suspended\":false,"
    "\"installations\":[{\"id\":678,\"account\":{\"login\":\"acme\"}}],"
    "\"installation_seconds\":3600,\"installation_generation\":1,"
    "\"clock_offset\":0,\"auto_expires_in\":3600,"
    /* how old Copilot is, and how it is paid */
    "\"copilot\":\"2026-11\",\"seat\":\"plan\",\"credits_used\":120,"
    "\"usage_inside\":false,"
    /* Copilot; 2025-04-01 was retired in February 2026 */
    "\"retired_api_versions\":[\"2025-04-01\"],\"hosts\":[],"
    "\"check_headers\":true,\"prompt_limit\":true,"
    "\"error_content_type\":\"text/plain; charset=utf-8\","
    "\"quota_remaining\":3830,\"quota_reset\":\"2026-07-01T00%3A00%3A00Z\","
    "\"quota_chat\":\"ent=-1&ov=0.0&ovPerm=false&rem=100.0\","
    "\"models_pad\":0,\"bench_models\":[],"
    "\"enabled_models\":[],\"refuse\":{},"
    /* how answers are sent */
    "\"event_ms\":0,\"body_timeout_ms\":60000}";

/* A newcomer sees it work: login at the first poll, words one by one. */
static const char demo[] = "{\"device_interval\":1,"
    "\"device_script\":[\"success\"],\"event_ms\":30,"
    "\"login\":\"demo-user\"}";

json_object *
settings_default(const struct fake *f)
{
	json_object *set = js_parse_quiet(defaults, sizeof(defaults) - 1);
	json_object *more;

	if (f->demo) {
		more = js_parse_quiet(demo, sizeof(demo) - 1);
		json_object_object_foreach(more, key, value)
			js_add_ref(set, key, value);
		json_object_put(more);
	}
	return set;
}

bool
settings_change(struct fake *f, json_object *changes, struct buf *why)
{
	if (!json_object_is_type(changes, json_type_object) ||
	    changes == NULL) {
		buf_puts(why, "expected an object");
		return false;
	}
	json_object_object_foreach(changes, key, value) {
		if (!js_has(f->set, key) || value == NULL ||
		    json_object_get_type(value) !=
		    json_object_get_type(js_get(f->set, key))) {
			buf_printf(why, "\"%s\": unknown, or the wrong type; "
			    "now it is ", key);
			js_print(f->set, why);
			return false;
		}
	}
	json_object_object_foreach(changes, name, setting)
		js_add_ref(f->set, name, setting);
	catalog_forget(f);		/* some settings shape the list */
	return true;
}

int64_t
setting_int(const struct fake *f, const char *name)
{
	return js_int(f->set, name, 0);
}

bool
setting_bool(const struct fake *f, const char *name)
{
	return js_bool(f->set, name, false);
}

const char *
setting_str(const struct fake *f, const char *name)
{
	return js_str(f->set, name);
}

bool
setting_new(const struct fake *f)
{
	return strcmp(setting_str(f, "copilot"), "2026-03") != 0;
}

bool
setting_lists(const struct fake *f, const char *name, const char *value)
{
	json_object	*list = js_array(f->set, name);
	const char	*s;
	size_t		 i;

	for (i = 0; i < js_len(list); i++) {
		s = json_object_get_string(json_object_array_get_idx(list, i));
		if (s != NULL && strcmp(s, value) == 0)
			return true;
	}
	return false;
}
