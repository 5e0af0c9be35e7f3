import Tensors

/// The container of ggml and llama.cpp: typed key-value pairs, tensor records, aligned tensor data.
public enum GGUF {
  /// The versions that can be read; they differ only in that version 3 also exists in big-endian byte order.
  public static let readableVersions: ClosedRange<UInt32> = 2...3
  /// The version of written files.
  public static let writtenVersion: UInt32 = 3
  /// The first four bytes of a file, in either byte order.
  static let magic = Array("GGUF".utf8)

  /// The alignment of tensor data unless the file declares another (`GGUF_DEFAULT_ALIGNMENT` of gguf.h).
  public static let defaultAlignment = 32
  /// The key that declares another alignment.
  public static let alignmentKey = "general.alignment"

  // Limits on declared sizes. They are far above any real file and bound the memory that a hostile file can use.

  /// The maximum alignment: the largest page size in use.
  public static let maximumAlignment = 65_536
  /// The maximum bytes of a key or a tensor's name, the limit of the GGUF specification for keys.
  public static let maximumNameByteCount = 65_535
  /// The maximum bytes of a string; chat templates and tokenizers have less than a hundredth of it.
  public static let maximumStringByteCount = 64 << 20
  /// The maximum elements of an array; vocabularies have a few hundred thousand.
  public static let maximumArrayElementCount = 1 << 24
  /// The maximum bytes of keys, values and tensor records together.
  public static let maximumMetadataByteCount = 1 << 30
  /// The maximum depth of nested arrays.
  public static let maximumArrayDepth = 8
  /// The maximum rank of a tensor (`GGML_MAX_DIMS` of ggml.h).
  public static let maximumRank = 4
  /// The size of a name with its final zero in llama.cpp (`GGML_MAX_NAME` of ggml.h).
  public static let maximumWrittenNameByteCount = 63

  /// The bytes of the smallest key-value record: a length, one byte of key, a type, one byte of value.
  static let minimumPairByteCount = 8 + 1 + 4 + 1
  /// The bytes of the smallest tensor record: a length, a rank, a type, an offset.
  static let minimumTensorRecordByteCount = 8 + 4 + 4 + 8
}

extension Int {
  /// The least multiple of `alignment`, a power of two, not below this integer; nil on overflow.
  func aligned(to alignment: Int) -> Int? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
