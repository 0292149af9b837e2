"""The process that forks one short-lived child per foreign file.

Started by `ecocomp.io.worker` with an environment of its own, it loads the geospatial libraries once, with every
driver switched off that is not needed, and then forks a child per job. It opens no foreign file itself.

On standard input it reads one JSON line per job: {"n", "kind", "folder", "spec", "limits"}; on standard output it
says {"ready": …} once and {"n", "status", "why"} per job. What a child has to say lies in `out/answer.json` of its
job folder, beside the clean file it made.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ALLOWED = frozenset({"GTiff", "COG", "GPKG", "ESRI Shapefile", "GeoJSON", "OpenFileGDB", "CSV", "MEM", "Memory"})
# Every driver name of GDAL 3.4 to 3.12 that is not allowed. A name GDAL does not know is ignored; a driver that is
# missing here is found after the import and the process starts itself again with a longer list.
KNOWN = (
    "VRT,DERIVED,GTI,SNAP_TIFF,NITF,RPFTOC,ECRGTOC,HFA,SAR_CEOS,CEOS,JAXAPALSAR,GFF,ELAS,ESRIC,AIG,AAIGrid,GRASSASCIIGrid,"
    "ISG,SDTS,DTED,PNG,JPEG,JDEM,GIF,BIGGIF,ESAT,BSB,XPM,BMP,DIMAP,AirSAR,RS2,SAFE,PCIDSK,PCRaster,ILWIS,SGI,SRTMHGT,"
    "Leveller,Terragen,netCDF,ISIS3,ISIS2,PDS,PDS4,VICAR,TIL,ERS,JP2OpenJPEG,JP2KAK,JP2ECW,ECW,JPEGXL,HEIF,AVIF,EXR,L1B,FIT,"
    "GRIB,RMF,WCS,WMS,MSGN,RST,INGR,GSAG,GSBG,GS7BG,COSAR,TSX,COASP,R,MAP,KMLSUPEROVERLAY,WEBP,PDF,Rasterlite,Rasterlite2,"
    "MBTiles,PLMOSAIC,CALS,WMTS,SENTINEL2,MRF,PNM,DOQ1,DOQ2,PAux,MFF,MFF2,GSC,FAST,BT,LAN,CPG,NDF,EIR,DIPEx,LCP,GTX,LOSLAS,"
    "NTv2,CTable2,ACE2,SNODAS,KRO,ROI_PAC,RRASTER,BYN,NOAA_B,NSIDCbin,ARG,RIK,USGSDEM,GXF,BAG,S102,S104,S111,HDF4,HDF4Image,"
    "HDF5,HDF5Image,NWT_GRD,NWT_GRC,ADRG,SRP,BLX,SAGA,XYZ,HF2,OZI,CTG,ZMap,NGSGEOID,IRIS,PRF,EEDAI,EEDA,DAAS,SIGDEM,TGA,"
    "STACTA,STACIT,GNMFile,GNMDatabase,GeoJSONSeq,ESRIJSON,TopoJSON,JSONFG,SQLite,OSM,MVT,AVCBin,AVCE00,AIVector,GenBin,ENVI,"
    "EHdr,ISCE,Zarr,HTTP,OGCAPI,GDALG,MapInfo File,LVBAG,S57,DGN,DGNv8,OGR_VRT,GML,GMLAS,GPX,LIBKML,KML,OGR_GMT,GMT,WAsP,DXF,"
    "DWG,CAD,FlatGeobuf,GeoRSS,VFK,PGDUMP,PostgreSQL,PostGISRaster,MySQL,ODBC,MSSQLSpatial,OCI,HANA,MongoDBv3,GPSBabel,OGR_PDS,"
    "WFS,OAPIF,WFS3,EDIGEO,Idrisi,ODS,XLSX,XLS,Elasticsearch,Carto,AmigoCloud,SXF,Selafin,JML,PLSCENES,CSW,VDV,NGW,MapML,GTFS,"
    "PMTiles,MiraMonVector,ADBC,Parquet,Arrow,FileGDB,PGeo,Memory,SOSI,NAS,ILI,Interlis 1,Interlis 2,KEA,FITS,DDS,BASISU,KTX2,"
    "JPIPKAK,TileDB,RDB,LIBERTIFF,NULL,UK .NTF,TIGER,SEGY,SUA,OpenAir,XPlane,HTF,GPSTrackMaker,ARCGEN,SVG,Geoconcept,SNODAS"
)


@dataclass(slots=True)
class _Child:
    n: int
    deadline: float
    why: Literal["done", "timeout"] = "done"


def environment(extra_drivers: str = "") -> dict[str, str]:
    """Return the whole environment of the process: nothing of the caller's, GDAL and PROJ cut down."""
    skip = [d for d in KNOWN.split(",") if d not in ALLOWED]
    skip += [d for d in extra_drivers.split(",") if d]
    return {
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GDAL_SKIP": ",".join(skip),
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_GEOREF_SOURCES": "INTERNAL",
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_CACHEMAX": "128",
        "GDAL_NUM_THREADS": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
        "CPL_DEBUG": "OFF",
        "SHAPE_RESTORE_SHX": "NO",
        "OGR_GEOJSON_MAX_OBJ_SIZE": "64",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "OGR_ENABLE_PARTIAL_REPROJECTION": "NO",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def main() -> None:
    """Load the libraries, say so, then serve jobs until standard input ends."""
    left = _load()
    if left:
        if "ECOCOMP_SECOND_START" in os.environ:
            raise SystemExit(f"GDAL drivers could not be switched off: {left}")
        again = environment(",".join(sorted(left))) | {"ECOCOMP_SECOND_START": "1"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], again)
    _say({"ready": True, "pid": os.getpid()})
    gc.collect()
    gc.freeze()
    _serve()


def _load() -> set[str]:
    """Import everything a child may need; return the drivers that are on and should not be."""
    import encodings.gb18030
    import encodings.latin_1  # noqa: F401
    import sqlite3  # noqa: F401
    import zipfile  # noqa: F401

    import numpy  # noqa: F401
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401
    import pyogrio
    import pyproj
    import pyproj.database
    import python_calamine  # noqa: F401
    import rasterio
    import rasterio.windows
    import shapely  # noqa: F401

    from ecocomp.io.foreign import raster, sheets, table, vector  # noqa: F401

    pyproj.CRS.from_epsg(4490).to_wkt()
    with rasterio.Env() as env:
        drivers = set(env.drivers())
    return (drivers | set(pyogrio.list_drivers())) - ALLOWED


def _serve() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    children: dict[int, _Child] = {}
    waiting = b""
    while True:
        rest = min((c.deadline for c in children.values()), default=time.monotonic() + 3600) - time.monotonic()
        ready, _, _ = select.select([0, read_end], [], [], max(0.0, rest))
        if read_end in ready:
            os.read(read_end, 4096)
        if 0 in ready:
            piece = os.read(0, 1 << 16)
            if not piece:
                _kill(children, now=None)
                return
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                _start(json.loads(line), children)
        _kill(children, now=time.monotonic())
        _reap(children)


def _start(job: dict[str, Any], children: dict[int, _Child]) -> None:
    me = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_a_child(job, me)
    children[pid] = _Child(job["n"], time.monotonic() + job["limits"]["wall_s"])


def _kill(children: dict[int, _Child], now: float | None) -> None:
    """Kill the children whose time is over (all of them if `now` is None), with everything they started."""
    for pid, child in children.items():
        if now is None or (now >= child.deadline and child.why == "done"):
            child.why = "timeout"
            for send in (os.killpg, os.kill):
                try:
                    send(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    continue


def _reap(children: dict[int, _Child]) -> None:
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            child = children.pop(pid)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            if child.why == "timeout" and os.WIFSIGNALED(status):
                _say({"n": child.n, "status": status, "why": "timeout"})
            else:
                _say({"n": child.n, "status": status, "why": "done"})


def _say(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


# ---------------------------------------------------------------- inside the child
def _be_a_child(job: dict[str, Any], parent_pid: int) -> None:
    """Give up everything, do one job, leave an answer, end. Never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.chdir(job["folder"])
        _own_streams()
        isolation = _isolate(job, parent_pid)
        answer = _do(job)
        answer["isolation"] = isolation
        with Path("out/answer.json").open("w", encoding="utf-8") as file:
            json.dump(answer, file, ensure_ascii=False)
        code = 0
    except BaseException:  # the child must end here whatever happened; the parent reports it
        try:
            traceback.print_exc()
            sys.stderr.flush()
        except BaseException:
            code = 2
    finally:
        os._exit(code)


def _own_streams() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open("out/log", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(log, 2)
    limit = min(os.sysconf("SC_OPEN_MAX"), 65_536)
    os.closerange(3, limit)


def _isolate(job: dict[str, Any], parent_pid: int) -> dict[str, bool]:
    from ecocomp.io import isolation

    limits = job["limits"]
    isolation.limit_resources(limits["memory_bytes"], limits["cpu_s"], limits["output_bytes"], limits["open_files"])
    network = isolation.cut_network()
    isolation.drop_privileges(parent_pid)
    packages = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    readable = [sys.prefix, sys.base_prefix, sys.exec_prefix, *packages, str(Path(__file__).parents[1])]
    readable += ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/dev/null", "/dev/urandom", job["folder"] + "/in"]
    files = isolation.confine_files(readable, job["folder"] + "/out")
    return {"network": network, "files": files}


def _do(job: dict[str, Any]) -> dict[str, Any]:
    from ecocomp.io.foreign import raster, sheets, table, vector
    from ecocomp.io.foreign.words import Refuse, out_of_memory, unreadable

    run = {"raster": raster.clean, "vector": vector.clean, "table": table.clean, "sheets": sheets.clean}[job["kind"]]
    where = job["spec"]["where"]
    trace = ""
    try:
        facts, faults, output = run(job["spec"])
        return {"facts": facts, "faults": [f.as_json() for f in faults], "output": output, "trace": ""}
    except Refuse as exc:
        faults = exc.faults
    except MemoryError:
        faults = [out_of_memory(where, job["limits"]["memory_bytes"])]
    except Exception as exc:
        trace = traceback.format_exc()[-4000:]
        faults = [unreadable(where, exc, job["limits"])]
    return {"facts": {}, "faults": [f.as_json() for f in faults], "output": None, "trace": trace}
