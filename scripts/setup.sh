#!/bin/sh
# Make .venv and install the pinned, hashed dependencies and ecocomp itself. Usage: setup.sh PYTHON run|dev
set -eu
python=$1
set_name=$2

say() { printf '%s\n' "$*" >&2; }

command -v "$python" >/dev/null 2>&1 || {
    say "找不到 $python。请安装 Python 3.11 或更新版本，或用 make PYTHON=/path/to/python3 指定。"
    say "$python was not found. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "需要 Python 3.11 或更新版本，$python 是 $("$python" -V)。"
    say "Python 3.11 or newer is needed; $python is $("$python" -V)."
    exit 1
}
if [ ! -x .venv/bin/python ]; then
    say "· 建立虚拟环境 / making the virtual environment .venv"
    "$python" -m venv .venv || {
        rm -rf .venv
        say "无法建立虚拟环境。Debian/Ubuntu 请先安装 python3-venv：sudo apt-get install python3-venv"
        say "The virtual environment could not be made. On Debian/Ubuntu install python3-venv first: sudo apt-get install python3-venv"
        exit 1
    }
fi
say "· 安装依赖（首次约需一两分钟） / installing dependencies (a minute or two the first time)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "requirements/$set_name.txt" || {
    say "安装失败：检查能否访问软件包索引（代理、证书），然后重试。"
    say "Installation failed: check that the package index can be reached (proxy, certificates), then try again."
    exit 1
}
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
if [ "$set_name" = dev ]; then
    sh scripts/postgres.sh >/dev/null || true  # says itself what is missing; the tests on PostgreSQL are then skipped
fi
touch ".venv/$set_name.done"
[ "$set_name" = dev ] && touch .venv/run.done
exit 0
