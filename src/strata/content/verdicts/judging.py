"""What the signature of a commit is worth (product §3.15).

Verified: a key of an account has signed the very commit, and the committer's address is a confirmed
one of that account; a GPG key must bear the address, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from strata.accounts.mailboxes.addresses import key_of
from strata.core.call import Call
from strata.credentials.keys import signing
from strata.lib.git.reading.signatures import SignedCommit
from strata.lib.keys import openpgp
from strata.lib.keys.ssh import Signature, read_signature


class Verdict(StrEnum):
    """What was found."""

    VERIFIED = "verified"
    UNKNOWN_KEY = "unknown_key"  # nobody here has the key that it names
    OTHER_ADDRESS = "other_address"  # the key's account has not confirmed the committer's
    BROKEN = "broken"  # not over this commit, or by a key that was over by then
    UNREAD = "unread"  # a kind that is not looked into, such as X.509


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, about whom."""

    verdict: Verdict
    signer: str | None = None  # the key that it names
    user_id: int | None = None


def judge(call: Call, commit: SignedCommit) -> Judged:
    """Look at the signature of a commit."""
    by_ssh = read_signature(commit.signature)
    if by_ssh is not None:
        return _by_ssh(call, commit, by_ssh)
    issuer = openpgp.issuer_of(commit.signature) if "PGP" in commit.signature else None
    return _by_gpg(call, commit, issuer) if issuer else Judged(Verdict.UNREAD)


def _by_ssh(call: Call, commit: SignedCommit, signature: Signature) -> Judged:
    signer = signature.fingerprint
    owner = signing.owner_of_ssh_key(call, signer)
    if owner is None:
        return Judged(Verdict.UNKNOWN_KEY, signer)
    if not signature.covers(commit.payload, "git"):
        return Judged(Verdict.BROKEN, signer)
    if not signing.has_confirmed(call, owner, commit.committer_email):
        return Judged(Verdict.OTHER_ADDRESS, signer)
    return Judged(Verdict.VERIFIED, signer, owner)


def _by_gpg(call: Call, commit: SignedCommit, issuer: str) -> Judged:
    claims = signing.gpg_claims(call, issuer)
    if not claims:
        return Judged(Verdict.UNKNOWN_KEY, issuer)
    whole = [
        claim for claim in claims if openpgp.covers(claim.blob, commit.payload, commit.signature)
    ]
    if not whole:
        return Judged(Verdict.BROKEN, issuer)
    address = key_of(commit.committer_email)
    for claim in whole:
        if address in claim.addresses and signing.has_confirmed(call, claim.user_id, address):
            return Judged(Verdict.VERIFIED, issuer, claim.user_id)
    return Judged(Verdict.OTHER_ADDRESS, issuer)
