"""Gates on a script: what code can decide about its words and seconds. No model is asked here."""
