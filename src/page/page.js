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

	/* A code was shown: look now and then whether it was entered. */
	const check = document.getElementById("check");
	const look = async () => {
		const body = new URLSearchParams({ key: check.elements.key.value, signin: "check" });
		const headers = { accept: "text/html" };

		if (!check.isConnected)
			return;
		try {
			const reply = await fetch("", { method: "POST", headers, body });
			const page = new DOMParser().parseFromString(await reply.text(), "text/html");
			const section = page.getElementById("signin");

			if (section && section.dataset.done)
				again.submit();
			else if (section && !page.getElementById("check"))
				document.getElementById("signin").replaceWith(section);
		} catch {
			/* It will be back. */
		}
		setTimeout(look, check.dataset.every * 1000);
	};
	if (check)
		setTimeout(look, check.dataset.every * 1000);

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
