"""What each deed of a land office writes in the registers, one file per matter. The list is in `ecocomp.tenure.deeds`."""
