import Bytes
import Quantization
import Synchronization
import Tensors

extension CheckpointReport {
  /// Elements that a thread reads and decodes at a time; a multiple of every block. With it a thread holds about 3 MiB.
  static let pieceElementCount = 1 << 18

  /// Reads the data of `tensors` and fills `statistics`; a tensor that cannot be decoded gets none.
  ///
  /// Every tensor is cut into the same pieces whatever the number of threads, and the pieces are put together in
  /// order, so the result is always the same.
  public mutating func measure(threads: Int) throws {
    let pieces = Self.pieces(of: tensors)
    let measured = Measured(count: pieces.count)
    try measured.read(pieces, of: checkpoint, threads: threads)
    statistics = Self.collect(measured.results, of: pieces, for: tensors)
  }

  private static func collect(
    _ results: [TensorStatistics], of pieces: [Piece], for tensors: [TensorDescriptor]
  ) -> [TensorStatistics?] {
    var collected: [TensorStatistics?] = []
    for tensor in tensors { collected.append(canMeasure(tensor) ? TensorStatistics() : nil) }
    for index in pieces.indices { collected[pieces[index].tensorIndex]?.append(results[index]) }
    return collected
  }

  static func canMeasure(_ tensor: TensorDescriptor) -> Bool {
    tensor.format.map { Codec.canDecode($0) } ?? false
  }

  /// Consecutive elements of one tensor, whole blocks.
  struct Piece: Sendable {
    let tensorIndex: Int
    let tensor: TensorDescriptor
    let format: StorageFormat
    let byteOffset: Int
    let byteCount: Int
    let elementCount: Int
  }

  static func pieces(of tensors: [TensorDescriptor]) -> [Piece] {
    var pieces: [Piece] = []
    for (index, tensor) in tensors.enumerated() {
      guard let format = tensor.format, Codec.canDecode(format) else { continue }
      var start = 0
      while start < tensor.shape.elementCount {
        let count = min(pieceElementCount, tensor.shape.elementCount - start)
        guard let offset = format.byteCount(elementCount: start), let bytes = format.byteCount(elementCount: count)
        else { break }
        pieces.append(
          Piece(
            tensorIndex: index, tensor: tensor, format: format, byteOffset: offset, byteCount: bytes,
            elementCount: count))
        start += count
      }
    }
    return pieces
  }
}

/// The results of all threads, by piece.
private final class Measured: Sendable {
  private let values: Mutex<[TensorStatistics]>

  init(count: Int) { values = Mutex(Array(repeating: TensorStatistics(), count: count)) }

  func read(_ pieces: [CheckpointReport.Piece], of checkpoint: Checkpoint, threads: Int) throws {
    try Parallel.forEach(pieces.count, threads: threads, state: { PieceReader(checkpoint) }) { reader, index in
      let result = try reader.statistics(pieces[index])
      self.values.withLock { $0[index] = result }
    }
  }

  var results: [TensorStatistics] { values.withLock { $0 } }
}

/// One thread's buffer for reading pieces.
private struct PieceReader {
  private let checkpoint: Checkpoint
  private var bytes: [UInt8] = []

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  mutating func statistics(_ piece: CheckpointReport.Piece) throws -> TensorStatistics {
    try checkpoint.read(piece.tensor, from: piece.byteOffset, count: piece.byteCount, into: &bytes)
    return TensorStatistics(try Codec.decode(piece.format, bytes, elementCount: piece.elementCount))
  }
}
