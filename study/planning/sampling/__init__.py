"""Samplers of Optuna, asked and told by the driver alone; only strategies that use them import this package."""
