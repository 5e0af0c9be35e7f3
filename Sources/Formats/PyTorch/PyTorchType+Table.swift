import Tensors

/// An element type of PyTorch.
struct PyTorchType: Hashable, Sendable {
  let format: DeclaredFormat
  let elementByteCount: Int
}

// The tables of types. Storages: the classes of torch/storage.py and torch/__init__.py; types: torch's dtypes (2.13).

extension PyTorchType {
  /// The type of a storage's elements by the class of the storage, in `torch` or `torch.cuda`.
  static let byStorage: [String: PyTorchType] = [
    "DoubleStorage": known(.f64), "FloatStorage": known(.f32), "HalfStorage": known(.f16),
    "BFloat16Storage": known(.bf16), "LongStorage": known(.i64), "IntStorage": known(.i32),
    "ShortStorage": known(.i16), "CharStorage": known(.i8), "ByteStorage": known(.u8), "BoolStorage": known(.bool),
    "ComplexFloatStorage": known(.c64), "ComplexDoubleStorage": unknown("complex128", 16),
    "QInt8Storage": unknown("qint8", 1), "QUInt8Storage": unknown("quint8", 1), "QInt32Storage": unknown("qint32", 4),
    "QUInt4x2Storage": unknown("quint4x2", 1), "QUInt2x4Storage": unknown("quint2x4", 1),
  ]

  /// The storage of bytes, whose tensors state their own type.
  static let untypedStorages: Set<String> = ["UntypedStorage"]

  /// The type by the name of a dtype in `torch`.
  static let byName: [String: PyTorchType] = [
    "float64": known(.f64), "double": known(.f64), "float32": known(.f32), "float": known(.f32),
    "float16": known(.f16), "half": known(.f16), "bfloat16": known(.bf16),
    "float8_e4m3fn": known(.f8_e4m3), "float8_e5m2": known(.f8_e5m2), "float8_e8m0fnu": known(.f8_e8m0),
    "float8_e4m3fnuz": known(.f8_e4m3fnuz), "float8_e5m2fnuz": known(.f8_e5m2fnuz),
    "float4_e2m1fn_x2": unknown("float4_e2m1fn_x2", 1),
    "int64": known(.i64), "long": known(.i64), "int32": known(.i32), "int": known(.i32), "int16": known(.i16),
    "short": known(.i16), "int8": known(.i8), "uint8": known(.u8), "uint16": known(.u16), "uint32": known(.u32),
    "uint64": known(.u64), "bool": known(.bool), "complex64": known(.c64), "cfloat": known(.c64),
    "complex128": unknown("complex128", 16), "cdouble": unknown("complex128", 16), "complex32": unknown("complex32", 4),
  ]

  /// The class of storage whose elements have this format; nil if there is none.
  static func storage(of format: StorageFormat) -> String? {
    byStorage.first { $0.value.format == .known(format) }?.key
  }

  private static func known(_ format: StorageFormat) -> PyTorchType {
    PyTorchType(format: .known(format), elementByteCount: format.bytesPerBlock)
  }

  private static func unknown(_ name: String, _ byteCount: Int) -> PyTorchType {
    PyTorchType(format: .unknown("torch.\(name)"), elementByteCount: byteCount)
  }
}
