/* Vocabularies of data/ as read-only data; vocabulary.c says what is in them. */
	.section .rodata
	.macro	file name, path
	.globl	\name
	.type	\name, %object
	.balign	16
\name:
	.incbin	"\path"
	.size	\name, . - \name
	.endm

	file	vocabulary_o200k_data, o200k_base.bin
	file	vocabulary_letters, letters.bin

	.section .note.GNU-stack, "", %progbits
