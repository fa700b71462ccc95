"""`analyst-buddy serve`: finds the policy, starts Ray and Serve on this machine, and stops them in order on SIGINT or SIGTERM."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console

from cluster.base_model import BUNDLED, cache_dir, resolve
from cluster.config import RunConfig, read_config
from cluster.errors import UserError
from cluster.listening import check_port
from cluster.policies import newest_best, policy_dir
from cluster.ray_environment import set_ray_environment
from envs.run_store import RunStore
from serving.policy_files import SCRIPTED
from serving.settings import ADMIN_KEY, KEYS, Args, Keys

if TYPE_CHECKING:
    from serving.generator import Generator

IMPORT_PATH = "serving.app:build"
GATE = "serving.http_gate.middlewares"
LOCAL = ("127.0.0.1", "localhost", "::1")
OBJECT_STORE_BYTES = 256 * 1024 * 1024


class Chosen:
    """A policy and what is known of it."""

    def __init__(self, policy: str, name: str, tested: dict[str, Any] | None = None, config: RunConfig | None = None) -> None:
        self.policy, self.name, self.tested, self.config = policy, name, tested, config


def choose_policy(policy: str | None, runs: Path, errors: Console) -> Chosen:
    """The policy to serve: the one named, the best of the newest run, or the base model, with a warning.

    Raises:
        FileNotFoundError: the one named is not there.
    """
    if policy is not None and policy.startswith(SCRIPTED):
        from serving.scripted_policy import read_script

        file = Path(policy.removeprefix(SCRIPTED)).absolute()
        read_script(file)
        return Chosen(f"{SCRIPTED}{file}", file.stem)
    if policy is not None:
        path = policy_dir(Path(policy), runs)
        return of_run(path) or Chosen(str(path.absolute()), path.name)
    best = newest_best(runs)
    if best is not None:
        return of_run(best) or Chosen(str(best.absolute()), best.parent.parent.name)
    errors.print(
        "analyst-buddy: no run has a policy yet, so the base model answers, which was taught nothing: nearly all its answers are wrong. "
        "`make train` teaches one in 30 minutes.",
        style="bold yellow",
        soft_wrap=True,
    )
    return Chosen(str(resolve(BUNDLED)), BUNDLED)


def of_run(path: Path) -> Chosen | None:
    """What a run says of a policy directory that lies in it; None when it lies in no run."""
    run = path.absolute().parent.parent
    if path.absolute().parent.name != "policy" or not (run / "config.toml").is_file():
        return None
    store = RunStore(run)
    result: dict[str, Any] = store.read_json("result.json") or {}
    best = result.get("best") or {} if path.name == "best" else {}
    config = read_config(store.config_path)
    return Chosen(str(path.absolute()), run.name, best.get("test"), config)


def arguments(chosen: Chosen, state: Path, config: RunConfig, **more: Any) -> Args:
    """What `serving.app:build` is given."""
    config = chosen.config or config
    return Args(
        policy=chosen.policy,
        policy_name=chosen.name,
        tested=chosen.tested,
        state=str(state.absolute()),
        episode=dataclasses.asdict(config.episode),
        rollout=dataclasses.asdict(config.rollout) | ({"episode_tokens_max": 90_000} if chosen.policy.startswith(SCRIPTED) else {}),
        generator=dataclasses.asdict(config.generator),
        steered=config.evaluation.steered,
        **more,
    )


def default_state() -> Path:
    return cache_dir() / "serve"


def check_host(host: str, keys: Keys) -> None:
    """Raise UserError for a server that strangers could reach without a key."""
    if host not in LOCAL and not keys.needed:
        raise UserError(
            f"--host {host} would let everybody on the network ask and upload: set {KEYS} to one or more keys, separated by commas "
            "(`openssl rand -hex 24` makes one), or listen on 127.0.0.1"
        )


def printed(args: Args, host: str, port: int, keys: Keys) -> str:
    """The configuration as JSON; of the keys only whether there are any."""
    secrets = {name: "set" if os.environ.get(name) else "not set" for name in (KEYS, ADMIN_KEY)}
    return json.dumps({"host": host, "port": port, "keys_needed": keys.needed, "environment": secrets, "args": args.model_dump()}, indent=2)


def as_yaml(args: Args, host: str, port: int) -> str:
    """A file for `serve deploy`."""
    config = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": host, "port": port},
        "logging_config": {"encoding": "JSON", "enable_access_log": False},
        "applications": [{"name": "analyst-buddy", "route_prefix": "/", "import_path": IMPORT_PATH, "args": args.model_dump()}],
    }
    head = (
        "# For `serve deploy FILE` on a cluster started with `ray start --head`. The keys are not in here: start Ray with\n"
        f"# {KEYS}, {ADMIN_KEY} and\n# RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH={GATE}\n# in its environment.\n"
    )
    return head + str(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def run(args: Args, host: str, port: int, console: Console, *, verbose: bool, generator: type[Generator] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; answers under way are finished first. Returns the exit code.

    Args:
        generator: another kind of generator than the application's own.
    """
    state = Path(args.state)
    state.mkdir(parents=True, exist_ok=True)
    _set_environment(verbose)
    import ray
    from ray import serve

    from serving.app import APP_NAME, application
    from serving.generator import Generator
    from serving.questions import DRAIN_S

    check_port(host, port)
    stopping = threading.Event()
    if not verbose:
        logging.getLogger("ray").setLevel(logging.ERROR)  # it speaks as it starts
    ray.init(
        address="local",
        num_cpus=max(4, os.cpu_count() or 4),  # logical: they only count processes here
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=verbose,
        configure_logging=verbose,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until it answers; Ray has set its own
    if not verbose:
        logging.getLogger("ray.serve").setLevel(logging.WARNING)  # Serve sets its own
    try:
        with console.status("starting the model"):
            serve.start(
                proxy_location="HeadOnly",
                http_options={"host": host, "port": port},
                logging_config={"encoding": "JSON", "enable_access_log": False},
            )
            handle = serve.run(application(args, generator or Generator), name=APP_NAME, route_prefix="/")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        shown = f"[{host}]" if ":" in host else host
        console.print(f"{args.policy_name} answers at http://{shown}:{port} (Ctrl-C stops it)")
        stopping.wait()
        console.print("stopping: answers under way are finished first")
        handle.drain.remote().result(timeout_s=2 * DRAIN_S)
    finally:
        serve.shutdown()
        ray.shutdown()
    return 0


def _set_environment(verbose: bool) -> None:
    """What Ray's processes inherit."""
    os.environ["RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"] = GATE
    set_ray_environment()
    os.environ.setdefault("RAY_process_group_cleanup_enabled", "true")  # a replica that is killed takes vLLM's processes with it
    for name, value in (("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "131072")):
        os.environ.setdefault(name, value)  # else glibc keeps what large bodies took: 18 MB a minute more under abuse, 1 with these
    os.environ.setdefault("RAY_SERVE_LOG_TO_STDERR", "1" if verbose else "0")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
