import Tensors

/// The container of ggml and llama.cpp: typed key-value pairs, tensor records, aligned tensor data.
public enum GGUF {
  /// The versions that are read; they differ only in that version 3 also exists in big-endian byte order.
  public static let readableVersions: ClosedRange<UInt32> = 2...3
  /// The version that is written.
  public static let writtenVersion: UInt32 = 3
  /// The first four bytes of a file, in either byte order.
  static let magic = Array("GGUF".utf8)

  /// Tensor data begins at multiples of this unless the file declares another alignment (`GGUF_DEFAULT_ALIGNMENT` of gguf.h).
  public static let defaultAlignment = 32
  /// The key that declares another alignment.
  public static let alignmentKey = "general.alignment"

  // Limits on declared sizes. They are far above any real file and keep a hostile one from using much memory.

  /// Alignments above this are refused: a page of the largest kind in use.
  public static let maximumAlignment = 65_536
  /// A key or a tensor's name may take this many bytes, the limit that the GGUF specification gives for keys.
  public static let maximumNameByteCount = 65_535
  /// A string may take this many bytes; chat templates and tokenizers take less than a hundredth of it.
  public static let maximumStringByteCount = 64 << 20
  /// An array may have this many elements; vocabularies have a few hundred thousand.
  public static let maximumArrayElementCount = 1 << 24
  /// Keys, values and tensor records together may take this many bytes.
  public static let maximumMetadataByteCount = 1 << 30
  /// Arrays may nest this deep.
  public static let maximumArrayDepth = 8
  /// A tensor may have this many dimensions (`GGML_MAX_DIMS` of ggml.h).
  public static let maximumRank = 4
  /// llama.cpp reads names that fit, with a final zero, in 64 bytes (`GGML_MAX_NAME` of ggml.h).
  public static let maximumWrittenNameByteCount = 63

  /// The smallest record of a key and its value: a length, one byte of key, a type, one byte of value.
  static let minimumPairByteCount = 8 + 1 + 4 + 1
  /// The smallest record of a tensor: a length, a rank, a type, an offset.
  static let minimumTensorRecordByteCount = 8 + 4 + 4 + 8
}

extension Int {
  /// The next multiple of `alignment`, a power of two, from this number on; nil on overflow.
  func aligned(to alignment: Int) -> Int? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
