# Sourced after engine.sh. Words for the scenarios. No `grep -q` behind a pipe: whoever writes into it would fail.

fail() { echo "test-compose: FAILED: $*" >&2; exit 1; }

compose() { "$DOCKER" compose "$@"; }

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo "$port"; return; }
    done
}

export KAFKA_PORT STREAMWARDEN_PORT FLINK_PORT COMPOSE_PROGRESS=quiet
FLINK_PORT=$(free_port)
KAFKA_PORT=$(free_port)
STREAMWARDEN_PORT=$(free_port)

# up ARGS...: everything that is wanted runs and is healthy
up() {
    compose up --detach --no-build --pull never --wait --wait-timeout 240 "$@" || {
        compose ps --all
        fail "not everything got healthy"
    }
}

stack_down() { compose down --volumes --remove-orphans --timeout 20; }

stack_logs() { # DIR or nothing
    if [ -n "$1" ]; then
        mkdir -p "$1"
        compose logs --no-color --timestamps > "$1/containers.log" 2>&1
        cp "$ENGINE_DIR/dockerd.log" "$1/"
    else
        compose ps --all >&2
        compose logs --no-color --tail 15 >&2
    fi
}

image_megabytes() { echo $(($("$DOCKER" image inspect --format '{{.Size}}' "$1") / 1000000)); }

containers() { compose ps --quiet "$1"; }

inspect() { "$DOCKER" inspect --format "$2" "$1"; }

# within SECONDS WHAT COMMAND...: waits until the command succeeds
within() {
    local limit=$(($1 + SECONDS)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$limit" ] || fail "not in time: $what"
        sleep 0.5
    done
}

page() { curl --silent --fail --max-time 10 "http://127.0.0.1:$STREAMWARDEN_PORT$1"; }

# Plays a tape into the raw topic, as a collector on another machine would.
play() { # TAPE
    "$BINARY" replay "$1" --kafka "127.0.0.1:$KAFKA_PORT" --only-publish --speed 60 > "$DIR/replay.log" 2>&1 || {
        cat "$DIR/replay.log" >&2
        fail "$1 cannot be played into Kafka"
    }
}

# What a stranger who subscribes sees: one line an event, `type slug cluster`.
events() {
    timeout 30 kcat -b "127.0.0.1:$KAFKA_PORT" -t streamwarden.recommendations -C -e -q -o beginning \
        -X isolation.level=read_committed 2> /dev/null |
        python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    print(event["type"].split(".")[-2], event["data"]["slug"], event["data"]["cluster_id"])'
}

opened() { events | awk -v slug="$1" '$1 == "opened" && $2 == slug' | wc -l; }

is_opened() { [ "$(opened "$1")" -ge 1 ]; }

on_the_page() { page "/api/v1/findings" | grep "\"$1\"" > /dev/null; }

nothing_left_in_the_engine() {
    [ -z "$("$DOCKER" ps --all --quiet)" ] || fail "containers are left"
    [ -z "$("$DOCKER" volume ls --quiet)" ] || fail "volumes are left: $("$DOCKER" volume ls --quiet)"
    [ -z "$("$DOCKER" network ls --quiet --filter type=custom)" ] || fail "networks are left"
}

# Runs a subscriber of docs/subscribe until it has shown a finding.
subscriber_shows() { # WHAT COMMAND...
    local what=$1 pid
    shift
    "$@" > "$DIR/subscriber.out" 2> "$DIR/subscriber.log" &
    pid=$!
    within 60 "a finding shown by the subscriber in $what: $(tail -n 3 "$DIR/subscriber.log")" \
        grep -q 'slow-sink\|waits for its external system' "$DIR/subscriber.out"
    kill "$pid"
    wait "$pid" 2> /dev/null || true
}
