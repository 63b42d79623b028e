"""Which trials, on which data, from which initial checkpoint: a SweepSpec in, a Plan out."""
