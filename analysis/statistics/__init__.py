"""Arrays in, arrays out: no run, no scores, no pandas. The part that a statistician reviews and could reuse."""
