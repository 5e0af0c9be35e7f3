import Bytes
import Quantization
import Synchronization
import Tensors

extension Checkpoint {
  /// Reads the data of `tensors` and measures them, one result for each; nil for one that cannot be decoded.
  ///
  /// Slabs do not depend on the thread count and are merged in order, so the result is always the same. A thread uses
  /// about 3 MiB.
  ///
  /// - Parameter progress: receives the bytes done since the last call, on any thread.
  public func statistics(
    of tensors: [TensorDescriptor], threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorStatistics?] {
    let slabs = Slab.slabs(of: tensors)
    let measured = MeasuredSlabs(count: slabs.count)
    try measured.read(slabs, of: self, threads: threads, progress: progress)
    for file in files { try file.requireUnchanged() }
    let results = measured.results
    var collected: [TensorStatistics?] = []
    for tensor in tensors { collected.append(Slab.isReadable(tensor) ? TensorStatistics() : nil) }
    for index in slabs.indices { collected[slabs[index].tensorIndex]?.append(results[index]) }
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

  static func slabs(of tensors: [TensorDescriptor]) -> [Slab] {
    var slabs: [Slab] = []
    for (index, tensor) in tensors.enumerated() {
      guard let format = tensor.format, let range = tensor.byteRange, Codec.canDecode(format) else { continue }
      var start = 0
      while start < tensor.shape.elementCount {
        let count = min(Self.elementCount, tensor.shape.elementCount - start)
        guard let offset = format.byteCount(elementCount: start), let bytes = format.byteCount(elementCount: count)
        else { break }
        slabs.append(
          Slab(
            tensorIndex: index, range: range, format: format, byteOffset: offset, byteCount: bytes,
            elementCount: count))
        start += count
      }
    }
    return slabs
  }
}

/// The results of all threads, by slab.
private final class MeasuredSlabs: Sendable {
  private let values: Mutex<[TensorStatistics]>

  init(count: Int) { values = Mutex(Array(repeating: TensorStatistics(), count: count)) }

  func read(
    _ slabs: [Slab], of checkpoint: Checkpoint, threads: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    try Parallel.forEach(slabs.count, threads: threads, state: { [UInt8]() }) { bytes, index in
      let slab = slabs[index]
      try checkpoint.read(slab.range, from: slab.byteOffset, count: slab.byteCount, into: &bytes)
      let values = try Codec.decode(slab.format, bytes, elementCount: slab.elementCount)
      let result = TensorStatistics(values)
      self.values.withLock { $0[index] = result }
      progress(slab.byteCount)
    }
  }

  var results: [TensorStatistics] { values.withLock { $0 } }
}
