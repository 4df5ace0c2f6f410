#!/usr/bin/env bash
# Installs what the build, the Java jobs or the tests need, or says exactly what is missing.
# Usage: tools/setup.sh GROUP...   (groups: build, java, test)
set -euo pipefail
cd "$(dirname "$0")/.."

packages_of() {
    case $1 in
        build) echo gcc g++ make pkg-config libssl-dev zlib1g-dev ca-certificates curl python3 python3-pip ;;
        java) echo default-jdk-headless maven ;;
        test) echo chromium nodejs npm postgresql prometheus-alertmanager python3-aiosmtpd python3-venv openssl ;;
        *) echo "tools/setup.sh: no group '$1' (build, java, test)" >&2; exit 2 ;;
    esac
}

# The command that a package brings: whoever has it from elsewhere needs no package.
command_of() {
    case $1 in
        default-jdk-headless) echo javac ;;
        maven) echo mvn ;;
        nodejs) echo node ;;
        python3-pip) echo pip3 ;;
        python3-aiosmtpd) echo aiosmtpd ;;
        g++ | gcc | make | curl | chromium | npm | openssl | prometheus-alertmanager | python3 | pkg-config) echo "$1" ;;
    esac
}

is_there() {
    local command
    command=$(command_of "$1")
    if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then return 0; fi
    case $1 in
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return 0 ;;
        python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0 ;;
    esac
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

missing=()
for group in "$@"; do
    for package in $(packages_of "$group"); do
        is_there "$package" || missing+=("$package")
    done
done

if [ ${#missing[@]} -gt 0 ]; then
    install="apt-get install --yes --no-install-recommends ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        echo "missing, and this is no Debian or Ubuntu: please install the equivalent of: ${missing[*]}" >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        echo "installing: ${missing[*]}" >&2
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive $install >&2
    elif sudo -n true 2>/dev/null; then
        echo "installing with sudo: ${missing[*]}" >&2
        sudo apt-get update -qq >&2 && sudo DEBIAN_FRONTEND=noninteractive $install >&2
    else
        echo "these system packages are missing; install them, then call make again:" >&2
        echo "    sudo $install" >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null; then
    if [ -x "$HOME/.cargo/bin/cargo" ]; then
        echo "cargo is in ~/.cargo/bin but not in PATH; run: . ~/.cargo/env" >&2
        exit 1
    fi
    echo "installing rustup; the version of Rust comes from rust-toolchain.toml" >&2
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain none >&2
    echo "Rust is installed; run: . ~/.cargo/env && make ${MAKECMDGOALS:-run}" >&2
    exit 1
fi
