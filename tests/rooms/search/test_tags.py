"""Tags in the Hub's order, out of card and files."""

import pytest

from strata.content.card.front_matter import Card, read_card
from strata.core.names import RepoType
from strata.repos.create import Draft
from strata.search.saying.model import Model, model_of
from strata.search.saying.tags import pipeline_tag, tags_of


def draft(repo_type: RepoType, sdk: str | None = None) -> Draft:
    return Draft("0" * 24, repo_type, 1, "ana", "one", private=False, sdk=sdk)


def test_tags_of_a_model_stand_in_the_order_of_the_hub() -> None:
    text = (
        "---\npipeline_tag: fill-mask\ntags: [exbert, exbert]\nlanguage: [en, no]\nlicense: mit\n"
        "datasets: acme/data\nbase_model: acme/base\nmodel-index: [{name: x}]\n---\n"
        "See https://arxiv.org/abs/1810.04805 and https://arxiv.org/pdf/1810.04805v2."
    )
    card = read_card(text, RepoType.MODEL)
    names = ["pytorch_model.bin", "model.safetensors", "config.json", "onnx/model.onnx"]
    config = {"architectures": ["BertForMaskedLM"], "model_type": "bert", "auto_map": {}}
    model = model_of(names, {"config.json": config}, None)
    assert tags_of(card, draft(RepoType.MODEL), model, names) == (
        "transformers", "pytorch", "safetensors", "bert", "fill-mask", "exbert", "custom_code",
        "en", "no", "dataset:acme/data", "arxiv:1810.04805", "base_model:acme/base",
        "base_model:finetune:acme/base", "license:mit", "model-index", "region:us",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "config", "library"),
    [
        (["config.json"], {"model_type": "bert"}, "transformers"),
        (["modules.json", "config.json"], {"model_type": "bert"}, "sentence-transformers"),
        (["adapter_config.json"], {}, "peft"),
        (["model_index.json"], {}, "diffusers"),
        (["m.gguf"], {}, "gguf"),
        (["config.json"], {"a": 1}, None),
    ],
)
def test_the_files_tell_the_library(
    names: list[str], config: dict[str, object], library: str | None
) -> None:
    assert model_of(names, {"config.json": config}, None).library == library
    assert model_of(names, {"config.json": config}, "timm").library == "timm"


@pytest.mark.parametrize(
    ("architecture", "loader", "task"),
    [
        ("LlamaForCausalLM", "AutoModelForCausalLM", "text-generation"),
        ("GPT2LMHeadModel", "AutoModelForCausalLM", "text-generation"),
        ("BertModel", "AutoModel", "feature-extraction"),
        ("BertForPreTraining", "AutoModelForPreTraining", None),
    ],
)
def test_the_architecture_tells_class_and_task(
    architecture: str, loader: str, task: str | None
) -> None:
    names = ["config.json", "tokenizer.json"]
    model = model_of(names, {"config.json": {"architectures": [architecture]}}, None)
    assert model.transformers is not None
    assert (model.transformers["auto_model"], model.task) == (loader, task)
    assert model.transformers["processor"] == "AutoTokenizer"


def test_the_card_has_the_first_word_on_the_task() -> None:
    model = model_of(["config.json"], {"config.json": {"architectures": ["BertModel"]}}, None)
    said = read_card("---\npipeline_tag: sentence-similarity\n---\n", RepoType.MODEL)
    tagged = read_card("---\ntags: [mine, text-to-image]\n---\n", RepoType.MODEL)
    assert pipeline_tag(said, model) == "sentence-similarity"
    assert pipeline_tag(Card(), model) == "feature-extraction"
    assert pipeline_tag(tagged, Model()) == "text-to-image"


@pytest.mark.parametrize("architectures", [None, "Bert", [], [1], {"a": 1}, [["BertModel"]]])
def test_odd_configurations_tell_nothing(architectures: object) -> None:
    config = {"architectures": architectures, "model_type": 7, "auto_map": 3}
    model = model_of(["config.json"], {"config.json": config}, "transformers")
    assert (model.transformers, model.model_type) == (None, None)


def test_tags_of_a_dataset_and_of_a_space() -> None:
    text = (
        "---\ntask_categories: [text-generation]\nlanguage: [en]\nlicense: mit\n"
        "size_categories: [n<1K]\ntags: [mine]\n---\n"
    )
    card = read_card(text, RepoType.DATASET)
    names = ["README.md", "data/a.parquet", "data/b.parquet", "notes.txt"]
    assert tags_of(card, draft(RepoType.DATASET), Model(), names) == (
        "task_categories:text-generation", "language:en", "license:mit", "size_categories:n<1K",
        "format:parquet", "library:datasets", "library:pandas", "library:polars", "region:us",
        "mine",
    )  # fmt: skip
    assert tags_of(Card(), draft(RepoType.SPACE, "gradio"), Model(), []) == ("gradio", "region:us")


def test_tags_of_odd_metadata_do_not_fail() -> None:
    card = Card({"tags": [1, None, {"a": "b"}, " x "], "license": {"a": 1}, "language": True})
    assert tags_of(card, draft(RepoType.MODEL), Model(), []) == ("x", "region:us")
