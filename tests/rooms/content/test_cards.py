"""Cards: metadata, judgement and tags."""

import pytest

from strata.content.card import Card, library_name, pipeline_tag, read_card, tags_of
from strata.core.names import RepoType
from strata.repos.create import Draft


def draft(repo_type: RepoType, sdk: str | None = None) -> Draft:
    return Draft("0" * 24, repo_type, 1, "ana", "one", private=False, sdk=sdk)


@pytest.mark.parametrize(
    "text", ["", "# Title", "---\n---\n", "---\n\n---\nbody", "text\n---\na: 1\n---"]
)
def test_a_card_without_metadata_earns_one_warning(text: str) -> None:
    card = read_card(text, RepoType.MODEL)
    assert (card.metadata, card.errors, len(card.warnings)) == ({}, (), 1)


@pytest.mark.parametrize(
    "yaml",
    ["model-index: foo", "model-index: [1]", "model-index: [{results: []}]", "license: 1",
     "license: {a: b}", "language: 7", "language: [1]", "tags: word", "tags: [1]",
     "pipeline_tag: [a]",      "a: [", "- list", "a: 1\na: 2"],
)  # fmt: skip
def test_wrong_metadata_is_an_error(yaml: str) -> None:
    assert read_card(f"---\n{yaml}\n---\n", RepoType.MODEL).errors


@pytest.mark.parametrize(
    "yaml",
    ["license: mit", "license: [mit, apache-2.0]", "language: no", "language: [en, fr]",
     "tags: [a]", "tags:", "model-index: [{name: x, results: [{task: {type: t}}]}]",
     "base_model: [a/b]", "x: {y: 1}"],
)  # fmt: skip
def test_right_metadata_is_neither_error_nor_warning(yaml: str) -> None:
    card = read_card(f"---\n{yaml}\n---\n", RepoType.MODEL)
    assert (card.errors, card.warnings) == ((), ())


def test_an_unknown_task_is_a_warning() -> None:
    card = read_card("---\npipeline_tag: mind-reading\n---\n", RepoType.MODEL)
    assert card.errors == ()
    assert "mind-reading" in card.warnings[0]


def test_tags_of_a_model() -> None:
    text = (
        "---\nlibrary_name: transformers\npipeline_tag: fill-mask\ntags: [pytorch, bert, bert]\n"
        "language: [en, no]\nlicense: mit\ndatasets: acme/data\nbase_model: acme/base\n---\n"
        "See https://arxiv.org/abs/1810.04805 and https://arxiv.org/pdf/1810.04805v2."
    )
    card = read_card(text, RepoType.MODEL)
    assert tags_of(card, draft(RepoType.MODEL)) == (
        "transformers", "pytorch", "bert", "fill-mask", "en", "no", "dataset:acme/data",
        "arxiv:1810.04805", "base_model:acme/base", "base_model:finetune:acme/base", "license:mit",
        "region:us",
    )  # fmt: skip
    assert (pipeline_tag(card), library_name(card)) == ("fill-mask", "transformers")


def test_tags_of_a_dataset_and_of_a_space() -> None:
    text = (
        "---\ntask_categories: [text-generation]\nlanguage: [en]\nlicense: mit\n"
        "size_categories: [n<1K]\n---\n"
    )
    assert tags_of(read_card(text, RepoType.DATASET), draft(RepoType.DATASET)) == (
        "task_categories:text-generation", "language:en", "license:mit", "size_categories:n<1K",
        "region:us",
    )  # fmt: skip
    assert tags_of(Card(), draft(RepoType.SPACE, "gradio")) == ("gradio", "region:us")


def test_tags_of_odd_metadata_do_not_fail() -> None:
    card = Card({"tags": [1, None, {"a": "b"}, " x "], "license": {"a": 1}, "language": True})
    assert tags_of(card, draft(RepoType.MODEL)) == ("x", "region:us")
