"""Starts what is compared: the fake upstream, nginx as a plain reverse proxy,
and our program behind lighttpd and behind nginx. Everything listens on
127.0.0.1, writes below one temporary directory, and ends with us."""

import ctypes
import http.client
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

HOST = "127.0.0.1"
BACKLOG = 4096
PR_SET_PDEATHSIG = 1
SBIN = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))


class Missing(Exception):
    """Something that a variant needs isn't on this machine."""


def find(command):
    """Web servers live where an ordinary user's PATH doesn't look."""
    path = os.environ.get("PATH", "") + os.pathsep + SBIN
    found = shutil.which(command, path=path)
    if found is None:
        raise Missing(f"{command} is not installed")
    return found


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    """In the child: an end of the driver, however hard, ends it too."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def request(port, method, path, headers=None, timeout=5):
    """One HTTP request; (status, body)."""
    conn = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        conn.request(method, path, headers=headers or {})
        answer = conn.getresponse()
        return answer.status, answer.read()
    finally:
        conn.close()


class Variant:
    """One way from the load generator to the fake upstream."""

    def __init__(self, name, label, url, roots=(), headers=(), version=""):
        self.name = name
        self.label = label
        self.url = url
        self.roots = list(roots)    # processes whose cost is counted
        self.headers = list(headers)
        self.version = version


class Servers:
    """All processes of a benchmark. Use as a context manager."""

    def __init__(self, work, top, copilot_api, fake_upstream):
        self.work = work
        self.top = top
        self.copilot_api = copilot_api
        self.fake_upstream = fake_upstream
        self.processes = []         # (name, Popen), in order of their start
        self.fake_port = None
        self.headers = []           # what Copilot wants to see

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        """End all, the last first: by SIGTERM, after 5 seconds by SIGKILL."""
        for _, p in reversed(self.processes):
            if p.poll() is None:
                p.terminate()
        limit = time.monotonic() + 5
        for _, p in reversed(self.processes):
            try:
                p.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            if p.stdin is not None:
                p.stdin.close()
        self.processes = []

    def dead(self):
        """Names of the servers that have ended though nobody asked them to."""
        return [name for name, p in self.processes if p.poll() is not None]

    def _directory(self, name):
        path = os.path.join(self.work, name)
        os.makedirs(path, mode=0o700)
        return path

    def _start(self, name, argv, env=None, stdin=subprocess.DEVNULL):
        with open(os.path.join(self.work, name + ".log"), "ab") as log:
            p = subprocess.Popen(argv, stdin=stdin, stdout=log, stderr=log,
                                 env=env, preexec_fn=_die_with_parent)
        self.processes.append((name, p))
        return p

    def log_tail(self, name):
        """The end of what a server has said, for an error message."""
        text = ""
        for path in (os.path.join(self.work, name + ".log"),
                     os.path.join(self.work, name, "error.log")):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()[-2000:]
        return text

    def _wait(self, name, ready, seconds=15):
        """Until ready() is true; the server may still be starting."""
        p = dict(self.processes)[name]
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if p.poll() is not None:
                break
            try:
                if ready():
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{name} doesn't serve:\n{self.log_tail(name)}")

    # ------------------------------------------------------ the fake upstream

    def start_fake(self):
        """GitHub and Copilot in one program; gets a token from it, too."""
        port_file = os.path.join(self.work, "fake.port")
        self._start("fake-upstream", [
            self.fake_upstream, "--port", "0", "--fast", "--port-file",
            port_file, "--exit-with-stdin"], stdin=subprocess.PIPE)

        def written():
            with open(port_file, encoding="ascii") as f:
                self.fake_port = int(f.read().strip() or 0)
            return self.fake_port > 0

        self._wait("fake-upstream", written)
        status, body = request(
            self.fake_port, "GET", "/copilot_internal/v2/token",
            {"Authorization": "token ghu_bench",
             "Accept": "application/json", **COPILOT_HEADERS})
        if status != 200:
            raise RuntimeError(f"no token from the fake: {status} {body!r}")
        token = json.loads(body)["token"]
        self.headers = [f"{k}: {v}" for k, v in COPILOT_HEADERS.items()]
        self.headers.append(f"Authorization: Bearer {token}")

    def direct(self):
        return Variant("direct", "direct to the fake upstream",
                       f"http://{HOST}:{self.fake_port}/chat/completions",
                       headers=self.headers)

    # ------------------------------------------------------------------ nginx

    def _start_nginx(self, name, upstream, location):
        """One nginx with a single worker; returns (process, port)."""
        nginx = find("nginx")
        prefix = self._directory(name)
        port = free_port()
        conf = os.path.join(prefix, "nginx.conf")
        user = ""
        if os.geteuid() == 0:
            # Otherwise its worker is nobody and can't enter our directory.
            user = f"user {pwd.getpwuid(0).pw_name} root;"
        with open(conf, "w", encoding="utf-8") as f:
            f.write(NGINX_CONF.format(user=user, prefix=prefix, port=port,
                                      host=HOST, upstream=upstream,
                                      location=location, backlog=BACKLOG))
        p = self._start(name, [nginx, "-p", prefix, "-c", conf, "-e",
                               os.path.join(prefix, "error.log")])
        return p, port

    def nginx_proxy(self):
        """The reference: nginx passes everything on and adds the headers."""
        name = "nginx-proxy"
        headers = "\n".join(
            f'      proxy_set_header {h.split(": ", 1)[0]} '
            f'"{h.split(": ", 1)[1]}";' for h in self.headers)
        p, port = self._start_nginx(
            name, f"server {HOST}:{self.fake_port}; keepalive 1024; "
            "keepalive_requests 100000000;",
            NGINX_PROXY.format(headers=headers))
        self._wait(name, lambda: request(port, "GET", "/ready")[0] == 200)
        return Variant(name, "nginx proxy_pass",
                       f"http://{HOST}:{port}/v1/chat/completions", [p.pid],
                       version=version(find("nginx"), "-v"))

    def nginx_several(self, n):
        """Several of ours that share a socket, as spawn-fcgi -F starts them."""
        name = f"nginx-{n}"
        find("nginx")
        home = self._home(name, responders=n)
        path = os.path.join(self.work, name + ".sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen(BACKLOG)
            ours = [self._start(f"{name}-{i}", [self.copilot_api], stdin=s,
                                env=self._environment(home)) for i in range(n)]
        p, port = self._start_nginx(
            name, f"server unix:{path}; keepalive 64; "
            "keepalive_requests 100000000;", NGINX_FASTCGI.format(keep="on"))
        self._wait_models(name, port)
        return Variant(name, f"ours behind nginx, {n} processes",
                       f"http://{HOST}:{port}/v1/chat/completions",
                       [p.pid] + [one.pid for one in ours],
                       version=version(find("nginx"), "-v"))

    def nginx_fastcgi(self, keep):
        """Ours, started by spawn-fcgi, behind nginx's fastcgi_pass."""
        name = "nginx-keep" if keep else "nginx-close"
        spawn = find("spawn-fcgi")
        find("nginx")
        home, path = self._home(name), os.path.join(self.work, name + ".sock")
        program = self._start(name + "-program", [
            spawn, "-n", "-s", path, "-b", str(BACKLOG), "--",
            self.copilot_api], env=self._environment(home))
        self._wait(name + "-program", lambda: os.path.exists(path))
        p, port = self._start_nginx(
            name, f"server unix:{path};" +
            (" keepalive 64; keepalive_requests 100000000;" if keep else ""),
            NGINX_FASTCGI.format(keep="on" if keep else "off"))
        self._wait_models(name, port)
        return Variant(
            name, "ours behind nginx, " +
            ("FastCGI connections kept" if keep else "a connection each"),
            f"http://{HOST}:{port}/v1/chat/completions",
            [p.pid, program.pid], version=version(find("nginx"), "-v"))

    # --------------------------------------------------------------- lighttpd

    def lighttpd(self, n=1, watched=True):
        """Ours, started by lighttpd with the example configuration."""
        name = "lighttpd" if n == 1 else f"lighttpd-{n}"
        label = "ours behind lighttpd" + (f", {n} processes" if n > 1 else "")
        config = {"responders": n}
        if not watched:
            name, label = "lighttpd-blind", label + ", not watched"
            config["metrics"] = {"enabled": False}
            config["usage"] = {"ledger": False}
        lighttpd = find("lighttpd")
        prefix, home = self._directory(name), self._home(name, **config)
        port = free_port()
        conf = os.path.join(prefix, "lighttpd.conf")
        with open(os.path.join(self.top, "lighttpd.conf.example"),
                  encoding="utf-8") as f:
            text = lighttpd_conf(f.read(), {
                "program": self.copilot_api, "home": home, "run": prefix,
                "log": prefix, "address": HOST, "port": port})
        text = text.replace('"max-procs" => 1,', f'"max-procs" => {n},')
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text)
        p = self._start(name, [lighttpd, "-D", "-f", conf],
                        env=self._environment(home))
        self._wait_models(name, port)
        return Variant(name, label,
                       f"http://{HOST}:{port}/v1/chat/completions", [p.pid],
                       version=version(lighttpd, "-v"))

    # -------------------------------------------------------------- the floor

    def _floor_command(self, program):
        """The least that a FastCGI program with libcurl does."""
        return [program, f"http://{HOST}:{self.fake_port}/chat/completions",
                *self.headers]

    def floor_nginx(self, program):
        name = "floor-nginx"
        find("nginx")
        path = os.path.join(self.work, name + ".sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen(BACKLOG)
            ours = self._start(name + "-program", self._floor_command(program),
                               stdin=s)
        p, port = self._start_nginx(
            name, f"server unix:{path}; keepalive 64; "
            "keepalive_requests 100000000;", NGINX_FASTCGI.format(keep="on"))
        self._wait(name, lambda: request(port, "GET", "/ready")[0] == 200)
        return Variant(name, "floor behind nginx, FastCGI connections kept",
                       f"http://{HOST}:{port}/v1/chat/completions",
                       [p.pid, ours.pid], version=version(find("nginx"), "-v"))

    def floor_lighttpd(self, program):
        """The example's server with the other program in it."""
        name = "floor-lighttpd"
        lighttpd = find("lighttpd")
        prefix, port = self._directory(name), free_port()
        script = os.path.join(prefix, "floor")
        with open(script, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec " +
                    shlex.join(self._floor_command(program)) + "\n")
        os.chmod(script, 0o700)
        conf = os.path.join(prefix, "lighttpd.conf")
        with open(os.path.join(self.top, "lighttpd.conf.example"),
                  encoding="utf-8") as f:
            text = lighttpd_conf(f.read(), {
                "program": script, "home": prefix, "run": prefix,
                "log": prefix, "address": HOST, "port": port})
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text)
        p = self._start(name, [lighttpd, "-D", "-f", conf],
                        env=self._environment(prefix))
        self._wait(name, lambda: request(port, "GET", "/")[0] > 0)
        return Variant(name, "floor behind lighttpd",
                       f"http://{HOST}:{port}/v1/chat/completions", [p.pid],
                       version=version(lighttpd, "-v"))

    # ------------------------------------------------------------- our program

    def _home(self, name, **config):
        """A data directory: signed in, everything upstream is the fake."""
        if self.copilot_api is None:
            raise Missing("copilot-api is not built")
        home = self._directory(name + ".home")
        base = f"http://{HOST}:{self.fake_port}"
        with open(os.path.join(home, "github_token"), "w",
                  encoding="ascii") as f:
            f.write("ghu_bench\n")
        with open(os.path.join(home, "config.json"), "w",
                  encoding="ascii") as f:
            json.dump({"githubBaseUrl": base, "githubApiBaseUrl": base,
                       "copilotBaseUrl": base, **config}, f)
        for entry in os.listdir(home):
            os.chmod(os.path.join(home, entry), 0o600)
        return home

    @staticmethod
    def _environment(home):
        """Nothing of the caller's account may reach the program."""
        keep = {k: v for k, v in os.environ.items()
                if k in ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")}
        keep["COPILOT_API_HOME"] = home
        keep["HOME"] = home
        return keep

    def _wait_models(self, name, port):
        """The program has its token and its model list."""
        self._wait(name, lambda: request(port, "GET", "/v1/models")[0] == 200)


def version(*argv):
    """The first line in which a server tells its version."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          timeout=10)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else ""


def lighttpd_conf(text, variables):
    """The example with our paths: only its own variables are set anew."""
    for key, value in variables.items():
        shown = value if isinstance(value, int) else f'"{value}"'
        text, n = re.subn(rf"(?m)^var\.{key}\s*=.*$",
                          lambda m, k=key, s=shown: f"var.{k} = {s}", text)
        if n != 1:
            raise RuntimeError(f"lighttpd.conf.example: no var.{key}")
    # All directories here are the caller's: stay the user we are.
    return re.sub(r"(?m)^(server\.(?:username|groupname)\s*=)", r"#\1", text)


COPILOT_HEADERS = {
    "Editor-Version": "vscode/1.104.3",
    "Editor-Plugin-Version": "copilot-chat/0.50.1",
    "Copilot-Integration-Id": "vscode-chat",
    "X-GitHub-Api-Version": "2026-06-01",
    "User-Agent": "GitHubCopilotChat/0.50.1",
    "Openai-Intent": "conversation-panel",
    "X-Initiator": "user",
}

# The body buffer: by default nginx spools a body above 16 kB to a file and then
# sends it in pieces with Nagle's algorithm on, which costs 40 ms whenever the
# last piece waits for a delayed ACK. A reference must be better than that.
NGINX_CONF = """\
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {prefix}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {prefix}/body;
  proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  client_max_body_size 64m;
  client_body_buffer_size 4m;
  keepalive_requests 100000000;
  upstream behind {{ {upstream} }}
  server {{
    listen {host}:{port} backlog={backlog};
    location = /ready {{ return 200 ready; }}
    location /v1/ {{
{location}
    }}
  }}
}}
"""

NGINX_PROXY = """\
      proxy_pass http://behind/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_read_timeout 1h;
      proxy_set_header Connection "";
{headers}
"""

NGINX_FASTCGI = """\
      fastcgi_pass behind;
      fastcgi_keep_conn {keep};
      fastcgi_split_path_info ^()(/.*)$;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param REQUEST_SCHEME $scheme;
      fastcgi_param GATEWAY_INTERFACE CGI/1.1;
      fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REMOTE_PORT $remote_port;
      fastcgi_param SERVER_ADDR $server_addr;
      fastcgi_param SERVER_PORT $server_port;
      fastcgi_param SERVER_NAME $server_name;
      fastcgi_buffering off;
      fastcgi_read_timeout 1h;
      fastcgi_send_timeout 1h;
"""
