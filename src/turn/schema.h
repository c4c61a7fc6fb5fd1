/* JSON Schema as a family of models takes it. */
#ifndef TURN_SCHEMA_H
#define TURN_SCHEMA_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Gemini takes a subset (its Schema is OpenAPI 3.0's): one type and "nullable"
 * in place of a list of types, items of every array, values of an enumeration
 * that are strings. Changes the schema in place; false: nothing had to be.
 */
bool	schema_for_gemini(json_object *schema);

#endif
