"""File names from ids: safe on every file system, unique, the same each time."""

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?")
_LOOKS_HASHED = re.compile(r".*-[0-9a-f]{12}")


def file_name(kind: str, identity: str) -> str:
    """`kind-identity.html`, of lower-case ASCII letters, digits, `-` and `_` alone.

    An id that is plain already is kept. Any other is cut down to what is, and carries twelve digits of its SHA-256, so that two ids
    never share a file, not even on file systems that ignore case.
    """
    if _PLAIN.fullmatch(identity) and not _LOOKS_HASHED.fullmatch(identity):
        return f"{kind}-{identity}.html"
    readable = re.sub(r"[^a-z0-9]+", "-", identity.lower())[:40].strip("-")
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{kind}-{readable}-{digest}.html" if readable else f"{kind}-{digest}.html"
