"""From the rounds of a benchmark to medians, ratios, verdicts and a table."""

import statistics

REFERENCE = "nginx-proxy"
FLOOR_US = 1.0      # below it, an added latency is noise


def _median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def _ratio(a, b):
    return a / b if a is not None and b else None


class Summary:
    """Medians over the rounds. A cell that failed everywhere is None."""

    def __init__(self, rounds, variants, streams, bodies):
        self.rounds = rounds
        self.variants = variants        # names, "direct" first
        self.streams = streams
        self.bodies = bodies

    def _cells(self, variant, key):
        return [(r.get("direct", {}).get(key), r[variant][key])
                for r in self.rounds if key in r.get(variant, {})]

    def value(self, variant, key, field):
        """Cells that measured nothing (all failed) have no say."""
        return _median(cell.get(field)
                       for _, cell in self._cells(variant, key)
                       if cell.get("measured"))

    def errors(self, variant, key):
        return sum(cell.get("errors", 0)
                   for _, cell in self._cells(variant, key))

    def added(self, variant, key, field):
        """How much more than without anything between, round by round."""
        return _median(
            max(FLOOR_US, cell[field] - direct[field])
            if direct and direct.get("measured") and cell.get("measured")
            else None
            for direct, cell in self._cells(variant, key))

    def added_ratio(self, variant, key, field):
        return _ratio(self.added(variant, key, field),
                      self.added(REFERENCE, key, field))

    def ratio(self, variant, key, field):
        return _ratio(self.value(variant, key, field),
                      self.value(REFERENCE, key, field))

    def first(self, variant, key, field):
        """From the first round: memory before later rounds have grown it."""
        cells = self._cells(variant, key)
        return cells[0][1].get(field) if cells else None

    def greatest(self, variant, key, field):
        values = [cell.get(field) for _, cell in self._cells(variant, key)]
        return max((v for v in values if v is not None), default=None)

    def as_dict(self):
        """Everything that the tables show, for the JSON file."""
        out = {}
        for v in self.variants:
            rows = out[v] = {}
            for n in self.streams:
                key = f"streams-{n}"
                rows[key] = {
                    "errors": self.errors(v, key),
                    "p50_us": self.value(v, key, "p50_us"),
                    "p99_us": self.value(v, key, "p99_us"),
                    "added_p50_us": self.added(v, key, "p50_us"),
                    "added_p99_us": self.added(v, key, "p99_us"),
                    "added_p50_ratio": self.added_ratio(v, key, "p50_us"),
                    "memory_kb": self.first(v, key, "memory_kb"),
                    "memory_max_kb": self.greatest(v, key, "memory_kb"),
                    "cpu_per_100k": self.value(v, key, "cpu_per_100k"),
                    "cpu_ratio": self.ratio(v, key, "cpu_per_100k"),
                }
            for b in self.bodies:
                key = f"body-{b}"
                rows[key] = {
                    "errors": self.errors(v, key) +
                    self.errors(v, key + "-alone"),
                    "per_second": self.value(v, key, "per_second"),
                    "per_second_ratio": self.ratio(v, key, "per_second"),
                    "alone_p50_us": self.value(v, key + "-alone", "p50_us"),
                    "alone_p99_us": self.value(v, key + "-alone", "p99_us"),
                    "alone_p50_ratio": self.ratio(v, key + "-alone",
                                                  "p50_us"),
                    "alone_added_ratio": self.added_ratio(v, key + "-alone",
                                                          "p50_us"),
                    "cpu_us": self.value(v, key, "cpu_us"),
                }
        return out


def size(n):
    return f"{n // 1000} kB" if n < 1000000 else f"{n // 1000000} MB"


def _number(value, scale=1.0, digits=2):
    return "-" if value is None else f"{value * scale:.{digits}f}"


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def _table(head, rows):
    return [_line(head), _line(["---"] + ["---:"] * (len(head) - 1)),
            *(_line(r) for r in rows), ""]


def _requests(s, labels):
    head = ["requests/s (ratio to nginx)"]
    for b in s.bodies:
        head += [size(b), "ratio"]
    rows = []
    for v in s.variants:
        row = [labels[v]]
        for b in s.bodies:
            row += [_number(s.value(v, f"body-{b}", "per_second"), 1, 0),
                    _number(s.ratio(v, f"body-{b}", "per_second"))]
        rows.append(row)
    return _table(head, rows)


def _alone(s, labels):
    head = ["one request at a time, ms"]
    for b in s.bodies:
        head += [f"{size(b)} p50", "p99", "ratio of p50"]
    rows = []
    for v in s.variants:
        row = [labels[v]]
        for b in s.bodies:
            key = f"body-{b}-alone"
            row += [_number(s.value(v, key, "p50_us"), 1e-3),
                    _number(s.value(v, key, "p99_us"), 1e-3),
                    _number(s.ratio(v, key, "p50_us"))]
        rows.append(row)
    return _table(head, rows)


def _streams(s, labels, n):
    key = f"streams-{n}"
    head = [f"{n} stream{'s' if n > 1 else ''}", "p50 ms", "p99 ms",
            "added p50", "added p99", "ratio of added p50", "memory MB",
            "CPU s per 100k chunks", "ratio of CPU", "errors"]
    rows = []
    for v in s.variants:
        rows.append([
            labels[v],
            _number(s.value(v, key, "p50_us"), 1e-3),
            _number(s.value(v, key, "p99_us"), 1e-3),
            _number(None if v == "direct" else s.added(v, key, "p50_us"),
                    1e-3),
            _number(None if v == "direct" else s.added(v, key, "p99_us"),
                    1e-3),
            _number(None if v == "direct" else
                    s.added_ratio(v, key, "p50_us")),
            _number(s.first(v, key, "memory_kb"), 1 / 1024, 1),
            _number(s.value(v, key, "cpu_per_100k")),
            _number(s.ratio(v, key, "cpu_per_100k")),
            str(s.errors(v, key))])
    return _table(head, rows)


def _scaled(value, scale):
    return None if value is None else value * scale


def memory_later(s, variant):
    """MB at 1000 streams in the worst round."""
    return _scaled(s.greatest(variant, "streams-1000", "memory_kb"), 1 / 1024)


# What must hold: (variant, text, how to get the figure, limit in its unit).
TARGETS = (
    ("lighttpd", "1000 streams without an error: errors",
     lambda s, v: s.errors(v, "streams-1000")
     if s.value(v, "streams-1000", "answers") is not None else None, 0),
    ("lighttpd", "memory of program and lighttpd at 1000 streams, MB",
     lambda s, v: _scaled(s.first(v, "streams-1000", "memory_kb"),
                          1 / 1024), 50),
    ("lighttpd", "the same in the worst round, after large bodies, MB",
     memory_later, 64),
    ("lighttpd", "median added latency per chunk at 200 streams, "
     "ratio to nginx proxy_pass",
     lambda s, v: s.added_ratio(v, "streams-200", "p50_us"), 3),
    ("lighttpd", "time of a request with a 2 MB body, "
     "ratio to nginx proxy_pass",
     lambda s, v: s.ratio(v, "body-2000000-alone", "p50_us"), 8),
)


# The figures that agents feel: (text, key, field, is more better, the goal
# behind lighttpd and behind nginx with kept connections). Ratios are to nginx
# proxy_pass in the same run.
FIGURES = (
    ("chat 1 kB, requests/s at 16", "body-1000", "per_second", True,
     "0.40 / 0.60"),
    ("chat 200 kB, requests/s at 16", "body-200000", "per_second", True,
     "0.35 / 0.50"),
    ("chat 2 MB, requests/s at 16", "body-2000000", "per_second", True,
     "0.30 / 0.45"),
    ("processor time a request, 1 kB", "body-1000", "cpu_us", False, "4 / 3"),
    ("processor time a request, 200 kB", "body-200000", "cpu_us", False,
     "4 / 3"),
    ("processor time a request, 2 MB", "body-2000000", "cpu_us", False, ""),
    ("one client, 200 kB: added time", "body-200000-alone", "added_p50",
     False, "0.35 / 0.3 ms"),
    ("one client, 2 MB: added time", "body-2000000-alone", "added_p50", False,
     "1.8 / 1.5 ms"),
    ("1000 streams: added per chunk, p50", "streams-1000", "added_p50", False,
     "0.12 / 0.12 ms"),
    ("1000 streams: added per chunk, p99", "streams-1000", "added_p99", False,
     "1 / 1 ms"),
    ("processor time a chunk, 1000 streams", "streams-1000", "cpu_per_100k",
     False, "1.5 / 1.5"),
    ("memory at 1000 streams", "streams-1000", "memory_kb", False,
     "45 / 50 MB"),
    ("upstream that does not wait, chunks/s", "flood", "chunks_per_second",
     True, "0.8 / 0.8"),
)
TOLERANCE = 1.25


def figure(s, variant, key, field):
    """One figure of one variant in its own unit, or None."""
    if field.startswith("added_"):
        return s.added(variant, key, field[len("added_"):] + "_us")
    if field == "memory_kb":
        return s.first(variant, key, field)
    return s.value(variant, key, field)


def ratios(s):
    """Of all figures and variants, to the reference in this run."""
    return {v: {text: _ratio(figure(s, v, key, field),
                             figure(s, REFERENCE, key, field))
                for text, key, field, _, _ in FIGURES}
            for v in s.variants if v not in ("direct", REFERENCE)}


def compare(s, baseline):
    """Each ratio that both have; "worse" by more than the tolerance."""
    rows = []
    now = ratios(s)
    for variant in now:
        for text, _, _, more, _ in FIGURES:
            is_, was = now[variant][text], baseline.get(variant, {}).get(text)
            if is_ and was:
                change = was / is_ if more else is_ / was
                rows.append({"variant": variant, "figure": text, "was": was,
                             "is": is_, "worse": change > TOLERANCE})
    return rows


def gate(rows):
    """The comparison as a table."""
    return "\n".join(_table(
        ["ratio to nginx proxy_pass", "stored", "now", ""],
        [[f"{r['variant']}: {r['figure']}", _number(r["was"]),
          _number(r["is"]), "**worse**" if r["worse"] else ""]
         for r in rows]))


def _absolute(value, field):
    """In a unit that people read."""
    if value is None:
        return "-"
    if field.startswith("added_"):
        return f"{value / 1000:.2f} ms"
    if field == "memory_kb":
        return f"{value / 1024:.0f} MB"
    if field == "cpu_us":
        return f"{value:.0f} us"
    if field == "cpu_per_100k":
        return f"{value * 10:.1f} us"
    return f"{value:.0f}"


def figures(s):
    """Absolute, and as a ratio to the reference."""
    names = [v for v in s.variants if v != "direct"]
    rows = []
    for text, key, field, _, goal in FIGURES:
        row = [text]
        for v in names:
            value = figure(s, v, key, field)
            ratio = _ratio(value, figure(s, REFERENCE, key, field))
            row.append(_absolute(value, field) + ("" if v == REFERENCE else
                       f" ({_number(ratio)})"))
        rows.append(row + [goal])
    return _table(["figure (ratio to nginx)"] + names +
                  ["goal: lighttpd / nginx-keep"], rows)


def verdicts(s):
    """Each target with its figure; "held" is None when not measured."""
    out = []
    for variant, text, figure, limit in TARGETS:
        if figure is memory_later and len(s.rounds) < 2:
            continue        # one round has no large bodies before it
        value = figure(s, variant) if variant in s.variants else None
        out.append({"target": text, "variant": variant, "limit": limit,
                    "value": value,
                    "held": None if value is None else value <= limit})
    return out


def markdown(s, labels, notes):
    """The whole report as text."""
    lines = ["## Benchmark", ""] + [f"- {n}" for n in notes] + [""]
    lines += figures(s)
    lines += _requests(s, labels)
    lines += _alone(s, labels)
    for n in s.streams:
        lines += _streams(s, labels, n)
    words = {True: "held", False: "**missed**", None: "not measured"}
    lines += _table(
        ["target (ours behind lighttpd)", "at most", "measured", ""],
        [[t["target"], str(t["limit"]), _number(t["value"]),
          words[t["held"]]] for t in verdicts(s)])
    return "\n".join(lines)
