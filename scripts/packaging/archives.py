"""Makes the packages of an installation: a tarball, a Debian package, a Python wheel.

    python3 scripts/packaging/archives.py PROGRAMS OUTPUT [KIND…]

PROGRAMS is the folder that scripts/packaging/build.sh filled; KIND is tar, deb or wheel (default: those of this system). The same
programs give the same bytes: names are sorted, owners are root, and times are SOURCE_DATE_EPOCH or 1980.
"""

import base64
import hashlib
import io
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import elf

HERE = Path(__file__).parent
# A zip file cannot have an earlier time.
EPOCH = max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800)
# Of xz; a small one is quick, for a trial.
PRESET = int(os.environ.get("XZ_PRESET", "9"))
MAINTAINER = os.environ.get("MAINTAINER", "The ingot maintainers <maintainers@ingot.invalid>")
SUMMARY = "convert, quantize, inspect and verify LLM checkpoints (safetensors and GGUF)"
DESCRIPTION = """ingot converts, quantizes and inspects checkpoints of language models
(safetensors, GGUF, PyTorch and others), with the bytes of llama.cpp's tools,
and proves that the result computes the same as the original.
"""


def files(tree):
    """The files below a folder, as (path, name relative to it), sorted."""
    return [(path, path.relative_to(tree).as_posix()) for path in sorted(tree.rglob("*")) if path.is_file()]


def mode(path):
    return 0o755 if os.access(path, os.X_OK) else 0o644


def elf_programs(tree):
    return [tree / "bin/ingot", *sorted((tree / "libexec/ingot").glob("*"))]


def tarball(tree, output, version):
    """A tar file whose one folder is an installation."""
    system = {"Linux": "linux", "Darwin": "macos"}[platform.system()]
    name = f"ingot-{version}-{platform.machine()}-{system}"
    path = output / f"{name}.tar.xz"
    # Builds of one program have much in common; a dictionary as large as two of them finds it.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": PRESET, "dict_size": 96 << 20}]
    with lzma.open(path, "wb", filters=filters) as stream:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for source, relative in files(tree):
                entry = tarfile.TarInfo(f"{name}/{relative}")
                entry.size, entry.mode, entry.mtime = source.stat().st_size, mode(source), EPOCH
                entry.uname = entry.gname = "root"
                with source.open("rb") as contents:
                    archive.addfile(entry, contents)
    return path


def deb(installation, output, version):
    """A Debian package, made by dpkg-deb."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
    path = output / f"ingot_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        root = Path(folder)
        tree = root / "usr"
        shutil.copytree(installation, tree)
        (tree / "share/zsh/site-functions").rename(tree / "share/zsh/vendor-completions")
        documents = tree / "share/doc/ingot"
        (documents / "LICENSE").unlink()
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(EPOCH))
        (documents / "changelog").write_text(
            f"ingot ({version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- {MAINTAINER}  {date}\n")
        pages = sorted((tree / "share/man/man1").glob("*.1"))
        subprocess.run(["gzip", "-9n", documents / "changelog", documents / "CHANGELOG.md", *pages], check=True)
        overrides = root / "usr/share/lintian/overrides"
        overrides.mkdir(parents=True)
        (overrides / "ingot").write_text((HERE / "debian/lintian-overrides").read_text())
        least = elf.glibc_version(elf_programs(tree))
        control = root / "DEBIAN"
        control.mkdir()
        (control / "control").write_text(control_file(version, architecture, least, files(tree)))
        sums = "".join(
            f"{hashlib.md5(source.read_bytes()).hexdigest()}  {relative}\n"
            for source, relative in files(root) if not relative.startswith("DEBIAN/"))
        (control / "md5sums").write_text(sums)
        for item in root.rglob("*"):
            os.chmod(item, 0o755 if item.is_dir() else mode(item))
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{PRESET}", "--build", root, path], check=True,
            env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)), stdout=subprocess.DEVNULL)
    return path


def control_file(version, architecture, least, contents):
    size = sum((source.stat().st_size + 1023) // 1024 for source, _ in contents)
    depends = f"Depends: libc6 (>= {least[0]}.{least[1]})\n" if least else ""
    description = "".join(f" {line}\n" for line in DESCRIPTION.splitlines())
    return (
        f"Package: ingot\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n{depends}"
        f"Installed-Size: {size}\nSection: utils\nPriority: optional\nDescription: {SUMMARY}\n{description}")


def wheel(tree, output, version):
    """A wheel with the program among its scripts and the rest of the installation as its data."""
    tag = f"py3-none-{platform_tag(elf.glibc_version(elf_programs(tree)))}"
    name, info = f"ingot_cli-{version}", f"ingot_cli-{version}.dist-info"
    members = [(f"ingot/{path.name}", path.read_bytes(), 0o644) for path in sorted((HERE / "wheel/ingot").glob("*.py"))]
    for source, relative in files(tree):
        place = relative.replace("bin/", f"{name}.data/scripts/", 1)
        if not relative.startswith("bin/"):
            place = f"{name}.data/data/{relative}"
        members.append((place, source.read_bytes(), mode(source)))
    members += [
        (f"{info}/METADATA", metadata(version), 0o644),
        (f"{info}/WHEEL", wheel_file(tag), 0o644),
        (f"{info}/licenses/LICENSE", (HERE.parents[1] / "LICENSE").read_bytes(), 0o644),
        (f"{info}/licenses/copyright", (HERE / "copyright").read_bytes(), 0o644),
    ]
    record = "".join(f"{place},sha256={digest(data)},{len(data)}\n" for place, data, _ in members)
    members.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))
    path = output / f"{name}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, data, permissions in members:
            entry = zipfile.ZipInfo(place, time.gmtime(EPOCH)[:6])
            entry.external_attr = (0o100000 | permissions) << 16
            entry.create_system = 3
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, PRESET)
    return path


def platform_tag(least):
    """The systems of a wheel: any Linux without a glibc, otherwise those with its version."""
    machine = platform.machine()
    if least is None:
        return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    return f"manylinux_{least[0]}_{least[1]}_{machine}"


def digest(data):
    """A digest as RECORD has it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def metadata(version):
    readme = (HERE / "wheel/README.md").read_text(encoding="utf-8")
    text = io.StringIO()
    text.write("Metadata-Version: 2.4\nName: ingot-cli\n" f"Version: {version}\nSummary: {SUMMARY}\n")
    text.write("License-Expression: Apache-2.0\nLicense-File: LICENSE\nLicense-File: copyright\n")
    text.write("Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\n")
    text.write("Keywords: gguf,safetensors,quantization,llama.cpp\n\n" + readme)
    return text.getvalue().encode()


def wheel_file(tag):
    python, abi, platforms = tag.split("-")
    tags = "".join(f"Tag: {python}-{abi}-{name}\n" for name in platforms.split("."))
    return f"Wheel-Version: 1.0\nGenerator: ingot-packaging\nRoot-Is-Purelib: false\n{tags}".encode()


def main():
    programs, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    makers = {"tar": tarball, "deb": deb, "wheel": wheel}
    kinds = sys.argv[3:] or (list(makers) if platform.system() == "Linux" else ["tar"])
    output.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run(
        [programs / "ingot", "--version"], check=True, capture_output=True, text=True,
        env=dict(os.environ, INGOT_BUILD="baseline")).stdout
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "installation")
        subprocess.run([HERE / "tree.sh", programs, tree], check=True)
        for kind in kinds:
            path = makers[kind](tree, output, shown.split()[1])
            print(f"{path}  {path.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
