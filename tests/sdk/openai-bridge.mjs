// The official openai package: each model on both endpoints, whichever one
// upstream has it on.
import OpenAI from "openai";
import { all, assert, base, chatTools, fake, run, schemas, test, user }
    from "./lib.mjs";

const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const models = {
	"gpt-5-mini": ["/chat/completions", "/responses"],
	"gpt-5.4": ["/responses", "/responses"],
	"claude-sonnet-4.6": ["/v1/messages", "/v1/messages"],
	"gemini-3.1-pro-preview": ["/chat/completions", "/chat/completions"],
};
const question = 'call weather with {"city":"Paris"}';
const tools = Object.entries(schemas).map(([name, parameters]) =>
    ({ type: "function", name, parameters, strict: false }));

// What a person sees of a model on an endpoint must not depend on upstream's.
function both(name, chat, responses)
{
	for (const [model, [chatPath, responsesPath]] of Object.entries(models)) {
		test(`${name} (chat, ${model})`, async () => {
			await chat(model);
			assert.equal((await fake.requests(chatPath)).length > 0,
			    true, chatPath);
		});
		test(`${name} (responses, ${model})`, async () => {
			await responses(model);
			assert.equal((await fake.requests(responsesPath)).length >
			    0, true, responsesPath);
		});
	}
}

both("an answer", async (model) => {
	const c = await client.chat.completions.create({ model,
	    messages: user("Hi!") });

	assert.equal(c.choices[0].message.content, "You said: Hi!");
	assert.equal(c.choices[0].finish_reason, "stop");
	assert(c.usage.total_tokens > 0);
}, async (model) => {
	const r = await client.responses.create({ model, input: "Hi!" });

	assert.equal(r.status, "completed");
	assert.equal(r.output_text, "You said: Hi!");
	assert(r.usage.total_tokens > 0);
});

both("a stream", async (model) => {
	const stream = client.chat.completions.stream({ model,
	    messages: user("one two three"),
	    stream_options: { include_usage: true } });
	const c = await stream.finalChatCompletion();

	assert.equal(c.choices[0].message.content, "You said: one two three");
	assert.equal(c.choices[0].finish_reason, "stop");
	assert(c.usage.completion_tokens > 0);
}, async (model) => {
	const events = await all(await client.responses.create({ model,
	    input: "one two three", stream: true }));

	assert.equal(events[0].type, "response.created");
	assert.equal(events.at(-1).type, "response.completed");
	events.forEach((e, i) => assert.equal(e.sequence_number, i));
	assert.equal(events.filter((e) => e.type ===
	    "response.output_text.delta").map((e) => e.delta).join(""),
	    "You said: one two three");
});

both("a loop with a tool", async (model) => {
	const runner = client.chat.completions.runTools({ model,
	    messages: user(question), tools: chatTools.map((t) => ({ ...t,
	    function: { ...t.function, parse: JSON.parse,
	    function: ({ city }) => `rain in ${city}` } })) });

	assert.equal(await runner.finalContent(), "Tool result: rain in Paris");
}, async (model) => {
	const first = await client.responses.create({ model, tools,
	    input: question });
	const call = first.output.find((i) => i.type === "function_call");

	assert.equal(call.name, "weather");
	assert.deepEqual(JSON.parse(call.arguments), { city: "Paris" });
	const output = { type: "function_call_output", call_id: call.call_id,
	    output: "rain in Paris" };
	const again = await client.responses.create({ model, tools,
	    input: [...user(question), ...first.output, output] });
	assert.equal(again.output_text, "Tool result: rain in Paris");
	const stored = await client.responses.create({ model, tools,
	    previous_response_id: first.id, input: [output] });
	assert.equal(stored.output_text, "Tool result: rain in Paris");
});

both("a refusal in the client's terms", async (model) => {
	await assert.rejects(client.chat.completions.create({ model,
	    messages: user("x"), tools: Array(129).fill(chatTools[0]) }),
	    (e) => e.status === 400 && e.param === "tools");
	await client.chat.completions.create({ model, messages: user("x") });
}, async (model) => {
	await assert.rejects(client.responses.create({ model, input: "x",
	    max_output_tokens: 8 }),
	    (e) => e.status === 400 && e.param === "max_output_tokens");
	await client.responses.create({ model, input: "x" });
});

await run();
