"""Other servers' protocols, so that their clients work unchanged: Open Inference Protocol v2, TensorFlow Serving, MLflow."""
