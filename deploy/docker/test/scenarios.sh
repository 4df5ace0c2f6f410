# Sourced by test.sh: what must hold, in the order of a stack's life. Each ends the test with a sentence if it does not.

SERVICES=(collector featurizer inference notifier)

everything_gets_healthy_and_the_page_answers() {
    up
    page / | grep -i '<!doctype html>' > /dev/null || fail "the page does not answer"
    page /api/v1/jobs > /dev/null || fail "the API does not answer"
    lap "up and healthy: $(compose ps --format '{{.Service}}' | sort | tr '\n' ' ')"
}

nobody_has_more_rights_than_needed() {
    local service id
    for service in "${SERVICES[@]}"; do
        id=$(containers "$service")
        [ "$(compose exec -T "$service" id -u)" = 10001 ] || fail "$service runs as another user than 10001"
        [ "$(inspect "$id" '{{.HostConfig.ReadonlyRootfs}}')" = true ] || fail "$service can write its own image"
        compose exec -T "$service" touch /usr/local/bin/x 2> /dev/null && fail "$service wrote its own image"
        [ "$(compose exec -T "$service" awk '/CapEff/ {print $2}' /proc/self/status)" = 0000000000000000 ] ||
            fail "$service has capabilities"
        [ "$(inspect "$id" '{{.HostConfig.Memory}}')" -gt 0 ] || fail "$service has no memory limit"
        [ "$(inspect "$id" '{{.HostConfig.PidsLimit}}')" = 200 ] || fail "$service has no limit of processes"
    done
    ! compose port notifier 8780 | grep -v '^127\.0\.0\.1:' > /dev/null || fail "the page listens beyond this machine"
    ! compose port kafka 9092 | grep -v '^127\.0\.0\.1:' > /dev/null || fail "Kafka listens beyond this machine"
    lap "non-root, read-only, no capabilities, limits, published on 127.0.0.1 only"
}

secrets_are_in_files_only() {
    local secret id
    for secret in postgres_password api_token; do
        secret=$(compose exec -T notifier cat "/secrets/$secret")
        [ "${#secret}" = 32 ] || fail "the secret has ${#secret} characters"
        for id in $("$DOCKER" ps --all --quiet); do
            ! "$DOCKER" inspect "$id" | grep -F "$secret" > /dev/null || fail "docker inspect shows a secret"
            ! "$DOCKER" exec "$id" bash -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null' 2> /dev/null |
                grep -aF "$secret" > /dev/null || fail "a process shows a secret"
        done
        ! compose logs 2>&1 | grep -F "$secret" > /dev/null || fail "a log shows a secret"
        ! compose config | grep -F "$secret" > /dev/null || fail "the configuration shows a secret"
    done
    # The token that was made opens what nobody else may do.
    [ "$(silence_status "Authorization: Bearer $secret")" = 2 ] || fail "the token of the API is not taken"
    [ "$(silence_status "Authorization: Bearer wrong")" = 4 ] || fail "a wrong token is taken"
    lap "secrets in files only; the API's token works"
}

# First digit of the status of a request that needs an operator.
silence_status() { # HEADER
    local body='{"matcher":{"cluster_id":"no-such-cluster"},"duration_s":1,"reason":"test"}'
    curl --silent --output "$DIR/silence.json" --write-out '%{http_code}' --header "$1" \
        --header 'Content-Type: application/json' --data "$body" \
        "http://127.0.0.1:$STREAMWARDEN_PORT/api/v1/silences" | cut -c1
}

a_tape_becomes_a_finding_on_the_topic_and_on_the_page() {
    play tapes/demo.tape
    within 60 "slow-sink on streamwarden.recommendations" is_opened slow-sink
    within 30 "slow-sink on the page" on_the_page slow-sink
    [ "$(opened slow-sink)" = 1 ] || fail "the finding was opened twice"
    lap "a tape played in: slow-sink on the topic, once, and on the page"
}

strangers_can_subscribe() {
    local kafka=127.0.0.1:$KAFKA_PORT venv=$STREAMWARDEN_CACHE/tools/confluent-kafka
    subscriber_shows kcat kcat -b "$kafka" -t streamwarden.recommendations -C -u -X isolation.level=read_committed -f '%s\n'
    [ -x "$venv/bin/python" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet confluent-kafka; }
    subscriber_shows Python "$venv/bin/python" docs/subscribe/subscribe.py "$kafka"
    subscriber_shows Java java -cp "$(echo "$STREAMWARDEN_CACHE"/kafka-*/libs)/*" docs/subscribe/Subscribe.java "$kafka"
    subscriber_shows Rust "$SUBSCRIBER" "$kafka"
    lap "subscribers in kcat, Python, Java and Rust see it"
}

more_of_one_service_share_the_work() {
    up --no-recreate --scale featurizer=2 --scale inference=2
    [ "$(containers featurizer | wc -l)" = 2 ] || fail "there are not two featurizers"
    within 60 "both featurizers have partitions" both_have_partitions
    lap "two featurizers and two inferences share the partitions"
}

both_have_partitions() {
    local id
    for id in $(containers featurizer); do
        [ "$(assigned "$id")" -gt 0 ] || return 1
    done
}

# How many partitions a container was given last.
assigned() { "$DOCKER" logs "$1" 2>&1 | sed -n 's/.*"message":"partitions assigned".*"partitions":\([0-9]*\).*/\1/p' | tail -n 1; }

the_killed_come_back() {
    local service id
    for service in "${SERVICES[@]}"; do
        id=$(containers "$service" | sed -n 1p)
        # All processes of the container but the first one, which then ends and is restarted by the engine.
        "$DOCKER" exec "$id" bash -c 'kill -9 -1' 2> /dev/null || true
        within 30 "$service is restarted" was_restarted "$id"
    done
    up --no-recreate --scale featurizer=2 --scale inference=2
    [ "$(opened slow-sink)" = 1 ] || fail "a finding was opened again after kill -9"
    lap "kill -9 of each service: restarted, healthy, nothing opened twice"
}

was_restarted() { [ "$(inspect "$1" '{{.RestartCount}}')" -ge 1 ]; }

what_comes_while_a_service_is_paused_is_not_lost() {
    compose pause inference
    play streamwarden/tests/fixtures/user-exception-loop-fan-out-often.tape
    sleep 2
    [ "$(opened user-exception-loop)" = 0 ] || fail "somebody judges although inference is paused"
    compose unpause inference
    within 90 "the finding of the pause on the topic" is_opened user-exception-loop
    [ "$(opened user-exception-loop)" = 1 ] || fail "the finding of the pause was opened twice"
    lap "two inferences paused and resumed: what came meanwhile is judged, once"
}

who_takes_too_much_memory_is_killed_alone() {
    local id
    id=$(containers notifier)
    # Shell and tail run in the notifier's group; the greediest process goes, the service stays.
    ! "$DOCKER" exec "$id" bash -c 'head --bytes 400M /dev/zero | tail --bytes 400M > /dev/null' 2> /dev/null ||
        fail "the memory limit of the notifier does not hold"
    within 30 "the page after memory ran out" page /api/v1/jobs > /dev/null
    lap "memory limit: the greedy process was killed, the page answers"
}

a_restart_of_everything_forgets_nothing() {
    local before after
    before=$(events | sort)
    compose restart
    up --no-recreate --scale featurizer=2 --scale inference=2
    # The database went at the same moment: the old notifier could not give its lease back, which ends after 15 s.
    within 60 "the finding on the page after a restart" on_the_page slow-sink
    after=$(events | grep -c '^opened') || true
    [ "$after" = "$(grep -c '^opened' <<< "$before")" ] || fail "a finding was opened again after a restart"
    lap "restart of everything, Kafka and PostgreSQL too: findings are there, none opened twice"
}

the_demos_sick_job_is_found() {
    export STREAMWARDEN_FLINK=http://flink:8081 COMPOSE_PROFILES=demo
    # Without --wait, for which a container that has done its work and ended is a failure.
    compose up --detach --no-build --pull never --scale featurizer=2 --scale inference=2
    within 180 "the demo's job, whose query divides by zero" is_opened sql-expression-fails
    page /api/v1/findings | grep sick-orders > /dev/null || fail "the page does not name the demo's job"
    lap "profile demo: Flink runs, the sick job is handed in, restarts again and again, and is found"
}

everything_gets_healthy_and_the_page_answers
nobody_has_more_rights_than_needed
secrets_are_in_files_only
a_tape_becomes_a_finding_on_the_topic_and_on_the_page
strangers_can_subscribe
more_of_one_service_share_the_work
what_comes_while_a_service_is_paused_is_not_lost
the_killed_come_back
who_takes_too_much_memory_is_killed_alone
a_restart_of_everything_forgets_nothing
the_demos_sick_job_is_found
