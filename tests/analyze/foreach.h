/*
 * For cppcheck, which reads no header of a library: json-c's loop over an
 * object. A -D can't say it, since cppcheck splits that at each semicolon.
 */
#define json_object_object_foreach(o, k, v)				\
	for (char *k = some_key(o); k; k = some_key(o))			\
		for (struct json_object *v = some_value(o); v;		\
		    v = some_value(o))
