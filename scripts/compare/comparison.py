"""Compares what two programs did for one command."""

import json
import re
from dataclasses import dataclass, field
from itertools import zip_longest

from compare.words import DocumentComparison


@dataclass
class Result:
    """Of one command: the first program's status, differences, reasons of allowed ones, pairs of differing lines."""

    status: object
    differences: list = field(default_factory=list)
    allowed: list = field(default_factory=list)
    text: list = field(default_factory=list)


class Comparison:
    def __init__(self, words, title, step):
        self.words, self.title, self.step = words, title, step

    def result(self, before, after):
        self.found = Result(before.status)
        if before.status != after.status:
            line = (after.error or after.output).strip().split("\n")[0]
            self.note("status", f"status {before.status} → {after.status}" + (f" ({line})" if line else ""))
        if "--json" in self.step.arguments:
            self.documents("", before.output, after.output)
        else:
            self.texts(before.output, after.output)
        self.texts(before.error, after.error)
        for kind, old, new in (("written", before.files.keys(), after.files.keys()),
                               ("removed", set(before.removed), set(after.removed))):
            for path in sorted(old ^ new):
                self.note(path, f"{path}: {kind} only {'before' if path in old else 'after'}")
        for path in sorted(before.files.keys() & after.files.keys()):
            self.files(path, before.files[path], after.files[path])
        return self.found

    def note(self, path, what):
        reason = self.words.reason(self.title, path)
        if reason:
            self.found.allowed.append(reason)
        else:
            self.found.differences.append(what)

    def texts(self, old, new):
        if old != new:
            pairs = zip_longest(self.words.without_times(old), self.words.without_times(new), fillvalue="")
            self.found.text += [(one, other) for one, other in pairs if one != other]

    def documents(self, name, old, new):
        if old == new:
            return
        try:
            parsed = [json.loads(text) for text in (old, new)]
        except ValueError:
            self.note(name or "output", f"{name or 'output'}: differs, and is not JSON on both sides")
            return
        comparison = DocumentComparison(self.words, self.title)
        comparison.compare(*parsed, shown=name)
        self.found.differences += comparison.differences
        self.found.allowed += comparison.allowed

    def files(self, path, old, new):
        if path.endswith(".html"):
            self.found.text += [(path, "another page")] if old != new else []
        elif isinstance(old, str):
            self.documents(path, old, new)
        elif old != new:
            self.note(path, f"{path}: bytes differ ({old[1]:,} → {new[1]:,} bytes)")
