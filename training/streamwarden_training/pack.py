"""What the experience pack says of problems, as far as training asks it."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path


def brings(problems: Path) -> dict[str, set[str]]:
    """Slug -> slugs of the problems that it may bring along, by ``explains`` and ``explained_by`` of the files in ``problems``.
    Without any there, nothing could be told of what brings what: ``FileNotFoundError``."""
    if not any(problems.glob("*.toml")):
        raise FileNotFoundError(f"{problems} holds no problems; models are trained beside the pack that they belong to")
    brought: dict[str, set[str]] = defaultdict(set)
    for path in sorted(problems.glob("*.toml")):
        problem = tomllib.loads(path.read_text(encoding="utf-8"))
        brought[path.stem] |= set(problem.get("explains", ()))
        for cause in problem.get("explained_by", ()):
            brought[cause].add(path.stem)
    return dict(brought)


def without(brought: dict[str, set[str]], slug: str) -> dict[str, set[str]]:
    """As a pack would say it that does not know ``slug``."""
    return {cause: others - {slug} for cause, others in brought.items() if cause != slug}
