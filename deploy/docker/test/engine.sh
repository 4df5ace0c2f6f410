# Sourced. A Docker engine of our own: own socket, own data, no firewall rules, no docker0, gone at the end.
#
#   engine_reason     prints why no engine can be started here; nothing if one can
#   engine_start DIR  starts one with everything it keeps in DIR, sets DOCKER_HOST
#   engine_stop       ends it and removes what it left

PACKAGES=(docker.io debootstrap zstd kcat)
# Debian's client talks BuildKit to Debian's engine; a newer one that may come first in PATH wants a plugin for it.
DOCKER=/usr/bin/docker
ENGINE_START_LIMIT_S=60
ENGINE_STOP_LIMIT_S=30

engine_reason() {
    if [ "$(uname -s)" != Linux ]; then echo "a Docker engine is started on Linux only"; return; fi
    if [ "$(id -u)" != 0 ]; then echo "starting a Docker engine needs root"; return; fi
    if ! unshare --mount --net --pid --fork true 2> /dev/null; then echo "this machine lets nobody make namespaces"; return; fi
    if ! [ -w /sys/fs/cgroup ] || [ -z "$(ls /sys/fs/cgroup 2> /dev/null)" ]; then echo "there are no control groups here"; return; fi
    if ! engine_installed && ! command -v apt-get > /dev/null; then echo "dockerd is missing, and this is no Debian"; fi
    if ! tools/docker-compose.sh --at-hand && ! command -v go > /dev/null; then echo "building Docker Compose needs Go"; fi
}

engine_installed() {
    local command
    for command in dockerd containerd runc docker-proxy "$DOCKER" debootstrap zstd kcat; do
        command -v "$command" > /dev/null || return 1
    done
}

engine_install() {
    engine_installed && return
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends -qq "${PACKAGES[@]}" > /dev/null
}

engine_start() { # DIR
    ENGINE_DIR=$1
    ENGINE_LINKS=$(links)
    export DOCKER_HOST="unix://$ENGINE_DIR/docker.sock" DOCKER_CONFIG="$ENGINE_DIR/config" DOCKER_BUILDKIT=1
    mkdir -p "$ENGINE_DIR/config"
    # Without rules of its own in the firewall it cannot disturb anybody; containers reach each other and published ports
    # all the same. Builds use the network of this machine.
    setsid dockerd --host "$DOCKER_HOST" --data-root "$ENGINE_DIR/data" --exec-root "$ENGINE_DIR/exec" \
        --pidfile "$ENGINE_DIR/dockerd.pid" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
        --bridge=none --host-gateway-ip=127.0.0.1 --log-level=warn > "$ENGINE_DIR/dockerd.log" 2>&1 < /dev/null &
    ENGINE_PID=$!
    local tries=$((ENGINE_START_LIMIT_S * 5))
    while ((tries-- > 0)); do
        "$DOCKER" version > /dev/null 2>&1 && return
        kill -0 "$ENGINE_PID" 2> /dev/null || break
        sleep 0.2
    done
    tail -n 5 "$ENGINE_DIR/dockerd.log" >&2
    return 1
}

engine_stop() {
    [ -n "${ENGINE_PID:-}" ] || return 0
    local containers tries=$((ENGINE_STOP_LIMIT_S * 5)) mount link
    containers=$("$DOCKER" ps --all --quiet 2> /dev/null) || containers=
    # shellcheck disable=SC2086  # ids are words
    [ -z "$containers" ] || "$DOCKER" rm --force $containers > /dev/null 2>&1 || true
    "$DOCKER" network prune --force > /dev/null 2>&1 || true
    kill "$ENGINE_PID" 2> /dev/null || true
    while ((tries-- > 0)) && kill -0 "$ENGINE_PID" 2> /dev/null; do sleep 0.2; done
    kill -9 "$ENGINE_PID" 2> /dev/null || true
    ENGINE_PID=
    for mount in $(awk -v dir="$ENGINE_DIR/" 'index($2, dir) == 1 {print $2}' /proc/mounts | sort -r); do
        umount "$mount" || true
    done
    # A killed engine leaves its bridges; only those that were not there before are ours.
    for link in $(comm -13 <(echo "$ENGINE_LINKS") <(links)); do
        case $link in br-*) ip link delete "$link" ;; esac
    done
    rm -rf "$ENGINE_DIR"
}

links() { ls /sys/class/net | sort; }

# What this machine looks like from outside: to be the same before and after.
engine_traces() {
    links
    cat /proc/sys/net/ipv4/ip_forward
    command -v iptables-save > /dev/null && iptables-save 2> /dev/null | grep -E '^(:|-A)' | sed 's/\[.*//'
    awk '{print $2}' /proc/mounts | grep -E 'docker|overlay2|streamwarden-engine' || true
    pgrep -x dockerd || true
    pgrep -x containerd || true
}
