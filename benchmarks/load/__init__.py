"""One process under the load of a city (`make load`): docs/measurements.md."""
