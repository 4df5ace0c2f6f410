#!/usr/bin/env bash
# What Prometheus and Grafana are given: rules and configuration by Prometheus' own promtool, provisioning and dashboard by
# what they name. promtool is the one in PATH, or Debian's, unpacked into the cache and not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}/tools

promtool=$(command -v promtool || echo "$tools/prometheus/usr/bin/promtool")
if [ ! -x "$promtool" ]; then
    work=$(mktemp -d)
    # As a user of its own apt cannot write elsewhere.
    chmod 777 "$work"
    (cd "$work" && { apt-get download --quiet=2 prometheus || { apt-get update --quiet=2 && apt-get download --quiet=2 prometheus; }; }) >&2
    mkdir -p "$tools"
    dpkg-deb --extract "$work"/prometheus_*.deb "$tools/prometheus"
    rm -rf "$work"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In the container the rules lie beside the configuration.
sed "s|/etc/prometheus/streamwarden-rules.yml|$PWD/deploy/prometheus/streamwarden-rules.yml|" \
    deploy/prometheus/prometheus.yml > "$work/prometheus.yml"
"$promtool" check config "$work/prometheus.yml"
"$promtool" test rules deploy/prometheus/streamwarden-rules.test.yml

python3 - <<'PYTHON'
import json, pathlib, re

compose = pathlib.Path("docker-compose.yml").read_text()
mounts = dict(re.findall(r"- (\./deploy/[\w./-]+):(/[\w./-]+):ro", compose))
for path in mounts:
    assert pathlib.Path(path).exists(), f"docker-compose.yml mounts {path}, which is not there"
folder = re.search(r"path: (\S+)", pathlib.Path("deploy/grafana/provisioning/dashboards/streamwarden.yml").read_text())[1]
dashboard = mounts["./deploy/grafana/streamwarden.json"]
assert dashboard.startswith(folder + "/"), f"Grafana looks for dashboards in {folder}, but gets {dashboard}"
assert f"GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: {dashboard}" in compose
dashboard = json.loads(pathlib.Path("deploy/grafana/streamwarden.json").read_text())
source = pathlib.Path("deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
assert "type: prometheus" in source and "url: http://prometheus:9090" in source
assert any(v["type"] == "datasource" and v["query"] == "prometheus" for v in dashboard["templating"]["list"])
print(f"{len(dashboard['panels'])} panels, {len(mounts)} files and folders mounted, all there")
PYTHON
