"""What comes in from outside, what goes out: dependencies, connections, archives, comparisons."""

import ast
import re
from collections.abc import Iterator
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


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCES.rglob("*.py")):
        yield path.relative_to(SOURCES).as_posix(), ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module or ""


def test_every_dependency_is_pinned_by_its_hash() -> None:
    for name in ("run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        entries = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
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


def test_only_these_modules_call_other_hosts() -> None:
    found = {name for name, tree in modules() if TALKING & set(imports(tree))}
    assert found == CONNECTED


def test_nothing_here_unpacks_an_archive() -> None:
    writing = "membership/export/pack.py"  # the copy of one's data
    for name, tree in modules():
        brought = set(imports(tree))
        assert not {"tarfile", "shutil.unpack_archive"} & brought, name
        assert "zipfile" not in brought or name == writing, name
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not {"extractall", "unpack_archive"} & called, name


def test_secrets_are_compared_in_constant_time() -> None:
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if name not in NOT_SECRET and isinstance(node, ast.Compare) and is_of_secrets(node)
    ]
    assert found == [], "compare them with hmac.compare_digest"


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
