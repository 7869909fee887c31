"""TensorFlow Serving's REST interface: `:predict`, `:classify`, status and metadata.

https://www.tensorflow.org/tfx/serving/api_rest
"""
