/* data/cl100k_base.bin as read-only data; cl100k.c says what is in it. */
	.section .rodata
	.globl	cl100k_data
	.type	cl100k_data, %object
	.balign	16
cl100k_data:
	.incbin	"cl100k_base.bin"
	.size	cl100k_data, . - cl100k_data

	.section .note.GNU-stack, "", %progbits
