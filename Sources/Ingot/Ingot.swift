// What a Swift program needs to open, inspect, convert and compare checkpoints, under one import.

@_exported import Architectures
@_exported import Bytes
@_exported import Certification
@_exported import Conversion
@_exported import Encodings
@_exported import Evaluation
@_exported import Formats
@_exported import Inference
@_exported import Inspection
@_exported import Models
@_exported import Quantization
@_exported import Tensors
@_exported import Tokenization
@_exported import Verification
