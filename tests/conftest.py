"""What many tests need, made on the spot: a small shop's database, a tiny ChatML tokenizer, a tiny random Llama."""

from __future__ import annotations

import atexit
import gc
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from envs.dialogue import SYSTEM, Codec
from envs.sandbox import Database

# The same examples every time, and no clock: what fails here fails again, and fails on a slow machine no sooner.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

TINY_VOCABULARY = 97
_STATUS = pytest.StashKey[int]()
SHOP_SQL = """
CREATE TABLE owners (owner_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, city TEXT, joined_on DATE);
CREATE TABLE pets (
    pet_id INTEGER PRIMARY KEY, name VARCHAR(40), species TEXT, weight_kg REAL, owner_id INTEGER REFERENCES owners(owner_id)
);
CREATE TABLE Products (product_id INTEGER PRIMARY KEY, product_name TEXT, brand_name TEXT, price REAL);
CREATE TABLE sales (
    sale_id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owners(owner_id),
    product_id INTEGER REFERENCES Products(product_id), quantity INTEGER, sold_on TEXT, note TEXT
);
"""
OWNERS = [
    (1, "Ann Lee", "Oslo", "2023-01-05"), (2, "Bo Ek", "bergen", "2023-02-11"), (3, "Cy O'Hara", "Oslo", "2023-02-11"),
    (4, "Dee Fox", None, "2024-06-30"), (5, "Eve Roe", "Bergen", None), (6, "Finn Day", "Oslo", "2024-07-01"),
]  # fmt: skip
PETS = [
    (1, "Rex", "dog", 21.5, 1), (2, "Tom", "cat", 4.2, 1), (3, "Kit", "cat", 3.9, 2), (4, "Fido", "dog", 30.0, 3),
    (5, "Tweety", "bird", 0.1, 4), (6, "Rex", "dog", None, 5), (7, "Mia", "cat", 4.2, None),
]  # fmt: skip
PRODUCTS = [
    (1, "Cat's Choice 2kg", "Whisk", 12.5), (2, "Dog Bowl", "Paws", 8.0), (3, "Bird Seed", "Wing", 3.25),
    (4, "Leash", "Paws", 15.99), (5, "Cat Toy", "whisk", None),
]  # fmt: skip
SALES = [
    (1, 1, 1, 2, "2024-03-01", None), (2, 1, 2, 1, "2024-03-01", "gift"), (3, 2, 1, 1, "2024-03-04", ""),
    (4, 3, 4, 1, "2024-04-09", None), (5, 3, 2, 3, "2024-04-09", "late"), (6, 4, 3, 10, "2024-05-20", None),
    (7, 6, 4, 2, "2024-06-02", "gift"), (8, 6, 1, 1, "2024-06-02", None), (9, None, 3, 4, "2024-06-15", None),
]  # fmt: skip


def pytest_collection_finish() -> None:
    """What is loaded by now stays: DeepSpeed collects garbage at every engine, and would walk through all of it each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how it went, for the very end."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End a process in which Ray ran without tearing its libraries down.

    Once everything was reported, a thread of theirs outlived what it was calling and the process died of it. What Python has registered
    for its end is done all the same.
    """
    if "ray" in sys.modules and _STATUS in config.stash and not hasattr(config, "workerinput"):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])


def make_shop(path: Path) -> None:
    """Write the pet shop's database."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA synchronous=OFF;" + SHOP_SQL)  # a test's file need not survive a power cut
    for table, rows in (("owners", OWNERS), ("pets", PETS), ("Products", PRODUCTS), ("sales", SALES)):
        connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    connection.commit()
    connection.close()


@pytest.fixture
def shop_db(tmp_path: Path) -> Path:
    """A pet shop in four related tables, laid out as Spider does: shop/shop.sqlite."""
    path = tmp_path / "databases" / "shop" / "shop.sqlite"
    path.parent.mkdir(parents=True)
    make_shop(path)
    return path


@pytest.fixture
def shop(shop_db: Path) -> Iterator[Database]:
    """The pet shop, opened."""
    database = Database.open(shop_db)
    yield database
    database.close()


@pytest.fixture(scope="session")
def tiny_tokenizer() -> str:
    """The tokenizer.json text of a byte-level BPE of a few hundred tokens with ChatML markup."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    markup = [AddedToken(text, special=True) for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=markup, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([SYSTEM, SHOP_SQL, "QUERY SELECT count(*) FROM pets\nANSWER RESULT\nDESCRIBE pets"] * 4, trainer)
    return str(tokenizer.to_str())


@pytest.fixture
def tiny_codec(tiny_tokenizer: str) -> Codec:
    """A Codec over the tiny tokenizer, fresh for each test."""
    return Codec(Tokenizer.from_str(tiny_tokenizer))


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama in fp32: two layers, four heads on two key heads, tied embeddings, with a tokenizer file beside the weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    path = tmp_path_factory.mktemp("tiny") / "model"
    config = LlamaConfig(
        vocab_size=TINY_VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        LlamaForCausalLM(config).save_pretrained(path)
    vocabulary = {f"w{i}": i for i in range(TINY_VOCABULARY)}
    Tokenizer(models.WordLevel(vocabulary, unk_token="w0")).save(str(path / "tokenizer.json"))
    return path


@pytest.fixture(autouse=True, scope="session")
def process_group_ends_with_the_tests() -> Iterator[None]:
    """Engines of all files share the first one's process group: DeepSpeed remembers it, and fails with another."""
    yield
    dist = sys.modules.get("torch.distributed")
    if dist is not None and dist.is_initialized():
        dist.destroy_process_group()
