"""Lists, tags by type, trending and quick search over HTTP, and what files say of a model."""

import json
import re
import struct
from typing import Any

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import changed, created, given, indexed, uploaded
from fixtures.weights import gguf_of, safetensors_of
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

CARD = b"""---
license: mit
language: [en]
library_name: transformers
pipeline_tag: fill-mask
base_model: ana/base
datasets: ana/words
tags: [Small]
model-index: [{name: one, results: []}]
widget: [{text: hello}]
---
# One
"""
CONFIG = {"architectures": ["BertForMaskedLM"], "model_type": "bert"}
INDEX = {
    "metadata": {"total_size": 40},
    "weight_map": {
        "a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors",
    },
}


FINDING_ONE = (
    "search=ON",
    "search=on&search=ana",
    "author=ANA&search=one",
    "filter=fill-mask",
    "filter=fill-mask&filter=license:mit",
    "filter=fill-mask,license:mit",
    "tags=small",
    "pipeline_tag=fill-mask",
    "library=transformers",
    "language=en",
    "filter=language:en",
    "license=mit",
    "license=license:mit",
    "dataset=ana/words",
    "filter=dataset:ana/words",
    "base_model=ana/base",
    "num_parameters=min:10,max:10",
    "num_parameters=max:1K",
    "sort=num_parameters",
    "sort=likes30d&filter=bert",
    "gated=False&filter=bert",
    "inference=cold&filter=bert",
)
FINDING_NONE = (
    "filter=text-generation",
    "filter=fill-mask,license:apache-2.0",
    "author=bob",
    "num_parameters=min:11",
    "gated=true",
    "inference=warm",
    "inference_provider=all",
    "apps=ollama",
    "search=onex",
    "language=fr",
)


@pytest.fixture
def model(hub: Hub, owner: Actor) -> Repo:
    """A model as people publish it, and its base."""
    base = created(hub, owner, "base")
    made = created(hub, owner, "one")
    uploaded(hub, owner, made, {"README.md": CARD, "config.json": json.dumps(CONFIG).encode()})
    weights = safetensors_of({"a": [2, 3], "b": [4]})
    changed(hub, owner, made, [given(hub, owner, made, "model.safetensors", weights)])
    indexed(hub, base, made)
    return made


async def ids(client: httpx.AsyncClient, url: str) -> list[str]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()]


async def test_every_parameter_finds_the_model(model: Repo, clients: Clients) -> None:
    assert model.name == "one"
    found = {query: await ids(clients.nobody, f"/api/models?{query}") for query in FINDING_ONE}
    assert found == {query: ["ana/one"] for query in FINDING_ONE}


@pytest.mark.usefixtures("model")
async def test_every_parameter_can_find_nothing(clients: Clients) -> None:
    found = {query: await ids(clients.nobody, f"/api/models?{query}") for query in FINDING_NONE}
    assert found == {query: [] for query in FINDING_NONE}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=beauty", "sort"),
        ("direction=2", "direction"),
        ("limit=many", "limit"),
        ("gated=maybe", "gated"),
        ("num_parameters=lots", "num_parameters"),
        ("num_parameters=min:1B,max:", "num_parameters"),
        ("inference=hot", "inference"),
        ("cursor=x", "cursor"),
        ("expand=author&full=true", "expand"),
    ],
)
async def test_a_wrong_parameter_is_named(clients: Clients, query: str, field: str) -> None:
    answer = await clients.nobody.get(f"/api/models?{query}")
    assert answer.status_code == 400
    assert f'"{field}"' in answer.json()["error"]


async def test_an_unknown_expand_names_all_that_there_are(clients: Clients) -> None:
    answer = await clients.nobody.get("/api/models?expand=foo")
    assert answer.status_code == 400
    found = re.fullmatch(r'"expand" must be one of \[(.+)\]', answer.json()["error"])
    assert found is not None
    names = found[1].split(", ")
    assert len(names) == 31
    assert {"safetensors", "gguf", "evalResults", "childrenModelCount"} <= set(names)


async def test_pages_follow_the_link_with_every_filter(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    made = [created(hub, owner, f"m-{number}") for number in range(5)]
    indexed(hub, *made)
    url, seen = "/api/models?limit=2&search=m-&sort=createdAt&direction=1", []
    while url:
        answer = await clients.nobody.get(url)
        seen += [item["id"] for item in answer.json()]
        link = re.fullmatch(r'<(\S+)>; rel="next"', answer.headers.get("link", ""))
        url = link[1] if link else ""
    assert seen == [repo.full_name for repo in made]


async def test_list_items_hold_what_was_asked_for(model: Repo, clients: Clients) -> None:
    (brief,) = (await clients.nobody.get("/api/models?filter=bert")).json()
    assert "cardData" not in brief
    assert "siblings" not in brief
    assert brief["tags"] == [
        "transformers", "safetensors", "bert", "fill-mask", "Small", "en", "dataset:ana/words",
        "base_model:ana/base", "base_model:finetune:ana/base", "license:mit", "model-index",
        "region:us",
    ]  # fmt: skip
    asked = "expand=safetensors&expand=config&expand=transformersInfo&expand=baseModels"
    (item,) = (await clients.nobody.get(f"/api/models?filter=bert&{asked}")).json()
    assert item == {
        "_id": model.key,
        "id": "ana/one",
        "safetensors": {"parameters": {"F32": 10}, "total": 10},
        "config": CONFIG,
        "transformersInfo": {
            "auto_model": "AutoModelForMaskedLM",
            "pipeline_tag": "fill-mask",
        },
        "baseModels": {
            "relation": "finetune",
            "models": [{"_id": item["baseModels"]["models"][0]["_id"], "id": "ana/base"}],
        },
    }


@pytest.mark.usefixtures("model")
async def test_info_tells_what_weights_card_and_relatives_say(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    space = created(hub, owner, "app", RepoType.SPACE, sdk="static")
    card = b"---\nsdk: static\nmodels: [ana/one]\n---\n"
    uploaded(hub, owner, space, {"README.md": card})
    indexed(hub, space)
    info = (await clients.nobody.get("/api/models/ana/one")).json()
    assert info["safetensors"] == {"parameters": {"F32": 10}, "total": 10}
    assert info["transformersInfo"]["auto_model"] == "AutoModelForMaskedLM"
    assert info["model-index"] == [{"name": "one", "results": []}]
    assert info["widgetData"] == [{"text": "hello"}]
    assert info["spaces"] == ["ana/app"]
    base = await clients.nobody.get("/api/models/ana/base?expand=childrenModelCount")
    assert base.json()["childrenModelCount"] == 1
    assert await ids(clients.nobody, "/api/spaces?models=ana/one") == ["ana/app"]
    assert await ids(clients.nobody, "/api/spaces?linked=true") == ["ana/app"]
    assert await ids(clients.nobody, "/api/spaces?datasets=ana/one") == []


@pytest.mark.parametrize("mask", ["[MASK]", {"content": "<mask>", "lstrip": True}])
async def test_info_tells_the_mask_of_the_tokenizer(
    hub: Hub, owner: Actor, clients: Clients, model: Repo, mask: object
) -> None:
    tokenizer = json.dumps({"mask_token": mask, "tokenizer_class": "BertTokenizer"}).encode()
    uploaded(hub, owner, model, {"tokenizer_config.json": tokenizer})
    indexed(hub, model)
    said = mask["content"] if isinstance(mask, dict) else mask

    info = (await clients.nobody.get("/api/models/ana/one")).json()
    asked = (await clients.nobody.get("/api/models/ana/one?expand=mask_token")).json()
    (item,) = (await clients.nobody.get("/api/models?filter=bert&expand=mask_token")).json()
    base = (await clients.nobody.get("/api/models/ana/base")).json()

    assert [one["mask_token"] for one in (info, asked, item)] == [said] * 3
    assert base.get("mask_token") is None


async def test_info_tells_the_bytes_of_a_dataset(hub: Hub, owner: Actor, clients: Clients) -> None:
    """All files of main count with their own bytes: small ones and large ones."""
    data = created(hub, owner, "data", RepoType.DATASET)
    large = given(hub, owner, data, "rows.parquet", b"rows" * 1_000)
    changed(hub, owner, data, [large])
    uploaded(hub, owner, data, {"a.csv": b"a,b\n", ".gitattributes": b""})
    indexed(hub, data)

    asked = (await clients.nobody.get("/api/datasets/ana/data?expand=mainSize")).json()
    (item,) = (await clients.nobody.get("/api/datasets?author=ana&expand=mainSize")).json()

    assert asked == {"_id": data.key, "id": "ana/data", "mainSize": 4_004}
    assert item["mainSize"] == 4_004


async def test_gguf_files_tell_size_and_architecture(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    repo = created(hub, owner, "quants")
    content = gguf_of("llama", [[8, 4], [7]])
    changed(hub, owner, repo, [given(hub, owner, repo, "q4.gguf", content)])
    indexed(hub, repo)
    info = (await clients.nobody.get("/api/models/ana/quants?expand=gguf&expand=tags")).json()
    assert info["gguf"] == {
        "total": 39,
        "architecture": "llama",
        "context_length": 4096,
        "totalFileSize": len(content),
    }
    assert info["tags"] == ["gguf", "region:us"]
    assert await ids(clients.nobody, "/api/models?apps=ollama&apps=llama.cpp") == ["ana/quants"]
    assert await ids(clients.nobody, "/api/models?num_parameters=min:39") == ["ana/quants"]


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 24_000_000) + b"{}" * 2000,
        struct.pack("<Q", 4000) + b'{"a":' + b"[" * 3995,
        safetensors_of({"a": [2]}, b={"dtype": "F32", "shape": [9**9], "data_offsets": [0, 8]}),
        b"not weights" * 400,
    ],
    ids=["endless", "longer than the file", "deep", "outside", "noise"],
)
async def test_weights_that_lie_give_no_summary_and_the_repo_stays_listed(
    hub: Hub, owner: Actor, clients: Clients, content: bytes
) -> None:
    repo = created(hub, owner, "liar")
    names = ("model.safetensors", "model.gguf")
    changed(hub, owner, repo, [given(hub, owner, repo, name, content) for name in names])
    indexed(hub, repo)
    info = (await clients.nobody.get("/api/models/ana/liar")).json()
    assert "safetensors" not in info
    assert "gguf" not in info
    assert await ids(clients.nobody, "/api/models?filter=safetensors") == ["ana/liar"]


async def test_all_headers_of_a_sharded_model_come_in_one_answer(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    repo = created(hub, owner, "shards", private=True)
    uploaded(hub, owner, repo, {"model.safetensors.index.json": json.dumps(INDEX).encode()})
    shards = {"a": [2, 3], "b": [4]}
    for number, (name, shape) in enumerate(shards.items(), 1):
        path = f"model-0000{number}-of-00002.safetensors"
        weights = safetensors_of({name: shape})
        changed(hub, owner, repo, [given(hub, owner, repo, path, weights)])
    indexed(hub, repo)
    url = "/api/models/ana/shards/safetensors-metadata/model.safetensors.index.json"
    answer = (await clients.reading.get(url)).json()
    assert answer["index"] == {"metadata": {"total_size": 40}}
    assert answer["headers"]["model-00001-of-00002.safetensors"] == {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    }
    info = (await clients.owner.get("/api/models/ana/shards")).json()
    assert info["safetensors"]["total"] == 10
    assert (await clients.stranger.get(url)).headers["x-error-code"] == "RepoNotFound"
    missing = await clients.owner.get(url.replace("model.safetensors.index", "other"))
    assert missing.headers["x-error-code"] == "EntryNotFound"


async def test_results_of_evaluations_are_read_from_their_folder(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    repo = created(hub, owner, "scored")
    good = b"- dataset: {id: cais/hle, task_id: default}\n  value: 20.9\n  notes: tools\n"
    files = {".eval_results/a.yaml": good, ".eval_results/b.yaml": b"- value: 1\n"}
    uploaded(hub, owner, repo, files)
    answer = await clients.nobody.get("/api/models/ana/scored?expand=evalResults")
    assert answer.json()["evalResults"] == [
        {
            "filename": ".eval_results/a.yaml",
            "data": {
                "dataset": {"id": "cais/hle", "task_id": "default"},
                "value": 20.9,
                "notes": "tools",
            },
        },
        {"filename": ".eval_results/b.yaml", "error": "results[0] needs a dataset."},
    ]


async def test_tags_by_type_count_what_everybody_may_see(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    public = created(hub, owner, "open")
    secret = created(hub, owner, "secret", private=True)
    uploaded(hub, owner, public, {"README.md": CARD})
    uploaded(hub, owner, secret, {"README.md": CARD.replace(b"Small", b"secret-word")})
    indexed(hub, public, secret)
    for client in (clients.owner, clients.nobody):
        found: dict[str, Any] = (await client.get("/api/models-tags-by-type")).json()
        assert found["license"] == [
            {"id": "license:mit", "label": "mit", "type": "license", "count": 1}
        ]
        assert [tag["id"] for tag in found["library"]] == ["transformers"]
        assert [tag["id"] for tag in found["pipeline_tag"]] == ["fill-mask"]
        assert [tag["id"] for tag in found["language"]] == ["en"]
        assert "secret-word" not in [tag["id"] for tag in found["other"]]
    only = (await clients.nobody.get("/api/models-tags-by-type?type=license")).json()
    assert set(only) == {"license"}
    assert (await clients.nobody.get("/api/datasets-tags-by-type")).json()["license"] == []


async def test_trending_and_quick_search_show_no_private_repo(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    made = [
        created(hub, owner, "open-thing"),
        created(hub, owner, "secret-thing", private=True),
        created(hub, owner, "data-thing", RepoType.DATASET),
    ]
    indexed(hub, *made)
    trending = (await clients.nobody.get("/api/trending?limit=9")).json()["recentlyTrending"]
    assert {row["repoData"]["id"] for row in trending} == {"ana/open-thing", "ana/data-thing"}
    found = (await clients.nobody.get("/api/quicksearch?q=thing")).json()
    assert [row["id"] for row in found["models"]] == ["ana/open-thing"]
    assert (found["modelsCount"], found["datasetsCount"], found["spacesCount"]) == (1, 1, 0)
    mine = (
        await clients.owner.post("/api/quicksearch", json={"q": "thing", "type": "model"})
    ).json()
    assert (mine["modelsCount"], "datasets" in mine) == (2, False)
    person = (await clients.nobody.get("/api/quicksearch?q=an&type=user")).json()
    assert [one["user"] for one in person["users"]] == ["ana"]
    bad = await clients.nobody.get("/api/quicksearch?q=x&type=planet")
    assert bad.status_code == 400


async def test_a_card_is_judged_in_the_shape_that_the_client_asks_for(clients: Clients) -> None:
    body = {"repoType": "model", "content": "---\nlicense: asdf\n---\n"}
    plain = await clients.nobody.post(
        "/api/validate-yaml", json=body, headers={"Accept": "text/plain"}
    )
    assert plain.status_code == 400
    assert plain.text.startswith('- Error: "license" must be one of [')
    as_json = await clients.nobody.post("/api/validate-yaml", json=body)
    assert as_json.json()["errors"][0]["message"].startswith('"license" must be one of [')
