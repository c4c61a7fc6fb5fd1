/* The result of looking something up. */
#ifndef FOUND_H
#define FOUND_H

enum stored_found {
	STORED_TROUBLE,		/* it could not be looked up: logged */
	STORED_NONE,		/* the owner has none of that id */
	STORED_FULL,		/* there is no room for what was to be added */
	STORED_FOUND
};

#endif
