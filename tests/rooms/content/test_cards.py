"""Cards: metadata, judgement and tags."""

import pytest

from strata.content.card.front_matter import read_card
from strata.core.names import RepoType


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


@pytest.mark.parametrize(
    ("yaml", "error"),
    [
        ("license: asdf", '"license" must be one of [apache-2.0, mit, '),
        ("license: [mit, asdf]", '"license[1]" must be one of [apache-2.0, '),
        ("license: MIT", '"license" must be one of'),
        ("language: EN", '"language" must only contain lowercase characters'),
        ("language: [en, klingonese]", '"language[1]" with value "klingonese" is not valid.'),
        ("base_model: /home/me/model", '"base_model" with value "/home/me/model" is not valid.'),
        ("datasets: [a b]", '"datasets[0]" with value "a b" is not valid.'),
        (
            "model-index: [{name: x, results: [{metrics: [{type: acc}]}]}]",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
        (
            "model-index: [{name: x, results: [{task: {name: t}}]}]",
            '"model-index[0].results[0].task.type" is required',
        ),
        (
            "model-index: [{name: x, results: [{dataset: {type: t, name: 1}}]}]",
            '"model-index[0].results[0].dataset.name" must be a string',
        ),
    ],
)
def test_errors_say_where_and_what(yaml: str, error: str) -> None:
    (found,) = read_card(f"---\n{yaml}\n---\n", RepoType.MODEL).errors
    assert found.startswith(error)


@pytest.mark.parametrize("code", ["en", "zho", "code", "multilingual", "nb"])
def test_languages_are_codes_or_words_for_many(code: str) -> None:
    assert read_card(f"---\nlanguage: [{code}]\n---\n", RepoType.DATASET).errors == ()


def test_an_unknown_size_of_a_dataset_is_a_warning() -> None:
    card = read_card("---\nsize_categories: [huge]\n---\n", RepoType.DATASET)
    assert (card.errors, len(card.warnings)) == ((), 1)
