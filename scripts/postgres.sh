#!/bin/sh
# Print the folder of PostgreSQL's programs (15 or newer) for the tests; install them with apt-get where that is possible.
# Usage: postgres.sh [--find]   (--find installs nothing). Exit 1 with a sentence where there is none.
set -eu

say() { printf '%s\n' "$*" >&2; }

find_bin() {
    best=
    best_version=14
    for folder in "$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] || continue
        version=$("$folder/postgres" --version 2>/dev/null | sed -E 's/[^0-9]*([0-9]+).*/\1/')
        if [ -n "$version" ] && [ "$version" -gt "$best_version" ]; then
            best=$folder
            best_version=$version
        fi
    done
    [ -n "$best" ] && printf '%s\n' "$best"
}

find_bin && exit 0
if [ "${1:-}" != --find ] && command -v apt-get >/dev/null 2>&1; then
    become=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && become="sudo -n"
    fi
    if [ "$(id -u)" = 0 ] || [ -n "$become" ]; then
        say "· 安装 PostgreSQL（测试用） / installing PostgreSQL (for the tests)"
        { $become apt-get update -qq && $become env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends postgresql; } >&2 || true
        find_bin && exit 0
    fi
fi
say "没有找到 PostgreSQL 15 或更新版本；用它的测试将跳过。Debian/Ubuntu：sudo apt-get install postgresql；macOS：brew install postgresql@17"
say "PostgreSQL 15 or newer was not found; the tests that use it are skipped. Debian/Ubuntu: sudo apt-get install postgresql; macOS: brew install postgresql@17"
exit 1
