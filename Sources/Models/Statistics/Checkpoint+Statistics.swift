import Bytes
import Quantization
import Synchronization
import Tensors

extension Checkpoint {
  /// Reads the data of `tensors` and measures them, one result for each; nil for one that cannot be decoded.
  ///
  /// Every tensor is cut into the same pieces whatever the number of threads, and the pieces are put together in
  /// order, so the result is always the same. A thread holds about 3 MiB.
  ///
  /// - Parameter progress: is told the bytes done since the last call, from any thread.
  public func statistics(
    of tensors: [TensorDescriptor], threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorStatistics?] {
    let pieces = Slab.pieces(of: tensors)
    let measured = MeasuredPieces(count: pieces.count)
    try measured.read(pieces, of: self, threads: threads, progress: progress)
    for file in files { try file.requireUnchanged() }
    let results = measured.results
    var collected: [TensorStatistics?] = []
    for tensor in tensors { collected.append(Slab.isReadable(tensor) ? TensorStatistics() : nil) }
    for index in pieces.indices { collected[pieces[index].tensorIndex]?.append(results[index]) }
    return collected
  }
}

/// Consecutive elements of one tensor, whole blocks.
private struct Slab: Sendable {
  /// Elements that a thread reads and decodes at a time; a multiple of every block.
  static let elementCount = 1 << 18

  let tensorIndex: Int
  let range: ByteRange
  let format: StorageFormat
  let byteOffset: Int
  let byteCount: Int
  let elementCount: Int

  static func isReadable(_ tensor: TensorDescriptor) -> Bool {
    tensor.byteRange != nil && tensor.format.map { Codec.canDecode($0) } ?? false
  }

  static func pieces(of tensors: [TensorDescriptor]) -> [Slab] {
    var pieces: [Slab] = []
    for (index, tensor) in tensors.enumerated() {
      guard let format = tensor.format, let range = tensor.byteRange, Codec.canDecode(format) else { continue }
      var start = 0
      while start < tensor.shape.elementCount {
        let count = min(Self.elementCount, tensor.shape.elementCount - start)
        guard let offset = format.byteCount(elementCount: start), let bytes = format.byteCount(elementCount: count)
        else { break }
        pieces.append(
          Slab(
            tensorIndex: index, range: range, format: format, byteOffset: offset, byteCount: bytes,
            elementCount: count))
        start += count
      }
    }
    return pieces
  }
}

/// The results of all threads, by piece.
private final class MeasuredPieces: Sendable {
  private let values: Mutex<[TensorStatistics]>

  init(count: Int) { values = Mutex(Array(repeating: TensorStatistics(), count: count)) }

  func read(
    _ pieces: [Slab], of checkpoint: Checkpoint, threads: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    try Parallel.forEach(pieces.count, threads: threads, state: { [UInt8]() }) { bytes, index in
      let piece = pieces[index]
      try checkpoint.read(piece.range, from: piece.byteOffset, count: piece.byteCount, into: &bytes)
      let values = try Codec.decode(piece.format, bytes, elementCount: piece.elementCount)
      let result = TensorStatistics(values)
      self.values.withLock { $0[index] = result }
      progress(piece.byteCount)
    }
  }

  var results: [TensorStatistics] { values.withLock { $0 } }
}
