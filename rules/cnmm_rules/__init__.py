"""Pure rules: catalogue, predicates, roll-up, engine and level inference."""
