"""Repos in numbers: how many private models, public datasets and so on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.web.pages.words.language import translations


def counts(language: str, repos: Iterable[Repo]) -> Iterator[str]:
    """How many private models, public datasets and so on."""
    kinds = list(RepoType)

    def place(repo: Repo) -> tuple[bool, int]:
        return not repo.private, kinds.index(repo.type)

    for (_, kind), some in groupby(sorted(repos, key=place), key=place):
        group = list(some)
        yield _counted(language, kinds[kind], len(group), private=group[0].private)


def _counted(language: str, kind: RepoType, number: int, *, private: bool) -> str:
    ngettext = translations(language).ngettext
    match kind, private:
        case RepoType.MODEL, True:
            text = ngettext("%(num)s private model", "%(num)s private models", number)
        case RepoType.MODEL, False:
            text = ngettext("%(num)s public model", "%(num)s public models", number)
        case RepoType.DATASET, True:
            text = ngettext("%(num)s private dataset", "%(num)s private datasets", number)
        case RepoType.DATASET, False:
            text = ngettext("%(num)s public dataset", "%(num)s public datasets", number)
        case RepoType.SPACE, True:
            text = ngettext("%(num)s private space", "%(num)s private spaces", number)
        case RepoType.SPACE, False:
            text = ngettext("%(num)s public space", "%(num)s public spaces", number)
        case RepoType.KERNEL, True:
            text = ngettext("%(num)s private kernel", "%(num)s private kernels", number)
        case RepoType.KERNEL, False:
            text = ngettext("%(num)s public kernel", "%(num)s public kernels", number)
        case RepoType.BUCKET, True:
            text = ngettext("%(num)s private bucket", "%(num)s private buckets", number)
        case _:
            text = ngettext("%(num)s public bucket", "%(num)s public buckets", number)
    return str(text) % {"num": number}
