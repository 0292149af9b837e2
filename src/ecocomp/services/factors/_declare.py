"""Short ways to declare a formula, from `ecocomp.registry.declare`."""

from ecocomp.registry.declare import formula, gives, takes

__all__ = ["formula", "gives", "takes"]
