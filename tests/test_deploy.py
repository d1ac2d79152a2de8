"""What a city is set up with (deploy/): each file is taken by what reads it, and says only what there is."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python import Chart, lint

from daoxue.config import read
from integrations.channels import CHANNELS
from tests.conftest import created, lacking
from tests.pages import PAGES, every_command
from tests.service import ROOT
from tests.test_behind import certificate
from tests.test_docs import known

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "daoxue"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
KUBERNETES = ("1.29", "1.34")  # that the manifests are held against


def checked(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def binary(name: str) -> str:
    found = shutil.which(name) or f"/usr/sbin/{name}"
    if not Path(found).exists():
        lacking(name)
    return found


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = (DEPLOY / "nginx" / "daoxue.conf").read_text("utf-8")
    for ours, theirs in (("fullchain.pem", "pem"), ("key.pem", "key")):
        assert f"/etc/nginx/certificates/{ours}" in text
        text = text.replace(f"/etc/nginx/certificates/{ours}", str(tmp_path / theirs))
    if b"1.22" in subprocess.run([binary("nginx"), "-v"], capture_output=True, check=True).stderr:
        text = text.replace("listen 443 ssl;\n    http2 on;", "listen 443 ssl http2;")  # as it was said before 1.25
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}}\nhttp {{ {text} }}")
    checked(binary("nginx"), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "log"))


def test_haproxy_takes_its_configuration(tmp_path: Path) -> None:
    certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "pem").read_bytes() + (tmp_path / "key").read_bytes())
    text = (DEPLOY / "haproxy.cfg").read_text("utf-8")
    assert "/etc/haproxy/daoxue.pem" in text
    (tmp_path / "haproxy.cfg").write_text(text.replace("/etc/haproxy/daoxue.pem", str(both)))
    checked(binary("haproxy"), "-c", "-f", tmp_path / "haproxy.cfg")


# Compose.


def settings(environment: dict[str, str], tmp_path: Path) -> None:
    """Raises where one of them is none."""
    read(tmp_path / "config.yml", environment, CHANNELS)


def test_compose_says_settings_that_there_are_and_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("{}")
    app = COMPOSE["services"]["app"]
    said = {
        name: re.sub(r"\$\{(\w+):\?[^}]*\}", r"https://learn.example.cn", value)
        for name, value in app["environment"].items()
    }
    said["DAOXUE_DATABASE__URL"] = "postgresql://daoxue:abc@postgres/daoxue"
    settings(said, tmp_path)
    subnet = COMPOSE["networks"]["house"]["ipam"]["config"][0]["subnet"]
    assert json.loads(said["DAOXUE_SERVER__TRUSTED_PROXIES"]) == [subnet], "nginx is believed, and nobody else"
    for name, service in COMPOSE["services"].items():
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or source == "./certificates" or (DEPLOY / source).exists(), volume
    assert (DEPLOY / app["build"]["context"] / app["build"]["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert [name for name, service in COMPOSE["services"].items() if service.get("ports")] == ["nginx"]


@pytest.fixture
def set_up(tmp_path: Path) -> Path:
    """deploy/ with what its page has one write there, and what a cluster is found by; nobody is there."""
    there = tmp_path / "deploy"
    shutil.copytree(DEPLOY, there)
    for name in ("daoxue.env", "mine.yaml"):
        (there / name).touch()
    (there / ".env").write_text("PUBLIC_URL=https://learn.example.cn\nPOSTGRES_PASSWORD=abc\n")
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "none", "context": {"cluster": "none", "user": "none"}}
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "contexts": [context],
        "current-context": "none",
    }
    (there / "cluster.yml").write_text(yaml.safe_dump(found))
    # Debian's Compose is of a time before projects were named in the file.
    (there / "compose.yml").write_text(
        re.sub(r"^name: .*\n", "", (there / "compose.yml").read_text("utf-8"), flags=re.M)
    )
    return there


def asked(line: str, set_up: Path) -> tuple[int, str]:
    """What a command of an engine or a cluster comes to where there is neither."""
    binary(line.replace("docker compose", "docker-compose").split()[0])
    nowhere = dict.fromkeys(("DOCKER_HOST", "CONTAINER_HOST"), "unix:///nonexistent")
    run = subprocess.run(
        ["sh", "-c", line.replace("docker compose", "docker-compose")], cwd=set_up,
        env=os.environ | nowhere | {"KUBECONFIG": str(set_up / "cluster.yml")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


ABSENT = r"Error while fetching server API version|Cannot connect to Podman|127.0.0.1:1\b.* refused"
ENGINES = [line for page in PAGES for line in every_command(page) if re.match("docker|podman|kubectl", line)]


def test_compose_itself_takes_it(set_up: Path) -> None:
    assert asked("docker compose config --quiet", set_up) == (0, "")


@pytest.mark.parametrize("line", ENGINES)
def test_what_is_asked_of_an_engine_fails_for_want_of_one_alone(line: str, set_up: Path) -> None:
    assert re.search(ABSENT, asked(line, set_up)[1])
    assert all(known(inside.split()) for inside in re.findall(r" (?:app|--) daoxue (.*)", line))


@pytest.mark.parametrize(
    "line", ["docker compose up --bild", "podman run --readonly daoxue", "kubectl exec --x daoxue"]
)
def test_who_mistypes_an_option_does_not_come_so_far(line: str, set_up: Path) -> None:
    assert not re.search(ABSENT, asked(line, set_up)[1])


def test_the_pages_name_what_the_files_make(set_up: Path) -> None:
    [deployment], [secret] = rendered({})["deployment.yaml"], [line for line in ENGINES if "create secret" in line]
    names = re.findall(r"deploy/(\w+) --|compose (?:exec|logs) (\w+)", "\n".join(ENGINES))
    assert {each for pair in names for each in pair if each} == {deployment["metadata"]["name"], "app"}
    status, said = asked(f"{secret} --dry-run=client -o yaml", set_up)
    made = yaml.safe_load(said)
    assert (status, made["metadata"]["name"], set(made["data"])) == (0, "daoxue", {"DATA_KEY", "DAOXUE_DATABASE__URL"})
    assert "name: daoxue" in yaml.safe_dump(deployment["spec"]["template"]["spec"]["containers"][0]["envFrom"])
    assert "app" in COMPOSE["services"]


def test_copies_that_start_at_once_make_one_database(postgres: str, tmp_path: Path) -> None:
    """As those of Compose and of the chart do on the first day."""
    url = created(postgres)
    settings = (
        f"Config(database=DatabaseSettings({url!r}), accounts=AccountsSettings(key_file={str(tmp_path / 'key')!r}))"
    )
    code = (
        "from daoxue.config import AccountsSettings, Config, DatabaseSettings\n"
        f"from daoxue.preparing import prepare\nprepare({settings})"
    )
    begun = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ended = [(each.communicate()[1], each.returncode) for each in begun]
    assert ended == [("", 0)] * 3


# The chart.

VALUES: list[dict[str, object]] = [
    {},
    {"autoscaling": {"enabled": False}, "replicas": 3},
    {"autoscaling": {"queueSeconds": 0}, "ingress": {"enabled": False}},
    {"image": {"tag": "0.3.1"}, "config": {"desk": {"recall_seconds": 5}}},
]


def rendered(values: Mapping[str, object]) -> dict[str, list[dict[str, Any]]]:
    """The manifests of each template, as Helm makes them of `helm install daoxue deploy/helm/daoxue`."""
    with Chart.load(str(CHART)) as chart:
        made = chart.render(dict(values), name="daoxue")
    return {Path(name).name: [each for each in yaml.safe_load_all(text) if each] for name, text in made.items()}


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_what_the_chart_makes(values: dict[str, object], version: str) -> None:
    manifests = [each for found in rendered(values).values() for each in found]
    assert {"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"} <= {str(each["kind"]) for each in manifests}
    for each in manifests:
        kubernetes_validate.validate(each, version, strict=True)


def test_helm_has_nothing_against_it() -> None:
    told = lint(str(CHART), strict=True)
    assert (told["errors"], [each["error"] for each in told["messages"]]) == ([], ["icon is recommended"])


def test_the_chart_says_settings_that_there_are(tmp_path: Path) -> None:
    [config] = rendered({})["configmap.yaml"]
    text = config["data"]["config.yml"]
    (tmp_path / "config.yml").write_text(text)
    found = read(tmp_path / "config.yml", {"DAOXUE_DATABASE__URL": "postgresql://daoxue@postgres/daoxue"}, CHANNELS)
    assert found.server.public_url == "https://learn.example.cn"


def test_pods_are_probed_bounded_and_scaled_by_how_late_the_queue_is() -> None:
    found = rendered({})
    [deployment], [scaler] = found["deployment.yaml"], found["autoscaler.yaml"]
    text = yaml.safe_dump(deployment)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert path in text
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert set(container["resources"]) == {"requests", "limits"}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert "replicas" not in deployment["spec"], "who scales says how many"
    metrics = [each["external"]["metric"]["name"] for each in scaler["spec"]["metrics"] if each["type"] == "External"]
    adapter = yaml.safe_load((CHART / "adapter.yml").read_text("utf-8"))
    assert metrics == [each["name"]["as"] for each in adapter["rules"]["external"]] == ["daoxue_queue_oldest_seconds"]
    containerfile = (ROOT / "Containerfile").read_text("utf-8")
    assert "USER 10001:10001" in containerfile
    assert deployment["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 10001


def test_the_chart_is_of_this_version() -> None:
    from daoxue import __version__

    about = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert about["version"] == about["appVersion"] == __version__
