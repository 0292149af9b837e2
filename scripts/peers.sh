#!/bin/sh
# Make an environment with the peers of the benchmarks and of tests/peers. Usage: peers.sh [VENV [PYTHON]]
#
# On Debian and Ubuntu first: apt-get install g++ libgdal-dev python3-dev python3-venv   (libgdal 3.4 or newer)
# Two peers are compiled here, which takes about four minutes. Afterwards .venv-peers is found by itself; any other name
# has to be given: ECOCOMP_PEERS=VENV/bin/python pytest tests/peers
set -eu
venv=${1:-.venv-peers}
python=${2:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
PIP_CONSTRAINT=$here/requirements/bench-constraints.txt
PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_CONSTRAINT PIP_DISABLE_PIP_VERSION_CHECK

say() { printf '%s\n' "$*" >&2; }

for tool in "$python" gdal-config g++; do
    command -v "$tool" >/dev/null 2>&1 || {
        say "缺少 $tool。Debian/Ubuntu：sudo apt-get install g++ libgdal-dev python3-dev python3-venv"
        say "$tool is missing. On Debian/Ubuntu: sudo apt-get install g++ libgdal-dev python3-dev python3-venv"
        exit 1
    }
done
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
PATH=$(cd "$venv/bin" && pwd):$PATH  # the build of natcap.invest calls pybabel by name
export PATH
pip="$venv/bin/python -m pip install --quiet"

say "· 编译工具 / build tools"
$pip babel cython numpy setuptools setuptools_scm wheel
say "· GDAL $(gdal-config --version)"
$pip --no-build-isolation --no-cache-dir --no-binary gdal "gdal[numpy]==$(gdal-config --version).*" ||
    $pip --no-build-isolation --no-cache-dir --no-binary gdal "gdal==$(gdal-config --version)"
say "· pygeoprocessing"
$pip --no-build-isolation pygeoprocessing
say "· natcap.invest"
$pip --no-build-isolation natcap.invest
$pip -r "$here/requirements/bench.in"
"$venv/bin/python" - <<'CHECK'
import exactextract, natcap.invest.sdr.sdr, pyflwdir  # noqa
from importlib.metadata import version
from osgeo import gdal_array  # fails where GDAL was built without NumPy
print(*(f"{name} {version(name)}" for name in ("natcap.invest", "pygeoprocessing", "pyflwdir", "exactextract", "gdal", "numpy")), sep="\n")
CHECK
