import Bytes
import Models

/// A unit of work of one thread.
struct Job: Sendable {
  /// The kind of work.
  enum Work: Sendable {
    /// Numbers are made.
    case slab(Slab)
    /// Bytes are copied.
    case copy(FileCopyRange)
  }

  /// The index of the output file.
  let fileIndex: Int
  /// The bytes of that file that it writes.
  let target: Range<Int>
  /// The kind of work.
  let work: Work
}

extension Executor {
  /// Shares blocks of the inputs with `output` where possible, reserves space for the rest and writes the header; returns
  /// the ranges left to copy.
  ///
  /// A compressed output has no blocks to share; its writer gets the header.
  func prepare(_ file: PlannedFile, _ output: AtomicFile) throws -> [FileCopyRange] {
    guard file.compressionLevel == nil else { return file.copyRanges }
    var rest: [FileCopyRange] = []
    var sharedByteCount = 0
    for range in file.copyRanges {
      let input = plan.source.checkpoint.files[range.inputIndex]
      let shared = output.share(
        input, from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
      sharedByteCount += shared.count
      rest += range.target.outside(shared).map(range.part)
    }
    try output.reserve(file.byteCount, shared: sharedByteCount)
    try output.write(file.header, at: 0)
    progress(sharedByteCount)
    return rest
  }

  /// Returns the jobs of one file, in the order of the file.
  func jobs(of file: PlannedFile, fileIndex: Int, copies: [FileCopyRange]) -> [Job] {
    let slabs = file.tensors.enumerated().filter { !$1.isCopy }.flatMap { tensorIndex, tensor in
      tensor.slabs(tensorIndex: tensorIndex).map { slab in
        let start = tensor.fileOffset + slab.byteOffset
        return Job(fileIndex: fileIndex, target: start..<start + slab.byteCount, work: .slab(slab))
      }
    }
    let limit = file.compressionLevel == nil ? Self.copyByteCount : Self.packedCopyByteCount
    let ranges = copies.flatMap { $0.split(limit: limit) }.map {
      Job(fileIndex: fileIndex, target: $0.target, work: .copy($0))
    }
    return (slabs + ranges).sorted { $0.target.lowerBound < $1.target.lowerBound }
  }
}
