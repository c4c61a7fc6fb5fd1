"""The web servers of contrib/, each started from the very file that is there,
with the paths and ports of a test, in a directory of its own."""
import contextlib, os, pwd, re, shutil, signal, socket, subprocess, sys, time

from harness import *

KEY = "sk-servers-test"
AUTH = {"Authorization": "Bearer " + KEY}
# Whom a server started by root hands its requests to, as in the files.
USER = "www-data"
# What scaled() makes of the limits on silence, and what bridges it.
SILENCE_LIMIT = 5               # the head of each answer comes within it, too
KEEP_ALIVE = 1
# Under a sanitizer the program wants its time to start.
START = 30


def find(*names):
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Skip("%s is not installed" % names[0])


def contrib(name):
    with open(os.path.join(SOURCE, name if name.startswith("lighttpd.") else "contrib/" + name)) as f:
        return f.read()


def replaced(text, **pairs):
    """Each old text must be there, so that the test fails when it is not."""
    for old, new in pairs.pop("pairs").items():
        assert old in text, "%r is not in the file" % old
        text = text.replace(old, str(new))
    return text


def make_certificate(directory):
    """host.pem (both), cert.pem, key.pem for 127.0.0.1."""
    openssl = find("openssl")
    cert, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(directory, "host.pem"), "w") as out:
        for name in (key, cert):
            with open(name) as f:
                out.write(f.read())


def tail(text):
    """What matters of a log: a sanitizer's report, or the end."""
    at = text.find("==ERROR: ")
    return text[at:at + 6000] if at >= 0 else text[-1500:]


class Place:
    """What a server finds on a machine where all is set up: the program, its
    data directory, and directories for the socket and the logs."""

    def __init__(self, fake, **config):
        if os.geteuid() == 0:
            try:
                self.owner = pwd.getpwnam(USER)
            except KeyError:
                raise Skip("there is no user " + USER)
        else:
            self.owner = pwd.getpwuid(os.geteuid())
        self.path = tempdir()
        os.chmod(self.path, 0o755)
        self.program = os.path.join(self.directory("bin", 0o755), "copilot-api")
        shutil.copy(PROGRAM, self.program)      # the build may be in a private place
        self.run = self.directory("run", 0o755)
        self.log = self.directory("log", 0o755)
        self.socket = os.path.join(self.run, "fastcgi.sock")
        config.setdefault("auth", {"apiKeys": [KEY]})
        config.setdefault("sseKeepAliveSeconds", KEEP_ALIVE)
        self.home = Home(fake, token="ghu_test\n", **config)
        for name in (".", "config.json", "github_token"):
            self.give(os.path.join(self.home.path, name))

    def give(self, path):
        if os.geteuid() == 0:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def directory(self, name, mode):
        path = os.path.join(self.path, name)
        os.mkdir(path, mode)
        self.give(path)
        return path

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def responders(self):
        """Process ids of the program, whoever started it."""
        return [pid for pid, name in processes_with("COPILOT_API_HOME", self.home.path).items()
                if name == "copilot-api"]

    def logs(self):
        text = ""
        for name in sorted(os.listdir(self.log)):
            with open(os.path.join(self.log, name), errors="replace") as f:
                text += "--- %s\n%s" % (name, tail(f.read()))
        return text


class Responder:
    """The program, started by contrib/spawn-fcgi.sh."""

    def __init__(self, place, socket_option='-s "$socket"', name="copilot-api.log"):
        find("spawn-fcgi")
        self.place = place
        text = replaced(contrib("spawn-fcgi.sh"), pairs={
            "program=/usr/local/bin/copilot-api": "program=" + place.program,
            "socket=/run/copilot-api/fastcgi.sock": "socket=" + place.socket,
            "COPILOT_API_HOME=/var/lib/copilot-api": "COPILOT_API_HOME=" + place.home.path,
            '-s "$socket"': socket_option})
        if os.geteuid() != 0:
            text = text.replace('-u "$user" -g "$user"', "")
        self.script = place.file("spawn-fcgi.sh", text, 0o755)
        self.log_path = os.path.join(place.log, name)
        self.start()
        at_end(self.stop)

    def start(self):
        ready = self.text().count(" ready")
        env = place_env(self.place)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.script], env=env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        eventually(lambda: self.text().count(" ready") > ready, START, "spawn-fcgi: " + self.text())

    def text(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self):
        status = end(self.process)
        assert status in (0, -signal.SIGKILL), "%d: %s" % (status, self.text()[-2000:])


def place_env(place):
    env = place.home.env()
    del env["COPILOT_API_HOME"]         # the file has to set it
    env["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    return env


class Server(Lighttpd):
    """A web server that passes requests to the program; open() and request()
    are Lighttpd's."""
    needs_responder = True
    reload_signal = signal.SIGHUP
    streams = 200           # at once
    tells = True            # that a client has left; else only who writes to it hears so
    limit = None            # on silence: what scaled() writes in its place
    silent = 504            # the answer to an unstreamed request over the limit
    chunks = 200            # the answer to a large body without a length
    down = 502              # the answer while the program is down
    probe = "/v1/models"
    probe_headers = AUTH

    def __init__(self, fake, edit=None, **config):
        self.command()      # may skip
        if self.tells:
            config.setdefault("sseKeepAliveSeconds", 0)
        self.place = Place(fake, **config)
        self.home = self.place.home
        self.port, self.tls_port = free_port(), free_port()
        self.edit = edit or self.usual
        self.responder = None
        command = self.configure()
        if self.needs_responder:
            self.responder = Responder(self.place)
        self.log_path = os.path.join(self.place.log, "stderr")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, env=place_env(self.place), cwd=self.place.path,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        at_end(self.stop)
        eventually(self._listening, START, self.name + ": " + self.log())
        eventually(lambda: self.request("GET", self.probe, headers=self.probe_headers).status == 200, START,
                   "models: " + self.log())

    @staticmethod
    def usual(text):
        """What most tests make of the file."""
        return text

    @classmethod
    def scaled(cls, text):
        """The same with the limit on silence scaled down."""
        return replaced(cls.usual(text), pairs={cls.limit[0]: cls.limit[1] % SILENCE_LIMIT} if cls.limit else {})

    def log(self):
        return self.place.logs()

    def reload(self):
        self.process.send_signal(self.reload_signal)

    def finish(self):
        self.stop()
        if self.responder:
            self.responder.stop()
        log = self.log()
        assert "Sanitizer" not in log and "runtime error" not in log, log

    def restart_responder(self):
        """What a service manager does; other servers do it themselves."""
        if self.responder:
            self.responder.stop()
            self.responder.start()


# --- nginx

NGINX_MAIN = """
daemon off; worker_processes 1; worker_rlimit_nofile 16384; %(user)s
pid %(path)s/nginx.pid; error_log %(path)s/log/error.log;
events { worker_connections 8192; }
http {
  client_body_temp_path %(path)s/run/a; proxy_temp_path %(path)s/run/b;
  fastcgi_temp_path %(path)s/run/c; uwsgi_temp_path %(path)s/run/d; scgi_temp_path %(path)s/run/e;
  include %(path)s/site.conf;
}
"""


class Nginx(Server):
    name = "nginx with kept connections"
    limit = "fastcgi_read_timeout 1h;", "fastcgi_read_timeout %ds;"

    def command(self):
        return find("nginx")

    def configure(self):
        p = self.place
        make_certificate(p.path)
        text = replaced(self.edit(contrib("nginx.conf")), pairs={
            "unix:/run/copilot-api/fastcgi.sock": "unix:" + p.socket,
            "listen 127.0.0.1:4141;": "listen 127.0.0.1:%d;" % self.port,
            **self.http2(),
            "/etc/ssl/certs/copilot-api.pem": p.path + "/cert.pem",
            "/etc/ssl/private/copilot-api.key": p.path + "/key.pem",
            "/var/log/nginx/copilot-api.log": p.log + "/access.log"})
        if not os.path.exists("/etc/nginx/fastcgi_params"):
            raise Skip("no /etc/nginx/fastcgi_params")
        shutil.copy("/etc/nginx/fastcgi_params", p.path)
        p.file("site.conf", text)
        user = "user %s;" % USER if os.geteuid() == 0 else ""
        main = p.file("nginx.conf", NGINX_MAIN % {"path": p.path, "user": user})
        self.check(main)
        return [self.command(), "-p", p.path, "-c", main, "-e", p.log + "/error.log"]

    def http2(self):
        """The two lines, as the comment above them says it of this version."""
        listen = "listen 127.0.0.1:%d ssl" % self.tls_port
        said = subprocess.run([self.command(), "-v"], stderr=subprocess.PIPE, text=True).stderr
        if tuple(map(int, re.search(r"/(\d+)\.(\d+)\.(\d+)", said).groups())) < (1, 25, 1):
            return {"listen 443 ssl;": listen + " http2;"}
        return {"listen 443 ssl;": listen + ";", "#http2 on;": "http2 on;"}

    def check(self, main):
        """nginx itself has nothing to say of the file."""
        p = subprocess.run([self.command(), "-t", "-p", self.place.path, "-c", main, "-e", self.place.log + "/test.log"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert p.returncode == 0 and "[warn]" not in p.stdout, p.stdout

    @staticmethod
    def usual(text):
        return replaced(text, pairs={"limit_req zone=copilot-api burst=20 nodelay;": ""})   # has a test of its own


class NginxClose(Nginx):
    name = "nginx without kept connections"

    @staticmethod
    def usual(text):
        return replaced(Nginx.usual(text), pairs={"fastcgi_keep_conn on;": "", "keepalive 32;": ""})


# --- Apache

APACHE_MAIN = """
ServerRoot %(path)s
DefaultRuntimeDir %(path)s/run
PidFile %(path)s/run/apache.pid
ErrorLog %(path)s/log/error.log
ServerName localhost
LogFormat "%%h %%t %%>s %%O %%r" combined
%(user)s
%(modules)s
# apache-proxy.conf says so
ServerLimit 16
ThreadsPerChild 25
MaxRequestWorkers 400
%(more)s
<Directory />
  Require all denied
</Directory>
Include %(path)s/site.conf
"""


class Apache(Server):
    reload_signal = signal.SIGUSR1
    tells = False
    down = 503
    more = ""

    def command(self):
        found = find("apache2", "httpd")
        self.modules = next((d for d in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
                             if os.path.isdir(d)), "")
        for name in self.loaded:
            if not os.path.exists("%s/mod_%s.so" % (self.modules, name)):
                raise Skip("Apache's mod_%s is not installed" % name)
        return found

    def configure(self):
        p = self.place
        text = replaced(self.edit(contrib(self.file)), pairs=dict(self.paths(), **{
            "127.0.0.1:4141": "127.0.0.1:%d" % self.port, "/var/log/apache2": p.log}))
        p.file("site.conf", text)
        main = p.file("apache.conf", APACHE_MAIN % {
            "path": p.path, "user": "User %s\nGroup %s" % (USER, USER) if os.geteuid() == 0 else "",
            "more": self.more % {"path": p.path},
            "modules": "\n".join("LoadModule %s_module %s/mod_%s.so" % (n, self.modules, n)
                                 for n in self.loaded)})
        return [self.command(), "-DFOREGROUND", "-f", main]


class ApacheProxy(Apache):
    name = "Apache mod_proxy_fcgi"
    file = "apache-proxy.conf"
    loaded = ["mpm_event", "authz_core", "proxy", "proxy_fcgi"]
    limit = "timeout=3600", "timeout=%d"

    def paths(self):
        return {"/run/copilot-api/fastcgi.sock": self.place.socket}


class ApacheFcgid(Apache):
    name = "Apache mod_fcgid"
    file = "apache-fcgid.conf"
    loaded = ["mpm_event", "authz_core", "alias", "fcgid"]
    needs_responder = False
    streams = 40
    silent = 500
    down = None
    limit = "FcgidIOTimeout 3600", "FcgidIOTimeout %d"
    more = "FcgidIPCDir %(path)s/run/fcgid\nFcgidProcessTableFile %(path)s/run/fcgid_shm\n"

    def paths(self):
        return {"/usr/local/bin": os.path.dirname(self.place.program),
                "/var/lib/copilot-api\n": self.home.path + "\n"}


# --- Caddy

class Caddy(Server):
    name = "Caddy"
    tells = False
    silent = 200            # no limit before the head
    file = "Caddyfile"

    def command(self):
        return find("caddy")

    def configure(self):
        p = self.place
        text = replaced(self.edit(contrib(self.file)), pairs={
            "admin localhost:2019": "admin 127.0.0.1:%d" % self.tls_port,
            "unix//run/copilot-api/fastcgi.sock": "unix/" + p.socket,
            "http://:4141": "http://:%d" % self.port})
        self.conf = p.file("Caddyfile", text)
        # It keeps a copy of its configuration below $HOME.
        return ["env", "HOME=" + p.path, "XDG_CONFIG_HOME=" + p.path, "XDG_DATA_HOME=" + p.path,
                self.command(), "run", "--adapter", "caddyfile", "--config", self.conf]

    def reload(self):
        subprocess.run([self.command(), "reload", "--force", "--adapter", "caddyfile", "--config", self.conf,
                        "--address", "127.0.0.1:%d" % self.tls_port], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)


# --- HAProxy

class Haproxy(Server):
    name = "HAProxy"
    chunks = 400
    tells = False
    down = 503
    limit = "timeout server 1h", "timeout server %ds"
    file = "haproxy.cfg"
    reload_signal = signal.SIGUSR2

    def command(self):
        return find("haproxy")

    def configure(self):
        p = self.place
        text = replaced(self.edit(contrib(self.file)), pairs={
            "unix@/run/copilot-api/fastcgi.sock": "unix@" + p.socket,
            "bind 127.0.0.1:4141": "bind 127.0.0.1:%d" % self.port})
        return [self.command(), "-W", "-f", p.file("haproxy.cfg", text)]


# --- lighttpd

class LighttpdFile(Server):
    reload_signal = signal.SIGUSR1
    tells = False           # not before the first byte
    silent = 200            # no limit before the head
    down = 503
    limit = "max-write-idle = 3600", "max-write-idle = %d"

    def command(self):
        return find("lighttpd")

    def configure(self):
        text = self.edit(contrib(self.file))
        for name, value in dict(self.values(), run=self.place.run, log=self.place.log,
                                address="127.0.0.1", port=self.port).items():
            text, n = re.subn(r"(?m)^var\.%s\s*=\s*(\"[^\"]*\"|\d+)" % name,
                              lambda m: "var.%s = %s" % (name, json.dumps(value)), text)
            assert n == 1, "var." + name
        return [self.command(), "-D", "-f", self.place.file("lighttpd.conf", text)]

    def values(self):
        return {"program": self.place.program, "home": self.home.path}


class LighttpdSpawn(LighttpdFile):
    name = "lighttpd"
    file = "lighttpd.conf.example"
    needs_responder = False
    down = None


class LighttpdCgi(LighttpdFile):
    name = "lighttpd mod_cgi"
    file = "lighttpd-cgi.conf"
    needs_responder = False
    streams = 40
    down = None


class LighttpdSocket(LighttpdFile):
    """Speaks TLS only, so that curl is its client."""
    name = "lighttpd with TLS"
    file = "lighttpd-socket.conf"

    def command(self):
        found = find("lighttpd")
        if not os.path.exists("/usr/lib/lighttpd/mod_openssl.so"):
            raise Skip("lighttpd's mod_openssl is not installed")
        return found

    def lighttpds(self):
        """Process ids: beside the one that was started those that a reload has made."""
        return [pid for pid, words in processes_in([self.place.path]).items() if words.endswith("lighttpd.conf ")]

    def stop(self, sig=signal.SIGTERM):
        """All of them, as those of a unit; what a reload has left behind outlives the first."""
        status = super().stop(sig)
        for pid in self.lighttpds():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        eventually(lambda: not self.lighttpds(), what="the end of lighttpd")
        return status

    def values(self):
        make_certificate(self.place.path)
        return {"socket": self.place.socket, "pem": self.place.path + "/host.pem"}

    def request(self, method, path, body=None, headers=None, query=""):
        return Curl(self.place, self.port, method, path, body, headers).reply()


class Curl:
    """One request over TLS and HTTP/2; the answer is read as it comes."""

    def __init__(self, place, port, method, path, body=None, headers=None):
        words = [find("curl"), "-sNi", "--http2", "--cacert", place.path + "/cert.pem", "-X", method,
                 "--max-time", "30", "-w", "\nprotocol %{http_version}"]
        for name, value in dict(headers or {}, **({"Content-Type": "application/json"} if body else {})).items():
            words += ["-H", "%s: %s" % (name, value)]
        if body:
            words += ["--data-binary", "@-"]
        self.process = subprocess.Popen(words + ["https://127.0.0.1:%d%s" % (port, path)], env={"PATH": os.environ["PATH"]},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdin.write(encode(body))
        self.process.stdin.close()

    def read1(self, n):
        return os.read(self.process.stdout.fileno(), n)

    def reply(self):
        text = self.process.stdout.read()
        self.process.wait()
        self.process.stdout.close()
        text, _, self.protocol = text.rpartition(b"\nprotocol ")
        if not text:
            return Reply(0, {}, b"")
        head, _, body = text.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        return Reply(int(lines[0].split()[1]), headers, body)

    def close(self):
        end(self.process)
        self.process.stdout.close()
