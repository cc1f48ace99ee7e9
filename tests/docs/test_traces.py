"""What the built site must not carry: the machine, the person and the time of its build, and secrets."""

from __future__ import annotations

import datetime
import getpass
import io
import os
import platform
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("CONVBOOK_SITE", ROOT / "docs" / "_build" / "html"))
TODAY = datetime.datetime.now(datetime.UTC)


def contents() -> Iterator[tuple[str, bytes]]:
    """Every file of the site, and every file inside its archives; those of Pyodide are its makers'."""
    for path in sorted(path for path in SITE.rglob("*") if path.is_file() and "pyodide" not in path.parts):
        data, name = path.read_bytes(), path.relative_to(SITE).as_posix()
        yield name, data
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield from ((f"{name}/{inside}", archive.read(inside)) for inside in archive.namelist())


def found(patterns: dict[str, re.Pattern[bytes]]) -> list[str]:
    """Where a pattern stands in the site, with what it found."""
    seen = 0
    places = []
    for name, data in contents():
        seen += 1
        for what, pattern in patterns.items():
            places += [f"{name}: {what}: {hit[0][:80]!r}" for hit in list(pattern.finditer(data))[:1]]
    assert seen > 100, f"no built book in {SITE}: run `nox -s docs` first"
    return places


def words(*texts: str) -> dict[str, re.Pattern[bytes]]:
    """Patterns for texts as they are; one too short to tell anything is left out."""
    return {text: re.compile(re.escape(text.encode())) for text in texts if len(text) > 3}


def test_no_file_names_the_machine_or_the_person() -> None:
    """No folder of this machine, no home, no host name and no user, in text or binary."""
    user = getpass.getuser()
    # "root" is a word of the book's styles; other names of accounts are not
    names = words(str(ROOT), str(Path.home()) + "/", platform.node(), user if user != "root" else "")
    folders = rb"(?<![\w.:/-])/(?:tmp|home|Users|root|var|usr/(?:lib|local|share)|opt)/\w[\w./-]*"
    traces = {
        **names,
        "a folder": re.compile(folders),
        "packages": re.compile(rb"site-packages|dist-packages"),
        "a Windows folder": re.compile(rb"\b[C-Z]:\\\\?(?:Users|Windows|Program)"),
        "a process": re.compile(rb"ipykernel_\d+|<[\w.]+ object at 0x[0-9a-f]{6,}>"),
    }
    assert found(traces) == []


def test_no_file_knows_when_it_was_built() -> None:
    """Neither the day nor the hour of the build: tomorrow's build of the same sources has the same bytes."""
    days = [TODAY - datetime.timedelta(days=back) for back in range(3)]
    forms = ("%Y-%m-%d", "%d %b %Y", "%b %d, %Y", "%B %d, %Y")
    dates = [day.strftime(form) for day in days for form in forms]
    took = re.compile(rb"Total running time|\d+ minutes [\d.]+ seconds")
    assert found({**words(*dates), "a running time": took}) == []


def test_archives_are_undated() -> None:
    """The files in an archive carry no time: it would be that of the build."""
    archives = sorted(path for path in SITE.rglob("*.zip") if "pyodide" not in path.parts)
    assert archives
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            assert {entry.date_time[0] for entry in archive.infolist()} == {1980}, path.name


def test_pictures_carry_nothing_but_their_pixels() -> None:
    """No PNG says which program made it when: no text, time or EXIF chunk."""
    pictures = [*sorted((SITE / "_images").glob("*.png")), SITE / "_static" / "card.png"]
    for path in pictures:
        data = path.read_bytes()
        assert not [chunk for chunk in (b"tEXt", b"iTXt", b"zTXt", b"tIME", b"eXIf") if chunk in data], (
            path.name
        )


def test_no_file_holds_a_secret() -> None:
    """Nothing that looks like a key, a token or a password, and no private address."""
    secrets = {
        "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY"),
        "a token": re.compile(
            rb"\b(?:gh[pousr]_\w{30,}|github_pat_\w{30,}|xox[bap]-\w{10,}|AKIA[0-9A-Z]{16})\b"
        ),
        "a password in an address": re.compile(rb"[a-z]+://[\w.-]+:[^@\s/\"']{3,}@"),
        "a private address": re.compile(
            rb"https?://(?:localhost|127\.0\.0\.1|10\.\d|192\.168\.|[\w-]+\.(?:local|internal))"
        ),
    }
    assert found(secrets) == []


@pytest.mark.parametrize(
    "variable", ["PATH", "PYTHONPATH", "VIRTUAL_ENV", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"]
)
def test_no_variable_of_the_build_reaches_a_page(variable: str) -> None:
    """What the environment of the build said is not on any page."""
    value = os.environ.get(variable, "")
    assert found(words(*value.split(os.pathsep if variable in ("PATH", "PYTHONPATH") else "\n"))) == []
