"""The factors the service models are built of: one module a family, each formula also for plain numbers."""
