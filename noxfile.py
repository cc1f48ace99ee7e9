"""ConvBook's tasks: `nox -l` lists them, `nox` alone does what a push needs, `nox -s docs` builds the book.

All sessions that need torch share one environment, `.nox/book`: torch takes more than a gigabyte. A session
adds to it the dependency groups of pyproject.toml that it needs, once, at the versions of constraints.txt; a
second start installs nothing. Delete `.nox` to begin anew.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nox

sys.path.insert(0, str(Path(__file__).parent / ".ci"))
from folders import different, replace

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "tests", "conformance", "doctest"]
nox.options.error_on_external_run = True
nox.options.stop_on_first_error = False

ROOT = Path(__file__).parent.resolve()
ENVIRONMENTS = ROOT / ".nox"
BOOK = ENVIRONMENTS / "book"
DIST = ROOT / "dist"
CONSTRAINTS = ROOT / "constraints.txt"
BUILD = ROOT / "docs" / "_build"
SITE = BUILD / "html"
LOCALES = ROOT / "docs" / "locales"
NEEDED = 400  # megabytes that a build writes, the copy for readers included
# Processes for tests and scripts that need nothing of each other; each may take half a gigabyte of memory.
WORKERS = min(os.cpu_count() or 1, 8)
# Readers get SITE; Sphinx works beside it, so that a build that fails leaves the last good site in place.
STAGE = BUILD / "stage"

PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")

session = functools.partial(nox.session, venv_backend="none")


# ----------------------------------------------------------------------------------------- the environment


def python_in(environment: Path) -> str:
    """Return the interpreter of an environment."""
    windows = environment / "Scripts" / "python.exe"
    return str(windows if os.name == "nt" else environment / "bin" / "python")


def variables(environment: Path, **more: str) -> dict[str, str]:
    """Return the environment variables under which every command of a session runs."""
    folder = str(Path(python_in(environment)).parent)
    return {
        "VIRTUAL_ENV": str(environment),
        "PATH": folder + os.pathsep + os.environ.get("PATH", ""),
        # Many tiny operations on a shared machine: a second thread only waits for the first.
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        # Build environments of pip obey the same pins.
        "PIP_CONSTRAINT": str(CONSTRAINTS),
        "PIP_BUILD_CONSTRAINT": str(CONSTRAINTS),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **more,
    }


def run(
    session: nox.Session,
    *command: str,
    environment: Path = BOOK,
    env: dict[str, str] | None = None,
    **more: Any,
) -> Any:
    """Run `python command…` in an environment."""
    settings = variables(environment, **(env or {}))
    return session.run(python_in(environment), *command, env=settings, external=True, **more)


def requirements(*groups: str) -> list[str]:
    """Return the requirements of dependency groups, as pyproject.toml states them."""
    return list(nox.project.dependency_groups(PYPROJECT, *groups)) if groups else []


def create(session: nox.Session, environment: Path) -> None:
    """Make an empty virtual environment with pip, in place of whatever stands there."""
    shutil.rmtree(environment, ignore_errors=True)
    session.run(
        sys.executable, "-m", "virtualenv", "--no-periodic-update", "--quiet", str(environment), external=True
    )


def fingerprint(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def prepare(session: nox.Session, *groups: str) -> None:
    """Bring the shared environment up to date with the package and these groups; do nothing where it is.

    A record in the environment says which groups were installed from which requirements. It is written after
    pip has finished: an interrupted installation is repeated.
    """
    record = BOOK / "convbook-groups.json"
    base = fingerprint(sys.version, CONSTRAINTS.read_text(), json.dumps(PYPROJECT["project"]), str(ROOT))
    wanted = {name: fingerprint(base, *requirements(name)) for name in groups}
    wanted["package"] = base
    found = json.loads(record.read_text()) if record.exists() else {}
    missing = [name for name, digest in wanted.items() if found.get(name) != digest]
    if not missing:
        return
    if "package" in missing:  # new pins or a new Python: old groups may not fit them
        if not record.exists() or found.get("python") != sys.version:
            create(session, BOOK)
        found = {}
    session.log(f"installing {', '.join(missing)} (torch is large: the first time takes minutes)")
    needs = requirements(*(name for name in groups if name in missing))
    package = ["-e", str(ROOT)] if "package" in missing else []
    install(session, "-c", str(CONSTRAINTS), *package, *needs)
    record.write_text(json.dumps({**found, **wanted, "python": sys.version}, indent=1))


def install(session: nox.Session, *needs: str, **more: Any) -> None:
    """Install into an environment; Python compiles what is imported, a fraction of what torch brings."""
    run(session, "-m", "pip", "install", "--no-compile", *needs, **more)


# ------------------------------------------------------------------------------------------- before a push


@session
def lint(session: nox.Session) -> None:
    """Check style, types, docstrings and page markup: ruff, mypy --strict, numpydoc, sphinx-lint."""
    prepare(session, "lint")
    # The algorithms share one signature, which their folder documents once.
    modules = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "convbook").glob("[a-z]*.py"))
    checks = [
        ("ruff", "check", *(session.posargs or ["."])),
        ("ruff", "format", "--check", *(session.posargs or ["."])),
        ("mypy",),
        ("numpydoc", "lint", *modules),
        (
            "sphinxlint",
            "--ignore",
            "docs/_build",
            "--ignore",
            "docs/node_modules",
            "--ignore",
            "docs/locales",  # they translate Markdown
            "convbook",
            "docs",
            "gallery",
        ),
    ]
    failed = []
    for check in checks:  # all of them: one round of mending instead of five
        try:
            run(session, "-m", *check)
        except nox.command.CommandFailed:
            failed.append(check[0])
    if failed:
        session.error("to be mended: " + ", ".join(failed))


@session
def tests(session: nox.Session) -> None:
    """Run the package's tests with branch coverage; `-- tests/test_edges.py -k sobel` runs some."""
    prepare(session, "tests")
    run(session, "-m", "pytest", *(session.posargs or ["--cov", "--cov-report=term", *whole_package()]))


def whole_package() -> list[str]:
    """Return pytest's arguments for all tests but those in the folders that have sessions of their own."""
    others = [f"--ignore=tests/{folder}" for folder in ("conformance", "docs", "gpu", "benchmarks")]
    return [f"--numprocesses={WORKERS}", "--dist=worksteal", "tests", *others]


@session
def conformance(session: nox.Session) -> None:
    """Hold convbook against PyTorch's own samples and error cases, and print how many ran."""
    prepare(session, "tests")
    run(session, "-m", "pytest", "tests/conformance", *session.posargs)


@session
def doctest(session: nox.Session) -> None:
    """Run every example in the docstrings, in README.md and in the pages that `docs` does not run."""
    prepare(session, "tests")
    pages = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md"))
    pages += ["README.md", "CONTRIBUTING.md"]
    run(session, "-m", "pytest", "--doctest-modules", *(session.posargs or ["convbook", *pages]))


# ------------------------------------------------------------------------------------------------ the book


def sphinx(session: nox.Session, builder: str, target: Path, *options: str, source: Path = ROOT) -> None:
    """Run Sphinx with every warning an error and every reference checked."""
    doctrees = target.parent / "doctrees"
    try:
        run(
            session,
            *("-m", "sphinx", "-W", "-n", "--keep-going", "-b", builder, "-d", str(doctrees), *options),
            *(str(source / "docs"), str(target)),
            env={"PYTHONPATH": str(source)},
        )
    except nox.command.CommandFailed:
        session.error(what_to_do(source))


def what_to_do(source: Path) -> str:
    """Say after a failed build what stands and what comes next."""
    free = shutil.disk_usage(source).free // 2**20
    if free < NEEDED:
        cure = f"The disk is full: {free} MB free, about {NEEDED} needed. Make room, then build again"
    else:
        cure = "Each fault is named above, as WARNING or ERROR with its page: mend them, then build again"
    kept = "What was built before is still in place, untouched. " if SITE.exists() else ""
    return f"the book was not built. {kept}{cure}"


@session(default=False)
def docs(session: nox.Session) -> None:
    """Build the book: run chapters and gallery, draw the figures, check the links; `-- zh_CN` in Chinese."""
    prepare(session, "docs")
    languages = [name for name in session.posargs if (LOCALES / name).is_dir()]
    options = [option for option in session.posargs if option not in languages]
    for language in languages or ["en"]:
        # Scripts, chapters' outputs and figures are shared: a second language executes nothing.
        suffix = "" if language == "en" else f"-{language}"
        made, place = BUILD / f"stage{suffix}" / "html", BUILD / f"html{suffix}"
        sphinx(session, "html", made, "-D", f"language={language}", *options)
        try:
            replace(made, place, ".buildinfo*")
        except OSError as error:  # shutil's own errors too
            session.error(f"{what_to_do(ROOT)} ({str(error)[:300]})")
        session.log(f"the book is ready: {(place / 'index.html').as_uri()}")
    if session.interactive:
        run(session, "-m", "webbrowser", (place / "index.html").as_uri())


@session(default=False)
def translate(session: nox.Session) -> None:
    """Bring the catalogues of a language up to date with the book: `nox -s translate -- zh_CN`."""
    prepare(session, "docs")
    if len(session.posargs) != 1 or not re.fullmatch(r"[a-z]{2,3}(_[A-Z]\w+)?", session.posargs[0]):
        session.error("name one language, such as zh_CN or fr: `nox -s translate -- zh_CN`")
    texts = STAGE / "gettext"
    sphinx(session, "gettext", texts)
    run(session, "-m", "sphinx_intl", "update", "-p", str(texts), "-d", str(LOCALES), "-l", *session.posargs)
    session.log(f"translate the .po files in {LOCALES / session.posargs[0]}, then `nox -s docs -- …`")


@session(default=False)
def gallery(session: nox.Session) -> None:
    """Run each gallery script by itself in an empty folder, as a reader would who downloaded it."""
    prepare(session)
    scripts = [ROOT / name for name in session.posargs] or sorted((ROOT / "gallery").rglob("*.py"))
    failed = []
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for number, (script, done) in enumerate(zip(scripts, pool.map(alone, scripts), strict=True), start=1):
            name = str(script.resolve().relative_to(ROOT))
            session.log(f"[{number}/{len(scripts)}] {name}")
            if done.returncode:
                session.warn(f"{name} failed:\n{done.stdout}")
                failed.append(name)
    finally:
        pool.shutdown(cancel_futures=True)  # after an interruption no further script is started
    if failed:
        session.error("these scripts failed: " + ", ".join(failed))


def alone(script: Path) -> subprocess.CompletedProcess[str]:
    """Run a copy of a script in an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        shutil.copy(script, empty)
        return subprocess.run(
            [python_in(BOOK), script.name],
            cwd=empty,
            env={**os.environ, **variables(BOOK)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


@session(default=False)
def epub(session: nox.Session) -> None:
    """Build the book as one EPUB file, for reading away from the desk, and check that it is whole."""
    prepare(session, "docs")
    sphinx(session, "epub", STAGE / "epub", *session.posargs)
    for book in sorted((STAGE / "epub").glob("*.epub")):
        run(session, "-m", "tests.docs.epub", str(book))
        session.log(f"the book is ready: {shutil.copy(book, BUILD / book.name)}")


@session(default=False)
def serve(session: nox.Session) -> None:
    """Show the book at a local address and build it again whenever a file changes."""
    prepare(session, "docs", "serve")
    watched = [f"--watch={ROOT / folder}" for folder in ("convbook", "gallery")]
    # What a build writes among the sources must not start the next build.
    written = ("_build", "_generated", "auto_gallery", "reference/generated", "node_modules")
    made = [f"--ignore={ROOT / 'docs' / folder}" for folder in written]
    folders = [str(ROOT / "docs"), str(STAGE / "html")]
    run(
        session,
        *(
            "-m",
            "sphinx_autobuild",
            "-d",
            str(STAGE / "doctrees"),
            *watched,
            *made,
            *session.posargs,
            *folders,
        ),
        env={"PYTHONPATH": str(ROOT)},
    )


def browser(session: nox.Session) -> str:
    """Return a Chromium to test with, installed by the system's packages where that is allowed."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        session.log("no Chromium here: installing Debian's")
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        session.run("apt-get", "update", "-qq", env=env, external=True)
        session.run("apt-get", "install", "-y", "-qq", "chromium", env=env, external=True)
        if found := shutil.which("chromium"):
            return found
    return session.error(
        "no Chromium was found, and this session may not install one. Install it with the system's packages "
        "(Debian: `sudo apt-get install chromium`) or name a browser: `CHROMIUM=/path/to/chrome nox -s site`"
    )


@session(default=False)
def site(session: nox.Session) -> None:
    """Look at the built book in a real browser: links, keyboard, dark, phone, the explorer's numbers."""
    prepare(session, "docs", "tests", "site")
    if not (SITE / "index.html").exists():
        session.error("there is no built book to look at: run `nox -s docs` first (or `nox -s docs site`)")
    found = {"CHROMIUM": browser(session)}
    if session.posargs:
        folder = [] if any(option.startswith("tests/docs") for option in session.posargs) else ["tests/docs"]
        run(session, "-m", "pytest", *folder, *session.posargs, env=found)
        return
    # The tests' npm packages are there before several processes look for them.
    packages = "import node_tools; node_tools.ensure_packages(tests=True)"
    run(session, "-c", packages, env={"PYTHONPATH": str(ROOT / "docs" / "_ext")})
    # A test in a browser waits for half of its time.
    run(session, "-m", "pytest", f"--numprocesses={WORKERS + 2}", "tests/docs", env=found)


@session(default=False)
def weigh(session: nox.Session) -> None:
    """Run Lighthouse over a page of each kind of the built book; wants a quiet machine."""
    prepare(session, "docs", "site")
    if not (SITE / "index.html").exists():
        session.error("there is no built book to weigh: run `nox -s docs` first (or `nox -s docs weigh`)")
    run(session, "-m", "tests.docs.weigh", *session.posargs, env={"CHROMIUM": browser(session)})


@session(default=False)
def linkcheck(session: nox.Session) -> None:
    """Follow every link that leaves the book; fail and say so where there is no network."""
    prepare(session, "docs")
    for host in ("https://doi.org", "https://docs.python.org"):
        try:
            urllib.request.urlopen(urllib.request.Request(host, method="HEAD"), timeout=10)
        except urllib.error.HTTPError:
            break  # an answer is an answer
        except OSError:
            continue
        else:
            break
    else:
        session.error(
            "no network: not one link out of the book was checked (`nox -s docs site` checks those inside it)"
        )
    sphinx(session, "linkcheck", STAGE / "linkcheck", *session.posargs)


@session(default=False)
def reproducible(session: nox.Session) -> None:
    """Build the book in two clean clones in different folders; name each file that differs."""
    prepare(session, "docs")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory(suffix="-elsewhere") as two:
        sites = []
        for folder in (Path(one) / "a", Path(two) / "b" / "deeper"):
            session.run("git", "clone", "--quiet", str(ROOT), str(folder), external=True)
            made = folder / "docs" / "_build" / "stage" / "html"
            with session.chdir(folder):
                sphinx(session, "html", made, source=folder)
            sites.append(made)
        # .buildinfo is Sphinx's note to itself, which `docs` does not hand on
        names = [name for name in different(*sites) if not name.startswith(".buildinfo")]
        if names:
            session.error(f"{len(names)} files differ between two builds: " + ", ".join(names))
        count = sum(1 for path in sites[0].rglob("*") if path.is_file())
        session.log(f"two builds in different folders are byte-identical: {count} files")


# --------------------------------------------------------------------------------------- speed and the GPU


@session(default=False)
def bench(session: nox.Session) -> None:
    """Time convbook against other libraries; `-- calibrate` measures the rates again, `-- build` the book."""
    prepare(session, "tests", "bench", *(["docs"] if "build" in session.posargs else []))
    run(session, "-m", "tests.benchmarks", *session.posargs)


@session(default=False)
def gpu(session: nox.Session) -> None:
    """Hold every operation on a CUDA device against the CPU's definition; fail where there is none."""
    prepare(session, "tests")
    run(session, "-m", "pytest", "-m", "gpu", "tests/gpu", *session.posargs)


# ------------------------------------------------------------------------------------------------ releases


@session(default=False)
def dist(session: nox.Session) -> None:
    """Build wheel and sdist, check what is in them, and run README's example in an empty environment."""
    prepare(session, "dist")
    shutil.rmtree(DIST, ignore_errors=True)
    run(session, "-m", "build", "--outdir", str(DIST), str(ROOT))
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    problems = wrong_in_wheel(wheel) + wrong_in_sdist(sdist)
    if problems:
        session.error("; ".join(problems))
    empty = ENVIRONMENTS / "empty"
    create(session, empty)
    install(session, "--quiet", "-c", str(CONSTRAINTS), str(wheel), environment=empty)
    with (
        tempfile.TemporaryDirectory() as folder,
        session.chdir(folder),
    ):  # away from the checkout's own convbook
        Path("readme.txt").write_text(readme_example())
        run(session, "-m", "doctest", "readme.txt", environment=empty)
        run(session, "-m", "convbook", environment=empty)
    session.log(f"ready: {wheel.name} and {sdist.name}, in {DIST}")


def wrong_in_wheel(wheel: Path) -> list[str]:
    """Return what a wheel has too much or too little."""
    names = zipfile.ZipFile(wheel).namelist()
    files = [path for path in (ROOT / "convbook").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    sources = {path.relative_to(ROOT).as_posix() for path in files}
    inside = {name for name in names if ".dist-info/" not in name}
    return [f"the wheel lacks {name}" for name in sorted(sources - inside)] + [
        f"the wheel carries {name}, which is no part of the package" for name in sorted(inside - sources)
    ]


def wrong_in_sdist(sdist: Path) -> list[str]:
    """Return what a source archive lacks for building and testing the package."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    left_out = (".git/", ".nox/", "dist/", "docs/_build/", "docs/auto_gallery/", "docs/node_modules/")
    tracked = [
        path for path in ROOT.rglob("*.py") if not path.relative_to(ROOT).as_posix().startswith(left_out)
    ]
    needed = ["pyproject.toml", "LICENSE", "README.md", "constraints.txt", ".github/workflows/tests.yml"]
    needed += [path.relative_to(ROOT).as_posix() for path in tracked]
    return [f"the sdist lacks {name}" for name in needed if name not in names]


def readme_example() -> str:
    """Return the examples of README.md as doctest reads them."""
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return "\n".join(blocks)


def floors() -> list[str]:
    """Return the oldest versions that pyproject.toml allows for the package and its tests, as pins."""
    needs = [*PYPROJECT["project"]["dependencies"], *requirements("tests")]
    return [need.partition("#")[0].strip().replace(">=", "==") for need in needs]


def name_of(requirement: str) -> str:
    """Return the project that a requirement names."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


@session(default=False)
def minimums(session: nox.Session) -> None:
    """Run the tests with the oldest versions allowed; `TORCH=2.13.0 nox -s minimums` chooses torch's."""
    stated = floors()
    pins = [
        f"torch=={os.environ['TORCH']}" if name_of(pin) == "torch" and "TORCH" in os.environ else pin
        for pin in stated
    ]
    old = {name_of(pin) for pin in pins}
    others = [
        line for line in CONSTRAINTS.read_text().splitlines() if "==" in line and name_of(line) not in old
    ]
    # Old releases warn about each other: shown, but no error here.
    versions(session, ENVIRONMENTS / "minimums", pins + others, pins, "-W", "default")
    proven = [pin for pin in pins if pin in stated]
    session.log(f"these floors hold here: {', '.join(proven)}")
    for pin in sorted(set(pins) - set(stated)):
        session.warn(f"NOT its floor, but as asked by TORCH: {pin}. Without TORCH the floor itself is run")


@session(default=False)
def latest(session: nox.Session) -> None:
    """Run the tests with the newest versions that pip finds; `TORCH=2.14.1 nox -s latest` chooses torch's."""
    pins = [f"torch=={os.environ['TORCH']}"] if "TORCH" in os.environ else []
    versions(session, ENVIRONMENTS / "latest", pins, pins)


def versions(
    session: nox.Session, environment: Path, constraints: list[str], needs: list[str], *options: str
) -> None:
    """Run the tests in a fresh environment under other constraints than the book's."""
    create(session, environment)
    limits = environment / "constraints.txt"
    limits.write_text("\n".join([*constraints, ""]))
    pins = {"PIP_CONSTRAINT": str(limits), "PIP_BUILD_CONSTRAINT": str(limits)}
    wanted = [*needs, *requirements("tests"), "-e", str(ROOT)]
    install(session, "--upgrade", *wanted, environment=environment, env=pins)
    run(session, "-m", "convbook", environment=environment)
    chosen = session.posargs or whole_package()
    run(session, "-m", "pytest", *options, *chosen, environment=environment)


@session(default=False)
def pin(session: nox.Session) -> None:
    """Write constraints.txt anew from what pip resolves today; `-- torch==2.13.0` holds something back."""
    prepare(session)
    needs = [
        *PYPROJECT["project"]["dependencies"],
        *PYPROJECT["build-system"]["requires"],
        "nox",
        *session.posargs,
    ]
    needs += requirements(*PYPROJECT["dependency-groups"])
    free = {"PIP_CONSTRAINT": os.devnull, "PIP_BUILD_CONSTRAINT": os.devnull}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        resolve = ["install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        run(session, "-m", "pip", *resolve, *needs, env=free)
        chosen = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    lines = sorted(
        f"{re.sub(r'[-_.]+', '-', item['name']).lower()}=={item['version'].partition('+')[0]}"
        for item in chosen
    )
    comments = [line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("#")]
    CONSTRAINTS.write_text("\n".join([*comments, *lines, ""]))
    session.log(
        f"{len(lines)} versions written to {CONSTRAINTS.name}: look at the diff, then run every session"
    )


if __name__ == "__main__":
    nox.main()
