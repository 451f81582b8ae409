"""Ids in the shapes of AWS's own, the same in every run, so that a failing test reads the same twice."""

import base64
import hashlib
import re
import uuid
from collections import Counter

ACCOUNT = re.compile(r"\d{12}")


class Ids:
    """Hands out ids, each once. They count up inside and look random outside."""

    def __init__(self) -> None:
        self._handed_out: Counter[str] = Counter()

    def ec2(self, kind: str) -> str:
        """For `ami`, `snap` or `vol`: `ami-` and 17 hexadecimal digits."""
        return f"{kind}-0{self._digest(kind).hex()[:16]}"

    def iam(self, prefix: str, length: int = 21) -> str:
        """For `AROA` (roles), `AIDA` (users), `AKIA` and `ASIA` (access keys, 20 characters)."""
        return prefix + base64.b32encode(self._digest(prefix)).decode()[: length - len(prefix)]

    def uuid(self, kind: str) -> str:
        """For keys and requests."""
        return str(uuid.UUID(bytes=self._digest(kind)[:16], version=4))

    def token(self, kind: str) -> str:
        """For secrets, session tokens and grants: 64 hexadecimal digits."""
        return self._digest(kind).hex()

    def _digest(self, kind: str) -> bytes:
        self._handed_out[kind] += 1
        return hashlib.sha256(f"{kind} {self._handed_out[kind]}".encode()).digest()
