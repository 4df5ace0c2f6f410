#!/usr/bin/env bash
# The Helm chart: `helm lint`, and what `helm template` makes of it against Kubernetes' own schemas. Says why and ends well
# where neither Helm nor Go is at hand.
set -euo pipefail
cd "$(dirname "$0")"
cache=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}
version=3.22.0
kubernetes=1.34.0
helm=$(command -v helm || true)
if [ -z "$helm" ]; then
    helm=$cache/tools/helm-$version
    if [ ! -x "$helm" ]; then
        if ! command -v go > /dev/null; then
            echo "helm-test: SKIPPED, the chart was not tried: there is neither helm nor go to build it"
            exit 0
        fi
        echo "building Helm $version once" >&2
        (cd ../../tools/helm && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$helm.part" helm.sh/helm/v3/cmd/helm)
        mv "$helm.part" "$helm"
    fi
fi
venv=$cache/tools/kubernetes-validate
[ -x "$venv/bin/kubernetes-validate" ] || {
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet kubernetes-validate==1.37.0
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # NAME HELM-OPTIONS...
    local name=$1
    shift
    "$helm" lint --strict --quiet --kube-version "$kubernetes" streamwarden "$@"
    "$helm" template --kube-version "$kubernetes" "$name" streamwarden "$@" > "$work/$name.yaml"
    # Kinds of other projects (KEDA, the Prometheus operator) have no schema among Kubernetes' own.
    python3 - "$work/$name.yaml" > "$work/$name.own.yaml" <<'PY'
import sys
documents = open(sys.argv[1]).read().split("\n---\n")
own = [d for d in documents if "kind:" in d and "keda.sh/" not in d and "monitoring.coreos.com/" not in d]
print("\n---\n".join(own))
PY
    "$venv/bin/kubernetes-validate" --quiet -k "${kubernetes%.*}" --strict "$work/$name.own.yaml"
    echo "helm-test: $name is valid: $(grep -c '^kind:' "$work/$name.yaml") objects"
}

expect() { grep -q -- "$2" "$work/$1.yaml" || { echo "helm-test: FAILED: $1 has no $2" >&2; exit 1; }; }

check plain
check everything --set autoscaling.enabled=true --set page.ingress.enabled=true --set serviceMonitor.enabled=true \
    --set page.ingress.tlsSecret=tls --set 'secretFiles={kafka,slack}' --set services.notifier.replicas=2
expect plain 'readOnlyRootFilesystem: true'
expect plain 'runAsNonRoot: true'
expect everything 'kind: ScaledObject'
expect everything 'consumerGroup: "streamwarden.featurizer"'
expect everything 'mountPath: "/secrets/slack"'
# Who scales is KEDA alone.
[ "$(grep -c '^  replicas:' "$work/everything.yaml")" = 2 ] || { echo "helm-test: FAILED: two scale at once" >&2; exit 1; }
