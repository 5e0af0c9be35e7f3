import Tensors

/// The container of the `safetensors` package: a JSON header and one data section that the tensors tile.
public enum SafeTensors {
  /// The key of the header's metadata; no tensor may have this name.
  public static let metadataKey = "__metadata__"

  /// The maximum bytes of a header.
  ///
  /// The limit of the safetensors package (`MAX_HEADER_SIZE` in its `tensor.rs`, version 0.8.0): the header is read
  /// into memory, so the file must not decide its length.
  public static let maximumHeaderByteCount = 100_000_000

  /// The bytes of the header's length, a 64-bit integer.
  static let lengthByteCount = 8

  /// Headers are padded with spaces so that the data section begins at a multiple of this.
  static let dataAlignment = 8

  /// The order in which the safetensors package stores formats: the widest first.
  ///
  /// It is the reverse of the order of its `Dtype` (version 0.8.0), observed in files it wrote.
  static let storageOrder: [StorageFormat] = [
    .u64, .i64, .f64, .c64, .f32, .u32, .i32, .bf16, .f16, .u16, .i16, .f8_e5m2fnuz, .f8_e4m3fnuz, .f8_e8m0,
    .f8_e4m3, .f8_e5m2, .i8, .u8, .f6_e3m2, .f6_e2m3, .f4, .bool,
  ]
}
