"""What a training was made with, repeating it, and how the repetition differs."""
