/* page.css and page.js as read-only data, for page.c. */
	.section .rodata
	.globl	page_css, page_css_end, page_js, page_js_end
	.type	page_css, %object
	.type	page_js, %object
page_css:
	.incbin	"page.css"
page_css_end:
	.byte	0
page_js:
	.incbin	"page.js"
page_js_end:
	.byte	0
	.size	page_css, page_css_end - page_css
	.size	page_js, page_js_end - page_js

	.section .note.GNU-stack, "", %progbits
