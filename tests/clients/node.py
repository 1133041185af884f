"""The unmodified `@huggingface/hub` in Node.js: a snippet of JavaScript against a hub."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final

from clients.environments import once
from fixtures import parts

PACKAGES: Final = Path(__file__).resolve().parent / "javascript"
TIMEOUT: Final = 300.0  # seconds
PREAMBLE: Final = """
import * as hub from "@huggingface/hub";
const [hubUrl, accessToken, ...args] = JSON.parse(process.argv[2]);
const here = { hubUrl, ...(accessToken ? { accessToken } : {}) };
const all = async (items) => { const found = []; for await (const item of items) found.push(item); return found; };
const print = (value) => console.log(JSON.stringify(value));
"""  # noqa: E501 -- as one reads it in JavaScript


def node_modules(packages: Path = PACKAGES) -> Path:
    """Return the folder of the packages that a folder's `package-lock.json` pins."""
    npm = str(parts.program("npm"))

    def install(folder: Path) -> None:
        shutil.copytree(packages, folder)
        finished = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"],
            cwd=folder,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if finished.returncode:
            raise RuntimeError(f"npm ci failed:\n{finished.stdout}")

    return once(packages.name, packages / "package-lock.json", install) / "node_modules"


@dataclass(frozen=True, slots=True)
class JavaScript:
    """`@huggingface/hub` on one person's machine."""

    home: Path
    endpoint: str
    token: str | None = None

    def value(self, snippet: str, *arguments: object) -> object:
        """Run a snippet and return what it gave to `print`, as JSON.

        Args:
            snippet: A module's body. It finds the client as `hub`, the address and token to give
                to its functions as `...here`, and `arguments` as `args`.
            arguments: Anything that JSON can hold.

        Raises:
            AssertionError: It failed; the message holds what it printed.
        """
        modules = self.home / "node_modules"
        if not modules.exists():
            modules.symlink_to(node_modules())
        script = self.home / "snippet.mjs"
        script.write_text(PREAMBLE + dedent(snippet))
        finished = subprocess.run(
            [
                str(parts.program("node")),
                str(script),
                json.dumps([self.endpoint, self.token, *arguments]),
            ],
            env={"PATH": parts.search_path(), "HOME": str(self.home)},
            cwd=self.home,
            check=False,
            text=True,
            capture_output=True,
            timeout=TIMEOUT,
        )
        assert finished.returncode == 0, f"{dedent(snippet)}\n{finished.stdout}{finished.stderr}"
        printed: object = json.loads(finished.stdout.splitlines()[-1])
        return printed
