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

extension ConversionPlan {
  /// Shares blocks of `inputs` with `output` where possible, reserves space for the rest and writes the header.
  ///
  /// A compressed output has no blocks to share; its writer gets the header. The bytes of an archive are summed, so they
  /// are not shared either.
  ///
  /// - Parameter copies: the ranges of `inputs` that the file has unchanged.
  /// - Returns: the ranges left to copy.
  func prepare(
    _ file: PlannedFile, _ output: AtomicFile, _ copies: [FileCopyRange], of inputs: [any ByteSource],
    progress: (Int) -> Void
  ) throws -> [FileCopyRange] {
    guard file.compressionLevel == nil else { return copies }
    guard file.archive == nil else {
      try output.reserve(file.byteCount)
      return copies
    }
    let (rest, sharedByteCount) = output.share(copies, of: inputs)
    // There may be no room for all of it before some of the source is deleted.
    if consumption == nil {
      try output.reserve(file.byteCount, shared: sharedByteCount)
    } else {
      try output.setSize(file.byteCount)
    }
    try output.write(file.header, at: 0)
    progress(sharedByteCount)
    return rest
  }

  /// The slab of a job, and `output` for its file.
  func target(_ slab: Slab, of job: Job, to output: any PositionalOutput) -> SlabTarget {
    SlabTarget(slab: slab, tensor: files[job.fileIndex].tensors[slab.tensorIndex], output: output)
  }

  /// Returns the jobs of all files, in the order of files and offsets.
  ///
  /// Parts of one tensor in the files of several ranks are made one after the other, while the system has its bytes in
  /// memory.
  func jobs(_ copies: [[FileCopyRange]]) -> [Job] {
    let jobs = zip(files, copies).enumerated().flatMap { self.jobs(of: $1.0, fileIndex: $0, copies: $1.1) }
    guard files.contains(where: { $0.archive != nil }) else { return jobs }
    let places = jobs.map(place)
    return jobs.indices.sorted { places[$0] != places[$1] ? places[$0] < places[$1] : $0 < $1 }.map { jobs[$0] }
  }

  /// Returns jobs that copy these ranges of each file, and no others.
  func copyJobs(_ copies: [[FileCopyRange]]) -> [Job] {
    copies.enumerated().flatMap { fileIndex, ranges in
      ranges.flatMap { $0.split(limit: Executor.copyByteCount) }.map {
        Job(fileIndex: fileIndex, target: $0.target, work: .copy($0))
      }
    }
  }

  /// Where the input of a job begins.
  private func place(_ job: Job) -> JobPlace {
    switch job.work {
    case .copy(let range): return JobPlace(file: range.inputIndex, offset: range.sourceOffset, row: 0)
    case .slab(let slab):
      let source = files[job.fileIndex].tensors[slab.tensorIndex].sources.first?.descriptor
      let range = source?.sources.first?.byteRange
      return JobPlace(file: range?.fileIndex ?? 0, offset: range?.offset ?? 0, row: slab.rows.lowerBound)
    }
  }

  /// Returns the jobs of one file, in the order of the file.
  ///
  /// - Parameter tensors: the indices of the tensors that are made; nil for all.
  func jobs(of file: PlannedFile, fileIndex: Int, tensors: [Int]? = nil, copies: [FileCopyRange]) -> [Job] {
    let indices = (tensors ?? Array(file.tensors.indices)).lazy.filter { !file.tensors[$0].isCopy }
    let slabs = indices.flatMap { index in
      let tensor = file.tensors[index]
      return tensor.slabs(tensorIndex: index).map { slab in
        let start = tensor.fileOffset + slab.byteOffset
        return Job(fileIndex: fileIndex, target: start..<start + slab.byteCount, work: .slab(slab))
      }
    }
    let limit = file.compressionLevel == nil ? Executor.copyByteCount : Executor.packedCopyByteCount
    let ranges = copies.flatMap { $0.split(limit: limit) }.map {
      Job(fileIndex: fileIndex, target: $0.target, work: .copy($0))
    }
    return (slabs + ranges).sorted { $0.target.lowerBound < $1.target.lowerBound }
  }
}

/// A place in the inputs, in the order in which they are read.
private struct JobPlace: Comparable {
  let file: Int, offset: Int, row: Int

  static func < (left: JobPlace, right: JobPlace) -> Bool {
    (left.file, left.offset, left.row) < (right.file, right.offset, right.row)
  }
}

extension AtomicFile {
  /// Shares the blocks of `ranges` of `inputs` where possible; returns the ranges left to copy, and the bytes that are shared.
  func share(_ ranges: [FileCopyRange], of inputs: [any ByteSource]) -> (rest: [FileCopyRange], sharedByteCount: Int) {
    var rest: [FileCopyRange] = [], sharedByteCount = 0
    for range in ranges {
      let shared = share(
        inputs[range.inputIndex], from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
      sharedByteCount += shared.count
      rest += range.target.outside(shared).map(range.part)
    }
    return (rest, sharedByteCount)
  }
}
