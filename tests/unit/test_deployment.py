"""The image and the deployment: what each takes for granted of the other."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")


def found(pattern: str, text: str) -> list[Any]:
    return re.findall(pattern, text, re.MULTILINE)


def test_the_pod_runs_as_the_images_user_who_is_a_number_and_not_root() -> None:
    """The kubelet refuses a user by name where `runAsNonRoot` is set: it can't tell whose name that is."""
    assert "runAsNonRoot: true" in DEPLOYMENT
    (made,) = found(r"^RUN useradd .*--uid (\d+)", IMAGE)
    assert int(made) > 0
    assert found(r"^USER (.+)$", IMAGE)[-1] == made
    assert found(r"runAsUser: (.+)$", DEPLOYMENT) == [made]
    assert found(r"runAsGroup: (.+)$", DEPLOYMENT) == [made]


def test_the_pod_can_write_temporary_files_and_nothing_else() -> None:
    """waitress puts a body of more than 512 KiB there, and Python's `tempfile` has nowhere else to go."""
    assert "readOnlyRootFilesystem: true" in DEPLOYMENT
    assert found(r"- \{name: ([\w-]+), mountPath: ([^\s,]+)\}$", DEPLOYMENT) == [("tmp", "/tmp")]
    assert found(r"- name: ([\w-]+)\n +emptyDir: \{\}$", DEPLOYMENT) == ["tmp"]
