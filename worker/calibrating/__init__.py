"""What a trained network's answers are worth: measured on images it has not learned from, and on things that are no digits."""
