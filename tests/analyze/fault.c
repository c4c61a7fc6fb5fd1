/* What each analyzer has to find in "make analyze"; nothing compiles this. */
#include <stdlib.h>

int	fault(int);

int
fault(int n)
{
	int	*p = n > 1 ? NULL : &n;
	int	 a[2];

	a[2] = n;
	return *p + a[0] / (n - n);
}
