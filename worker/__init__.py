"""What a GPU machine runs: claims trainings from the database and trains them."""
