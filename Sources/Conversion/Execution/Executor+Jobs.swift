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
  /// Shares blocks of the inputs with `output` where possible, reserves space for the rest and writes the header; returns
  /// the ranges left to copy.
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
      tensor.slabs(tensorIndex: tensorIndex).map { slab in
        let start = tensor.fileOffset + slab.byteOffset
        return Job(fileIndex: fileIndex, target: start..<start + slab.byteCount, work: .slab(slab))
      }
    }
    let pieces = copies.flatMap { $0.pieces(of: Self.copyByteCount) }.map {
      Job(fileIndex: fileIndex, target: $0.target, work: .copy($0))
    }
    return (slabs + pieces).sorted { $0.target.lowerBound < $1.target.lowerBound }
  }
}
