"""What every web server must pass on, with its file of contrib/, at the root and
below a sub-path: each test for each kind of server that a file names by
behind(). What a server can't do (Apache tells of a lost client only at the
second write after it) is in the tables of webservers.py."""
import os, signal

from harness import *
from webservers import *

MOUNTS = ("/v1", "/copilot/v1")
LIVE = "bench-4-200-40"                     # 4 events, 200 ms between them
SILENCE = SILENCE_LIMIT + 2                 # seconds
QUIET = "bench-1-%d-40" % (SILENCE * 1000)
LONG = "bench-20-100-40"                    # two seconds

fake = Fake()
made = {}
_each = []


def fresh():
    fake.reset()
    fake.call("POST", "/_control/settings", {"bench_models": [LIVE, QUIET, LONG], "prompt_limit": False})


def server(kind, edit=None, **config):
    """Started when it is first needed; why it can't be."""
    fresh()
    if kind not in made:
        try:
            made[kind] = kind(fake, edit, **config)
        except Skip as why:
            made[kind] = why
    if isinstance(made[kind], Skip):
        raise Skip(made[kind])
    return made[kind]


def behind(*kinds):
    for function in _each:
        for kind in kinds:
            def one(function=function, kind=kind):
                s = server(kind)
                try:
                    function(s)
                except Exception:
                    print("# " + s.log().replace("\n", "\n# "))
                    raise
            one.__name__ = function.__name__ + "_behind_" + kind.name
            test(one)


def each(function):
    """A test for each kind of server."""
    _each.append(function)
    return function


def chat(text="Hello!", **more):
    return dict({"model": "gpt-5-mini"}, messages=[{"role": "user", "content": text}], **more)


SMALL = encode(chat("y" * 100000))
LARGE = encode(chat("y" * (20 << 20)))


def call(s, mount, body):
    return s.request("POST", mount + "/chat/completions", body, AUTH)


def send(s, mount, **body):
    """A streamed chat whose answer nobody waits for yet; the socket."""
    body = encode(dict(chat(**body), stream=True))
    sock = socket.create_connection(("127.0.0.1", s.port), timeout=TIMEOUT)
    sock.sendall(("POST %s/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                  "Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" %
                  (mount, KEY, len(body))).encode() + body)
    return sock


def receive(sock):
    """All of it, which must be a complete stream."""
    text = b""
    while True:
        got = sock.recv(65536)
        if not got:
            break
        text += got
    sock.close()
    assert text.startswith(b"HTTP/1.1 200") and b"data: [DONE]" in text, text


class Stream:
    """A streamed chat, read as it comes."""

    def __init__(self, s, mount, **body):
        self.r = s.open("POST", mount + "/chat/completions", dict(chat(**body), stream=True), AUTH)
        assert self.r.status == 200, (self.r.status, self.r.read())
        self.text, self.times = b"", []

    def step(self):
        """False at the end, whatever kind of an end it is."""
        try:
            got = self.r.read1(65536)
        except (OSError, http.client.HTTPException):
            got = b""
        self.text += got
        self.times += [time.monotonic_ns()] * (self.text.count(b"\n\n") - len(self.times))
        return got != b""

    def until(self, what, times=1):
        while self.text.count(what) < times:
            assert self.step(), "%r not in %r" % (what, self.text)
        return self

    def rest(self):
        while self.step():
            pass
        self.close()
        return self

    def close(self):
        self.r.close()
        self.r.connection.close()

    def whole(self):
        return b"data: [DONE]\n\n" in self.text

    def lag(self):
        """Seconds from the sending of each event (its text tells) to here."""
        blocks = self.text.decode().split("\n\n")
        found = [re.search(r"t=(\d+) ", block) for block in blocks]
        return [(at - int(m.group(1))) / 1e9 for at, m in zip(self.times, found) if m]


# --- What every server must pass on

@each
def models_and_chat_are_answered(s):
    for mount in MOUNTS:
        reply = s.request("GET", mount + "/models", headers=AUTH)
        assert reply.status == 200 and reply.json()["data"], reply
        assert s.request("GET", mount + "/models/gpt-5-mini?x=1", headers=AUTH).json()["id"] == "gpt-5-mini"
        reply = call(s, mount, chat("Hi %s" % mount))
        assert reply.status == 200 and reply.content() == "You said: Hi " + mount, reply
        assert call(s, mount, chat("Hi", stream=True)).content() == "You said: Hi"
        reply = s.request("HEAD", mount + "/models", headers=AUTH)
        assert reply.status == 200 and reply.body == b"", reply


@each
def both_kinds_of_key_arrive(s):
    for mount in MOUNTS:
        for headers, status in ((AUTH, 200), ({"x-api-key": KEY}, 200), ({}, 401),
                                ({"Authorization": "Bearer wrong"}, 401), ({"x-api-key": "wrong"}, 401)):
            reply = s.request("GET", mount + "/models", headers=headers)
            assert reply.status == status, (headers, reply)
        assert reply.error()["code"] == "invalid_api_key" and "www-authenticate" in reply.headers, reply


@each
def errors_arrive_as_they_are(s):
    for mount in MOUNTS:
        fake.scenario("/chat/completions", "status", n=429, headers={"Retry-After": "7"})
        reply = call(s, mount, chat())
        assert reply.status == 429 and reply.headers["retry-after"] == "7", (reply, reply.headers)
        assert reply.error()["type"] == "rate_limit_error" or reply.error()["message"], reply
        fake.scenario("/chat/completions", "status", n=500, times=-1)
        reply = call(s, mount, chat(stream=True))
        assert reply.status in (500, 502) and reply.error()["message"], reply
        fresh()
        assert call(s, mount, {"messages": []}).error()["type"] == "invalid_request_error"
        reply = s.request("GET", mount + "/models/nothing", headers=AUTH)
        assert reply.status == 404 and reply.error()["code"] == "model_not_found", reply
        reply = s.request("DELETE", mount + "/models", headers=AUTH)
        assert reply.status == 405 and "GET" in reply.headers["allow"] and reply.error(), reply
        reply = s.request("OPTIONS", mount + "/models", headers={"Origin": "http://localhost:3000"})
        assert reply.status == 204, reply


@each
def a_stream_arrives_event_by_event(s):
    """When they come is measured by servers-t."""
    for mount in MOUNTS:
        for n in (1, 3):
            fake.scenario("/chat/completions", "stall_after_events", n=n)
            stream = Stream(s, mount).until(b"data: ", n)
            fake.resume()
            assert stream.rest().whole(), stream.text


@each
def a_body_of_20_MB_arrives_whole(s):
    for mount in MOUNTS:
        reply = call(s, mount, LARGE)
        assert reply.status == 200 and reply.content().startswith("You said: yyy"), reply
        assert fake.requests("/chat/completions", full=False)[-1]["body_length"] >= 20 << 20
        fresh()


@each
def a_refusal_of_a_large_body_arrives(s):
    """Some servers look for an answer only when they have sent all of a body."""
    for mount in MOUNTS:
        reply = refusal(s, mount, "wrong")
        assert reply.status == 401 and reply.error()["code"] == "invalid_api_key", (reply, reply.body[:300])
    s.home.write_config(maxRequestBodyBytes=len(SMALL) - 1)
    s.place.give(os.path.join(s.home.path, "config.json"))
    try:
        eventually(lambda: call(s, "/v1", SMALL).status == 413, what="413")
        reply = refusal(s, "/v1", KEY)
        assert reply.status == 413 and reply.error()["code"] == "request_too_large", (reply, reply.body[:300])
    finally:
        del s.home.config["maxRequestBodyBytes"]
        s.home.write_config()
        s.place.give(os.path.join(s.home.path, "config.json"))
    eventually(lambda: call(s, "/v1", SMALL).status == 200, what="200 again")


def refusal(s, mount, key):
    """The answer, which may come, and the connection end, before all is sent."""
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=TIMEOUT)
    c.putrequest("POST", mount + "/chat/completions")
    for name, value in (("Authorization", "Bearer " + key), ("Content-Type", "application/json"),
                        ("Content-Length", len(LARGE))):
        c.putheader(name, value)
    c.endheaders()
    try:
        c.send(LARGE)
    except OSError:
        pass
    r = c.getresponse()
    reply = Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
    c.close()
    return reply


@each
def a_body_in_chunks_arrives(s):
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=TIMEOUT)
    body = encode(chat("z" * 300000))
    try:
        c.request("POST", "/v1/chat/completions", (body[at:at + 50000] for at in range(0, len(body), 50000)),
                  dict(AUTH, **{"Content-Type": "application/json"}), encode_chunked=True)
    except OSError:
        assert s.chunks != 200
    r = c.getresponse()
    text = r.read()
    assert r.status == s.chunks and (s.chunks != 200 or b"You said: zzz" in text), (r.status, text[:300])
    c.close()


# --- Things that happen in mid-stream

@each
def a_client_that_leaves_ends_the_transfer(s):
    fake.scenario("/chat/completions", "stall_after_events", n=2, times=-1)
    for mount in MOUNTS:
        Stream(s, mount).until(b"data: ").close()
    eventually(lambda: fake.state()["client_closed"] == 2, what="cancelled transfers")


@each
def a_client_that_leaves_before_the_first_byte_ends_the_transfer(s):
    fake.scenario("/chat/completions", "delay_headers_ms", n=600000, times=-1)
    sockets = [send(s, mount) for mount in MOUNTS]
    eventually(lambda: len(fake.requests("/chat/completions")) == 2, what="two upstream")
    for sock in sockets:
        sock.close()
    eventually(lambda: fake.state()["client_closed"] == 2, what="cancelled transfers")


@each
def a_reload_breaks_no_stream(s):
    streams = [Stream(s, mount, model=LONG).until(b"data: ") for mount in MOUNTS]
    s.reload()
    for stream in streams:
        assert stream.rest().whole(), stream.text

    def answers():
        try:
            return all(s.request("GET", mount + "/models", headers=AUTH).status == 200 for mount in MOUNTS)
        except OSError:
            return False
    eventually(answers, what="answers after the reload")


@each
def a_responder_that_dies_comes_back(s):
    fake.scenario("/chat/completions", "stall_after_events", n=2, times=-1)
    streams = [Stream(s, mount).until(b"data: ") for mount in MOUNTS]
    pids = s.place.responders()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for stream in streams:
        assert not stream.rest().whole(), stream.text
    if s.down:                  # 502 as long as it has not seen that a connection it kept has ended
        eventually(lambda: s.request("GET", MOUNTS[0] + "/models", headers=AUTH).status == s.down,
                   what="%d while it is down" % s.down)
    s.restart_responder()
    eventually(lambda: all(s.request("GET", mount + "/models", headers=AUTH).status == 200
                           for mount in MOUNTS), what="answers after the restart")


@each
def many_streams_run_at_once(s):
    fake.scenario("/chat/completions", "stall_after_events", n=2, times=-1)
    sockets = [send(s, MOUNTS[i % 2]) for i in range(s.streams)]
    eventually(lambda: fake.state()["active_streams"] > s.streams / 4, what="many at once")
    fresh()                     # those that come now do not stall
    fake.resume()
    for sock in sockets:
        receive(sock)


# --- The rows of doc/troubleshooting.md: the symptom is there without the line

def arrives_at_once(s):
    """Is what the model sent over 0.6 s the client's when it has ended?"""
    stream = Stream(s, "/v1", model=LIVE).until(b"data: ")
    ended = not fake.unanswered("/chat/completions")
    return stream.rest().whole() and ended


def bearer_is_lost(s):
    return [s.request("GET", "/v1/models", headers=h).status for h in (AUTH, BY_HEADER)] == [401, 200]


def page_says(status):
    """A body of 20 MB gets this from the server itself."""
    def check(s):
        reply = call(s, "/v1", LARGE)
        return reply.status == status and b"<html" in reply.body.lower()
    return check


BY_HEADER = {"x-api-key": KEY}


def symptoms(*rows):
    """A test for each row: a server, a line of its file, what is there in its place, what then is seen."""
    for number, row in enumerate(rows, 1):
        def one(row=row):
            kind, line, without, check = row
            fresh()
            s = type(kind.__name__, (kind,), {"probe_headers": BY_HEADER})(
                fake, lambda text: replaced(text, pairs={line: without}))
            try:
                assert check(s), (line, s.log())
            finally:
                s.finish()
        one.__name__ = "without_its_line_%d_the_symptom_is_there_behind_%s" % (number, row[0].name)
        test(one)


@last
def all_of_them_end_cleanly():
    for s in made.values():
        if not isinstance(s, Skip):
            s.finish()
