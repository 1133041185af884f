"""The URL table and its documentation."""

import subprocess
import sys
from pathlib import Path

from strata.web.routes import ROUTES

ROOT = Path(__file__).parents[2]


def test_the_generated_docs_are_fresh() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write-docs", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_handler_names_its_url() -> None:
    nameless = [
        f"{route.endpoint.__module__}.{route.template}"
        for route in ROUTES
        if not (route.endpoint.__doc__ or "").startswith(
            ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")
        )
    ]
    assert nameless == []


def test_no_two_routes_are_the_same() -> None:
    seen = [(method, route.template) for route in ROUTES for method in route.methods]
    assert len(seen) == len(set(seen)), [entry for entry in seen if seen.count(entry) > 1]
