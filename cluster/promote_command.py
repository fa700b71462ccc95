"""`analyst-buddy promote` and `rollback`: ask a running server to answer with other weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from cluster.errors import RefusedError, UserError
from cluster.serve_command import of_run
from envs.run_store import RunStore
from serving.policy_files import SCRIPTED

TIMEOUT_S = 300.0  # answers under way are waited for


def promote(run: str, runs: Path, margin: float, url: str, key: str) -> str:
    """Promote a run's best policy and say what came of it.

    Raises:
        RefusedError: the server refuses it; the message says why.
        UserError, FileNotFoundError: there is no such run, or no server.
    """
    if run.startswith(SCRIPTED):  # a script was never tested: it is as good as any
        file = Path(run.removeprefix(SCRIPTED)).absolute()
        body: dict[str, Any] = {"policy": f"{SCRIPTED}{file}", "name": file.stem, "tested": {"correct": 1, "questions": 1}}
    else:
        best = RunStore.existing(run, runs).policy_dir("best")
        chosen = of_run(best) if (best / "config.json").is_file() else None
        if chosen is None:
            raise UserError(f"{run} has no policy yet: wanted {best} with config.json and weights")
        body = {"policy": chosen.policy, "name": chosen.name, "tested": chosen.tested}
    return _said(_post(f"{url}/v1/admin/promote", {**body, "margin": margin}, key))


def roll_back(url: str, key: str) -> str:
    """Go back to the policy before and say what came of it."""
    return _said(_post(f"{url}/v1/admin/rollback", None, key))


def _post(url: str, body: dict[str, Any] | None, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = httpx.post(url, json=body, headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise UserError(f"no server answers at {url} ({error}): start one with `analyst-buddy serve`, or name it with --url") from error
    try:
        told: dict[str, Any] = response.json()
    except ValueError as error:
        raise UserError(f"{url} answered {response.status_code} without JSON: is it an analyst-buddy server?") from error
    if response.status_code == 409:
        raise RefusedError(f"refused: {told['error']['message']}")
    if response.status_code != 200:
        raise UserError(f"the server answered {response.status_code}: {told.get('error', {}).get('message', told)}")
    return told


def _said(told: dict[str, Any]) -> str:
    new, old = told["model"], told["before"]
    return (
        f"{new['name']} answers now (weights {new['weights']}, version {new['version']}; before: {old['name']}, {old['weights']}). "
        f"New questions waited {told['seconds']:.2f} s at most for the weights, {told['waited']} of them."
    )
