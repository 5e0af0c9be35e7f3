"""Writes manual pages, one for the program and one for each command, from the program's own description.

    python3 scripts/packaging/manual.py PROGRAM FOLDER

The pages are mdoc(7). Nothing is written here that the program does not say itself.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path


def run(program, *arguments):
    environment = dict(os.environ, INGOT_BUILD="baseline", COLUMNS="80", LC_ALL="C.UTF-8")
    return subprocess.run([program, *arguments], env=environment, check=True, capture_output=True, text=True).stdout


def escaped(text):
    """Text that roff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def words(text):
    """The argument of a macro: one argument, whatever spaces and quotes it has."""
    return '"' + escaped(text).replace('"', "\\(dq") + '"'


def paragraphs(text):
    """A discussion up to its examples."""
    blocks = [block.strip() for block in text.split("\n\n") if block.strip()]
    return "\n.Pp\n".join(escaped(" ".join(block.split())) for block in blocks)


def examples(text):
    """The lines below EXAMPLES."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    body = "\n".join(escaped(line) for line in lines)
    return f".Sh EXAMPLES\n.Bd -literal -offset indent\n{body}\n.Ed\n"


def spelled(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def synopsis(argument):
    """An option or argument as the synopsis has it."""
    if argument["kind"] == "positional":
        text = f".Ar {words(argument['valueName'])}"
    else:
        text = f".Fl {words(spelled(argument['preferredName'])[1:])}"
        if argument["kind"] == "option":
            text += f" Ar {words(argument['valueName'])}"
    if argument.get("isRepeating"):
        text += " ..."
    if argument.get("isOptional"):
        return text.replace(".", ".Op ", 1)
    return text


def item(argument):
    """An option or argument with its description."""
    if argument["kind"] == "positional":
        label = f".It Ar {words(argument['valueName'])}"
    else:
        label = ".It " + " , ".join(f"Fl {words(spelled(name)[1:])}" for name in argument["names"])
        if argument["kind"] == "option":
            label += f" Ar {words(argument['valueName'])}"
    text = " ".join(argument.get("abstract", "").split())
    values = argument.get("allValues")
    if values:
        text += f" (values: {', '.join(values)})"
    if argument.get("defaultValue"):
        text += f" (default: {argument['defaultValue']})"
    return f"{label}\n{escaped(text)}"


def page(command, parents, version, date, topics):
    path = [*parents, command["commandName"]]
    name, words_ = "-".join(path), " ".join(path)
    discussion, _, sample = command.get("discussion", "").partition("EXAMPLES:")
    arguments = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    commands = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
    lines = [f".Dd {date}", f".Dt {name.upper()} 1", f".Os ingot {version}"]
    lines += [".Sh NAME", f".Nm {words_}" if len(path) == 1 else f".Nm {name}", f".Nd {escaped(command['abstract'].rstrip('.'))}"]
    lines += [".Sh SYNOPSIS", f".Nm {words(words_)}"]
    if commands:
        lines += [".Ar command", ".Op Ar options"]
    lines += [synopsis(argument) for argument in arguments]
    lines += [".Sh DESCRIPTION", escaped(command["abstract"])]
    if discussion.strip():
        lines += [".Pp", paragraphs(discussion)]
    if commands:
        lines += [".Pp", "The commands are:", ".Bl -tag -width Ds"]
        lines += [f".It Xr {name}-{child['commandName']} 1\n{escaped(child['abstract'])}" for child in commands]
        lines += [".El"]
    if arguments:
        lines += [".Pp", "The options and arguments are:", ".Bl -tag -width Ds", *map(item, arguments), ".El"]
    for title, text in topics if len(path) == 1 else []:
        lines += [f".Sh {title.upper().replace('-', ' ')}", ".Bd -literal", escaped(text), ".Ed"]
    if sample.strip():
        lines += [examples(sample).rstrip()]
    related = [f".Xr {'-'.join(parents)} 1"] if parents else []
    if related:
        lines += [".Sh SEE ALSO", *related]
    return name, "\n".join(lines) + "\n", [page(child, path, version, date, topics) for child in commands]


def topic_pages(program):
    """The pages of `ingot help TOPIC`, as (name, text)."""
    listed = [line.split()[0] for line in run(program, "help", "topics").splitlines() if line.startswith("  ")]
    return [(name, run(program, "help", name).partition("\n\n")[2].rstrip()) for name in listed]


def write(pages, folder):
    name, text, children = pages
    (folder / f"{name}.1").write_text(text, encoding="utf-8")
    for child in children:
        write(child, folder)


def main():
    program, folder = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    command = json.loads(run(program, "--experimental-dump-help"))["command"]
    version = run(program, "--version").split()[1]
    # Without a date of its own, the page has the first day of the time of archives.
    import time

    stamp = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    date = f"{time.strftime('%B', stamp)} {stamp.tm_mday}, {stamp.tm_year}"
    write(page(command, [], version, date, topic_pages(program)), folder)


if __name__ == "__main__":
    main()
