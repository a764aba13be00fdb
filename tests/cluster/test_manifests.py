"""The files of ``cluster/``: Ray's own schema, KubeRay's fields, no open port, and a token everywhere."""

from __future__ import annotations

import copy
import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from typer.testing import CliRunner

from study.cli.app import app
from tests.import_graph import ROOT

FOLDER = ROOT / "cluster"
RAY_UP = ("cloud", "onprem")
SCHEMA = json.loads((Path(__file__).parent / "kuberay_schema.json").read_text())


def ray_up(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def kuberay() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / "kuberay.yaml").read_text()))


def test_every_file_has_its_test() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*RAY_UP, "kuberay"}


@pytest.mark.parametrize("name", RAY_UP)
def test_it_keeps_rays_schema(name: str) -> None:
    validate_config(prepare_config(ray_up(name)))
    with pytest.raises(jsonschema.ValidationError):
        validate_config(prepare_config(ray_up(name) | {"head_start_commands": []}))


@pytest.mark.parametrize("name", RAY_UP)
def test_every_ray_start_asks_for_a_token_and_opens_no_dashboard(name: str) -> None:
    config = ray_up(name)
    starts = [*config["head_start_ray_commands"], *config["worker_start_ray_commands"]]
    starts = [shlex.split(command) for command in starts if "ray start" in command]
    assert len(starts) == 2
    assert all("RAY_AUTH_MODE=token" in words for words in starts)
    (head,) = [words for words in starts if "--head" in words]
    assert {"--include-dashboard=false", "--dashboard-host=127.0.0.1"} & set(head)
    assert "chmod 600 ~/.ray/auth_token" in config["setup_commands"]
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    group = config["provider"].get("security_group", {})
    assert "IpPermissions" not in group, "Ray's own rules let in ssh alone"


def test_gpus_of_the_cloud_are_spot_instances_that_the_autoscaler_starts() -> None:
    types = ray_up("cloud")["available_node_types"]
    assert types["gpu_spot"]["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert 1 <= types["gpu_spot"]["min_workers"] < types["gpu_spot"]["max_workers"] <= ray_up("cloud")["max_workers"]
    assert types["head"]["resources"] == {"CPU": 0}


def test_kuberays_fields_are_named_and_typed_as_its_definitions_have_them() -> None:
    documents = kuberay()
    assert sorted(document["kind"] for document in documents) == ["RayCluster", "RayJob"]
    for document in documents:
        jsonschema.validate(document, SCHEMA)
        for change in ({"headGroup": {}}, {"rayVersion": 2.6}, {"authOptions": {"mode": "disabled"}}):
            wrong = copy.deepcopy(document)
            spec = wrong["spec"].get("rayClusterSpec", wrong["spec"])
            spec.update(change)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, SCHEMA)


def test_images_and_manifests_have_the_rays_version_that_is_tested() -> None:
    text = (FOLDER / "kuberay.yaml").read_text()
    pinned = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("ray=="))
    version = pinned.removeprefix("ray==")
    assert version == ray.__version__
    assert text.count(f'rayVersion: "{version}"') == 2
    assert f"rayproject/ray:{version}-py" in text


def test_what_runs_there_are_commands_of_this_project() -> None:
    (job,) = [document for document in kuberay() if document["kind"] == "RayJob"]
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[:2] == ["mtl-study", "run"]
    help_text = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    assert {word for word in words if word.startswith("--")} <= set(help_text.split())
    mounts = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert any(words[words.index("--out") + 1].startswith(f"{mount['mountPath']}/") for mount in mounts)
