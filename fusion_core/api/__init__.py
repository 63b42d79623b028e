"""The library for other people's code: arrays in, every rule about them checked once, results out."""
