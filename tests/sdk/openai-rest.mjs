// The official openai package: models, embeddings, errors, keys, retries.
import OpenAI from "openai";
import { all, assert, base, fake, key, locked, run, test, user }
    from "./lib.mjs";

const CHAT = "/chat/completions";
const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const chat = (options, c = client) => c.chat.completions.create({
    model: "gpt-5-mini", messages: user("Hi!") }, options);

async function failure(promise)
{
	try {
		await promise;
	} catch (e) {
		return e;
	}
	assert.fail("no error");
}

// ---- models

test("the list of models", async () => {
	const models = await all(client.models.list());
	const ids = models.map((m) => m.id);

	for (const m of models) {
		assert.equal(m.object, "model");
		assert(Number.isInteger(m.created));
		assert.equal(typeof m.owned_by, "string");
	}
	for (const id of ["gpt-5-mini", "gpt-5.4", "claude-sonnet-4.6",
	    "gemini-3.1-pro-preview", "text-embedding-3-small"])
		assert(ids.includes(id), id);
	assert.equal(new Set(ids).size, ids.length);
});

test("one model", async () => {
	const m = await client.models.retrieve("claude-sonnet-4.6");

	assert.equal(m.id, "claude-sonnet-4.6");
	assert.equal(m.object, "model");
});

test("no such model", async () => {
	const e = await failure(client.models.retrieve("no-such-model"));

	assert(e instanceof OpenAI.NotFoundError);
	assert.equal(e.code, "model_not_found");
	assert.match(e.message, /no-such-model/);
});

// ---- embeddings

const embed = (input, more) => client.embeddings.create({
    model: "text-embedding-3-small", input, ...more });

test("an embedding, which the client asks for in base64", async () => {
	const e = await embed("Hello");

	assert.equal(e.object, "list");
	assert.equal(e.data[0].object, "embedding");
	assert.equal(e.data[0].embedding.length, 1536);
	assert(e.data[0].embedding.every(Number.isFinite));
	assert(e.usage.prompt_tokens > 0 && e.usage.total_tokens > 0);
});

test("base64 and float are the same numbers", async () => {
	const one = (await embed("Hello")).data[0].embedding;
	const other = (await embed("Hello", { encoding_format: "float" }))
	    .data[0].embedding;

	assert.equal(other.length, 1536);
	other.forEach((x, i) => assert.equal(Math.fround(x), one[i]));
});

test("fewer dimensions", async () => {
	for (const encoding_format of [undefined, "float"]) {
		const e = await embed("Hello",
		    { dimensions: 256, encoding_format });

		assert.equal(e.data[0].embedding.length, 256);
	}
});

test("a batch of embeddings keeps its order", async () => {
	const { data } = await embed(["one", "two", "three"]);

	assert.deepEqual(data.map((d) => d.index), [0, 1, 2]);
	for (const [i, text] of ["one", "two", "three"].entries())
		assert.deepEqual(data[i].embedding,
		    (await embed(text)).data[0].embedding);
});

test("an embeddings model of another name", async () => {
	const e = await failure(embed("Hello", { model: "no-such-model" }));

	assert(e instanceof OpenAI.APIError);
	assert(e.status === 400 || e.status === 404);
});

// ---- errors

test("every status has its class", async () => {
	for (const [status, kind] of [
	    [400, OpenAI.BadRequestError],
	    [403, OpenAI.PermissionDeniedError],
	    [404, OpenAI.NotFoundError],
	    [409, OpenAI.ConflictError],
	    [429, OpenAI.RateLimitError],
	    [500, OpenAI.InternalServerError],
	    [502, OpenAI.InternalServerError],
	    [503, OpenAI.InternalServerError],
	    [504, OpenAI.InternalServerError]]) {
		await fake.scenario(CHAT, "status", { status, body:
		    { error: { message: "Something.", code: "some" } } });
		const e = await failure(chat());

		assert(e instanceof kind, `${status}: ${e}`);
		assert(e.requestID, `${status}: no request id`);
		assert.equal(typeof e.error.message, "string");
		assert.equal(typeof e.type, "string");
		assert("param" in e.error && "code" in e.error);
	}
});

test("a missing member is named", async () => {
	const e = await failure(client.chat.completions.create(
	    { model: "gpt-5-mini" }));

	assert(e instanceof OpenAI.BadRequestError);
	assert.equal(e.param, "messages");
	assert.equal(e.code, "missing_required_parameter");
	assert.equal(e.type, "invalid_request_error");
});

test("a model nobody has", async () => {
	const e = await failure(client.chat.completions.create(
	    { model: "no-such-model", messages: user("Hi!"), stream: true }));

	assert(e.status === 404 || e.status === 400, String(e));
	assert.equal(e.code, "model_not_found");
});

test("a prompt that is too long", async () => {
	for (const scenario of ["prompt_too_long", "input_too_long"]) {
		await fake.scenario(CHAT, scenario);
		const e = await failure(chat());

		assert(e instanceof OpenAI.BadRequestError);
		assert.equal(e.code, "context_length_exceeded");
	}
});

test("a path nobody has, and a method", async () => {
	const e = await failure(client.get("/no/such/path"));

	assert(e instanceof OpenAI.NotFoundError);
	assert.equal(typeof e.error.message, "string");
	assert.equal((await failure(client.get("/embeddings")))
	    .status, 405);
});

// ---- retries

test("a rate limit is waited for", async () => {
	await fake.scenario(CHAT, "status", { status: 429,
	    headers: { "retry-after": "1" } });
	const start = Date.now();
	const { choices } = await chat({ maxRetries: 2 });

	assert.equal(choices[0].message.content, "You said: Hi!");
	assert(Date.now() - start >= 1000, "before its time");
	assert.equal((await fake.requests(CHAT)).length, 2);
});

// Both headers say it; this client looks for the milliseconds first.
test("how long to wait, in milliseconds", async () => {
	await fake.scenario(CHAT, "status", { status: 429,
	    headers: { "retry-after": "3" } });
	const e = await failure(chat());

	assert.equal(e.headers.get("retry-after"), "3");
	assert.equal(e.headers.get("retry-after-ms"), "3000");
});

test("a whole answer that is empty is asked for again", async () => {
	await fake.scenario(CHAT, "empty");
	const { choices } = await chat({ maxRetries: 2 });

	assert.equal(choices[0].message.content, "You said: Hi!");
	assert.equal((await fake.requests(CHAT)).length, 2);
});

test("a failure that passes is tried again", async () => {
	await fake.scenario(CHAT, "unavailable");
	const { choices } = await chat({ maxRetries: 2 });

	assert.equal(choices[0].message.content, "You said: Hi!");
});

test("a quota that is used up is not asked again", async () => {
	await fake.scenario(CHAT, "quota_exceeded_seconds", { times: -1 });
	const e = await failure(chat({ maxRetries: 2 }));

	assert(e instanceof OpenAI.RateLimitError);
	assert.equal(e.code, "insufficient_quota");
	assert.equal(e.headers.get("x-should-retry"), "false");
	assert.equal((await fake.requests(CHAT)).length, 1);
});

// ---- keys

test("the right key", async () => {
	const c = new OpenAI({ baseURL: locked, apiKey: key });

	assert.equal((await chat({}, c)).choices.length, 1);
});

test("the right key in x-api-key", async () => {
	const c = new OpenAI({ baseURL: locked, apiKey: "any",
	    defaultHeaders: { "x-api-key": key, authorization: null } });

	assert.equal((await chat({}, c)).choices.length, 1);
});

test("a wrong key", async () => {
	const c = new OpenAI({ baseURL: locked, apiKey: "sk-wrong" });
	const e = await failure(chat({}, c));

	assert(e instanceof OpenAI.AuthenticationError);
	assert.equal(e.code, "invalid_api_key");
	assert(e.requestID);
	assert(!e.message.includes(key));
	assert.equal((await fake.requests(CHAT)).length, 0);
});

test("any key will do where none is wanted", async () => {
	const c = new OpenAI({ baseURL: base, apiKey: "dummy" });

	assert.equal((await all(c.models.list())).length > 5, true);
});

// ---- headers

test("the headers of an answer", async () => {
	for (const promise of [chat(), embed("Hello"),
	    client.models.retrieve("gpt-5-mini")]) {
		const { data, response } = await promise.withResponse();

		assert.match(response.headers.get("content-type"),
		    /^application\/json/);
		assert(response.headers.get("x-request-id"));
		assert.equal(data._request_id,
		    response.headers.get("x-request-id"));
		assert.equal(response.headers.get("openai-version"),
		    "2020-10-01");
		assert.match(response.headers.get("openai-processing-ms"),
		    /^\d+$/);
	}
});

test("the headers of a stream", async () => {
	const { data, response, request_id } = await client.chat.completions
	    .create({ model: "gpt-5-mini", messages: user("Hi!"),
	    stream: true }).withResponse();

	assert.match(response.headers.get("content-type"),
	    /^text\/event-stream/);
	assert(request_id);
	assert.match(response.headers.get("openai-processing-ms"), /^\d+$/);
	assert.equal(response.headers.get("x-ratelimit-limit-requests"),
	    "4000");
	assert.equal((await all(data)).at(-1).choices[0].finish_reason, "stop");
});

test("the limit on requests", async () => {
	for (const stream of [false, true]) {
		const { response } = await client.chat.completions.create({
		    model: "claude-sonnet-4.6", messages: user("Hi!"),
		    stream }).withResponse();
		const { headers } = response;

		assert.equal(headers.get("x-ratelimit-limit-requests"), "4000");
		assert.equal(headers.get("x-ratelimit-remaining-requests"),
		    "3830");
	}
});

await run();
