"""What the whole-program tests share: the fake upstream, the program under test
as CGI, as FastCGI responder and behind a web server, and TAP on stdout.

A test is a function under @test; run() runs them all. Nothing is written
outside of a temporary directory; every process started is ended by its pid.
"""
import atexit, contextlib, fcntl, http.client, json, os, pty, random, re, shutil, signal, socket
import sqlite3, struct, subprocess, sys, tempfile, threading, time, traceback

BUILD = os.environ.get("top_builddir", os.path.join(os.path.dirname(__file__), ".."))
SOURCE = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__), ".."))
PROGRAM = os.path.abspath(os.environ.get("COPILOT_API", os.path.join(BUILD, "copilot-api")))
FAKE = os.path.abspath(os.environ.get("FAKE_UPSTREAM",
                                      os.path.join(BUILD, "tests/fake-upstream/fake-upstream")))
TIMEOUT = 60
LEAVE = 10                      # seconds for what was told to end, once all tests are over
NOTICED = 10                    # seconds until what has happened is noticed without a keep-alive

# Whoever runs the tests in the background has these ignored, and so would all
# that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# --- Tests beside each other ("make -j")

# Every script holds the build's lock, shared. One that measures time says quiet():
# it waits until all others have let go of it. These wait more than they compute,
# and run beside each other.
_lock = os.open(os.path.join(BUILD, "tests", "harness.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
fcntl.flock(_lock, fcntl.LOCK_SH)


def quiet():
    fcntl.flock(_lock, fcntl.LOCK_EX)
    fcntl.flock(_lock, fcntl.LOCK_UN)


def torture(short, long):
    """How much of something: "make torture" wants it long."""
    return long if os.environ.get("TORTURE") else short


# --- TAP

_tests = []
_last = []


class Skip(Exception):
    """Raised by a test that can't run here; its text says why."""


def test(function):
    _tests.append(function)
    return function


def last(function):
    """A test that comes behind all others."""
    _last.append(function)
    return function


def run():
    tests = _tests + _last
    print("1..%d" % len(tests))
    bad = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print("ok %d - %s" % (number, name), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
        except Exception:
            bad += 1
            print("not ok %d - %s" % (number, name))
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            sys.stdout.flush()
    sys.exit(1 if not clean_up() or bad else 0)


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def eventually(condition, seconds=TIMEOUT, what="condition"):
    """Wait until condition() is true and return its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not within %s s: %s" % (seconds, what))
        time.sleep(0.01)


# --- Processes and directories

_cleanup = contextlib.ExitStack()
atexit.register(_cleanup.close)


_directories = []


def at_end(function, *args):
    """Behind all tests, whatever became of them; the latest is called first."""
    _cleanup.callback(function, *args)


def tempdir():
    path = tempfile.mkdtemp(prefix="copilot-api-test-")
    _directories.append(path)
    at_end(shutil.rmtree, path, True)
    return path


def clean_up():
    """False if processes of ours are left then, which are ended, too."""
    try:
        _cleanup.close()
    except Exception:
        for line in traceback.format_exc().splitlines():
            print("# " + line)
    begin = time.monotonic()
    while processes_in(_directories) and time.monotonic() < begin + LEAVE:
        time.sleep(0.1)
    left = processes_in(_directories)
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    if left:
        print("Bail out! Left behind: %s" % left, flush=True)
    return not left


def end(process, sig=signal.SIGTERM, seconds=10):
    """End a process of ours and return its exit status."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError("process %d did not end" % process.pid)


def processes_in(directories):
    """Command lines by pid of all processes, whoever their parent is, that one
    of these directories was named to, on the command line or in a variable."""
    found, names = {}, [os.fsencode(d) for d in directories]
    for pid in set(filter(str.isdigit, os.listdir("/proc"))) - {str(os.getpid())}:
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f, open("/proc/%s/environ" % pid, "rb") as more:
                command = f.read()
                text = command + b"\0" + more.read()
        except OSError:
            continue
        # A zombie has neither.
        if any(name in text for name in names):
            found[int(pid)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def processes_with(variable, value):
    """Name by pid of all processes that inherited this from their first
    ancestor's environment, whoever their parent is now."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                if ("%s=%s" % (variable, value)).encode() not in f.read().split(b"\0"):
                    continue
            with open("/proc/%s/stat" % pid) as f:
                name, state = re.match(r"\d+ \((.*)\) (\S)", f.read()).groups()
            if state != "Z":
                found[int(pid)] = name
        except OSError:
            continue                    # gone meanwhile, or another user's
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- The fake GitHub and Copilot

class Fake:
    """The project's own upstream; tests/fake-upstream/README tells its controls."""

    def __init__(self, *options):
        if not os.access(FAKE, os.X_OK):
            skip_all("no fake upstream at " + FAKE)
        self.port_file = os.path.join(tempdir(), "port")
        self.process = subprocess.Popen(
            [FAKE, "--port", "0", "--port-file", self.port_file, "--exit-with-stdin", *options],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        at_end(end, self.process)
        self.port = int(eventually(lambda: os.path.exists(self.port_file) and
                                   open(self.port_file).read().strip(), what="fake upstream"))
        self.url = "http://127.0.0.1:%d" % self.port

    def call(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        c.request(method, path, None if body is None else json.dumps(body))
        r = c.getresponse()
        text = r.read()
        c.close()
        assert r.status < 300, "control %s: %d %s" % (path, r.status, text)
        return json.loads(text) if text else None

    def reset(self):
        self.call("POST", "/_control/reset", {})

    def scenario(self, path, scenario, **params):
        """A scenario by its name, or by its members."""
        members = scenario if isinstance(scenario, dict) else {"scenario": scenario}
        self.call("POST", "/_control/scenario", dict(members, path=path, **params))

    def resume(self):
        """What stalls or is delayed goes on."""
        self.call("POST", "/_control/resume", {})

    def requests(self, path=None, full=True):
        """What was received, oldest first; of one path; with bodies over 64 kB, too."""
        got = self.call("GET", "/_control/requests" + ("?full=1" if full else ""))
        got = got["requests"] if isinstance(got, dict) else got
        return [r for r in got if path is None or r["path"].split("?")[0] == path]

    def unanswered(self, path):
        """What it has not answered to its end yet: who has an answer by now did
        not wait for these."""
        return [r for r in self.requests(path, full=False) if r["outcome"] == "open"]

    def state(self):
        return self.call("GET", "/_control/state")


class Home:
    """A data directory with a configuration that points at the fake."""

    def __init__(self, fake=None, token="ghu_test", **config):
        self.path = tempdir()
        self.config = dict(config)
        if fake:
            # Nothing leaves this machine.
            self.config.setdefault("fetchImages", "off")
            self.config.setdefault("githubBaseUrl", fake.url)
            self.config.setdefault("githubApiBaseUrl", fake.url)
        if shared_state():
            self.config.setdefault("stateUrl", shared_state().place())
        self.write_config()
        if token is not None:
            self.write("github_token", token)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path + ".new", "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        os.rename(path + ".new", path)

    def read(self, name):
        with open(os.path.join(self.path, name)) as f:
            return f.read()

    def write_config(self, **changes):
        self.config.update(changes)
        self.write("config.json", json.dumps(self.config))

    def env(self, **more):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("COPILOT_API_", "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "HTTP_", "http_", "HTTPS_", "https_"))}
        env.update(COPILOT_API_HOME=self.path, **more)
        return env


    def state(self, text, file="responses.sqlite"):
        """What a statement selects from the database, which is that file in the
        data directory, as a list of tuples."""
        if shared_state():
            return shared_state().ask(self.config["stateUrl"], text)
        with contextlib.closing(sqlite3.connect(os.path.join(self.path, file))) as db, db:
            return db.execute(text).fetchall()


def shared_state():
    """The PostgreSQL server that this run of a test keeps its state in, as
    TEST_STATE=postgresql in the environment says; or None: files."""
    if os.environ.get("TEST_STATE") != "postgresql":
        return None
    import postgres
    return postgres.shared()


def needs_files():
    if shared_state():
        raise Skip("this is about SQLite's files")
    needs_store()


def needs_store():
    if not shared_state() and not built_with("SQLite"):
        raise Skip("built without SQLite")


# --- One HTTP-like answer

class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()

    def error(self):
        """The error object, its form checked."""
        assert self.headers["content-type"] == "application/json", self.headers
        e = self.json()["error"]
        assert set(e) == {"message", "type", "param", "code"}, e
        assert isinstance(e["message"], str) and e["message"], e
        assert isinstance(e["type"], str), e
        return e

    def events(self):
        return parse_events(self.body.decode())

    def content(self):
        """The text of a chat answer, streamed or not."""
        if self.headers["content-type"].startswith("application/json"):
            return self.json()["choices"][0]["message"]["content"]
        chunks = [json.loads(data) for _, data in self.events() if data != "[DONE]"]
        return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"])

    def __repr__(self):
        return "<%d %r>" % (self.status, self.body[:500])


def parse_events(text):
    """Server-sent events as a list of (name, data); comments left out."""
    found = []
    for block in re.split(r"\n\n", text.replace("\r\n", "\n")):
        name, data = None, []
        for line in block.split("\n"):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].lstrip(" "))
        if data:
            found.append((name, "\n".join(data)))
    return found


def parse_cgi(text):
    head, _, body = bytes(text).partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return Reply(int(headers.pop("status", "200 OK").split()[0]), headers, body)


def cgi_env(method, path, body=b"", headers=None, query=""):
    """RFC 3875's variables for a request at the root of a server."""
    env = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "",
           "REQUEST_URI": path + ("?" + query if query else ""), "QUERY_STRING": query,
           "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1"}
    if method in ("POST", "PUT") or body:
        env["CONTENT_LENGTH"] = str(len(body))
        env["CONTENT_TYPE"] = "application/json"
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        env[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key] = value
    return {k: v for k, v in env.items() if v is not None}


def encode(body):
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def unmarked(value):
    """A request as it was sent upstream, without the marks for its cache."""
    if isinstance(value, list):
        return [unmarked(v) for v in value]
    if isinstance(value, dict):
        return {k: unmarked(v) for k, v in value.items() if k not in ("copilot_cache_control", "cache_control")}
    return value


def on_terminal(command, stdout=None, **how):
    """Exit status of a command, and what a terminal shows of it: both streams, or standard error alone."""
    ours, its = pty.openpty()
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its if stdout is None else stdout, stderr=its,
                         start_new_session=True, **how)
    os.close(its)
    shown = b""
    try:
        while True:
            shown += os.read(ours, 65536)
    except OSError:             # it has ended
        pass
    os.close(ours)
    return p.wait(TIMEOUT), shown.decode()


# --- The program as CGI

class Cgi:
    name = "cgi"

    def __init__(self, home):
        self.home = home

    def request(self, method, path, body=None, headers=None, query="", env=None):
        body = encode(body)
        variables = dict(cgi_env(method, path, body, headers, query), **(env or {}))
        p = subprocess.run([PROGRAM], input=body, env=self.home.env(**variables),
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT * 2)
        self.log = p.stderr.decode(errors="replace")
        if p.returncode not in (0, 1) or "ERROR: " in self.log or "runtime error" in self.log:
            raise AssertionError("exit %d: %s" % (p.returncode, self.log))
        return parse_cgi(p.stdout)


def built_with(library, said={}):
    """Was the program built with "SQLite", "libpq"?"""
    if not said:
        # Nobody is signed in there, so that nobody is asked.
        p = subprocess.run([PROGRAM, "debug", "--json"], env={"PATH": os.environ["PATH"], "HOME": tempdir()},
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
        said.update(json.loads(p.stdout))
    return not said[library].startswith("no ")


def stores():
    """Was the program built with SQLite? Without it, CGI forgets all from one request to the next."""
    return "without SQLite" not in Cgi(Home()).request("GET", "/v1/responses/resp_x").text()


# --- The program as FastCGI responder

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7


def record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    def size(n):
        return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 1 << 31)
    name, value = name.encode(), value.encode()
    return size(len(name)) + size(len(value)) + name + value


class Call:
    """One FastCGI request on a connection, read as it arrives."""

    def __init__(self, sock):
        self.sock, self.out, self.ended, self.raw = sock, bytearray(), False, b""

    def _record(self):
        while len(self.raw) < 8 or len(self.raw) < 8 + sum(struct.unpack(">HB", self.raw[4:7])):
            got = self.sock.recv(65536)
            if not got:
                raise EOFError("connection closed, so far %r" % self.out[-500:])
            self.raw += got
        n, pad = struct.unpack(">HB", self.raw[4:7])
        kind, content = self.raw[1], self.raw[8:8 + n]
        self.raw = self.raw[8 + n + pad:]
        return kind, content

    def read_until(self, text):
        """Read the answer until it contains text; return all of it."""
        while text not in self.out:
            if self.ended:
                raise AssertionError("%r not in %r" % (text, self.out))
            self.step()
        return bytes(self.out)

    def step(self):
        kind, content = self._record()
        if kind == STDOUT:
            self.out += content
        elif kind == END:
            self.ended = True

    def reply(self):
        while not self.ended:
            self.step()
        return parse_cgi(self.out)


class Fcgi:
    """The responder on a unix socket that was handed to it as descriptor 0."""
    name = "fastcgi"

    def __init__(self, home, **env):
        self.home = home
        self.dir = tempdir()
        self.path = os.path.join(self.dir, "sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1024)
        self.log_path = os.path.join(self.dir, "log")
        self.env = home.env(**env)
        self.start()
        at_end(self.stop)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([PROGRAM], stdin=self.listener, env=self.env,
                                            stdout=subprocess.DEVNULL, stderr=log)

    def stop(self, sig=signal.SIGTERM, seconds=15):
        status = end(self.process, sig, seconds)
        log = self.log()
        if "Sanitizer" in log or "runtime error" in log:
            raise AssertionError(log)
        return status

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(TIMEOUT)
        s.connect(self.path)
        return s

    def open(self, method, path, body=None, headers=None, query="", env=None, sock=None, keep=False):
        """Send a request; the answer is read from the Call returned."""
        body = encode(body)
        variables = dict(cgi_env(method, path, body, headers, query), **(env or {}))
        sock = sock or self.connect()
        records = [record(BEGIN, struct.pack(">HB5x", 1, 1 if keep else 0)),
                   record(PARAMS, b"".join(pair(k, v) for k, v in variables.items())), record(PARAMS)]
        records += [record(STDIN, body[at:at + 32768]) for at in range(0, len(body), 32768)]
        sock.sendall(b"".join(records + [record(STDIN)]))
        return Call(sock)

    def request(self, *args, **kwargs):
        call = self.open(*args, **kwargs)
        try:
            return call.reply()
        finally:
            if not kwargs.get("keep"):
                call.sock.close()


# --- Behind lighttpd

def find_lighttpd():
    return shutil.which("lighttpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Lighttpd:
    """A real lighttpd with the settings of lighttpd.conf.example."""
    name = "lighttpd"

    def __init__(self, home, edit=None):
        program = find_lighttpd()
        if not program:
            raise Skip("lighttpd is not installed")
        self.dir = tempdir()
        self.port = free_port()
        with open(os.path.join(SOURCE, "lighttpd.conf.example")) as f:
            conf = f.read()
        conf = example_with(conf, self.dir, self.port, home)
        if edit:
            conf = edit(conf)
        path = os.path.join(self.dir, "lighttpd.conf")
        with open(path, "w") as f:
            f.write(conf)
        self.log_path = os.path.join(self.dir, "log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([program, "-D", "-f", path], env=home.env(),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        at_end(self.stop)
        eventually(self._listening, what="lighttpd: " + self.log())

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError("lighttpd ended: " + self.log())
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, sig=signal.SIGTERM):
        return end(self.process, sig, 20)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def open(self, method, path, body=None, headers=None, query=""):
        """Send a request; the answer is an http.client.HTTPResponse."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        body = encode(body)
        headers = dict(headers or {})
        if body:
            headers.setdefault("Content-Type", "application/json")
        c.request(method, path + ("?" + query if query else ""), body or None, headers)
        r = c.getresponse()
        r.connection = c
        return r

    def request(self, method, path, body=None, headers=None, query=""):
        r = self.open(method, path, body, headers, query)
        text = r.read()
        r.connection.close()
        return Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, text)


def example_with(conf, directory, port, home):
    """lighttpd.conf.example with the paths and the port of a test."""
    values = {"program": PROGRAM, "home": home.path, "run": directory, "log": directory,
              "address": "127.0.0.1", "port": port}
    for name, value in values.items():
        conf, n = re.subn(r"(?m)^var\.%s\s*=.*$" % name,
                          lambda m: "var.%s = %s" % (name, json.dumps(value)), conf)
        assert n == 1, "var.%s in lighttpd.conf.example" % name
    # A test that runs as root must stay it, to reach its own directories.
    return re.sub(r"(?m)^server\.(username|groupname)\s*=.*$", "", conf)


# --- The same test for every way in

class Fronts:
    """The program as CGI, as FastCGI responder and behind lighttpd, each of
    them started when it is first needed, all with the same configuration."""

    def __init__(self, fake, **config):
        self.fake, self.config, self.made = fake, config, {}

    def get(self, kind):
        if kind not in self.made:
            self.made[kind] = kind(Home(self.fake, **self.config))
        return self.made[kind]

    def on(self, *kinds):
        """Decorate a function of a front: it becomes a test for each of them."""
        def register(function):
            for kind in kinds:
                def one(kind=kind):
                    front = self.get(kind)
                    self.fake.reset()
                    function(front)
                one.__name__ = function.__name__ + "_by_" + kind.name
                test(one)
            return function
        return register

    def each(self, function):
        return self.on(Cgi, Fcgi, Lighttpd)(function)

    def finish(self):
        """End the programs; whatever a sanitizer had to say is raised."""
        for front in self.made.values():
            if front.name == "fastcgi":
                front.stop()
            elif front.name == "lighttpd":
                front.stop()
                with open(os.path.join(front.dir, "copilot-api.log"), errors="replace") as f:
                    log = f.read()
                assert "Sanitizer" not in log and "runtime error" not in log, log


# --- What OpenAI and Anthropic say of their answers

def skeleton(value):
    """What a description can say of a value: members and types, and words."""
    if isinstance(value, dict):
        return "{%s}" % ",".join("%s:%s" % (k, skeleton(v)) for k, v in sorted(value.items()))
    if isinstance(value, list):
        return "[%s]" % ",".join(sorted({skeleton(v) for v in value}))
    if isinstance(value, str):
        return value if re.fullmatch("[a-z_.]{1,40}", value) else "text"
    return type(value).__name__ + ("-" if isinstance(value, (int, float)) and value < 0 else "")


class Shapes:
    """Answers, kept to be held against the description all at once, since the
    checker is slow to start; of those that differ in their words only, one."""

    def __init__(self, api="openai"):
        self.api, self.seen = api, {}

    def add(self, name, what, text):
        value = json.loads(text)
        self.seen.setdefault(name, {}).setdefault(skeleton(value), (what, json.dumps(value)))

    def add_events(self, name, what, reply):
        for _, data in reply.events():
            if data != "[DONE]":
                self.add(name, what, data)

    def check(self):
        checker = os.path.join(SOURCE, "tests/api-shape")
        wrong = []
        for name, answers in self.seen.items():
            answers = list(answers.values())
            text = "".join("data: %s\n" % text for _, text in answers)
            p = subprocess.run(["/usr/bin/python3", checker, "--sse", self.api, name], input=text.encode(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if p.returncode == 2:
                raise Skip(p.stderr.decode().strip())
            for line in p.stdout.decode().splitlines():
                found = re.match(r"line (\d+): (.*)", line)
                what, text = answers[int(found.group(1)) - 1]
                wrong.append("%s: %s: %.300s" % (what, found.group(2), text))
        assert not wrong, "%d mismatches\n%s" % (len(wrong), "\n".join(wrong[:20]))
