"""Rules as data: dated, sourced values resolved by place and by two dates; see `ecopolicy`."""

from ecocomp.rules.book import Parameters, RuleBook, RuleValue
from ecocomp.rules.policy import policy_folder

__all__ = ["Parameters", "RuleBook", "RuleValue", "policy_folder"]
