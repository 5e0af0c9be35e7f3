#!/usr/bin/env python3
"""Compares the behavior of two builds of ingot on many commands over all fixtures.

For every command: exit status, bytes of every file it writes, and its --json document. Text for people may differ; it
is counted, and --show-text prints it. compare/renames.json has the words that differ on purpose. Exits with status 1 if
anything differs.
"""

import argparse
import fnmatch
import os
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from compare.cases import all_cases
from compare.comparison import Comparison
from compare.execution import Records, Side
from compare.program import Program
from compare.words import Words

SCRIPTS = Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="the program that defines the behavior")
    parser.add_argument("after", help="the program that is compared with it")
    parser.add_argument("--only", metavar="GLOB", action="append", help="only cases with such names; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="cases that run at once (default: 2)")
    parser.add_argument("--keep", metavar="DIR", help="keep what the programs write in DIR/before and DIR/after")
    parser.add_argument("--records", metavar="DIR", help="reuse what BEFORE did in an earlier run")
    parser.add_argument("--fixtures", metavar="DIR", default=SCRIPTS.parent / "fixtures", help="other fixtures")
    parser.add_argument("--renames", metavar="FILE", default=SCRIPTS / "compare" / "renames.json", help="another table")
    parser.add_argument("--show-text", action="store_true", help="print the lines of text that differ, each pair once")
    parser.add_argument("--list", action="store_true", help="list the cases and their commands, and run nothing")
    return parser.parse_args()


def compared(case, before, after, work, words, records, keep):
    """Runs a case with both programs and returns a list of pairs of title and result, one for each command."""
    sides = [Side(program, case, work / name / case.name.replace("/", "+"))
             for program, name in ((before, "before"), (after, "after"))]
    outcomes = [side.outcomes(None if keep else store) for side, store in zip(sides, (records, None))]
    if not keep:
        for side in sides:
            shutil.rmtree(side.folder)
    titles = [f"{case.name}: {step.text}" for step in case.steps]
    return [(title, Comparison(words, title, step).result(*both))
            for title, step, both in zip(titles, case.steps, zip(*outcomes))]


class Tally:
    """Counts of finished commands, and the text that differed."""

    def __init__(self, shows_text):
        self.shows_text = shows_text
        self.equal, self.differing, self.statuses = 0, 0, Counter()
        self.text, self.lines, self.allowed = 0, set(), Counter()

    def add(self, title, result):
        self.statuses[result.status] += 1
        self.allowed.update(result.allowed)
        if result.differences:
            self.differing += 1
            more = f"; {len(result.differences) - 3} more" if len(result.differences) > 3 else ""
            print(f"{title}\n    " + "; ".join(result.differences[:3]) + more, flush=True)
        else:
            self.equal += 1
        if result.text:
            self.text += 1
            new = [pair for pair in dict.fromkeys(result.text) if pair not in self.lines]
            if new and self.shows_text:
                print(title + "".join(f"\n  - {one}\n  + {other}" for one, other in new), flush=True)
            self.lines.update(new)

    def summary(self):
        statuses = ", ".join(f"{status} × {count}" for status, count in sorted(self.statuses.items(), key=str))
        lines = [f"statuses: {statuses}", f"text differs in {self.text} commands"]
        lines += [f"{count} differences allowed: {why}" for why, count in sorted(self.allowed.items())]
        total = self.equal + self.differing
        return "\n".join(lines + [f"{total} commands, {self.equal} equal, {self.differing} differ"])


def main():
    options = arguments()
    words = Words(options.renames)
    before, after = (Program(path, words) for path in (options.before, options.after))
    work = Path(tempfile.mkdtemp(prefix="compare-programs-"))
    tally = Tally(options.show_text)
    try:
        cases = all_cases(Path(options.fixtures).resolve(), before, work)
        if options.only:
            cases = [case for case in cases if any(fnmatch.fnmatch(case.name, glob) for glob in options.only)]
        if options.list:
            print("\n".join(f"{case.name}: {step.text}" for case in cases for step in case.steps))
            return 0
        records = Records(Path(options.records)) if options.records else None
        with ThreadPoolExecutor(options.jobs) as pool:
            runs = [pool.submit(compared, case, before, after, work, words, records, bool(options.keep))
                    for case in cases]
            for run in as_completed(runs):
                for title, result in run.result():
                    tally.add(title, result)
        if options.keep:
            shutil.copytree(work, options.keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(tally.summary())
    if not tally.equal + tally.differing:
        print("no case matches", file=sys.stderr)
        return 64
    return 1 if tally.differing else 0


if __name__ == "__main__":
    os.environ.update(NO_COLOR="1", LC_ALL="C.UTF-8", COLUMNS="120")
    sys.exit(main())
