"""ecocomp: land eco-compensation (生态补偿), from survey to payment.

The library: science, rules and money as plain functions from tables to tables.
No web framework, no clock, no network.
"""

__version__ = "0.1.0"
