import Bytes

// A header may end with spaces. If they bring the data to the same offset within a disk block as in the source file,
// both files can share those blocks (`AtomicFile.share`). Their count depends only on the two headers, so the bytes are
// the same on every machine, with or without sharing.

extension SafeTensors {
  /// Bytes of a tensor that already exist in a source file.
  public struct SourceRange: Sendable {
    /// The index of the tensor in the layout, and the offset of the range in its bytes.
    public let tensorIndex: Int, tensorOffset: Int
    /// The offset in the source file.
    public let fileOffset: Int
    public let byteCount: Int

    public init(tensorIndex: Int, tensorOffset: Int, fileOffset: Int, byteCount: Int) {
      self.tensorIndex = tensorIndex
      self.tensorOffset = tensorOffset
      self.fileOffset = fileOffset
      self.byteCount = byteCount
    }
  }

  /// Copying fewer bytes than this is fast, so the header keeps the safetensors package's padding.
  static let sharedByteCountWorthPadding = 1 << 20

  /// Returns the number of spaces that move data from `dataOffset` to the offset of `wanted` within a block.
  static func padding(from dataOffset: Int, to wanted: Int) -> Int {
    let block = AtomicFile.sharedBlockByteCount
    return ((wanted - dataOffset) % block + block) % block
  }
}

extension SafeTensors.Layout {
  /// Returns the layout with the padding that shares most bytes of `ranges` with their files.
  ///
  /// The data still begins at a multiple of 8. Of two paddings with the same gain the smaller one is chosen; the
  /// default padding is kept if less than 1 MiB would be shared.
  public func padded(toShare ranges: [SafeTensors.SourceRange]) -> Self {
    var gains: [Int: Int] = [:]
    for range in ranges {
      let padding = SafeTensors.padding(from: offsets[range.tensorIndex] + range.tensorOffset, to: range.fileOffset)
      if padding.isMultiple(of: SafeTensors.dataAlignment) { gains[padding, default: 0] += range.byteCount }
    }
    guard let best = gains.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
      best.value >= SafeTensors.sharedByteCountWorthPadding,
      let header = try? SafeTensors.header(
        header.dropFirst(SafeTensors.lengthByteCount) + [UInt8](repeating: UInt8(ascii: " "), count: best.key)),
      fileByteCount <= .max - best.key
    else { return self }
    var padded = self
    padded.header = header
    padded.offsets = offsets.map { $0 + best.key }
    padded.fileByteCount += best.key
    return padded
  }
}
