"""What a city is set up with (deploy/): each file is taken by what reads it, and says only what there is."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from daoxue.config import read
from integrations.channels import CHANNELS
from tests.chart import ChartError, rendered
from tests.conftest import created, lacking
from tests.service import ROOT
from tests.test_behind import certificate

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


def test_compose_itself_takes_it(tmp_path: Path) -> None:
    """Where it is installed: it is no package of the system that is tested on."""
    found = shutil.which("docker-compose")
    if found is None:
        pytest.skip("docker-compose is not installed")
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    (tmp_path / "deploy" / "daoxue.env").touch()
    (tmp_path / "deploy" / ".env").write_text("PUBLIC_URL=https://learn.example.cn\nPOSTGRES_PASSWORD=abc\n")
    checked(found, "-f", tmp_path / "deploy" / "compose.yml", "config", "--quiet")


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


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_what_the_chart_makes(values: dict[str, object], version: str) -> None:
    manifests = [each for found in rendered(CHART, values).values() for each in found]
    assert {"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"} <= {str(each["kind"]) for each in manifests}
    for each in manifests:
        kubernetes_validate.validate(each, version, strict=True)


def test_what_this_renders_helm_renders_as_well() -> None:
    """Where Helm is installed, its own word counts too; it is no package of the system that is tested on."""
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("helm is not installed: the chart is rendered by tests/chart.py alone")
    checked(helm, "lint", "--strict", CHART)
    out = subprocess.run([helm, "template", "daoxue", CHART], capture_output=True, text=True, check=True).stdout
    theirs = {str(each["kind"]): each for each in yaml.safe_load_all(out) if each}
    ours = {str(each["kind"]): each for found in rendered(CHART, {}).values() for each in found}
    for each in (*theirs.values(), *ours.values()):
        each.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {}).pop("checksum/config", None)
    assert theirs == ours


def test_the_renderer_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "chart")
    for wrong in ("{{ .Values.nothing }}", '{{ include "x" . }}', "{{ .Values.replicas | upper }}"):
        (tmp_path / "chart" / "templates" / "wrong.yaml").write_text(f"a: {wrong}\n")
        with pytest.raises(ChartError):
            rendered(tmp_path / "chart", {})


def test_the_chart_says_settings_that_there_are(tmp_path: Path) -> None:
    [config] = rendered(CHART, {})["configmap.yaml"]
    text = config["data"]["config.yml"]  # type: ignore[index]
    (tmp_path / "config.yml").write_text(text)
    found = read(tmp_path / "config.yml", {"DAOXUE_DATABASE__URL": "postgresql://daoxue@postgres/daoxue"}, CHANNELS)
    assert found.server.public_url == "https://learn.example.cn"


def test_pods_are_probed_bounded_and_scaled_by_how_late_the_queue_is() -> None:
    found = rendered(CHART, {})
    [deployment], [scaler] = found["deployment.yaml"], found["autoscaler.yaml"]
    text = yaml.safe_dump(deployment)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert path in text
    [container] = deployment["spec"]["template"]["spec"]["containers"]  # type: ignore[index]
    assert set(container["resources"]) == {"requests", "limits"}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert "replicas" not in deployment["spec"], "who scales says how many"  # type: ignore[operator]
    metrics = [each["external"]["metric"]["name"] for each in scaler["spec"]["metrics"] if each["type"] == "External"]  # type: ignore[index]
    adapter = yaml.safe_load((CHART / "adapter.yml").read_text("utf-8"))
    assert metrics == [each["name"]["as"] for each in adapter["rules"]["external"]] == ["daoxue_queue_oldest_seconds"]
    containerfile = (ROOT / "Containerfile").read_text("utf-8")
    assert "USER 10001:10001" in containerfile
    assert deployment["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 10001  # type: ignore[index]


def test_the_chart_is_of_this_version() -> None:
    from daoxue import __version__

    about = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert about["version"] == about["appVersion"] == __version__
