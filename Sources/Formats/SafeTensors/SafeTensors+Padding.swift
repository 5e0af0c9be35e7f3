import Bytes

// A header may be followed by spaces. As many as put the data at the same place within a block of the disk as in the
// file that it comes from let both files share those blocks (`AtomicFile.share`). How many they are follows from the
// two headers alone, so the bytes are the same on every machine, whether it shares blocks or not.

extension SafeTensors {
  /// Bytes of a tensor that stand in a file already.
  public struct SourceRange: Sendable {
    /// Which of the tensors that were given to the layout, and where in its bytes the piece begins.
    public let tensorIndex: Int, tensorOffset: Int
    /// Where it begins in the file that has it.
    public let fileOffset: Int
    /// How many bytes it has.
    public let byteCount: Int

    /// A piece of tensor `tensorIndex`.
    public init(tensorIndex: Int, tensorOffset: Int, fileOffset: Int, byteCount: Int) {
      self.tensorIndex = tensorIndex
      self.tensorOffset = tensorOffset
      self.fileOffset = fileOffset
      self.byteCount = byteCount
    }
  }

  /// Fewer bytes than this are copied in no time, and the header keeps the safetensors package's padding.
  static let sharedByteCountWorthPadding = 1 << 20

  /// The spaces that bring data which begins at `dataOffset` to the place within a block that `wanted` has.
  static func padding(from dataOffset: Int, to wanted: Int) -> Int {
    let block = AtomicFile.sharedBlockByteCount
    return ((wanted - dataOffset) % block + block) % block
  }
}

extension SafeTensors.Layout {
  /// The same layout with the spaces that let most bytes of `pieces` stand where they stand within a block of their file.
  ///
  /// The data still begins at a multiple of 8. Of two paddings that are worth the same the smaller one is taken; none
  /// where less than 1 MiB would gain by it.
  public func padded(toShare pieces: [SafeTensors.SourceRange]) -> Self {
    var gains: [Int: Int] = [:]
    for piece in pieces {
      let padding = SafeTensors.padding(from: offsets[piece.tensorIndex] + piece.tensorOffset, to: piece.fileOffset)
      if padding.isMultiple(of: SafeTensors.dataAlignment) { gains[padding, default: 0] += piece.byteCount }
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
