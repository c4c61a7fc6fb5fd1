"""A running "copilot-api start", for start-t and start-time-t."""
import os, signal, socket, subprocess, uuid

from harness import *

CHAT = "/v1/chat/completions"

if not find_lighttpd():
    skip_all("lighttpd is not installed")
fake = Fake()


def chat(text="Hello!", **more):
    return dict(model="gpt-5-mini", messages=[{"role": "user", "content": text}], **more)


def home(**config):
    fake.reset()
    fake.call("POST", "/_control/settings", {"device_interval": 1, "device_script": ["success"]})
    return Home(fake, **config)


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


class Start:
    """A running "copilot-api start" with everything that it starts."""

    def __init__(self, home, *words, program=PROGRAM, port=None, ready=True, journal=False, **env):
        self.port = port or free_port()
        self.mark = uuid.uuid4().hex
        self.runtime = env.pop("XDG_RUNTIME_DIR", None) or tempdir()
        self.log_path = os.path.join(tempdir(), "log")
        variables = home.env(XDG_RUNTIME_DIR=self.runtime, START_T=self.mark, **env)
        with open(self.log_path, "wb") as log:
            if journal:
                st = os.fstat(log.fileno())
                variables["JOURNAL_STREAM"] = "%d:%d" % (st.st_dev, st.st_ino)
            # A session of its own: its process group is what Ctrl-C reaches.
            self.process = subprocess.Popen(
                [program, "start", "--port", str(self.port), *words], env=variables,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        at_end(self.kill)
        if ready:
            eventually(self.ready, what="start: " + self.log())

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("ended with %d: %s" % (self.process.returncode, self.log()))
        return "is ready" in self.log()

    def processes(self):
        return processes_with("START_T", self.mark)

    def pid_of(self, name):
        """Of lighttpd or the responder ("copilot-api"), which bears its parent's name
        until it is executed."""
        def only():
            pids = [p for p, n in self.processes().items() if n == name and p != self.process.pid]
            return len(pids) == 1 and pids[0]

        return eventually(only, what="one " + name)

    def send(self, sig):
        os.killpg(self.process.pid, sig)

    def wait(self, seconds=TIMEOUT):
        """(exit status, seconds that it took)"""
        start = time.monotonic()
        return self.process.wait(seconds), time.monotonic() - start

    def nothing_left(self):
        assert not self.processes(), self.processes()
        assert os.listdir(self.runtime) == [], os.listdir(self.runtime)
        with socket.socket() as s:
            assert s.connect_ex(("127.0.0.1", self.port)) != 0
        log = self.log()
        assert "Sanitizer" not in log and "runtime error" not in log, log

    def end(self, sig=signal.SIGINT):
        self.send(sig)
        status, _ = self.wait()
        assert status == 0, self.log()
        self.nothing_left()

    def kill(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()

    def open(self, method, path, body=None, headers=None, host="127.0.0.1"):
        c = http.client.HTTPConnection(host, self.port, timeout=TIMEOUT)
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        c.request(method, path, encode(body) or None, headers)
        r = c.getresponse()
        r.connection = c
        return r

    def request(self, *args, **kwargs):
        r = self.open(*args, **kwargs)
        text = r.read()
        r.connection.close()
        return Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, text)


def refused(home, *words, **how):
    """Start something that says no at once; what it says."""
    s = Start(home, *words, ready=False, **how)
    status, seconds = s.wait()
    assert status == 1, (status, s.log())
    assert seconds < 5, seconds
    assert not s.processes() and os.listdir(s.runtime) == []
    return s.log()
