"""How replicas are packed on a GPU: how many train as one array, and how many arrays share the card, by measurement."""
