// The official openai package by its majors: a loop of tools by either protocol
// with every family, the list of models, embeddings, errors.
import { assert, all, base, bothCalls, chatTools, run, schemas, test, user }
    from "./lib.mjs";

const models = ["gpt-5.4", "claude-sonnet-4.6", "gemini-3.1-pro-preview"];
const done = "Tool result: weather=Paris; time=UTC";
const said = (name, args) =>
    `${name}=${Object.values(JSON.parse(args)).join()}`;

// ---- chat completions

// The chunks' message, as a client without a helper puts it together.
async function collect(stream)
{
	const message = { role: "assistant", content: "", tool_calls: [] };

	for await (const { choices: [choice] } of stream) {
		message.content += choice?.delta?.content ?? "";
		for (const t of choice?.delta?.tool_calls ?? []) {
			const call = message.tool_calls[t.index] ??=
			    { id: "", type: "function", function:
			    { name: "", arguments: "" } };

			call.id += t.id ?? "";
			call.function.name += t.function?.name ?? "";
			call.function.arguments += t.function?.arguments ?? "";
		}
		if (choice?.delta?.reasoning_opaque)
			message.reasoning_opaque =
			    choice.delta.reasoning_opaque;
	}
	return message;
}

async function chatLoop(client, model, stream)
{
	const messages = user(bothCalls);
	const create = async () => {
		const got = await client.chat.completions.create({ model,
		    stream, messages, tools: chatTools });

		return stream ? collect(got) : got.choices[0].message;
	};
	const first = await create();

	assert.equal(first.tool_calls.length, 2);
	messages.push(first, ...first.tool_calls.map((call) => ({
	    role: "tool", tool_call_id: call.id, content: said(
	    call.function.name, call.function.arguments) })));
	assert.equal((await create()).content, done);
}

async function runTools(client, model, stream)
{
	const tools = Object.entries(schemas).map(([name, parameters]) => ({
	    type: "function", function: { name, parameters,
	    parse: JSON.parse, function: (args) => said(name,
	    JSON.stringify(args)) } }));
	// It left "beta" with the fifth.
	const completions = client.beta.chat?.completions?.runTools ?
	    client.beta.chat.completions : client.chat.completions;
	const runner = completions.runTools({ model, stream, tools,
	    messages: user(bothCalls) });

	assert.equal(await runner.finalContent(), done);
}

// ---- responses

async function responsesLoop(client, model, stream)
{
	const tools = Object.entries(schemas).map(([name, parameters]) =>
	    ({ type: "function", name, parameters, strict: true }));
	const create = async (more) => {
		const got = await client.responses.create({ model, stream,
		    tools, ...more });

		if (!stream)
			return got;
		const events = await all(got);

		assert.deepEqual(events.map((e) => e.sequence_number),
		    events.map((_, i) => i));
		return events.at(-1).response;
	};
	const first = await create({ input: bothCalls });
	const calls = first.output.filter((i) => i.type === "function_call");

	assert.equal(calls.length, 2);
	const second = await create({ previous_response_id: first.id,
	    input: calls.map((call) => ({ type: "function_call_output",
	    call_id: call.call_id,
	    output: said(call.name, call.arguments) })) });
	const text = second.output.filter((i) => i.type === "message")
	    .flatMap((i) => i.content).map((c) => c.text).join("");

	assert.equal(text, done);
}

// ---- whatever else

async function rest(client, OpenAI)
{
	const list = await all(await client.models.list());

	for (const model of models)
		assert(list.some((m) => m.id === model), model);
	// Some ask for base64, and decode it.
	const { data: [{ embedding }] } = await client.embeddings.create({
	    model: "text-embedding-3-small", input: "Hello" });

	assert(embedding.length > 100 && embedding.every((x) =>
	    typeof x === "number" && Math.abs(x) <= 1));
	await assert.rejects(client.models.retrieve("no-such-model"), (e) =>
	    e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
	await assert.rejects(client.chat.completions.create({
	    model: "gpt-5.4", messages: "x" }), (e) =>
	    e instanceof OpenAI.BadRequestError && e.param === "messages");
	await client.chat.completions.create({ model: "gpt-5.4",
	    messages: user("Hi!") }).then(({ choices: [{ message }] }) =>
	    assert.equal(message.content, "You said: Hi!"));
}

for (const name of ["openai-4", "openai-5", "openai-6", "openai"]) {
	const { default: OpenAI } = await import(name);
	const client = new OpenAI({ baseURL: base, apiKey: "any",
	    maxRetries: 0 });

	for (const model of models)
		for (const stream of [false, true]) {
			const how = `${stream ? ", streamed" : ""} (${name}, ` +
			    `${model})`;

			test("tools by chat" + how, () => chatLoop(client,
			    model, stream));
			test("runTools" + how, () => runTools(client, model,
			    stream));
			test("tools by responses" + how, () => responsesLoop(
			    client, model, stream));
		}
	test(`models, embeddings and errors (${name})`, () => rest(client,
	    OpenAI));
}

await run();
