"""The words that differ between the two programs on purpose, and the comparison of JSON documents in their light."""

import fnmatch
import json
import re


class Words:
    """The table renames.json.

    `members`, `values`: pairs `from`, `to`; of a member with `at`, globs of the dotted paths where it is renamed.
    `arguments`: words of the command line. `wording`: globs of paths whose strings are prose. `allowed`: differences
    with a reason: `path`, and `in`, a glob of the line `CASE: COMMAND`.
    """

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
        self.members = {}
        for rule in table["members"]:
            self.members.setdefault(rule["from"], []).append((rule["to"], rule.get("at", ["*"])))
        self.values = {}
        for rule in table["values"]:
            self.values.setdefault(rule["from"], set()).add(rule["to"])
        self.argument_pairs = [(rule["from"], rule["to"]) for rule in table["arguments"]]
        self.wording = table["wording"]
        self.allowed = table["allowed"]

    def reason(self, title, path):
        """Returns why a difference is allowed, or None."""
        for rule in self.allowed:
            if fnmatch.fnmatch(path, rule["path"]) and fnmatch.fnmatch(title, rule.get("in", "*")):
                return rule["why"]
        return None

    @staticmethod
    def without_times(text):
        """Returns the lines of a text without elapsed times, such as `0.01 s`, and speeds."""
        return re.sub(r"\b[\d.,]+ (s|ms|[KMG]iB/s)\b", "TIME", text).splitlines()

    def is_prose(self, path):
        return any(fnmatch.fnmatch(path, glob) for glob in self.wording)

    def same_string(self, old, new):
        if old == new or new in self.values.get(old, ()):
            return True
        for one, other in self.argument_pairs:
            old = re.sub(r"(?<![\w-])" + re.escape(one) + r"(?![\w-])", other, old)
        return old == new

    def pairs(self, old, new, path):
        """Returns a dictionary from each member of an old object to the member of the new one that it belongs to.

        A name that both have is the same member, unless renaming all at once gives exactly the new object's names.
        """
        candidates = {key: [to for to, at in self.members.get(key, ())
                            if any(fnmatch.fnmatch(dotted(path, key), glob) for glob in at)] for key in old}
        renamed = {key: next((to for to in names if to in new), key) for key, names in candidates.items()}
        if sorted(renamed.values()) == sorted(new):
            return renamed
        return {key: key if key in new else renamed[key] for key in old}


def dotted(path, key):
    return f"{path}.{key}" if path else str(key)


def brief(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 48 else text[:45] + "…"


class DocumentComparison:
    """Where two parsed documents differ: `differences` for people, `allowed` with the reasons."""

    def __init__(self, words, title):
        self.words, self.title = words, title
        self.differences, self.allowed = [], []

    def report(self, shown, path, what):
        reason = self.words.reason(self.title, path)
        if reason:
            self.allowed.append(reason)
        else:
            self.differences.append(f"{shown or 'document'}: {what}")

    def compare(self, old, new, path="", shown=""):
        if isinstance(old, dict) and isinstance(new, dict):
            self.compare_objects(old, new, path, shown)
        elif isinstance(old, list) and isinstance(new, list):
            self.compare_lists(old, new, path, shown)
        elif isinstance(old, str) and isinstance(new, str):
            if not self.words.same_string(old, new) and not self.words.is_prose(path):
                self.report(shown, path, f"{brief(old)} → {brief(new)}")
        elif type(old) is not type(new) or old != new:
            self.report(shown, path, f"{brief(old)} → {brief(new)}")

    def compare_objects(self, old, new, path, shown):
        pairs = self.words.pairs(old, new, path)
        for key, value in old.items():
            if pairs[key] in new:
                self.compare(value, new[pairs[key]], dotted(path, key), dotted(shown, pairs[key]))
            else:
                self.report(dotted(shown, key), dotted(path, key), "missing")
        for key in new.keys() - set(pairs.values()):
            self.report(dotted(shown, key), dotted(path, key), "new")

    def compare_lists(self, old, new, path, shown):
        if len(old) != len(new):
            names = [[item.get("name") if isinstance(item, dict) else None for item in items] for items in (old, new)]
            if None in names[0] + names[1]:
                self.report(shown, path, f"{len(old)} → {len(new)} elements")
            for name in (name for name in names[0] if name not in names[1]):
                self.report(f"{shown}[{name}]", dotted(path, name), "missing")
            for name in (name for name in names[1] if name not in names[0]):
                self.report(f"{shown}[{name}]", dotted(path, name), "new")
            old = [item for item, name in zip(old, names[0]) if name in names[1]]
            new = [item for item, name in zip(new, names[1]) if name in names[0]]
        for index, (one, other) in enumerate(zip(old, new)):
            self.compare(one, other, path, f"{shown}[{index}]")
