// The official openai package: stored responses.
import OpenAI from "openai";
import { all, assert, base, bothCalls, fake, key, locked, run, schemas, sleep,
    styles, test } from "./lib.mjs";

const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const { responses } = client;
const model = "gpt-5-mini";
const tools = Object.entries(schemas).map(([name, parameters]) =>
    ({ type: "function", name, parameters, strict: true }));
const TURNS = 50;

const create = (body) => responses.create({ model, ...body });
const stream = (body) => responses.stream({ model, ...body }).finalResponse();
const ways = { "": create, ", streamed": stream };

for (const [how, ask] of Object.entries(ways)) {
	for (const name of new Set([model, "gpt-5.4",
	    ...Object.values(styles)])) {
		test(`a loop of tools by previous_response_id (${name}${how})`,
		    () => loop(ask, name));
	}
	test(`a chain of ${TURNS} turns${how}`, () => chain(ask));
	test(`a response is read again${how}`, () => again(ask));
	test(`a chain whose thoughts can't be opened any more${how}`, () =>
	    forgotten(ask));
}

async function chain(ask)
{
	let previous;

	for (let n = 0; n < TURNS; n++) {
		const r = await ask({ input: `turn ${n}`,
		    previous_response_id: previous });

		assert.equal(r.output_text, `You said: turn ${n}`);
		assert.equal(r.previous_response_id, previous ?? null);
		assert.equal(r.store, true);
		previous = r.id;
	}
	const { input } = (await fake.last("/responses")).json;
	const said = input.filter((i) => i.role).map((i) =>
	    i.content[0].text ?? i.content);
	assert.equal(said.length, 2 * TURNS - 1);
	said.forEach((text, i) => assert.equal(text, i % 2 ?
	    `You said: turn ${(i - 1) / 2}` : `turn ${i / 2}`));
}

// Upstream serves another account, say: the conversation goes on.
async function forgotten(ask)
{
	const sealed = (request) => [request.json.input].flat().filter((i) =>
	    i.type === "reasoning").length;
	const first = await ask({ input: "one" });
	const second = await ask({ input: "two",
	    previous_response_id: first.id });

	await fake.forget();
	const third = await ask({ input: "three",
	    previous_response_id: second.id });
	assert.equal(third.output_text, "You said: three");
	assert.deepEqual((await fake.requests("/responses")).map((r) =>
	    [r.status, sealed(r)]), [[200, 0], [200, 1], [400, 2], [200, 0]]);
}

async function loop(ask, name)
{
	let r = await ask({ model: name, tools, input: bothCalls });

	for (let n = 0; n < 3; n++) {
		const calls = r.output.filter((i) =>
		    i.type === "function_call");

		assert.equal(calls.length, 2);
		r = await ask({ model: name, tools, previous_response_id: r.id,
		    input: calls.map((c) => ({ type: "function_call_output",
		    call_id: c.call_id, output: c.name + " found" })) });
		assert.equal(r.output_text,
		    "Tool result: weather found; time found");
		r = await ask({ model: name, tools, input: bothCalls,
		    previous_response_id: r.id });
	}
}

async function again(ask)
{
	const r = await ask({ model: "gpt-5.4", tools, input: bothCalls });
	const got = await responses.retrieve(r.id);
	const events = await all(await responses.retrieve(r.id,
	    { stream: true }));
	const rest = await all(await responses.retrieve(r.id,
	    { stream: true, starting_after: 4 }));
	const sealed = await responses.retrieve(r.id,
	    { include: ["reasoning.encrypted_content"] });

	assert.deepEqual(got.output, r.output.map(({ parsed_arguments, ...i }) =>
	    i));
	assert.equal(got.output_text, r.output_text);
	assert.deepEqual(events.map((e) => e.sequence_number),
	    events.map((_, i) => i));
	assert.deepEqual(events.at(-1).response.output, got.output);
	assert.deepEqual(rest, events.slice(5));
	assert(sealed.output[0].encrypted_content);
	assert(!got.output[0].encrypted_content);
}

test("input items, page by page", async () => {
	const input = [...Array(45).keys()].map((n) =>
	    ({ role: "user", content: `number ${n}` }));
	const r = await create({ input });
	const down = await all(responses.inputItems.list(r.id));
	const up = await all(responses.inputItems.list(r.id,
	    { order: "asc", limit: 7 }));

	assert.deepEqual(up.map((i) => i.content[0].text),
	    input.map((i) => i.content));
	assert.deepEqual(down, up.toReversed());
	const after = await responses.inputItems.list(r.id,
	    { order: "asc", after: up[43].id });
	assert.deepEqual(after.data, [up[44]]);
	assert.equal(after.has_more, false);
});

test("an item by reference", async () => {
	const r = await create({ input: "one" });
	const second = await create({ input: [{ type: "item_reference",
	    id: r.output.at(-1).id }, { role: "user", content: "two" }] });

	assert.equal(second.output_text, "You said: two");
	await assert.rejects(create({ input: [{ type: "item_reference",
	    id: "msg_of_nobody" }] }), { status: 404,
	    message: /Item with id 'msg_of_nobody' not found\./ });
});

test("deleting", async () => {
	const r = await create({ input: "Hi!" });
	const gone = { status: 404,
	    message: new RegExp(`Response with id '${r.id}' not found\\.`) };

	await responses.delete(r.id);
	await assert.rejects(responses.retrieve(r.id), gone);
	await assert.rejects(responses.delete(r.id), gone);
	await assert.rejects(responses.inputItems.list(r.id), gone);
	await assert.rejects(create({ input: "x", previous_response_id: r.id }),
	    { status: 400, code: "previous_response_not_found",
	    param: "previous_response_id" });
});

test("what is not to be stored is not", async () => {
	for (const ask of Object.values(ways)) {
		const r = await ask({ input: "Hi!", store: false });

		assert.equal(r.store, false);
		await assert.rejects(responses.retrieve(r.id), { status: 404 });
	}
});

for (const name of new Set([model, ...Object.values(styles)])) {
	test(`in the background (${name})`, async () => {
		let r = await create({ model: name, input: "one two three",
		    background: true });

		assert.equal(r.status, "queued");
		while (r.status === "queued" || r.status === "in_progress") {
			await sleep(50);
			r = await responses.retrieve(r.id);
		}
		assert.equal(r.status, "completed");
		assert.equal(r.output_text, "You said: one two three");
		const { status } = await responses.cancel(r.id);
		assert.equal(status, "completed");
	});

	test(`in the background, streamed (${name})`, async () => {
		const first = await create({ model: name, stream: true,
		    input: "one two three", background: true });
		const got = [];

		for await (const event of first) {
			got.push(event);
			if (event.type === "response.output_text.delta")
				break;		// it hangs up
		}
		const { id } = got[0].response;
		const rest = await responses.retrieve(id, { stream: true,
		    starting_after: got.at(-1).sequence_number });
		for await (const event of rest)
			got.push(event);
		assert.deepEqual(got.map((e) => e.sequence_number),
		    [...got.keys()]);
		assert.equal(got.at(-1).type, "response.completed");
		assert.equal(got.filter((e) =>
		    e.type === "response.output_text.delta")
		    .map((e) => e.delta).join(""), "You said: one two three");
		const final = await responses.stream({ response_id: id,
		    starting_after: 0 }).finalResponse();
		assert.equal(final.output_text, "You said: one two three");
	});
}

test("cancelled in the background", async () => {
	await fake.scenario("/responses", "stall_after_events", { n: 6 });
	const { id } = await create({ input: "x", background: true });

	for (let n = 0; n < 2; n++)
		assert.equal((await responses.cancel(id)).status, "cancelled");
	assert.equal((await responses.retrieve(id)).status, "cancelled");
});

test("every other method gets an answer that it understands", async () => {
	const r = await create({ input: "Hi!" });

	await assert.rejects(responses.cancel(r.id), { status: 400,
	    message: /Cannot cancel a synchronous response\./ });
	await assert.rejects(create({ input: "x", background: true, store: false }),
	    { status: 400, param: "background" });
	assert.ok((await responses.inputTokens.count({ model, input: "x" }))
	    .input_tokens > 0);
	const compacted = await responses.compact({ model, input: "x" });
	assert.deepEqual(compacted.output.map((i) => i.type),
	    ["message", "compaction"]);
});

for (const [how, ask] of Object.entries(ways)) {
	for (const name of new Set([model, ...Object.values(styles)]))
		test(`a conversation (${name}${how})`,
		    () => conversation(ask, name));
}

async function conversation(ask, name)
{
	const { conversations } = client;
	const created = await conversations.create({ metadata: { a: "b" },
	    items: [{ role: "user", content: "first" }] });
	const { id } = created;
	const TURNS = 4;

	assert.match(id, /^conv_/);
	for (let n = 0; n < TURNS; n++) {
		const r = await ask({ model: name, conversation: id,
		    input: `turn ${n}` });

		assert.equal(r.output_text, `You said: turn ${n}`);
		assert.deepEqual(r.conversation, { id });
	}
	const items = await all(conversations.items.list(id,
	    { order: "asc", limit: 3 }));
	const said = items.filter((i) => i.type === "message").map((i) =>
	    i.content[0].text);
	assert.deepEqual(said, ["first", ...Array(TURNS).keys().flatMap((n) =>
	    [`turn ${n}`, `You said: turn ${n}`])]);
	assert.deepEqual(await all(conversations.items.list(id)),
	    items.toReversed());
	assert.deepEqual(await conversations.items.retrieve(items[0].id,
	    { conversation_id: id }), items[0]);
	const more = await conversations.items.create(id, { items:
	    [{ role: "user", content: "more" }] });
	assert.equal(more.data.length, 1);
	assert.deepEqual(await conversations.items.delete(more.data[0].id,
	    { conversation_id: id }), created);
	assert.deepEqual((await conversations.update(id,
	    { metadata: { c: "d" } })).metadata, { c: "d" });
	assert.deepEqual((await conversations.retrieve(id)).metadata,
	    { c: "d" });
	assert.equal((await conversations.delete(id)).deleted, true);
	await assert.rejects(conversations.retrieve(id), { status: 404 });
	await assert.rejects(ask({ model: name, conversation: id, input: "x" }),
	    { status: 404, code: "conversation_not_found" });
}

test("a conversation and tools", async () => {
	const { id } = await client.conversations.create();
	let r = await create({ conversation: id, tools, input: bothCalls });
	const calls = r.output.filter((i) => i.type === "function_call");

	r = await create({ conversation: id, tools, input: calls.map((c) =>
	    ({ type: "function_call_output", call_id: c.call_id,
	    output: c.name + " found" })) });
	assert.equal(r.output_text, "Tool result: weather found; time found");
	await assert.rejects(create({ conversation: id, input: "x",
	    previous_response_id: r.id }), { status: 400,
	    code: "mutually_exclusive_parameters" });
});

for (const name of new Set([model, "gpt-5.4", ...Object.values(styles)])) {
	test(`stored chat completions (${name})`, () => chats(name));
}

async function chats(name)
{
	const { completions } = client.chat;
	const metadata = { run: `${name} ${Math.random()}` };
	const ask = (content, more) => completions.create({ model: name,
	    store: true, metadata, messages: [{ role: "user", content }],
	    ...more });
	const one = await ask("one");
	const chunks = await all(await ask("two", { stream: true }));
	const two = chunks[0].id;
	const listed = await all(completions.list({ metadata, limit: 1 }));

	assert.deepEqual(listed.map((c) => c.id), [one.id, two]);
	assert.deepEqual(listed.map((c) => c.choices[0].message.content),
	    ["You said: one", "You said: two"]);
	assert.deepEqual((await completions.list({ metadata, order: "desc",
	    after: two })).data.map((c) => c.id), [one.id]);
	const kept = await completions.retrieve(two);
	assert.deepEqual(kept.metadata, metadata);
	assert.equal(kept.choices[0].finish_reason, "stop");
	assert(kept.usage.total_tokens > 0);
	assert.deepEqual((await completions.update(two,
	    { metadata: { a: "b" } })).metadata, { a: "b" });
	const said = await all(completions.messages.list(two, { limit: 1 }));
	assert.deepEqual(said.map((m) => [m.id, m.role, m.content]),
	    [[`${two}-0`, "user", "two"]]);
	assert.equal((await completions.delete(two)).deleted, true);
	await assert.rejects(completions.retrieve(two), { status: 404 });
	await assert.rejects(all(completions.messages.list(two)),
	    { status: 404 });
	assert.equal((await completions.retrieve(one.id)).id, one.id);
}

test("another key sees nothing of it", async () => {
	const other = new OpenAI({ baseURL: locked, apiKey: key });
	const mine = await other.responses.create({ model, input: "Hi!" });

	assert.equal((await other.responses.retrieve(mine.id)).id, mine.id);
	await assert.rejects(responses.retrieve(mine.id), { status: 404 });
});

await run();
