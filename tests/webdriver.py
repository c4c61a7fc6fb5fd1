"""Chromium in a window that nobody sees, by W3C's WebDriver protocol."""
import base64, json, os, shutil, subprocess, time, urllib.request

from harness import at_end, eventually, free_port, tempdir

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Without these it looks for Google's hosts, and for a sandbox that root has not.
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Browser:
    def __init__(self, *options, script=True):
        self.port = free_port()
        self.process = subprocess.Popen([DRIVER, "--port=%d" % self.port], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        at_end(self.stop)
        self.session = ""
        eventually(self.is_up, what="chromedriver")
        chrome = {"binary": CHROMIUM, "args": OPTIONS + ["--user-data-dir=" + tempdir()] + list(options)}
        if not script:
            chrome["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + made["sessionId"]

    def is_up(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None):
        request = urllib.request.Request("http://127.0.0.1:%d%s%s" % (self.port, self.session, path), method=method,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.loads(reply.read())["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError("%s %s: %s" % (method, path, e.read().decode()[:500])) from None

    def stop(self):
        if self.session:
            try:
                self.call("DELETE", "")
            except (OSError, AssertionError):
                pass
            self.session = ""
        self.process.terminate()
        self.process.wait()

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def all(self, selector):
        return [e[ELEMENT] for e in self.call("POST", "/elements", {"using": "css selector", "value": selector})]

    def text(self, selector="body"):
        """What is to be read there; nothing while one page goes and the next comes."""
        try:
            return self.call("GET", "/element/%s/text" % self.find(selector))
        except AssertionError as e:
            if any(w in str(e) for w in ("stale element", "no such element", "does not belong to the document")):
                return ""
            raise

    def type(self, selector, text):
        self.call("POST", "/element/%s/value" % self.find(selector), {"text": text})

    def has_focus(self, selector):
        try:
            return self.call("GET", "/element/active")[ELEMENT] == self.find(selector)
        except AssertionError:
            return False

    def press(self, keys, selector):
        """Keys for what has the focus, once that is there: a page gives it behind its load."""
        eventually(lambda: self.has_focus(selector), what="the focus on " + selector)
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": [
            {"type": kind, "value": k} for k in keys for kind in ("keyDown", "keyUp")]}]})

    def click(self, selector):
        self.call("POST", "/element/%s/click" % self.find(selector), {})

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def log(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def size(self, width, height):
        self.call("POST", "/window/rect", {"width": width, "height": height})

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))
