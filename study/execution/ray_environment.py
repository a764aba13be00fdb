"""Environment variables that Ray reads when it is imported: every module that imports Ray sets them before."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # where it is heeded, Ray listens on 127.0.0.1 alone
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_gcs_server_port_wait_time_s": "20",  # of one attempt to start Ray here; there are three, in a minute at most
    "RAY_AIR_NEW_OUTPUT": "0",  # of banners that verbose=0 leaves
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl+C is ours: stop at once, leave no process
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",  # of an experiment state that nobody reads
}


def set_environment() -> None:
    """Set the variables that are not set yet."""
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in os.environ})
