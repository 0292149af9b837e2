"""The layers a case may bring, by the name models know them by, and the canonical variable each is judged as.

`one` is a single band (the year's sum, mean or state), `month` twelve bands, `day` one band for each day of the year.
"""

from __future__ import annotations

LAYERS: dict[str, dict[str, str]] = {
    "elevation": {"one": "elevation"},
    "land_cover": {"one": "ecosystem"},
    "rain": {"month": "rain_month_mm", "one": "rain_year_mm"},
    "rain_daily": {"day": "rain_day_mm"},
    "storm_rain": {"one": "rain_day_mm"},
    "aet": {"month": "aet_month_mm", "one": "aet_year_mm"},
    "et0": {"month": "et0_month_mm", "one": "et0_year_mm"},
    "temperature": {"month": "temperature_c", "one": "temperature_c"},
    "radiation": {"month": "radiation_day_mj_m2"},
    "humidity": {"month": "humidity_percent"},
    "wind_speed": {"month": "wind_m_s"},
    "ndvi": {"month": "ndvi", "one": "ndvi"},
    "fpar": {"month": "fpar"},
    "npp": {"one": "npp_g_c_m2"},
    "sand": {"one": "sand_percent"},
    "silt": {"one": "silt_percent"},
    "clay": {"one": "clay_percent"},
    "organic_matter": {"one": "organic_matter_percent"},
    "caco3": {"one": "caco3_percent"},
    "soil_texture": {"one": "soil_texture"},
    "soil_depth": {"one": "soil_depth_mm"},
    "water_capacity": {"one": "water_capacity"},
    "hydrologic_group": {"one": "hydrologic_group"},
    "erosivity": {"one": "erosivity"},
    "erodibility": {"one": "erodibility"},
    "practice_factor": {"one": "practice_factor"},
    "slope": {"one": "slope_degrees"},
    "water_evaporation": {"one": "et0_year_mm"},
    "windy_days": {"one": "days_in_year"},
    "carbonate_share": {"one": "share_percent"},
    "groundwater_depth": {"one": "groundwater_depth_m"},
    "groundwater_salt": {"one": "groundwater_salt_g_l"},
    "threat_road": {"one": "threat"},
    "threat_mine": {"one": "threat"},
    "threat_settlement": {"one": "threat"},
    "threat_other": {"one": "threat"},
}
CLASS_LAYERS = frozenset({"land_cover", "soil_texture", "hydrologic_group"})
"""Layers of codes (uint8, 0 = nodata); all others are float32, NaN = nodata."""

BANDS = {"one": (1,), "month": (12,), "day": (365, 366)}
"""Bands a file of each kind may have."""
