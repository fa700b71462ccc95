"""One `analyst-buddy train`: data, demonstrations, Ray and its actors, then the trainer; resumes what is there, ends cleanly on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster import report
from cluster.base_model import resolve
from cluster.config import RunConfig, read_config, to_toml
from cluster.dataset_cache import check_data_sources, data_of
from cluster.display import Display
from cluster.errors import UserError
from cluster.event_files import EventFiles
from cluster.memory import MemoryWatch
from cluster.signals import sigterm_as_ctrl_c
from cluster.state import DONE, TrainerState
from envs.checkpoints import differing_libraries
from envs.dataset import Dataset
from envs.demonstrations import DemonstrationConfig, demonstrate
from envs.dialogue import Codec
from envs.gold_rows import GRADE_TIMEOUT_S
from envs.lessons import lessons
from envs.records import TrainingSequence
from envs.run_claim import claimed
from envs.run_store import RunStore
from envs.sandbox import Database, Limits
from envs.whole_files import write_text_atomic

log = logging.getLogger(__name__)


class RunConflictError(UserError):
    """The run directory holds a run with other settings."""


def train(config: RunConfig, run_dir: Path, *, address: str | None = None, verbose: bool = False) -> int:
    """Train into run_dir, from its last checkpoint if there is one; returns the exit code (130 after a Ctrl-C)."""
    check_data_sources(config)
    store = RunStore(run_dir)
    with (
        sigterm_as_ctrl_c(),
        claimed(store.path),
        Display() as display,
        _logging(store.logs_dir / "trainer.log", verbose=verbose),
        _ending_told(store),
    ):
        state, checkpoint = _where_it_stands(store, config, display)
        finished = store.read_json("result.json") if state.stage == DONE else None
        if finished:
            display.line(f"{run_dir} is finished; delete it or name another with --run-dir to train again")
            display.table(report.result_table(finished))
            return 0
        try:
            ended = _run(config, store, state, checkpoint, display, address=address, verbose=verbose)
        except KeyboardInterrupt:
            store.append_event("stopped", step=state.step, stage=state.stage, broken_off=True)
            display.line("Broken off. The same command goes on from the last checkpoint.")
            return 130
        if ended is None:
            return 130
        _say_how_to_go_on(store, report.result(ended, config.run.seed), display)
        return 0


def _run(
    config: RunConfig,
    store: RunStore,
    state: TrainerState,
    checkpoint: Path | None,
    display: Display,
    *,
    address: str | None,
    verbose: bool,
) -> TrainerState | None:
    """Train to the end and return the state then; None when somebody stopped it first."""
    started = time.monotonic()
    data = _data(config, display)  # first of all: it may be refused
    record_data(store, data, begun=checkpoint is not None)

    import ray  # this and what follows takes seconds to import

    from cluster.ray_setup import check_cluster, ray_session, start_crew
    from cluster.rebuilding import LEARNER_LOST, load_learner, rebuild_learner
    from cluster.run_gauges import RunGauges, exporters
    from cluster.supervisor import Supervisor
    from cluster.trainer import Stopped, Trainer

    model_dir = resolve(config.run.base_model)
    watch = MemoryWatch()
    try:
        with (
            contextlib.ExitStack() as stack,
            ray_session(store.logs_dir.absolute(), address=address, verbose=verbose),
            sigterm_as_ctrl_c(),  # once more: Ray puts a handler of its own in the place of the first
        ):
            if address is not None:
                check_cluster(config, [model_dir, data.databases_dir, store.path.absolute()])
            RunGauges(store.name).listen(store)
            store.append_event("exporters", prometheus=exporters())
            crew = start_crew(config, model_dir, data.databases_dir)
            event_files = stack.enter_context(contextlib.closing(EventFiles(store.path, None if checkpoint is None else state.step)))
            store.on_metrics.append(event_files.write)  # loads TensorBoard's writer, and with it torch, while the engines start
            demonstrations = _demonstrations(config, data, model_dir, display)
            display.begin("starting the engines", 1)
            asyncio.run(crew.ready())
            if checkpoint is not None:
                ray.get(load_learner(crew.learner, checkpoint))
            canary = [sequence.ids for sequence in demonstrations[: config.evaluation.canary_sequences]]
            supervisor = Supervisor(crew, store, config.supervision, canary, config.evaluation.canary_bound)
            state.spend("start", time.monotonic() - started)
            try:
                lost: BaseException | None = None
                while True:
                    try:
                        if lost is not None:
                            display.line("The learner is lost: building it anew from the last checkpoint.")
                            state = rebuild_learner(supervisor, lost, config, store, model_dir)
                        trainer = Trainer(config, store, data, demonstrations, supervisor, display, state, model_dir)
                        asyncio.run(_until_done_or_stopped(trainer, display))
                        break
                    except LEARNER_LOST as error:
                        lost = error
            except Stopped:
                store.append_event("stopped", step=state.step, stage=state.stage)
                display.line(f"Stopped at step {state.step}, nothing lost: the same command goes on from there.")
                return None
            finally:
                state.peak_memory_bytes = max(state.peak_memory_bytes, watch.peak_bytes)
                state.spend("total", time.monotonic() - started)
            store.write_json_atomic("result.json", report.result(state, config.run.seed))
            return state
    finally:
        watch.close()


async def _until_done_or_stopped(trainer: Any, display: Display) -> None:
    """Run the trainer; the first Ctrl-C (or SIGTERM) lets the step in progress end, the second breaks off."""
    loop = asyncio.get_running_loop()
    watch = asyncio.create_task(trainer.supervisor.watch())
    task = asyncio.create_task(trainer.run())

    def asked_to_stop() -> None:
        if trainer.stopping:
            task.cancel()
            return
        trainer.stopping = True
        display.line("Stopping after the step in progress, then writing a checkpoint (Ctrl-C again to break off at once).")

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, asked_to_stop)
    try:
        await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        watch.cancel()
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _where_it_stands(store: RunStore, config: RunConfig, display: Display) -> tuple[TrainerState, Path | None]:
    """The state to start from; the configuration of a run that has begun must be the one asked for."""
    if store.config_path.is_file():
        if read_config(store.config_path) != config:
            raise RunConflictError(
                f"{store.path} was begun with other settings (see {store.config_path}): "
                "go on with those, or choose another directory with --run-dir"
            )
    else:
        write_text_atomic(store.config_path, to_toml(config))
    checkpoint, problems = store.newest_intact_checkpoint()
    for problem in problems:
        display.line(f"A damaged checkpoint is passed over: {problem}")
        store.append_event("checkpoint_damaged", cause=problem, action="the one before it is used" if checkpoint else "begin anew")
    if checkpoint is None:
        store.rewind(0)
        return TrainerState(), None
    manifest = store.read_manifest(checkpoint)
    state = TrainerState.from_dict(manifest["state"])
    if state.stage != DONE:
        display.line(f"Going on with {store.path} from step {state.step} ({state.stage}).")
        others = differing_libraries(manifest)
        if others:
            display.line(f"Written with other versions ({'; '.join(others)}): numbers may differ from an unbroken run's.")
        store.append_event("resumed", step=state.step, stage=state.stage, other_versions=others)
        store.rewind(state.step)
    return state, checkpoint


def _data(config: RunConfig, display: Display) -> Dataset:
    display.begin("databases, questions", 1)
    return data_of(config, lambda done, total: display.begin("databases, questions", total, done) if done == 0 else display.advance(done))


def record_data(store: RunStore, data: Dataset, *, begun: bool) -> None:
    """Note in events.jsonl what the run is made of: the fingerprints of its data and of what that was taken from outside the project.

    Raises:
        RunConflictError: the run has begun, with something else from outside.
    """
    outside = {name: facts["fingerprint"] for name, facts in data.sources.items()}
    recorded = [event for event in store.read_events() if event["kind"] == "data"]
    if begun and recorded and recorded[-1]["outside"] != outside:
        raise RunConflictError(
            f"{store.path} was begun with other data: data.spider has changed since; put it back as it was, or choose another directory "
            "with --run-dir"
        )
    store.append_event("data", fingerprint=data.fingerprint, outside=outside)


def _demonstrations(config: RunConfig, data: Dataset, model_dir: Path, display: Display) -> list[TrainingSequence]:
    """What SFT trains on, from expert episodes of all training questions; the same for the same configuration."""
    codec = Codec.load(model_dir)
    databases: dict[str, Database] = {}
    patient = Limits(timeout_s=GRADE_TIMEOUT_S)  # a gold that takes long on a busy machine is no reason to end the run
    settings: DemonstrationConfig = config.data.demonstrations
    made = []
    display.begin("demonstrations", len(data.train))
    for index, question in enumerate(data.train):
        if question.db_id not in databases:
            databases[question.db_id] = Database.open(data.database_path(question.db_id), patient)
        rng = random.Random(f"{config.run.seed}/{question.id}")
        made.append(demonstrate(databases[question.db_id], question, codec, config.episode, settings, rng))
        if index % 50 == 0:
            display.advance(index)
    for database in databases.values():
        database.close()
    return lessons(data.train, made, codec, config.data.lessons, random.Random(config.run.seed))


def _say_how_to_go_on(store: RunStore, result: dict[str, Any], display: Display) -> None:
    display.table(report.result_table(result))
    for alarm in result.get("alarms", ()):
        display.line(alarm)
    parts = ", ".join(f"{part} {seconds / 60:.1f}" for part, seconds in result["seconds"].items())
    display.line(f"Minutes: {parts}. Peak memory {result['peak_memory_bytes'] / 1e9:.1f} GB. Seed {result['seed']}.")
    display.line(f"The best policy is in {store.policy_dir('best')}; everything else of the run is in {store.path}. Go on with:")
    display.line('  analyst-buddy ask --database shop.sqlite "How many orders came in last March?"')
    display.line("  analyst-buddy evaluate --questions questions.json --databases DIR")


@contextlib.contextmanager
def _ending_told(store: RunStore) -> Iterator[None]:
    """An error that ends the run is an event as well: `status` tells it from a stop that was asked for."""
    try:
        yield
    except UserError:  # it was refused before it began
        raise
    except Exception as error:
        with contextlib.suppress(OSError):  # the disk may be what is full
            store.append_event("failed", error=type(error).__name__, cause=str(error))
        raise


@contextlib.contextmanager
def _logging(path: Path, *, verbose: bool) -> Iterator[None]:
    """Our log lines go to the run directory; to the terminal as well with --verbose."""
    handlers: list[logging.Handler] = [logging.FileHandler(path), *([logging.StreamHandler()] if verbose else [])]
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    try:
        yield
    except Exception:
        log.exception("the run ended with an error")
        raise
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
