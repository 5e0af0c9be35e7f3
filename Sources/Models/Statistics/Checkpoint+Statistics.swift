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
    let decoders = decoders
    let slabs = Slab.slabs(of: tensors, decoders)
    let measured = MeasuredSlabs(count: slabs.count)
    try measured.read(slabs, of: self, threads: threads, progress: progress)
    for file in files { try file.requireUnchanged() }
    let results = measured.results
    var collected: [TensorStatistics?] = []
    for tensor in tensors {
      collected.append(Slab.isReadable(tensor) || decoders[tensor] != nil ? TensorStatistics() : nil)
    }
    for index in slabs.indices { collected[slabs[index].tensorIndex]?.append(results[index]) }
    return collected
  }

  /// Compositions of one stored tensor in a format that only they decode, by that tensor.
  private var decoders: [TensorDescriptor: any TensorComposition] {
    var decoders: [TensorDescriptor: any TensorComposition] = [:]
    func add(_ tensor: TensorDescriptor) {
      guard let composition = tensor.composition else { return }
      let sources = composition.sources
      if sources.count == 1, sources[0].composition == nil, sources[0].format == nil {
        decoders[sources[0]] = composition
      } else {
        sources.forEach(add)
      }
    }
    tensors.forEach(add)
    return decoders
  }
}

/// Consecutive elements of one tensor, whole blocks, or whole rows of a composition.
private struct Slab: Sendable {
  /// Elements that a thread reads and decodes at a time; a multiple of every block.
  static let elementCount = 1 << 18

  let tensorIndex: Int
  let range: ByteRange
  let format: StorageFormat
  let byteOffset: Int
  let byteCount: Int
  let elementCount: Int
  /// What decodes the rows `rows`, in place of the format.
  var decoder: (composition: any TensorComposition, rows: Range<Int>)?

  static func isReadable(_ tensor: TensorDescriptor) -> Bool {
    tensor.byteRange != nil && tensor.format.map { Codec.canDecode($0) } ?? false
  }

  static func slabs(
    of tensors: [TensorDescriptor], _ decoders: [TensorDescriptor: any TensorComposition]
  ) -> [Slab] {
    var slabs: [Slab] = []
    for (index, tensor) in tensors.enumerated() {
      if let composition = decoders[tensor], let range = tensor.byteRange {
        slabs += Self.slabs(at: index, composition, range)
        continue
      }
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

  /// Slabs of whole rows.
  private static func slabs(at index: Int, _ composition: any TensorComposition, _ range: ByteRange) -> [Slab] {
    let shape = composition.shape, width = shape.rowElementCount
    let step = max(1, elementCount / max(1, width))
    return stride(from: 0, to: shape.rowCount, by: step).map { first in
      let rows = first..<min(shape.rowCount, first + step)
      var slab = Slab(
        tensorIndex: index, range: range, format: .f32, byteOffset: 0,
        byteCount: range.byteCount / max(1, shape.rowCount) * rows.count, elementCount: rows.count * width)
      slab.decoder = (composition, rows)
      return slab
    }
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
      if let (composition, rows) = slab.decoder {
        var values = [Float](repeating: 0, count: slab.elementCount)
        var destination = values.mutableSpan
        try composition.decode(rows: rows, from: SourceTensorReader(checkpoint: checkpoint), into: &destination)
        let result = TensorStatistics(values)
        self.values.withLock { $0[index] = result }
        return progress(slab.byteCount)
      }
      try checkpoint.read(slab.range, from: slab.byteOffset, count: slab.byteCount, into: &bytes)
      let values = try Codec.decode(slab.format, bytes, elementCount: slab.elementCount)
      let result = TensorStatistics(values)
      self.values.withLock { $0[index] = result }
      progress(slab.byteCount)
    }
  }

  var results: [TensorStatistics] { values.withLock { $0 } }
}
