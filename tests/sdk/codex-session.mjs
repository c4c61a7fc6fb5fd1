// A long session of Codex that is compacted again and again: the newest one, and
// older ones where they are installed (more/package.json).
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { config, environment, execute } from "./codex-run.mjs";
import { assert, fake, run, test } from "./lib.mjs";

const binary = "vendor/x86_64-unknown-linux-musl/codex/codex";
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const all = process.env.SDK_ALL !== undefined;
const turns = all ? 60 : 8;

// Of each a year's quarter or so apart; without the older ones the newest runs.
const versions = { newest: [process.execPath,
    here("node_modules/@openai/codex/bin/codex.js")] };

for (const v of all ? ["0.130", "0.98", "0.72", "0.47"] : []) {
	const path = here(`more/codex-${v}/${binary}`);

	if (existsSync(path))
		versions[v] = [path];
}

const asked = ["/responses", "/chat/completions", "/v1/messages"];

async function requests()
{
	const found = [];

	for (const path of asked)
		found.push(...await fake.requests(path));
	return found;
}

const nameOf = (tool) => tool.name ?? tool.function?.name;

// What its shell is called with, by the names that it has had.
const shells = {
	exec_command: (cmd) => ({ cmd }),
	shell_command: (command) => ({ command }),
	shell: (cmd) => ({ command: ["bash", "-c", cmd] }),
};

function shellOf(request)
{
	const { tools, input } = request.json;
	const more = (input ?? []).flatMap((i) => i.tools ?? []);
	const names = [...tools ?? [], ...more].map(nameOf);
	const name = Object.keys(shells).find((n) => names.includes(n));

	assert(name, names.join(" "));
	return [name, shells[name]];
}

// Ours asks for a summary at the end; so does Codex where it does it by itself.
function isCompaction({ json })
{
	const last = JSON.stringify((json.input ?? json.messages).at(-1));

	return /Write a summary|CONTEXT CHECKPOINT|memento/.test(last);
}

// Every turn runs a command that says much, so that the limit is reached every
// few of them: what Codex itself begins with takes about half of it. Behind a
// compaction older ones also keep 20000 tokens of what the user said, in which
// 0.47 counts its own earlier summaries: with a limit of 30000 that compacts
// before each request, and with 20000 it gives up in the eighth turn. 0.98 says
// more at each "resume" that stays behind a compaction: 1150 tokens, with which
// 60 turns come to compact before each request below some 70000.
const limits = { newest: 20000, "0.130": 20000, "0.98": 75000, "0.72": 45000,
    "0.47": 45000 };
const command = (n) => `seq -s " " ${n}000 ${n}999; echo end-${n}`;

async function session(program, model, home)
{
	const options = { cwd: home, env: environment(home) };
	const ask = async (prompt, ...more) => execute(program, ["exec",
	    "--json", "--skip-git-repo-check", ...more, prompt], options);
	const first = await ask("Hi!");

	assert.equal(first.status, 0, first.out + first.err);
	const id = /"thread_id":"([^"]+)"/.exec(first.out)[1];
	const [name, args] = shellOf((await requests())[0]);

	for (let n = 1; n <= turns; n++) {
		const { status, out, err } = await ask(`call ${name} with ` +
		    JSON.stringify(args(command(n))), "resume", id);

		assert.equal(status, 0, `turn ${n}: ${out.slice(-2000)}${err}`);
		assert.match(out, new RegExp(`end-${n}\\b`), `turn ${n}`);
		assert.match(out, /"turn.completed"/, `turn ${n}`);
	}
}

for (const [version, program] of Object.entries(versions))
	for (const model of ["gpt-5.4", "claude-sonnet-4.6",
	    "gemini-3.1-pro-preview"]) {
		test(`${turns} turns with compactions, ${version} (${model})`,
		    async () => {
			const home = await mkdtemp(join(tmpdir(), "codex-"));

			await writeFile(join(home, "config.toml"), config({
			    model, url: process.env.LOCKED + "/v1",
			    name: "OpenAI",
			    top: "model_auto_compact_token_limit = " +
			    limits[version] }));
			try {
				await session(program, model, home);
			} finally {
				await rm(home, { recursive: true, force: true });
			}
			const made = await requests();

			assert(made.every((r) => r.status === 200));
			const compactions = made.filter(isCompaction);
			assert(compactions.length >= Math.ceil(turns / 12));
			// And each got below the limit, for a while.
			assert(compactions.length * 2 < made.length);
		}, 20000 * turns);
	}

await run();
