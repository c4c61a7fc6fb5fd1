"""Several hosts on one machine: network namespaces that a bridge connects, in
each of them a responder with a data directory of its own; nginx and HAProxy in
front of them, PostgreSQL beside them. Nothing of it can be reached from
outside: the bridge is in a namespace, too."""
import ctypes, os, shutil, subprocess, sys

BRIDGE, DATABASE_HOST = "10.77.0.1", "10.77.0.2"
PORT = 9000
CLONE_NEWNET = 0x40000000


def enter():
    """Run the script anew in a network of its own; ahead of everything else.
    Says why that is impossible."""
    if os.environ.get("HOSTS_INSIDE") == "yes":
        return None
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    for program in ("ip", "unshare", "nsenter"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return program + " is not installed"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    # Without an address of its own the bridge changes it with each port, and who
    # had learnt the last one talks to nobody for some seconds.
    setup = ("ip link set lo up && ip link add br0 address 02:00:0a:4d:00:01 type bridge && ip link set br0 up && "
             "ip addr add %s/24 dev br0 && ip addr add %s/24 dev br0" % (BRIDGE, DATABASE_HOST))
    if subprocess.call(["unshare", "-n", "sh", "-c", setup], stderr=subprocess.DEVNULL) != 0:
        return "no network namespaces or bridges here"
    os.environ["HOSTS_INSIDE"] = "yes"
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", setup + ' && exec "$@"', "sh", sys.executable,
                          os.path.abspath(sys.argv[0])])


why_not = enter()

from harness import *
from postgres import *
import webservers

libc = ctypes.CDLL(None, use_errno=True)
KEY = webservers.KEY


class Namespace:
    """One host's network."""

    def __init__(self, number):
        self.number, self.address = number, "10.77.0.%d" % (10 + number)
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "100000"])
        at_end(end, self.holder)
        self.file = "/proc/%d/ns/net" % self.holder.pid
        mine = os.readlink("/proc/self/ns/net")
        eventually(lambda: os.readlink(self.file) != mine, what="a namespace")
        self.link = "host%d" % number
        self._ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        self._ip("link", "set", self.link, "master", "br0", "up")
        for words in (["link", "set", "lo", "up"], ["addr", "add", self.address + "/24", "dev", "eth0"],
                      ["link", "set", "eth0", "up"]):
            self._ip(*words, inside=True)

    def inside(self, words):
        return ["nsenter", "--net=" + self.file] + words

    def _ip(self, *words, inside=False):
        words = ["ip", *words]
        subprocess.run(self.inside(words) if inside else words, check=True)

    def listen(self, address, port):
        """A socket of that network."""
        made = []

        def make():
            with open(self.file) as f:
                if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
                    made.append(OSError(ctypes.get_errno(), "setns"))
                    return
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            s.listen(256)
            made.append(s)
        # Only that thread is there, and it ends.
        t = threading.Thread(target=make)
        t.start()
        t.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def lose_database(self):
        """Its packets get lost, as when a cable is pulled."""
        self._ip("route", "add", "blackhole", DATABASE_HOST + "/32", inside=True)
        self._ip("route", "flush", "cache", inside=True)

    def find_database(self):
        self._ip("route", "del", "blackhole", DATABASE_HOST + "/32", inside=True)


class Host(Fcgi):
    """A responder on a host of its own, which finds the fake upstream at
    127.0.0.1, as everything that is no https."""

    def __init__(self, number, fake, database, **config):
        self.net = Namespace(number)
        self.way = Way(fake.port, listener=self.net.listen("127.0.0.1", fake.port))
        config.setdefault("auth", {"apiKeys": [KEY]})
        self.home = Home(fake, stateUrl=database, **config)
        self.dir = tempdir()
        self.listener = self.net.listen(self.net.address, PORT)
        self.log_path = os.path.join(self.dir, "log")
        self.env = self.home.env()
        self.start()
        at_end(self.stop)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.net.inside([PROGRAM]), stdin=self.listener, env=self.env,
                                            stdout=subprocess.DEVNULL, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def connect(self):
        return socket.create_connection((self.net.address, PORT), TIMEOUT)

    def open(self, method, path, body=None, headers=None, **more):
        return super().open(method, path, body, dict(webservers.AUTH, **(headers or {})), **more)

    def answered(self):
        """How many requests of clients."""
        return self.log().count(" POST ") + self.log().count(" GET ")


class Front:
    """What nginx and HAProxy have in common here: several hosts in place of one."""
    needs_responder = False
    streams = None

    def __init__(self, fake, hosts):
        self.hosts = hosts
        super().__init__(fake)

    def spread(self, name, one, each):
        path = os.path.join(self.place.path, name)
        with open(path) as f:
            text = webservers.replaced(f.read(), pairs={
                one % self.place.socket: "\n".join(each % (h.net.number, h.net.address, PORT) for h in self.hosts)})
        with open(path, "w") as f:
            f.write(text)

    def request(self, method, path, body=None, headers=None, query=""):
        return super().request(method, path, body, dict(webservers.AUTH, **(headers or {})), query)


class NginxFront(Front, webservers.Nginx):
    name = "nginx"

    def configure(self):
        command = super().configure()
        self.spread("site.conf", "server unix:%s;", "# %d\nserver %s:%d;")
        return command


class HaproxyFront(Front, webservers.Haproxy):
    name = "HAProxy"

    def configure(self):
        command = super().configure()
        self.spread("haproxy.cfg", "server program unix@%s proto fcgi", "server host%d %s:%d proto fcgi")
        return command
