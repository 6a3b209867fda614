"""The only thing that tools share: contracts, the semantic model, the query compiler, the guard and the engine."""
