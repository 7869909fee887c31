"""Open Inference Protocol v2 (KServe's and Triton's), its binary tensor data and classification extensions included.

https://github.com/kserve/open-inference-protocol and Triton's `extension_binary_data`, `extension_classification`.
"""
