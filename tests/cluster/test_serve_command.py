"""Which policy is served, and what is refused before anything starts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from cluster.config import load_preset, to_toml
from cluster.errors import UserError
from cluster.promote_command import promote
from cluster.serve_command import arguments, as_yaml, check_host, choose_policy, printed
from envs.run_store import RunStore
from serving.scripted_policy import ScriptError
from serving.settings import Args, Keys

KEY = "a-key-of-enough-letters"


def make_run(root: Path, name: str, tested: dict[str, int] | None) -> RunStore:
    """A finished run with a policy that only looks like one."""
    store = RunStore(root / name)
    store.config_path.write_text(to_toml(load_preset("smoke")))
    best = store.policy_dir("best")
    best.mkdir()
    (best / "config.json").write_text("{}")
    store.write_json_atomic("result.json", {"best": {"test": tested}})
    return store


def test_the_best_policy_of_the_newest_run_is_served_with_its_settings_and_its_test_score(tmp_path: Path) -> None:
    make_run(tmp_path, "autumn", {"correct": 20, "questions": 80})
    chosen = choose_policy(None, tmp_path, Console(file=io.StringIO()))
    assert (chosen.policy, chosen.name, chosen.tested) == (
        str(tmp_path / "autumn" / "policy" / "best"),
        "autumn",
        {"correct": 20, "questions": 80},
    )
    args = arguments(chosen, tmp_path / "state", load_preset("quickstart"))
    assert args.analyst().episode == load_preset("smoke").episode


def test_without_any_run_the_base_model_is_served_with_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYST_BUDDY_CACHE", str(tmp_path))
    model = tmp_path / "models" / "smollm2-135m-instruct"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    said = io.StringIO()
    assert choose_policy(None, tmp_path / "runs", Console(file=said)).policy == str(model)
    assert "taught nothing" in said.getvalue()


@pytest.mark.parametrize("policy", ["nowhere", "scripted:nowhere.json"])
def test_a_policy_that_is_not_there_is_named(policy: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        choose_policy(policy, tmp_path, Console())


def test_a_script_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"questions": {"a": []}}')
    with pytest.raises(ScriptError, match="is no script"):
        choose_policy(f"scripted:{tmp_path / 'bad.json'}", tmp_path, Console())


def test_other_addresses_than_this_machines_need_keys() -> None:
    check_host("127.0.0.1", Keys())
    check_host("0.0.0.0", Keys(KEY))
    with pytest.raises(UserError, match="ANALYST_BUDDY_API_KEYS"):
        check_host("0.0.0.0", Keys())
    with pytest.raises(ValueError, match="16 or more"):
        Keys("short")


def test_the_printed_configuration_and_the_yaml_hold_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYST_BUDDY_API_KEYS", KEY)
    args = Args(policy="scripted:x.json", state=str(tmp_path))
    shown, written = printed(args, "127.0.0.1", 8000, Keys.from_environment()), as_yaml(args, "127.0.0.1", 8000)
    assert KEY not in shown + written
    assert json.loads(shown)["keys_needed"] is True
    application = yaml.safe_load(written)["applications"][0]
    assert Args(**application["args"]) == args
    assert application["import_path"] == "serving.app:build"


def test_serve_deploy_builds_the_application_from_the_yaml(tmp_path: Path) -> None:
    from ray.serve._private.api import call_user_app_builder_with_args_if_necessary as as_serve_does
    from ray.serve.schema import ServeDeploySchema

    from serving.app import build

    written = yaml.safe_load(as_yaml(Args(policy="scripted:x.json", state=str(tmp_path)), "127.0.0.1", 8000))
    (application,) = ServeDeploySchema.model_validate(written).applications
    assert as_serve_does(build, application.args) is not None
    with pytest.raises(ValueError, match="sampels"):
        as_serve_does(build, {**application.args, "sampels": 5})


def test_promote_says_when_there_is_no_run_no_policy_or_no_server(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no run"):
        promote("nothing", tmp_path, 0.0, "http://127.0.0.1:1", "")
    store = make_run(tmp_path, "spring", None)
    with pytest.raises(UserError, match="no server answers"):
        promote("spring", tmp_path, 0.0, "http://127.0.0.1:1", "")
    (store.policy_dir("best") / "config.json").unlink()
    with pytest.raises(UserError, match="no policy yet"):
        promote("spring", tmp_path, 0.0, "http://127.0.0.1:1", "")
