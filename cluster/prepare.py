"""`make setup` after the packages: the base model and the quickstart's databases, each made once into the cache."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

from cluster.base_model import BUNDLED, cache_dir, ensure_bundled
from cluster.config import load_preset
from cluster.dataset_cache import data_of


def main() -> None:
    """Say what takes more than a moment, and do it: the model in a process of its own beside the databases."""
    try:
        with ProcessPoolExecutor(1) as pool:
            if not (cache_dir() / "models" / BUNDLED / "config.json").is_file():
                print("setup: converting the base model (about 20 s, once)", flush=True)  # noqa: T201
            converted = pool.submit(ensure_bundled)
            began = False

            def say(_done: int, _total: int) -> None:
                nonlocal began
                if not began:
                    print("setup: building databases and questions (about 25 s, once)", flush=True)  # noqa: T201
                began = True

            data_of(load_preset("quickstart"), say)
            converted.result()
    except OSError as error:
        raise SystemExit(f"the base model and the databases could not be made in {cache_dir()}: {error}") from error


if __name__ == "__main__":
    main()
