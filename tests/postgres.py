"""A real PostgreSQL for tests, as Debian's package has it: a server of the test's
own in a temporary directory, on a free port of this machine, with passwords and
TLS; a second one that follows it; a disk that becomes full; and a way to it that
can be cut. The cluster that the package may have made is never touched."""
import glob, os, pwd, re, selectors, shutil, signal, socket, struct, subprocess, threading

from harness import *

USER, DATABASE, PASSWORD = "copilot", "copilot", "p4ss wort/d"
# initdb and the first start under load, and a start that has to recover.
START = 60

CONF = """
listen_addresses = '%(listen)s'
port = %(port)d
unix_socket_directories = ''
max_connections = 60
shared_buffers = 16MB
fsync = off
wal_level = replica
max_wal_senders = 4
wal_keep_size = 64MB
hot_standby = on
log_line_prefix = '%%m [%%p] '
lc_messages = 'C'
"""
TLS = """
ssl = on
ssl_cert_file = '%(path)s/cert.pem'
ssl_key_file = '%(path)s/key.pem'
"""
HBA = """
%(kind)s all all %(from)s scram-sha-256
%(kind)s replication all %(from)s scram-sha-256
"""


def find_postgres():
    """The directory with the newest server's programs; may skip."""
    if not built_with("libpq"):
        raise Skip("built without PostgreSQL")
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres") +
                   glob.glob("/usr/pgsql-*/bin/postgres"),
                   key=lambda p: int(re.search(r"\d+", p).group()))
    if not found:
        raise Skip("PostgreSQL is not installed")
    return os.path.dirname(found[-1])


def quoted(text):
    """For a URL."""
    return "".join(c if c.isalnum() else "%%%02X" % b for c in text for b in c.encode())


class Owner:
    """Whom the server runs as, since it refuses to be root."""

    def __init__(self):
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    def give(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def popen(self):
        """Arguments for subprocess."""
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}


class Disk:
    """A small one, that can be filled."""

    def __init__(self, path, megabytes):
        if os.geteuid() != 0:
            raise Skip("only root can mount a small disk")
        if subprocess.call(["mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "tmpfs", path],
                           stderr=subprocess.DEVNULL) != 0:
            raise Skip("a tmpfs can't be mounted here")
        self.path, self.filler = path, os.path.join(path, "filler")
        at_end(lambda: subprocess.call(["umount", "-l", path], stderr=subprocess.DEVNULL))

    def fill(self):
        with open(self.filler, "ab", buffering=0) as f:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass

    def free(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)


class Postgres:
    """One server; it runs when this returns. "follows" is another one, whose
    standby it is. "disk" is a size in megabytes."""

    def __init__(self, follows=None, tls=True, disk=None, listen="127.0.0.1", clients="127.0.0.1/32", conf="",
                 port=None, password=PASSWORD):
        self.bin = find_postgres()
        self.owner, self.process, self.disk = Owner(), None, None
        self.host, self.port, self.password = listen, port or free_port(), password
        self.path = tempdir()
        self.owner.give(self.path)
        if disk:
            self.disk = Disk(self.path, disk)
            self.owner.give(self.path)
        self.data = os.path.join(self.path, "data")
        self.log_path = os.path.join(self.path, "log")
        self.tls = tls and bool(shutil.which("openssl"))
        self.file("password", password)
        if self.tls:
            self._certificate()
        if follows:
            self._copy(follows)
        else:
            self._make()
        values = {"listen": listen, "port": self.port, "path": self.path, "from": clients,
                  "kind": "hostssl" if self.tls else "host"}
        self.file("data/postgresql.conf", ((CONF + (TLS if self.tls else "")) % values) + conf)
        self.file("data/pg_hba.conf", HBA % values)
        at_end(self.stop, signal.SIGQUIT)
        self.start()
        if follows:
            eventually(lambda: follows.sql("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"),
                       what="a standby: " + self.log()[-2000:])
        else:
            self.sql("CREATE DATABASE " + DATABASE, database="postgres")

    def file(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        self.owner.give(path)
        return path

    def _certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1,IP:" + self.host,
                        "-keyout", self.path + "/key.pem", "-out", self.path + "/cert.pem"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in ("key.pem", "cert.pem"):
            self.owner.give(os.path.join(self.path, name))
        os.chmod(self.path, 0o711)      # clients read the certificate
        os.chmod(self.path + "/cert.pem", 0o644)

    def _env(self, **more):
        """Nothing of the person who runs the tests: no ~/.postgresql."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        return dict(env, LC_ALL="C", HOME=self.path, **more)

    def _run(self, program, *words, **env):
        p = subprocess.run([os.path.join(self.bin, program), *words], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                           env=self._env(**env), **self.owner.popen())
        if p.returncode != 0:
            text = p.stdout.decode(errors="replace")
            if "Permission denied" in text:
                raise Skip("PostgreSQL can't write to " + self.path)
            raise AssertionError("%s: %s" % (program, text))

    def _make(self):
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "scram-sha-256", "--pwfile",
                  self.path + "/password", "-E", "UTF8", "--no-locale", "--no-sync", "--wal-segsize=1")

    def _copy(self, first):
        self._run("pg_basebackup", "-D", self.data, "-h", first.host, "-p", str(first.port), "-U", USER,
                  "-R", "-X", "stream", "-c", "fast", "--no-sync", PGPASSWORD=self.password)

    # --- Its life

    def start(self, seconds=START):
        """Behind a kill it has ended at once, rarely: it is started again, as
        systemd would."""
        for _ in range(3):
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(
                    [os.path.join(self.bin, "postgres"), "-D", self.data], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, cwd="/", env=self._env(TEST_POSTGRES=self.path), **self.owner.popen())
            eventually(lambda: self.process.poll() is not None or self._is_up(), seconds,
                       "PostgreSQL: " + self.log()[-2000:])
            if self.process.poll() is None:
                return
            print("# PostgreSQL ended with %d" % self.process.returncode, flush=True)
        raise AssertionError("PostgreSQL ended: " + self.log()[-2000:])

    def _is_up(self):
        return subprocess.call([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.host, "-p", str(self.port)]) == 0

    def stop(self, sig=signal.SIGINT):
        """SIGTERM waits for who is connected, SIGINT doesn't, SIGQUIT just
        ends; after SIGKILL the others of the server's processes go, too."""
        status = end(self.process, sig, 30) if self.process else None
        eventually(lambda: not processes_with("TEST_POSTGRES", self.path), what="the end of PostgreSQL's processes")
        return status

    def kill(self):
        self.stop(signal.SIGKILL)
        # It would find itself running.
        pid = os.path.join(self.data, "postmaster.pid")
        if os.path.exists(pid):
            os.unlink(pid)

    def restart(self, sig=signal.SIGINT):
        self.stop(sig)
        self.start()

    def pause(self):
        """All of its processes stand still: connections stay, silent."""
        for pid in processes_with("TEST_POSTGRES", self.path):
            os.kill(pid, signal.SIGSTOP)

    def go_on(self):
        for pid in processes_with("TEST_POSTGRES", self.path):
            os.kill(pid, signal.SIGCONT)

    def promote(self):
        self.sql("SELECT pg_promote()", database="postgres")
        eventually(lambda: self.sql("SELECT pg_is_in_recovery()", database="postgres") == [["f"]], what="a promotion")

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as f:
            return f.read()

    # --- Ways in

    def query(self):
        return "sslmode=verify-full&sslrootcert=%s/cert.pem" % self.path if self.tls else "sslmode=disable"

    def url(self, port=None, more="", also=()):
        """For stateUrl; "port" is that of a Way, "also" other servers."""
        places = ["%s:%d" % (self.host, port or self.port)] + ["%s:%d" % (o.host, o.port) for o in also]
        query = self.query() if not also else "sslmode=require&target_session_attrs=read-write"
        return "postgresql://%s:%s@%s/%s?%s%s" % (USER, quoted(self.password), ",".join(places), DATABASE, query, more)

    def sql(self, text, database=DATABASE):
        """What it selects, as a list of lists of texts."""
        p = subprocess.run([os.path.join(self.bin, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\x1f",
                            "-R", "\x1e", "-h", self.host, "-p", str(self.port), "-U", USER, "-d", database,
                            "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env=self._env(PGPASSWORD=self.password, PGCONNECT_TIMEOUT="10"))
        if p.returncode != 0:
            raise AssertionError("%s: %s" % (text, p.stderr.decode(errors="replace")))
        out = p.stdout.decode().rstrip("\n")
        return [line.split("\x1f") for line in out.split("\x1e")] if out else []

    def clients(self):
        """How many are connected to the database, beside the one who asks."""
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = '%s'"
                            " AND pid <> pg_backend_pid()" % DATABASE)[0][0])

    def drop_clients(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"
                 " AND pid <> pg_backend_pid()" % DATABASE)


class Shared(Postgres):
    """One for all data directories of a test: a schema each."""

    def __init__(self):
        super().__init__()
        self.places = 0

    def place(self):
        self.places += 1
        self.sql("CREATE SCHEMA place%d" % self.places)
        return self.url(more="&options=-csearch_path%%3Dplace%d" % self.places)

    def ask(self, url, text):
        """What it selects in the place of that address, numbers as such."""
        schema = re.search(r"search_path%3D(\w+)", url).group(1)
        return [tuple(int(v) if re.fullmatch(r"-?\d+", v) else v for v in row)
                for row in self.sql("SET search_path = %s; %s" % (schema, text))]


def shared(made=[]):
    if not made:
        try:
            made.append(Shared())
        except Skip as why:
            skip_all(str(why))
    return made[0]


class Way:
    """A TCP proxy to an address. cut() breaks all connections and refuses new
    ones; silence() lets nothing through any more, as a network does that lost
    its packets; mend() is what was before, for new connections."""

    def __init__(self, port, host="127.0.0.1", listener=None):
        self.target, self.lock = (host, port), threading.Lock()
        self.pairs, self.mode, self.ended = {}, "open", False
        self.listener = listener or socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()
        at_end(self.end)

    def _drop(self, sock):
        for s in (sock, self.pairs.pop(sock, None)):
            if s is None or s.fileno() < 0:
                continue
            self.pairs.pop(s, None)
            try:
                self.selector.unregister(s)
            except (KeyError, ValueError):
                pass
            # A reset, not an end.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()

    def _accept(self):
        client = self.listener.accept()[0]
        if self.mode == "silent":
            self.pairs[client] = None
            return
        if self.mode == "cut":
            self._drop(client)
            return
        try:
            server = socket.create_connection(self.target, 5)
        except OSError:
            self._drop(client)
            return
        for s, other in ((client, server), (server, client)):
            s.settimeout(10)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs[s] = other
            self.selector.register(s, selectors.EVENT_READ)

    def _pass(self, sock):
        try:
            data = sock.recv(65536)
            if data and self.mode == "open":
                self.pairs[sock].sendall(data)
            elif not data:
                self._drop(sock)
        except OSError:
            self._drop(sock)

    def _carry(self):
        while not self.ended:
            for key, _ in self.selector.select(0.1):
                with self.lock:
                    if key.fileobj is self.listener:
                        self._accept()
                    elif key.fileobj in self.pairs:
                        self._pass(key.fileobj)

    def cut(self):
        with self.lock:
            self.mode = "cut"
            for s in list(self.pairs):
                self._drop(s)

    def silence(self):
        with self.lock:
            self.mode = "silent"

    def mend(self):
        """What was silent meanwhile has lost bytes, and is reset."""
        with self.lock:
            for s in list(self.pairs) if self.mode == "silent" else []:
                self._drop(s)
            self.mode = "open"

    def end(self):
        self.ended = True
        self.thread.join()
        self.cut()
        self.listener.close()
