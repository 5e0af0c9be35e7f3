"""Runs the commands of a case with one program, in a folder of its own, and notes what each did."""

import gzip
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

# Documents that a command writes besides its output: compared as text or JSON. Any other file is compared by bytes.
DOCUMENTS = (".receipt.json", ".certificate.json", ".html")


@dataclass
class Outcome:
    """What one command did. `files` has for each written file its text (a document), or its digest and size."""

    status: object
    output: str
    error: str
    files: dict
    removed: list


class Side:
    """One program in its folder of a case."""

    def __init__(self, program, case, folder):
        self.program, self.case, self.folder = program, case, folder

    def outcomes(self, records=None):
        """Returns the outcome of every step, from the records if they have them."""
        self.folder.mkdir(parents=True)
        self.case.populate(self.folder)
        self.stamps = self.look()
        place = records and records.place(self)
        if place and place.exists():
            return [Outcome(**outcome) for outcome in json.loads(gzip.decompress(place.read_bytes()))]
        outcomes = [self.outcome(step) for step in self.case.steps]
        if place:
            records.write(place, json.dumps([asdict(outcome) for outcome in outcomes]))
        return outcomes

    def look(self):
        found = {}
        for root, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(root, name)
                stat = os.lstat(path)
                found[os.path.relpath(path, self.folder)] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        return found

    def outcome(self, step):
        if step.prepare:
            try:
                step.prepare(self.folder)
            except OSError as error:  # the file to damage was not written
                return Outcome("not prepared", "", type(error).__name__, {}, [])
            self.stamps = self.look()
        arguments = self.program.spoken([self.expanded(argument) for argument in step.arguments])
        status, *texts = self.program.run(arguments, self.folder)
        old, self.stamps = self.stamps, self.look()
        written = [path for path, stamp in self.stamps.items() if old.get(path) != stamp]
        return Outcome(status, *(text.replace(str(self.folder), "WORK") for text in texts),
                       {path: self.contents(path) for path in sorted(written)}, sorted(old.keys() - self.stamps.keys()))

    def contents(self, path):
        data = (self.folder / path).read_bytes()
        if path.endswith(DOCUMENTS):
            return data.decode(errors="replace").replace(str(self.folder), "WORK")
        return [hashlib.sha256(data).hexdigest(), len(data)]

    def expanded(self, argument):
        """Replaces `first:GLOB` by the first file that matches."""
        if not argument.startswith("first:"):
            return argument
        glob = argument.removeprefix("first:")
        return min((str(path.relative_to(self.folder)) for path in self.folder.glob(glob)), default=glob)


class Records:
    """Outcomes of earlier runs. A record holds for the same program, the same files and the same steps."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.damage = Path(__file__).with_name("damage.py").read_bytes()

    def place(self, side):
        digest = hashlib.sha256(side.program.digest())
        if any(step.prepare for step in side.case.steps):
            digest.update(self.damage)
        for path in sorted(side.stamps):
            digest.update(path.encode() + hashlib.sha256((side.folder / path).read_bytes()).digest())
        digest.update("\n".join(step.text for step in side.case.steps).encode())
        return self.folder / f"{side.case.name.replace('/', '+')}-{digest.hexdigest()[:16]}.json.gz"

    def write(self, place, text):
        part = place.with_suffix(f".{os.getpid()}")
        part.write_bytes(gzip.compress(text.encode(), 1))
        part.replace(place)
