/* The page works without this: it keeps the key in the tab, and copies. */
"use strict";
(() => {
	const NAME = "copilot-api-key";
	const enter = document.getElementById("enter");
	const again = document.getElementById("again");
	const leave = document.getElementById("leave");

	if (document.getElementById("wrong"))
		sessionStorage.removeItem(NAME);
	if (enter && sessionStorage.getItem(NAME)) {
		enter.elements.key.value = sessionStorage.getItem(NAME);
		enter.submit();
	}
	if (again)
		sessionStorage.setItem(NAME, again.elements.key.value);
	if (leave)
		leave.addEventListener("click", () => sessionStorage.removeItem(NAME));

	const key = sessionStorage.getItem(NAME);
	for (const button of document.querySelectorAll("button.copy")) {
		const pre = button.closest("details").querySelector("pre");

		button.hidden = false;
		button.addEventListener("click", async () => {
			const text = pre.textContent;

			await navigator.clipboard.writeText(key ? text.replaceAll("YOUR-KEY", key) : text);
			button.textContent = "Copied";
			setTimeout(() => { button.textContent = "Copy"; }, 1500);
		});
	}
})();
