import Ingot

/// A `.npy` file that is written sequentially.
final class NumPyOutput {
  /// Rows of logits that are computed and written together.
  static let positionsAtATime = 256

  private let file: AtomicFile
  private var offset: Int

  /// Begins a file for an array of `shape`.
  init(
    _ path: String, shape: [Int], of element: NumPyFile.Element = .float32, overwrite policy: OverwritePolicy
  ) throws {
    file = try AtomicFile(path, overwrite: policy)
    let header = NumPyFile.header(shape: shape, of: element)
    try file.write(header, at: 0)
    offset = header.count
  }

  /// Writes the next numbers.
  func append(_ values: ArraySlice<Float>) throws { try append(values.span.bytes) }

  /// Writes the next numbers of a file with 64 bits for each.
  func append(patterns: [UInt64]) throws {
    var bytes: [UInt8] = []
    NumPyFile.append(patterns: patterns, to: &bytes)
    try append(bytes.span.bytes)
  }

  /// Writes bytes as they are in memory: hosts are little-endian, as the file is.
  private func append(_ bytes: RawSpan) throws {
    try file.write(bytes, at: offset)
    offset += bytes.byteCount
  }

  /// Gives the file its name.
  func commit() throws { try file.commit() }
}
