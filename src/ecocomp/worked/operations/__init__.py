"""What a worked case can do: one file for each matter; see `ecocomp.worked.operation`."""
