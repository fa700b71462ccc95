"""The SFT stage: demonstrations in batches of like length, until its steps or its share of the run's time are over."""

from __future__ import annotations

import itertools
import math

from cluster.running import Run
from cluster.schedule import batches_of_like_length, endless_order, minutes_left_for_sft, progress
from cluster.scoring import Scoring

BASE_SCORED_AFTER = 5  # steps: until the first push the generators hold the base model
SCORING_GUESS_S = 120.0  # what scoring a stage is taken to cost until the base model has been scored
TRAINED_OVER_BASE = 1.3  # seconds of scoring: three malformed turns of the base model take nearly as long as a steered episode


async def train_sft(run: Run, scoring: Scoring) -> None:
    """Train from wherever the stage stands to its end."""
    settings, record = run.config.sft, run.state.record
    seed = run.config.run.seed
    batches = batches_of_like_length(endless_order(run.demonstrations, seed), settings.batch_tokens, settings.length_window, seed)
    batches = itertools.islice(batches, record.steps, None)  # a resumed run goes on in the same order
    one_pass = math.ceil(sum(len(s.ids) for s in run.demonstrations) / settings.batch_tokens)
    steps = settings.steps or (0 if _minutes(run) else one_pass)
    run.display.begin("SFT", steps or one_pass, record.steps)
    while (done := progress(record.steps, steps, record.seconds / 60, _minutes(run))) < 1.0:
        run.stop_if_asked()
        if record.steps == BASE_SCORED_AFTER and run.state.stages["base"].test is None:
            await scoring.score_base()  # late enough that a person sees training begin, early enough to plan by its time
            run.display.begin("SFT", steps or one_pass, record.steps)
        rate = settings.learning_rate_at(done)
        batch = next(batches)
        with run.timed("sft"):
            metrics = await run.crew.learner.sft_step.remote(batch, rate)
        record.drawn += len(batch)
        run.step_done(metrics, {"learner/learning_rate": rate, "learner/sequences": len(batch)})
        run.display.advance(
            record.steps,
            f"loss {metrics['sft/loss']:.3f}, {metrics['learner/tokens_per_s']:.0f} tokens/s, {100 * done:.0f} %",
        )
        if record.steps % settings.validate_every == 0 and await scoring.gave_up("sft", settings.patience):
            return
        await run.checkpoint_if_due()


def _minutes(run: Run) -> float:
    """When SFT is over: by its own limit, or by what the run's leaves after all else."""
    config, state = run.config, run.state
    if not config.run.minutes:
        return config.sft.minutes
    spent = sum(seconds for part, seconds in state.seconds.items() if part not in ("sft", "total"))
    scoring = TRAINED_OVER_BASE * state.stages["base"].scoring_s or SCORING_GUESS_S
    trained_stages = len(state.stages) - 1  # all but base, which is scored meanwhile
    return minutes_left_for_sft(config.run.minutes, spent, scoring, trained_stages, config.phase1.minutes + config.phase2.minutes)
