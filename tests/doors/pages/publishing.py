"""Documents of the site that change."""

from strata.accounts.legal import publishing
from strata.accounts.legal.kinds import DocumentKind
from strata.core.call import reading, working
from strata.core.hub import Hub


def publish(hub: Hub, version: str, kind: DocumentKind = DocumentKind.TERMS) -> None:
    texts = {"en": f"# Terms {version}\n\nBe kind.", "zh-CN": f"# 条款 {version}\n\n请友善。"}
    with reading(hub) as call, working(call) as work:
        publishing.publish(work, kind, version, texts)
