"""What most clauses read: parts of their specifications."""

from __future__ import annotations

from ecocomp.registry import Use
from ecocomp.terms.text import Text

READING = Use("reading", "mg/L", Text("断面各月浓度", "monthly concentrations at the sections"))
SETTLEMENT = Use("settlement", "fen", Text("付款方、收款方、金额", "payer, payee, amount"))
CENSORED = Use("agreements.censored_factor", "1", Text("低于检出限的取值倍数", "what a value under the detection limit counts as"))
NEEDED = Use("agreements.months_needed", "months", Text("一年至少可用月数", "usable months a year needs"))
LIMITS = Use("agreements.class_limits.*", "mg/L", Text("各类上限", "upper limits of the classes"), optional=True)
DATA = (CENSORED, NEEDED)
