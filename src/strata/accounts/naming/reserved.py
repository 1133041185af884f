"""Names that nobody may take, because they mean something else (product §3.3)."""

from __future__ import annotations

import functools

from strata.core.settings.tree import Settings
from strata.lib.lookalikes.names import skeleton


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# First segments of our own paths: an account of that name could not be reached.
RESERVED_PATHS = _words("""
    .well-known about account accounts admin agree api api-inference assets auth avatars blob blog
    buckets cdn chat collections compare contact content-guidelines datasets datasets-server
    deploy device discussions docs download email_confirmation embed enterprise explore faq
    favicon.ico files forgot-password front git graphql guidelines healthz help home inbox
    internal jobs join kernels languages legal lfs licenses login logout mail metrics mirror
    models new new-bucket new-dataset new-kernel new-model new-space notifications oauth
    organizations org papers ping posts pricing privacy pro public raw readyz register
    reset-password resolve robots.txt root search security settings share sign-in sign-up signup
    sitemap.xml space spaces ssh static status storage support system tasks team terms
    terms-of-service tokens tree upload uploads user users v1 v2 verify-email webhooks
    well-known www xet . ..
""")

# Names that would pass for somebody else; operators may still create them for a mirror.
RESERVED_WORDS = frozenset(
    {"anonymous", "deleted", "ghost", "hf", "huggingface", "me", "null", "undefined"}
)

# Ids without a namespace that clients know by heart (product §1.6): `/glue` must redirect.
LEGACY_REPO_NAMES = _words("""
    ag_news albert-base-v2 bert-base-cased bert-base-chinese bert-base-multilingual-cased
    bert-base-uncased bert-large-uncased cifar10 cifar100 cnn_dailymail distilbert-base-uncased
    distilgpt2 distilroberta-base glue gpt2 gpt2-large gpt2-medium gpt2-xl imdb mnist roberta-base
    roberta-large squad squad_v2 super_glue t5-11b t5-3b t5-base t5-large t5-small wikitext
    xlm-roberta-base xlm-roberta-large xlnet-base-cased
""")


def is_reserved(name: str, settings: Settings, *, operator: bool) -> bool:
    """Whether a name means something else, in any casing; operators may use more of them."""
    key = name.lower()
    if operator:
        return key in RESERVED_PATHS
    return key in _everything() or key in _of_this_hub(settings)


def looks_reserved(name: str, settings: Settings) -> bool:
    """Whether a name is easily taken for a reserved one, such as `adrnin` or `he1p`."""
    drawn = skeleton(name)
    return drawn in _skeletons() or drawn in map(skeleton, _of_this_hub(settings))


def _of_this_hub(settings: Settings) -> frozenset[str]:
    """The name of the site, and what its operator keeps for themselves."""
    kept = (_plain(name) for name in settings.accounts.reserved_names)
    return frozenset({_plain(settings.site_name), *kept}) - {""}


def _plain(site_name: str) -> str:
    return "-".join(site_name.strip().lower().split())


@functools.cache
def _everything() -> frozenset[str]:
    return RESERVED_PATHS | RESERVED_WORDS | LEGACY_REPO_NAMES


@functools.cache
def _skeletons() -> frozenset[str]:
    return frozenset(map(skeleton, _everything())) - {""}
