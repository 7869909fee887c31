"""MLflow's scoring server: `/invocations`, `/ping`, `/health`, `/version`, answered by the model named `default`.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""
