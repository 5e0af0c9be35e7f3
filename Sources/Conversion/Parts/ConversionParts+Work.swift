import Bytes
import Models
import Quantization
import Synchronization

extension ConversionParts {
  /// What became of a part.
  public enum WorkOutcome: Sendable {
    case made
    /// It was there already and is right.
    case found
  }

  /// Makes one part, unless it is there and right.
  ///
  /// The part gets its name when all its bytes are on the disk, and its manifest after it. What is there and not right is
  /// replaced.
  ///
  /// - Parameters:
  ///   - detail: which errors of encoding are recorded.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  /// - Throws: errors of reading and writing, of which `mayPass` says whether another try can help; values that cannot be
  ///   stored; `PartError.noSuchPart`.
  public func work(
    _ index: Int, in folder: PartFolder, threads: Int, detail: EncodingReport.Detail = .sums,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> WorkOutcome {
    let part = try part(index, of: folder.plan.path)
    if try finished(part, in: folder).state == .done { return .found }
    let path = folder.partPath(index)
    if AtomicFile.isBeingWritten(path) { throw FileError.isBeingMade(path: path) }
    try OutputFolder(folder.path).create()
    _ = log.take()
    let output = try AtomicFile(path, overwrite: .replace)
    defer { output.discard() }
    let errors = try fill(
      output, with: part, Executor(threadCount: threads, detail: detail, progress: progress))
    try plan.requireUnchangedInputs()
    try plan.requireStorable(errors.outcomes(of: plan))
    try output.flush()
    let written = try InputLocation.openFile(output.temporaryPath)
    let manifest = PartManifest(
      plan: folder.plan.digest, part: index,
      pieces: try part.pieces.map { try FileDigest.sha256(written, [$0.partRange]) }, errors: errors,
      reads: try log.take().filter { $0.ranges.byteCount > 0 }.map(PartManifest.Read.init))
    try output.commit()
    try AtomicFile.write(
      manifest.document.encoded(.compact), to: folder.manifestPath(index), overwrite: .replace)
    return .made
  }

  /// Does the jobs of a part.
  private func fill(
    _ output: AtomicFile, with part: PlanPart, _ executor: Executor
  ) throws -> PartErrors {
    let plan = plan, inputs = plan.source.checkpoint.files
    var sharedByteCount = 0
    let jobs = plan.jobs(of: part) { piece in
      let distance = piece.partOffset - piece.range.lowerBound
      let copies = part.copies(of: plan.files[piece.fileIndex], at: piece.fileIndex)
      let (rest, shared) = output.share(copies.map { $0.moved(by: distance) }, of: inputs)
      sharedByteCount += shared
      return rest.map { $0.moved(by: -distance) }
    }
    try output.reserve(part.fileByteCount, shared: sharedByteCount)
    executor.progress(sharedByteCount)
    let reports = Mutex([EncodingReport?](repeating: nil, count: jobs.count))
    try executor.run(jobs, of: plan) { fileIndex in
      let piece = part.piece(of: fileIndex)
      return MovedOutput(base: output, distance: piece.map { $0.partOffset - $0.range.lowerBound } ?? 0)
    } copy: { range, output in
      try output.copy(
        inputs[range.inputIndex], from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
    } done: { index, report in
      reports.withLock { $0[index] = report }
    }
    return PartErrors(jobs, of: plan, reports: reports.withLock { $0 })
  }
}

/// A file whose bytes have other offsets than those that are written to.
private struct MovedOutput: PositionalOutput {
  let base: AtomicFile
  let distance: Int

  func write(_ bytes: RawSpan, at offset: Int) throws(FileError) { try base.write(bytes, at: offset + distance) }

  func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError) {
    try base.copy(source, from: start, count: count, to: offset + distance)
  }
}
