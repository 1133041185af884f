"""Well-known ids without a namespace and where they live (product §1.6)."""

from __future__ import annotations

from collections.abc import Mapping

from strata.core.names import RepoType


def _under(namespace: str, *names: str) -> dict[str, str]:
    return {name.lower(): f"{namespace}/{name}" for name in names}


CANONICAL: Mapping[RepoType, Mapping[str, str]] = {
    RepoType.MODEL: {
        **_under(
            "google-bert",
            "bert-base-uncased",
            "bert-base-cased",
            "bert-large-uncased",
            "bert-base-chinese",
            "bert-base-multilingual-cased",
        ),
        **_under("openai-community", "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"),
        **_under(
            "FacebookAI", "roberta-base", "roberta-large", "xlm-roberta-base", "xlm-roberta-large"
        ),
        **_under("distilbert", "distilbert-base-uncased", "distilgpt2", "distilroberta-base"),
        **_under("google-t5", "t5-small", "t5-base", "t5-large", "t5-3b", "t5-11b"),
        **_under("albert", "albert-base-v2"),
        **_under("xlnet", "xlnet-base-cased"),
    },
    RepoType.DATASET: {
        **_under("nyu-mll", "glue"),
        **_under("rajpurkar", "squad", "squad_v2"),
        **_under("stanfordnlp", "imdb"),
        **_under("Salesforce", "wikitext"),
        **_under("aps", "super_glue"),
        **_under("ylecun", "mnist"),
        **_under("uoft-cs", "cifar10", "cifar100"),
        **_under("abisee", "cnn_dailymail"),
        **_under("fancyzhx", "ag_news"),
    },
    RepoType.SPACE: {},
    RepoType.KERNEL: {},
    RepoType.BUCKET: {},
}
