#!/bin/bash
# Makes what is secret in this stack, once: a password of the database (also as a .pgpass file) and a token of the API.
set -euo pipefail
umask 077
cd "${1:-/secrets}"

random() { head -c 24 /dev/urandom | base64 --wrap=0 | tr '+/' '-_'; }
keep() { # NAME TEXT: written whole or not at all
    printf '%s\n' "$2" > "$1.part"
    mv "$1.part" "$1"
}

[ -s postgres_password ] || keep postgres_password "$(random)"
[ -s api_token ] || keep api_token "$(random)"
keep pgpass "*:*:*:*:$(cat postgres_password)"
