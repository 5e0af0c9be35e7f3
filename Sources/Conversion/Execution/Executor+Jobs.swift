import Bytes
import Models

/// A part of the work that one thread does at once.
struct Job: Sendable {
  /// What is to be done.
  enum Work: Sendable {
    /// Numbers are made.
    case slab(Slab)
    /// Bytes are copied.
    case copy(FileCopyRange)
  }

  /// Which file it is for.
  let fileIndex: Int
  /// The bytes of that file that it writes.
  let target: Range<Int>
  /// What is to be done.
  let work: Work
}

extension Executor {
  /// Takes what `output` can share with the inputs, reserves room for the rest and writes the header; returns what is
  /// left to copy.
  func prepare(_ file: PlannedFile, _ output: AtomicFile) throws -> [FileCopyRange] {
    var rest: [FileCopyRange] = []
    var sharedByteCount = 0
    for stretch in file.copyStretches {
      let input = plan.source.checkpoint.files[stretch.inputIndex]
      let shared = output.share(
        input, from: stretch.sourceOffset, count: stretch.byteCount, to: stretch.targetOffset)
      sharedByteCount += shared.count
      rest += stretch.target.outside(shared).map(stretch.instance)
    }
    try output.reserve(file.byteCount, shared: sharedByteCount)
    try output.write(file.header, at: 0)
    progress(sharedByteCount)
    return rest
  }

  /// What is to be done for one file, in the order of the file.
  func jobs(of file: PlannedFile, fileIndex: Int, copies: [FileCopyRange]) -> [Job] {
    let slabs = file.tensors.enumerated().filter { !$1.isCopy }.flatMap { tensorIndex, tensor in
      self.slabs(of: tensor, tensorIndex: tensorIndex).map { slab in
        let start = tensor.fileOffset + slab.byteOffset
        return Job(fileIndex: fileIndex, target: start..<start + slab.byteCount, work: .slab(slab))
      }
    }
    let pieces = copies.flatMap { $0.pieces(of: Self.copyByteCount) }.map {
      Job(fileIndex: fileIndex, target: $0.target, work: .copy($0))
    }
    return (slabs + pieces).sorted { $0.target.lowerBound < $1.target.lowerBound }
  }

  /// The pieces of a tensor that can be done on their own.
  private func slabs(of tensor: PlannedTensor, tensorIndex: Int) -> [Slab] {
    func slab(_ rows: Range<Int>, bytes: Range<Int>) -> Slab {
      Slab(tensorIndex: tensorIndex, rows: rows, byteOffset: bytes.lowerBound, byteCount: bytes.count)
    }
    guard case .rows(let reader) = tensor.source else { return [slab(0..<0, bytes: 0..<tensor.byteCount)] }
    let geometry = reader.geometry
    guard geometry.rowCount > 0, geometry.rowElementCount > 0 else { return [] }
    let rowsPerSlab = rowsPerSlab(of: tensor, reader)
    let outputRowByteCount = tensor.byteCount / geometry.rowCount
    // Every expert of a stack has its own importance, so a slab holds rows of one.
    let stretch = tensor.importance == nil ? geometry.rowCount : tensor.expertRowCount
    return stride(from: 0, to: geometry.rowCount, by: stretch).flatMap { start in
      stride(from: start, to: start + stretch, by: rowsPerSlab).map { first in
        let last = min(start + stretch, first + rowsPerSlab)
        return slab(first..<last, bytes: first * outputRowByteCount..<last * outputRowByteCount)
      }
    }
  }

  /// How many rows are done at a time.
  ///
  /// It depends on the threads only where nothing is added up over a slab.
  private func rowsPerSlab(of tensor: PlannedTensor, _ reader: RowReader) -> Int {
    let geometry = reader.geometry
    guard reader.isTransposed, reader.format == tensor.format else {
      return max(1, Self.slabElementCount / geometry.rowElementCount)
    }
    let limit = Self.transposeBufferByteCount / max(1, threadCount)
    let slabCount = min(geometry.rowCount, (tensor.byteCount + limit - 1) / limit)
    return (geometry.rowCount + slabCount - 1) / max(1, slabCount)
  }
}
