"""From a study file to its plan: arms, draws, replicas, matched sizes, forecast and budget."""
