"""What processes cost, as Linux tells it in /proc: memory and CPU time."""

import os


def _parents():
    """Every process with its parent."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as f:
                # The command's name, in parentheses, may hold anything.
                fields = f.read().rpartition(b")")[2].split()
        except OSError:
            continue
        found[int(name)] = int(fields[1])
    return found


def tree(roots):
    """The processes in "roots" and all that descend from them."""
    parents = _parents()
    pids = {pid for pid in roots if pid in parents}
    while True:
        more = {pid for pid, parent in parents.items() if parent in pids}
        if more <= pids:
            return pids
        pids |= more


def _name(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as f:
        return f.read().strip()


def _field_kb(path, name):
    """The figure of one "Name:   123 kB" line, or of several, summed."""
    with open(path, encoding="ascii", errors="replace") as f:
        return sum(int(line.split()[1]) for line in f
                   if line.startswith(name))


def _memory_kb(pid):
    for path, name in ((f"/proc/{pid}/smaps_rollup", "Pss:"),
                       (f"/proc/{pid}/smaps", "Pss:"),
                       (f"/proc/{pid}/status", "VmRSS:")):
        try:
            return _field_kb(path, name)
        except OSError:
            continue
    return 0


def memory_kb(pids):
    """Proportional set size by program's name: shared pages count in part."""
    total = {}
    for pid in pids:
        try:
            name = _name(pid)
        except OSError:
            continue        # it has ended
        total[name] = total.get(name, 0) + _memory_kb(pid)
    return total


def _cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", "rb") as f:
        fields = f.read().rpartition(b")")[2].split()
    hz = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / hz


def _cpu_scheduled(pid):
    """The same in nanoseconds, where the kernel keeps them."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat",
                  encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def cpu_seconds(pids):
    """User and system time, summed by the name of the program. Threads must
    not end between two calls that are compared."""
    total = {}
    for pid in pids:
        try:
            name = _name(pid)
            try:
                spent = _cpu_scheduled(pid)
            except (OSError, ValueError, IndexError):
                spent = _cpu_ticks(pid)
        except OSError:
            continue        # it has ended
        total[name] = total.get(name, 0.0) + spent
    return total
