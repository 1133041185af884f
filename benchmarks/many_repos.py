"""Two hundred thousand repos as a public hub has them, written straight into the tables.

Tags follow a power law, as do likes and downloads; a few per cent of the repos are private.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from strata.accounts.tables import namespaces, users
from strata.core.names import fresh_key
from strata.lib.db.database import Database
from strata.repos.tables import refs, repos
from strata.search.bits import bits_of
from strata.search.tables import cards, repo_tags, tag_counts

REPOS = 200_000
PEOPLE = 5_000
BATCH = 5_000
PRIVATE = 0.03
_TASKS = """
text-generation text-classification fill-mask token-classification question-answering translation
summarization feature-extraction image-classification text-to-image automatic-speech-recognition
object-detection sentence-similarity audio-classification image-segmentation reinforcement-learning
text-to-speech depth-estimation zero-shot-image-classification
"""
_LIBRARIES = """
transformers peft diffusers sentence-transformers timm keras stable-baselines3 gguf flair spacy
setfit adapter-transformers fastai nemo
"""
_FAMILIES = """
bert llama mistral qwen2 gpt2 roberta t5 vit whisper wav2vec2 gemma phi distilbert falcon bloom
deberta clip xlm mamba rwkv
"""
_LANGUAGES = "en zh fr de es ja ko pt ru it ar hi vi nl tr pl sv fi cs da uk no el he th"
_LICENCES = """
apache-2.0 mit openrail cc-by-4.0 cc-by-nc-4.0 llama3 gemma gpl-3.0 cc-by-sa-4.0 other
"""
_ENDINGS = "base large small tiny instruct chat v2 finetuned lora gguf awq merged 7b 13b 70b"


def fill(database: Database, now: datetime, count: int = REPOS) -> None:
    """Write the people and the repos, and let the database learn how they are spread."""
    dice = random.Random(20_26)  # noqa: S311 — no secret depends on it
    tallies: dict[str, Counter[str]] = {"public": Counter(), "total": Counter()}
    with database.writing() as db:
        _people(db, now)
    rows = _repos(now, dice, count, tallies)
    while batch := list(islice(rows, BATCH)):
        with database.writing() as db:
            _write(db, batch)
    with database.writing() as db:
        _tally(db, tallies)
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE" if database.sqlite else "VACUUM ANALYZE")


def _people(db: Connection, now: datetime) -> None:
    names = [f"person-{number}" for number in range(PEOPLE)]
    db.execute(
        sa.insert(namespaces),
        [{"id": n, "key": name, "name": name, "kind": "user"} for n, name in enumerate(names, 100)],
    )
    rows = [
        {
            "id": number,
            "public_id": fresh_key(),
            "full_name": name,
            "email": f"{name}@example.com",
            "email_key": f"{name}@example.com",
            "verified_at": now,
            "language": "en",
            "created_at": now,
        }
        for number, name in enumerate(names, 100)
    ]
    db.execute(sa.insert(users), rows)


def _repos(
    now: datetime, dice: random.Random, count: int, tallies: dict[str, Counter[str]]
) -> Iterator[dict[str, Any]]:
    for number in range(count):
        owner = min(int(dice.paretovariate(0.6)), PEOPLE) - 1
        family, ending = _rank(dice, _FAMILIES), dice.choice(_ENDINGS.split())
        name = f"{family}-{ending}-{number:x}"
        private = dice.random() < PRIVATE
        tags = _tags(dice, family)
        for tag in tags:
            tallies["total"][tag] += 1
            tallies["public"][tag] += not private
        likes = int(dice.paretovariate(0.9)) - 1
        downloads = int(dice.paretovariate(0.5)) - 1
        yield {
            "id": 1000 + number,
            "key": f"{number:024x}",
            "type": "model",
            "owner_id": 100 + owner,
            "namespace": f"person-{owner}",
            "name": name,
            "path_key": f"person-{owner}/{name}",
            "private": private,
            "created_at": now - timedelta(minutes=count - number),
            "updated_at": now - timedelta(minutes=dice.randrange(count)),
            "likes": min(likes, 10_000),
            "likes_30d": likes // 10,
            "downloads": min(downloads, 10**8),
            "trending": float(likes // 20),
            "num_parameters": dice.choice((0, 0, int(10 ** dice.uniform(6, 11)))),
            "tag_bits": bits_of(tags),
            "tags": tags,
        }


def _tags(dice: random.Random, family: str) -> list[str]:
    tags = [_rank(dice, _LIBRARIES), family, _rank(dice, _TASKS), "region:us"]
    tags += [tag for tag in ("safetensors", "pytorch", "tensorboard") if dice.random() < 0.5]
    tags += {_rank(dice, _LANGUAGES) for _ in range(dice.randrange(3))}
    tags += [f"license:{_rank(dice, _LICENCES)}"] if dice.random() < 0.7 else []
    tags += [f"dataset:data-{int(dice.paretovariate(0.7))}" for _ in range(dice.randrange(3))]
    tags += [f"base_model:base-{int(dice.paretovariate(0.7))}"] if dice.random() < 0.5 else []
    tags += [f"word-{int(dice.paretovariate(0.5))}" for _ in range(dice.randrange(4))]
    return list(dict.fromkeys(tag[:60] for tag in tags))


def _rank(dice: random.Random, text: str) -> str:
    """The first word most often."""
    words = text.split()
    return words[min(int(dice.paretovariate(0.8)), len(words)) - 1]


def _write(db: Connection, batch: Sequence[dict[str, Any]]) -> None:
    db.execute(
        sa.insert(repos),
        [{name: value for name, value in row.items() if name != "tags"} for row in batch],
    )
    db.execute(sa.insert(refs), [_ref(row) for row in batch])
    db.execute(sa.insert(cards), [_card(row) for row in batch])
    tags = sorted((tag, row["id"]) for row in batch for tag in row["tags"])
    db.execute(
        sa.insert(repo_tags), [{"type": "model", "tag": tag, "repo_id": key} for tag, key in tags]
    )


def _ref(row: dict[str, Any]) -> dict[str, Any]:
    commit = f"{row['id']:040x}"
    return {
        "repo_id": row["id"],
        "name": "refs/heads/main",
        "target": commit,
        "commit_sha": commit,
        "moved_at": row["updated_at"],
    }


def _card(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "repo_id": row["id"],
        "commit_sha": f"{row['id']:040x}",
        "card_data": {"tags": row["tags"], "license": "mit"},
        "tags": row["tags"],
        "pipeline_tag": row["tags"][2],
        "library_name": row["tags"][0],
        "config": {"model_type": row["tags"][1]},
        "siblings": [f"model-{shard:05}.safetensors" for shard in range(4)],
        "used_storage": 10**9,
        "counted_public": not row["private"],
        "indexed_at": row["updated_at"],
    }


def _tally(db: Connection, tallies: dict[str, Counter[str]]) -> None:
    rows = [
        {
            "type": "model",
            "tag": tag,
            "label": tag,
            "kind": "other",
            "public": tallies["public"][tag],
            "total": total,
        }
        for tag, total in tallies["total"].items()
    ]
    for start in range(0, len(rows), BATCH):
        db.execute(sa.insert(tag_counts), rows[start : start + BATCH])
