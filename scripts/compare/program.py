"""One build of ingot, and the words that it understands."""

import hashlib
import os
import re
import subprocess

VERBS = ["inspect", "convert", "quantize", "imatrix measure", "imatrix show", "diff", "verify", "certify check", "run",
         "check", "hash", "meta get", "meta set", "meta rm", "formats", "architectures"]
TIMEOUT = 120


class Program:
    def __init__(self, path, words):
        self.path = os.path.abspath(path)
        self.words = words
        self.help = "\n".join(self.run(verb.split() + ["--help"], ".")[1] for verb in [""] + VERBS)

    def run(self, arguments, folder):
        """Returns exit status, standard output and standard error of one command."""
        try:
            done = subprocess.run(
                [self.path] + arguments, cwd=folder, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "timeout", "", ""
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def digest(self):
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def knows(self, word):
        return re.search(whole(word), self.help) is not None

    def spoken(self, arguments):
        """Returns the arguments with every renamed word in the spelling that this program's help has."""
        for old, new in self.words.argument_pairs:
            if self.knows(old) != self.knows(new):
                wanted, other = (old, new) if self.knows(old) else (new, old)
                arguments = [re.sub(whole(other), wanted, argument) for argument in arguments]
        return arguments


def whole(word):
    return r"(?<![\w-])" + re.escape(word) + r"(?![\w-])"
