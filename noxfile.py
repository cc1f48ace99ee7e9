"""ConvBook's tasks: `nox -l` lists them, `nox` alone does what a push needs, `nox -s docs` builds the book.

The sessions share one environment, `.nox/book`, since torch takes more than a gigabyte. A session adds the
dependency groups of pyproject.toml that it needs, once, at the versions of constraints.txt; a second start
installs nothing. Sessions that need other versions, or the bare package, have environments of their own.
Delete `.nox` to begin anew.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "tests", "conformance", "doctest"]

ROOT = Path(__file__).parent.resolve()
BOOK = ROOT / ".nox" / "book"
DOCS = ROOT / "docs"
BUILD = DOCS / "_build"
SITE = BUILD / "html"  # what readers get
LANGUAGES = ["en", *sorted(folder.parent.name for folder in DOCS.glob("locales/*/LC_MESSAGES"))]
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PINS = ["-c", str(ROOT / "constraints.txt")]
WORKERS = min(os.cpu_count() or 1, 8)  # processes of a test run; each may take half a gigabyte of memory

os.environ |= {
    "OMP_NUM_THREADS": "1",  # the tensors are small: a second thread would only wait for the first
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONPATH": str(ROOT),
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # packages come uncompiled: what is imported is compiled once, and kept
}
shared = functools.partial(nox.session, venv_backend="none")
alone = functools.partial(nox.session, venv_backend="virtualenv", reuse_venv=False)


def prepare(session: nox.Session, *groups: str) -> None:
    """Give the session the shared environment, with the package and these dependency groups installed."""
    programs = BOOK / ("Scripts" if os.name == "nt" else "bin")
    if str(programs) not in os.environ["PATH"]:
        os.environ |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(BOOK)}
    needs = [PYPROJECT["project"]["dependencies"], PYPROJECT["dependency-groups"]]
    pins = (ROOT / "constraints.txt").read_text()
    state = hashlib.sha256(json.dumps([sys.version, str(ROOT), pins, needs]).encode()).hexdigest()
    record = BOOK / "installed.json"
    found = json.loads(record.read_text()) if record.exists() else {}
    installed = set(found.get("groups", []))
    if found.get("state") == state and installed >= set(groups):
        return
    if found.get("python") != sys.version:
        session.run(sys.executable, "-m", "virtualenv", "--clear", "--quiet", str(BOOK))
        installed = set()
    wanted = sorted(installed | set(groups))
    options = [part for name in wanted for part in ("--group", f"{ROOT / 'pyproject.toml'}:{name}")]
    session.run("python", "-m", "pip", "install", "--no-compile", *PINS, "-e", str(ROOT), *options)
    # Written after pip has finished: an interrupted installation is repeated.
    record.write_text(json.dumps({"state": state, "python": sys.version, "groups": wanted}))


def package_tests() -> list[str]:
    """Return pytest's arguments for all tests but those in the folders that have sessions of their own."""
    apart = ("conformance", "docs", "gpu", "benchmarks", "rosetta")
    others = [f"--ignore=tests/{folder}" for folder in apart]
    return [f"--numprocesses={WORKERS}", "--dist=worksteal", "-m", "not slow", "tests", *others]


@shared
def lint(session: nox.Session) -> None:
    """Check style, types, spelling, imports, docstrings and page markup."""
    prepare(session, "lint", "tests")
    modules = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "convbook").rglob("[a-z]*.py"))
    generated = ["--ignore=docs/_build", "--ignore=docs/node_modules", "--ignore=docs/locales"]
    checks = [
        ["ruff", "check", *(session.posargs or ["."])],
        ["ruff", "format", "--check", *(session.posargs or ["."])],
        ["typos"],
        ["mypy"],
        ["lint-imports"],
        # The algorithms share one signature, which their folder documents once.
        ["numpydoc", "lint", *(module for module in modules if "algorithms" not in module)],
        ["sphinx-lint", *generated, "convbook", "docs", "gallery"],
        *(["python", "docs/locales/catalogue.py", language] for language in LANGUAGES[1:]),
    ]
    failed = []
    for check in checks:  # all of them, so that one round of corrections is enough
        try:
            session.run(*check)
        except nox.command.CommandFailed:
            failed.append(" ".join(check[:2]))
    if failed:
        session.error("faults were found by " + ", ".join(failed))


@shared
def tests(session: nox.Session) -> None:
    """Run the quick tests with branch coverage; `-- -m slow tests` runs the slow ones."""
    prepare(session, "tests")
    session.run("pytest", *(session.posargs or ["--cov", "--cov-report=term", *package_tests()]))


@shared
def conformance(session: nox.Session) -> None:
    """Hold convbook against PyTorch's own samples and error cases, and print how many ran."""
    prepare(session, "tests")
    session.run("pytest", "tests/conformance", *session.posargs)


@shared
def doctest(session: nox.Session) -> None:
    """Run every example in the docstrings, in README.md and in the pages that `docs` does not run."""
    prepare(session, "tests")
    pages = ["README.md", "CONTRIBUTING.md", *sorted(str(page) for page in DOCS.glob("*.md"))]
    session.run("pytest", "--doctest-modules", *(session.posargs or ["convbook", *pages]))


def stage(language: str) -> Path:
    """Return where Sphinx works, so that a build that fails leaves the last good site in place."""
    return BUILD / f"stage-{language}"


def sphinx(session: nox.Session, builder: str, *options: str, language: str = "en") -> Path:
    """Run a Sphinx builder with every warning an error; return the folder that it wrote, in the stage.

    Sphinx reads a page again only when its source is newer. After a build that failed it would forget the
    faults, and after one that was killed it could trust half a file: what such a build left is removed first.
    """
    unfinished = BUILD / f"unfinished-{language}"
    if unfinished.exists():
        shutil.rmtree(stage(language), ignore_errors=True)
        if unfinished.read_text() != "failed":  # it was killed: the last output may be written in part
            shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
            shutil.rmtree(DOCS / "auto_gallery", ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    unfinished.write_text("running")
    command = ["sphinx-build", "-W", "-n", "--keep-going", "-j", "auto", "-D", f"language={language}"]
    read = "messages" if builder == "gettext" else "doctrees"  # these two cannot share what Sphinx read
    folders = ["-d", f"{stage(language)}/{read}", str(DOCS), f"{stage(language)}/{builder}"]
    try:
        session.run(*command, "-b", builder, *options, *folders)
    except nox.command.CommandFailed as fault:
        if fault.return_code == 1:  # Sphinx came to its end, and had warned
            unfinished.write_text("failed")
        kept = "The last good book is untouched. " if SITE.exists() else ""
        session.error(
            f"the book was not built. {kept}Each fault is named above, as WARNING or ERROR with its page: "
            "correct them and build again. A build needs about 400 MB of free disk."
        )
    unfinished.unlink()
    return stage(language) / builder


def publish() -> None:
    """Put the built languages in their place, English at the top; the old stay until the copy is whole."""
    fresh, old = SITE.with_name("html.new"), SITE.with_name("html.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    leave = shutil.ignore_patterns(".buildinfo*", ".doctrees")
    for language in LANGUAGES:
        if (stage(language) / "html").exists():
            place = fresh if language == "en" else fresh / language
            shutil.copytree(stage(language) / "html", place, ignore=leave)
    if SITE.exists():
        SITE.rename(old)
    fresh.rename(SITE)
    shutil.rmtree(old, ignore_errors=True)


@shared
def docs(session: nox.Session) -> None:
    """Build the book: run chapters and gallery, draw the figures, check the links; `-- zh_CN` for one."""
    prepare(session, "docs")
    for language in session.posargs or LANGUAGES:  # a second language runs nothing again
        sphinx(session, "html", language=language)
    publish()
    session.log(f"the book is ready: {(SITE / 'index.html').as_uri()}")


@shared
def serve(session: nox.Session) -> None:
    """Show the book at a local address and build it again whenever a source changes."""
    prepare(session, "docs", "serve")
    sources = [f"--watch={ROOT / folder}" for folder in ("convbook", "gallery")]
    written = ("_build", "_generated", "auto_gallery", "reference/generated", "node_modules")
    ignored = [f"--ignore={DOCS / folder}" for folder in written]  # or a build would start the next
    folders = ["-d", f"{stage('serve')}/doctrees", str(DOCS), f"{stage('serve')}/html"]
    session.run("sphinx-autobuild", *sources, *ignored, *session.posargs, *folders)


@shared
def translate(session: nox.Session) -> None:
    """Bring the catalogues up to date; say per page what is missing or stale; `-- fr` begins a language."""
    prepare(session, "docs")
    texts, catalogues = sphinx(session, "gettext"), DOCS / "locales"
    update = ["sphinx-intl", "update", "-w", "0", "--no-obsolete", "-p", str(texts), "-d", str(catalogues)]
    for language in session.posargs or LANGUAGES[1:]:
        session.run(*update, "-l", language)
        session.run("python", str(catalogues / "catalogue.py"), language)


@shared
def epub(session: nox.Session) -> None:
    """Build the book as one EPUB file per language, and check that it is whole; `-- en` one of them."""
    prepare(session, "docs")
    for language in session.posargs or LANGUAGES:
        (book,) = sphinx(session, "epub", language=language).glob("*.epub")
        session.run("python", "-m", "tests.docs.epub", str(book))
        session.log(f"the book is ready: {shutil.copy(book, BUILD / f'convbook-{language}.epub')}")


@shared
def pdf(session: nox.Session) -> None:
    """Print the chapters as one PDF file per language; `-- en` one of them."""
    prepare(session, "docs", "site")
    for language in session.posargs or LANGUAGES:
        page = sphinx(session, "singlehtml", language=language) / "index.html"
        book = BUILD / f"convbook-{language}.pdf"
        session.run("python", "docs/_ext/paper.py", str(page), str(book), env={"CHROMIUM": chromium(session)})


@shared
def linkcheck(session: nox.Session) -> None:
    """Follow every link that leaves the book; needs a network."""
    prepare(session, "docs")
    sphinx(session, "linkcheck", *session.posargs)


@shared
def gallery(session: nox.Session) -> None:
    """Run each gallery script by itself in an empty folder, as a reader does who downloaded it."""
    prepare(session)
    for script in session.posargs or sorted(map(str, (ROOT / "gallery").rglob("*.py"))):
        with tempfile.TemporaryDirectory() as empty, session.chdir(empty):
            session.run("python", shutil.copy(ROOT / script, empty))


@shared
def site(session: nox.Session) -> None:
    """Look at the built book in a real browser: links, keyboard, dark, phone, the explorer's numbers."""
    prepare(session, "docs", "tests", "site")
    # A few tests wait more than they work. `-- tests/docs -m slow` runs what wants quiet.
    several = [f"--numprocesses={WORKERS + 1}", "-m", "not slow", "tests/docs"]
    session.run("pytest", *(session.posargs or several), env={"CHROMIUM": chromium(session)})


@shared
def weigh(session: nox.Session) -> None:
    """Run Lighthouse over a page of each kind of the built book; wants a quiet machine."""
    prepare(session, "docs", "site")
    session.run("python", "-m", "tests.docs.weigh", *session.posargs, env={"CHROMIUM": chromium(session)})


def chromium(session: nox.Session) -> str:
    """Return a Chromium, installed from Debian's packages where that is allowed."""
    # The shell, which has no window, takes half the processor time of the whole browser.
    shell = "chromium-headless-shell"
    names = [os.environ.get("CHROMIUM") or shell, "chromium", "chromium-browser", "google-chrome", "chrome"]
    for package, enough in ((shell, names[:1]), ("chromium", names)):
        if not any(map(shutil.which, enough)) and shutil.which("apt-get"):
            session.run("apt-get", "update", "-qq", success_codes=range(256))
            session.run(
                "apt-get", "install", "-y", "-qq", package, "fonts-liberation", success_codes=range(256)
            )
    found = next(filter(None, map(shutil.which, names)), None)
    return found or session.error("no Chromium: install it, or name a browser by the variable CHROMIUM")


@shared
def reproducible(session: nox.Session) -> None:
    """Build the book in two clean clones in different folders; name each file that differs."""
    prepare(session, "docs")
    with tempfile.TemporaryDirectory() as folder:
        sites = []
        for clone in (Path(folder) / "a", Path(folder) / "b" / "deeper"):
            session.run("git", "clone", "--quiet", str(ROOT), str(clone))
            sites.append(str(clone / "docs/_build/html"))
            session.run("sphinx-build", "-Wn", f"{clone}/docs", sites[-1], env={"PYTHONPATH": str(clone)})
        session.run("diff", "-rq", "-x", ".buildinfo", "-x", ".doctrees", *sites, external=True)
    session.log("two builds in different folders are byte-identical")


@shared
def bench(session: nox.Session) -> None:
    """Time convbook against other libraries; `-- build` the book, `-- tiles`, `-- halo` work in pieces."""
    prepare(session, "tests", "bench", *(["docs"] if "build" in session.posargs else []))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@shared
def mutants(session: nox.Session) -> None:
    """Change auto and the judges in one place at a time; list what no test sees (`-- 'convbook.auto.*'`)."""
    prepare(session, "tests", "mutation")
    session.run("mutmut", "run", *session.posargs, env={"PYTHONPATH": ""})  # the changed copy is imported
    session.run("mutmut", "results", env={"PYTHONPATH": ""})


@shared
def renew(session: nox.Session) -> None:
    """Train again what the chapters store: an hour; `-- networks`, `-- experiments` or `-- digit`."""
    prepare(session, "docs")
    for name in session.posargs or ("experiments", "networks", "digit"):
        session.run("python", f"docs/_data/{name}.py")


@shared
def gpu(session: nox.Session) -> None:
    """Hold every operation on a CUDA device against the CPU's definition; fail where there is none."""
    prepare(session, "tests")
    session.run("pytest", "-m", "gpu", "tests/gpu", *session.posargs)


@alone
def dist(session: nox.Session) -> None:
    """Build wheel and sdist, check what is in them, and run README's example with nothing but the wheel."""
    session.env.update(PYTHONPATH="", PIP_CONSTRAINT=PINS[1], PIP_BUILD_CONSTRAINT=PINS[1])
    session.install("--group", "dist")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build")  # the wheel is made from the sdist
    (wheel,) = (ROOT / "dist").glob("*.whl")
    # What running the package leaves in its folders is no part of it: bytecode, and numba's compiled loops.
    left_out = ["--package-omit", "*.pyc,*.nbi,*.nbc"]
    session.run("check-wheel-contents", "--package", "convbook", *left_out, str(wheel))
    session.install("--quiet", str(wheel))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    with session.chdir(session.create_tmp()):  # away from the checkout's own package
        Path("readme.txt").write_text("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)))
        session.run("python", "-m", "doctest", "readme.txt")
        session.run("python", "-m", "convbook")


@alone
def minimums(session: nox.Session) -> None:
    """Run the tests with the oldest versions allowed; `TORCH=2.13.0 nox -s minimums` chooses torch's."""
    needs = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["tests"]]
    floors = dict(need.split(">=") for need in needs)
    floors["torch"] = os.environ.get("TORCH", floors["torch"])
    with_versions(session, [f"{name}=={version}" for name, version in floors.items()], "-W", "default")


@alone
def latest(session: nox.Session) -> None:
    """Run the tests with the newest versions that pip finds; `TORCH=2.14.1 nox -s latest` chooses torch's."""
    with_versions(session, [f"torch=={os.environ['TORCH']}"] if "TORCH" in os.environ else [])


def with_versions(session: nox.Session, pins: list[str], *options: str) -> None:
    """Run the tests in a fresh environment under other versions than the book's."""
    session.install("--upgrade", "--group", "tests", "-e", ".", *pins)
    session.run("python", "-m", "convbook")
    session.run("pytest", *options, *(session.posargs or package_tests()))


@alone
def rosetta(session: nox.Session) -> None:
    """Run each claim of the page on other frameworks: Keras, JAX, Flax, ONNX, OpenCV, SciPy; not in CI."""
    session.install(*PINS, "--group", "rosetta")
    session.run("pytest", "-W", "default", "tests/rosetta", *session.posargs)


@alone
def pin(session: nox.Session) -> None:
    """Write constraints.txt anew from what pip installs today; `-- torch==2.13.0` holds something back."""
    groups = [part for name in PYPROJECT["dependency-groups"] for part in ("--group", name)]
    session.install("-e", ".", *groups, *PYPROJECT["build-system"]["requires"], "nox", *session.posargs)
    frozen = str(session.run("pip", "freeze", "--exclude-editable", silent=True)).splitlines()
    lines = sorted(re.sub(r"[-_.]+(?=.*==)", "-", line.partition("+")[0]).lower() for line in frozen)
    pins = ROOT / "constraints.txt"
    comments = [line for line in pins.read_text().splitlines() if line.startswith("#")]
    pins.write_text("\n".join([*comments, *lines, ""]))
