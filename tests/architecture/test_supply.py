"""What comes in from outside, what goes out: dependencies, connections, archives, comparisons."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "strata"
PIN = re.compile(r"([A-Za-z0-9_.-]+)(\[[a-z,]+\])?==[^ ;]+( ;.*)?")
TALKING = frozenset(
    {"socket", "http.client", "urllib.request", "urllib3", "httpx", "requests", "aiohttp"}
    | {"smtplib", "obstore", "ftplib"}
)
# Who may open a connection, or wait for one. Addresses that people choose are called by the first.
CONNECTED = {
    "lib/http/outbound.py",  # with the guard
    "lib/objects/s3.py",  # the operator's store
    "lib/mail/sending.py",  # the operator's mail server
    "lib/http/server.py", "lib/http/sendfile.py", "lib/listening.py",  # who comes in
    "app/serving.py", "ssh/server.py",
}  # fmt: skip
SECRET = re.compile(r"(secret|password|token|digest|csrf|signature|challenge|verifier|cookie)s?$")
# Whether a browser has to be given a cookie anew: both sides came from it, or are meant for it.
NOT_SECRET = {"web/pages/frame/visit.py"}


IMPORT = re.compile(r"^\s*(?:from ([\w.]+) )?import ([\w.]+)", re.MULTILINE)
SUSPECT = re.compile(r"(secret|password|token|digest|csrf|signature|challenge|verifier|cookie)s?\b")


@cache
def modules() -> tuple[tuple[str, str], ...]:
    return tuple(
        (path.relative_to(SOURCES).as_posix(), path.read_text("utf-8"))
        for path in sorted(SOURCES.rglob("*.py"))
    )


def imports(text: str) -> set[str]:
    found = IMPORT.findall(text)
    return {place or name for place, name in found} | {f"{place}.{name}" for place, name in found}


def pins(name: str) -> list[str]:
    """The entries of a list of requirements, one line each."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    return re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()


def test_every_dependency_is_pinned_by_its_hash() -> None:
    for name in ("run", "dev"):
        entries = pins(name)
        assert len(entries) > 20
        for entry in entries:
            what, _, hashes = entry.partition(" --hash=")
            assert PIN.fullmatch(what.strip()), what
            assert hashes.startswith("sha256:"), what
    recipe = (ROOT / "Makefile").read_text("utf-8")
    installing = [
        line for line in recipe.splitlines() if "pip install" in line and "$(BIN)" in line
    ]
    bare = [line for line in installing if "--require-hashes" not in line]
    assert ["--no-deps --editable ." in line for line in bare] == [True]  # this project itself


def test_what_the_tests_need_names_all_that_the_hub_runs_on() -> None:
    assert set(pins("run")) <= set(pins("dev"))  # else `make test` would not install it


def test_only_these_modules_call_other_hosts() -> None:
    found = {name for name, text in modules() if TALKING & imports(text)}
    assert found == CONNECTED


def test_nothing_here_unpacks_an_archive() -> None:
    writing = "membership/export/pack.py"  # the copy of one's data
    for name, text in modules():
        brought = imports(text)
        assert not {"tarfile", "shutil.unpack_archive"} & brought, name
        assert "zipfile" not in brought or name == writing, name
        assert not re.search(r"\.(extractall|unpack_archive)\b", text), name


def test_secrets_are_compared_in_constant_time() -> None:
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, text in modules()
        if name not in NOT_SECRET and any(map(is_suspect, text.splitlines()))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Compare) and is_of_secrets(node)
    ]
    assert found == [], "compare them with hmac.compare_digest"


def is_suspect(line: str) -> bool:
    """Whether it is worth the while to read the module: parsing all of them takes seconds."""
    return ("==" in line or "!=" in line) and SUSPECT.search(line) is not None


def is_of_secrets(compared: ast.Compare) -> bool:
    """Whether `==` stands between two values of which one is named like a secret."""
    sides = [compared.left, *compared.comparators]
    equal = any(isinstance(one, ast.Eq | ast.NotEq) for one in compared.ops)
    plain = any(isinstance(side, ast.Constant) or is_column(side) for side in sides)
    return equal and not plain and any(SECRET.search(name_of(side)) for side in sides)


def is_column(side: ast.expr) -> bool:
    """Whether it is `table.c.name`, which the database compares."""
    return (
        isinstance(side, ast.Attribute)
        and isinstance(side.value, ast.Attribute)
        and side.value.attr == "c"
    )


def name_of(side: ast.expr) -> str:
    if isinstance(side, ast.Name):
        return side.id
    return side.attr if isinstance(side, ast.Attribute) else ""


def test_the_search_for_comparisons_finds_them_and_no_others() -> None:
    for text, found in (
        ("kept.secret_digest == given", True),
        ("token != sent", True),
        ("users.c.digest == digest", False),
        ("token == ''", False),
        ("hmac.compare_digest(token, sent)", False),
    ):
        compared = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Compare)]
        assert any(map(is_of_secrets, compared)) is found, text
        assert is_suspect(text) or not found, text
