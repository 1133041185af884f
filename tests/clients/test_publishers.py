"""A CI job uploads with the real client and no stored secret: `HF_OIDC_RESOURCE`, since 1.19."""

import httpx
import pytest

from clients.api import Repo, speaking_as
from clients.conftest import MakeClient, StartHub
from clients.hub import Hub, Person
from fixtures.issuers import issuing
from strata.lib import clock

pytestmark = pytest.mark.slow


def trust(hub: Hub, person: Person, repo: str, rule: dict[str, str]) -> None:
    """Log in as a browser without scripts, and fill in the form of the repo's settings."""
    with httpx.Client(base_url=hub.url, trust_env=False, headers={"Accept": "text/html"}) as web:
        log_in = {"username": person.name, "password": person.password}
        web.post("/login", data=log_in | proof(web, "/login"))
        place = f"/{repo}/settings/publishers"
        answer = web.post(place, data=rule | proof(web, place))
        assert answer.status_code == 303, answer.text


def proof(web: httpx.Client, place: str) -> dict[str, str]:
    """What every form of a page carries."""
    text = web.get(place).text
    return {"csrf_token": text.rpartition('name="csrf_token" value="')[2].partition('"')[0]}


@pytest.mark.parametrize("release", ["1.19.0", "2.4.0"])
def test_a_job_uploads_to_the_repo_that_trusts_it(
    start_hub: StartHub, client: MakeClient, release: str
) -> None:
    with issuing(clock.now) as issuer:
        hub = start_hub({"STRATA_PUBLISHERS_ISSUERS": issuer.url})
        owner = hub.user("ana")
        with speaking_as(hub.url, owner) as api:
            api.create(Repo("model", "ana/thing"), private=True)
        trust(hub, owner, "ana/thing", {"issuer": issuer.url, "claims": "sub = job-1"})
        statement = issuer.statement(aud=hub.url, sub="job-1")
        job = {"HF_OIDC_RESOURCE": "ana/thing", "HF_OIDC_ID_TOKEN": statement}
        client(release, endpoint=hub.url, variables=job).run("""
            from huggingface_hub import HfApi
            HfApi().upload_file(
                path_or_fileobj=b"by a job", path_in_repo="a.txt", repo_id="ana/thing"
            )
        """)
        seen = client(release, person=owner, endpoint=hub.url).value("""
            import json
            from huggingface_hub import HfApi
            commit = HfApi().list_repo_commits("ana/thing")[0]
            print(json.dumps([commit.authors, commit.title]))
        """)
        assert seen == [["[OIDC]"], "Upload a.txt with huggingface_hub"]
        other = issuer.statement(aud=hub.url, sub="job-2")
        refused = client(release, endpoint=hub.url, variables=job | {"HF_OIDC_ID_TOKEN": other})
        failed = refused.run(
            """
            from huggingface_hub import HfApi
            HfApi().upload_file(
                path_or_fileobj=b"by another", path_in_repo="b.txt", repo_id="ana/thing"
            )
            """,
            fails=True,
        )
        assert "No trusted publisher of this resource" in failed.stderr + failed.stdout
