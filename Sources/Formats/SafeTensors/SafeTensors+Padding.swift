import Bytes

// A header may end with spaces. If they bring the data to the same offset within a disk block as in the source file,
// both files can share those blocks (`AtomicFile.share`). Their count depends only on the two headers, so the bytes are
// the same on every machine, with or without sharing.

extension SafeTensors {
  /// Bytes of a tensor that a source file already has.
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

  /// Returns how many spaces move data from `dataOffset` to the offset of `wanted` within a block.
  static func padding(from dataOffset: Int, to wanted: Int) -> Int {
    let block = AtomicFile.sharedBlockByteCount
    return ((wanted - dataOffset) % block + block) % block
  }
}

extension SafeTensors.Layout {
  /// Returns the layout with the padding that lets most bytes of `pieces` be shared with their files.
  ///
  /// The data still begins at a multiple of 8. Of two paddings with the same gain the smaller one is taken; none
  /// if less than 1 MiB would be shared.
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
