"""How to begin: the clients, pointed at this hub (product §2.8)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.web.pages.frame.addresses.clone_address import ssh_place
from strata.web.pages.frame.visit import shown, visit_of
from strata.web.pages.repo.snippets import Snippet, pointed
from strata.web.work import hub_of

_REPO: Final = "my-model"
_GIT: Final = (
    "git lfs install\ngit clone {base_url}/{repo}\ncd {name}\n"
    'git add . && git commit -m "Add files" && git push'
)
_API: Final = (
    "curl {base_url}/api/models?limit=5\n"
    'curl -H "Authorization: Bearer $HF_TOKEN" {base_url}/api/whoami-v2'
)


GATED_CARD: Final = """---
extra_gated_heading: Tell us who you are
extra_gated_prompt: You agree not to try to identify the people in this data.
extra_gated_fields:
  Company: text
  Country: country
  I want to use this for:
    type: select
    options: [Research, Education, {label: Something else, value: other}]
  Date of birth:
    type: date_picker
    optional: true
  I agree to non-commercial use only: checkbox
extra_gated_button_content: Agree and ask for access
---"""


async def page(request: Request) -> Response:
    """GET /docs"""
    visit = await visit_of(request)
    name = visit.frame.viewer.name if visit.frame.viewer else "username"
    repo = f"{name}/{_REPO}"
    place = ssh_place(hub_of(request).settings)
    over_ssh = Snippet("", f"git clone {place.address(repo)}", "bash") if place else None
    snippets = _snippets(visit.frame.base_url, repo)
    return shown(request, "repos/docs.html", visit, snippets=snippets, over_ssh=over_ssh)


def _snippets(base_url: str, repo: str) -> dict[str, Snippet]:
    """The code of the page, by the place where it stands."""
    name = repo.partition("/")[2]
    python = {place: pointed(base_url) + code for place, code in _python(repo).items()}
    bash = {
        "bash": f'export HF_ENDPOINT="{base_url}"',
        "notebook": f"%env HF_ENDPOINT={base_url}",
        "install": "pip install -U huggingface_hub",
        "login": "hf auth login",
        "create": f"hf repos create {name}",
        "upload": f"hf upload {repo} ./folder .",
        "download": f"hf download {repo}",
        "git": _GIT.format(base_url=base_url, repo=repo, name=name),
        "api": _API.format(base_url=base_url),
    }
    return {
        "gated": Snippet("README.md", GATED_CARD, "yaml"),
        "powershell": Snippet("", f'$env:HF_ENDPOINT = "{base_url}"', "powershell"),
        **{place: Snippet("", code, "bash") for place, code in bash.items()},
        **{place: Snippet("", code, "python") for place, code in python.items()},
    }


def _python(repo: str) -> dict[str, str]:
    upload = (
        "from huggingface_hub import HfApi\n\n"
        "api = HfApi()\n"
        f'api.create_repo("{repo}", exist_ok=True)\n'
        f'api.upload_file(\n    repo_id="{repo}",\n'
        '    path_or_fileobj="weights.safetensors",\n'
        '    path_in_repo="weights.safetensors",\n)'
    )
    download = (
        "from huggingface_hub import hf_hub_download\n\n"
        f'path = hf_hub_download("{repo}", "config.json")'
    )
    return {
        "login_python": "from huggingface_hub import login\n\nlogin()",
        "upload_python": upload,
        "download_python": download,
    }
