"""Keyed hashes of ids, in the same words as the macro `keyed_hash`.

The hash is sha256(k + sha256(k + text)), cut to 128 bits, where k = sha256(purpose + ":" + key): the nested form of a keyed hash, which
every engine can compute from its own sha256 (RFC 2104 has the same two passes, with padded keys). The key comes from the environment.
"""

import hashlib
import os
from collections.abc import Mapping

from python_stats.errors import UserError

PSEUDONYM_KEY, FORGET_KEY = "EMPATHY_ROI_PSEUDONYM_KEY", "EMPATHY_ROI_FORGET_KEY"
LEAST_CHARACTERS = 32
HOW_TO_MAKE = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"

_CHECKED = "which key is it?"


def connection_keys(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the connection is told, per purpose (`pseudonym`, `forget`): 64 hexadecimal digits; none where no key is set.

    Raises:
        UserError: a key that is too short.
    """
    given = os.environ if environment is None else environment
    found = {}
    for purpose, names in {"pseudonym": (PSEUDONYM_KEY,), "forget": (FORGET_KEY, PSEUDONYM_KEY)}.items():
        name = next((name for name in names if given.get(name)), None)
        if name is None:
            continue
        key = given[name]
        if len(key) < LEAST_CHARACTERS:
            raise UserError(f"{name}: the key has {len(key)} characters; take {LEAST_CHARACTERS} or more ({HOW_TO_MAKE})")
        found[purpose] = _sha256(f"{purpose}:{key}")
    return found


def keyed_hash(connection_key: str, text: str) -> str:
    """The hash of a text: 32 hexadecimal digits.

    Args:
        connection_key: of `connection_keys`.
    """
    return _sha256(connection_key + _sha256(connection_key + text))[:32]


def key_check(connection_key: str) -> str:
    """Tells one key from another without telling the key."""
    return keyed_hash(connection_key, _CHECKED)


def libpq_options(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that hands the keys to a Postgres connection (`PGOPTIONS`); empty where no key is set."""
    given = os.environ if environment is None else environment
    settings = [f"-c empathy_roi.{purpose}_key={key}" for purpose, key in connection_keys(given).items()]
    return {"PGOPTIONS": " ".join([*filter(None, [given.get("PGOPTIONS")]), *settings])} if settings else {}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
