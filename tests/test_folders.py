"""What readers find while a site is replaced: the old one or the new one, never a part."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["exchanged", "renamed"])
def folders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that replaces folders: with the system's single step, and with two renames elsewhere."""
    spec = importlib.util.spec_from_file_location("folders", ROOT / ".ci" / "folders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if request.param == "renamed":
        monkeypatch.setattr(module, "exchange", lambda one, two: False)
    return module


def site(folder: Path, words: str, pages: int = 3) -> Path:
    """A site whose pages all say the same words."""
    (folder / "deep").mkdir(parents=True)
    for number in range(pages):
        (folder / "deep" / f"{number}.html").write_text(words)
    return folder


def words(folder: Path) -> set[str]:
    """What the pages of a site say."""
    return {path.read_text() for path in folder.rglob("*.html")}


def test_a_place_gets_the_copy_and_nothing_is_left_beside_it(folders: ModuleType, tmp_path: Path) -> None:
    """The first time and the second; the original stays where it was made, and what is left out stays out."""
    place = tmp_path / "public" / "html"
    place.parent.mkdir()
    for say in ("one", "two"):
        made = site(tmp_path / say, say)
        (made / ".buildinfo").touch()
        folders.replace(made, place, ".buildinfo*")
        assert words(place) == {say}
        assert not (place / ".buildinfo").exists()
        assert made.exists()
    assert [path.name for path in place.parent.iterdir()] == ["html"]


def test_a_full_disk_leaves_the_old_site(
    folders: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that breaks off raises, the place is as it was, and its remains are gone."""
    place, made = site(tmp_path / "html", "old"), site(tmp_path / "made", "new")
    copied: list[str] = []
    copyfile = shutil.copyfile

    def until_full(source: str, target: str, **options: Any) -> str:
        if copied:
            raise OSError(28, "No space left on device")
        copied.append(source)
        return copyfile(source, target, **options)

    monkeypatch.setattr(shutil, "copyfile", until_full)
    with pytest.raises(OSError, match="No space left"):
        folders.replace(made, place)
    assert words(place) == {"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["html", "made"]
    assert copied


def test_a_second_rename_that_fails_brings_the_old_site_back(folders: ModuleType, tmp_path: Path) -> None:
    """Where two renames are needed, the place is not left empty by an error between them."""
    place, fresh = site(tmp_path / "html", "old"), tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        folders.swap(fresh, place, tmp_path / ".html.old")
    assert words(place) == {"old"}


def test_an_interruption_between_two_renames_is_mended_by_the_next_call(
    folders: ModuleType, tmp_path: Path
) -> None:
    """A process killed there leaves the old site beside its place: even if the next copy fails it is back."""
    site(tmp_path / ".html.old", "old")
    site(tmp_path / ".html.new", "half")
    with pytest.raises(FileNotFoundError):
        folders.replace(tmp_path / "nothing", tmp_path / "html")
    assert words(tmp_path / "html") == {"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["html"]


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import folders
sites = [Path(name) for name in sys.argv[2:4]]
print("ready", flush=True)
while True:
    for made in sites:
        folders.replace(made, Path(sys.argv[4]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux exchanges folders in one step")
def test_a_kill_at_any_moment_leaves_a_whole_site(tmp_path: Path) -> None:
    """A process that replaces the site over and over is killed twelve times: a whole version stands there."""
    one, two = site(tmp_path / "one", "one", 40), site(tmp_path / "two", "two", 40)
    place = tmp_path / "html"
    shutil.copytree(one, place)
    for number in range(12):
        command = [sys.executable, "-c", KILLED, str(ROOT / ".ci"), str(one), str(two), str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.003 * number)
            os.kill(process.pid, signal.SIGKILL)
        assert len(list(place.rglob("*.html"))) == 40
        assert len(words(place)) == 1


def test_what_differs_is_named(folders: ModuleType, tmp_path: Path) -> None:
    """Another byte, a file that only one folder has, and a folder in place of a file are all found."""
    one, two = site(tmp_path / "one", "same"), site(tmp_path / "two", "same")
    assert folders.different(one, two) == []
    (one / "deep" / "1.html").write_text("Same")
    (two / "extra.txt").write_text("")
    (two / "deep" / "2.html").unlink()
    (two / "deep" / "2.html").mkdir()
    assert folders.different(one, two) == ["deep/1.html", "deep/2.html", "extra.txt"]
