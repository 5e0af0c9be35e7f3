import Bytes
import Models
import Quantization
import Synchronization

extension ConversionParts {
  /// A part that is done.
  public struct Work: Sendable, Equatable {
    /// Whether it was made now; otherwise it was there already and is right.
    public let isNew: Bool
    /// Where its bytes are.
    public let place: PartPlace
    /// The files with its bytes.
    public let paths: [String]
  }

  /// Makes one part, unless it is there and right.
  ///
  /// The part gets its name, if it is a file, when all its bytes are on the disk, and its manifest after it. What is there
  /// and not right is replaced.
  ///
  /// - Parameters:
  ///   - place: where the part is written, if it is not there in either place.
  ///   - detail: which errors of encoding are recorded.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  /// - Throws: errors of reading and writing, of which `mayPass` says whether another try can help; values that cannot be
  ///   stored; `PartError.noSuchPart`.
  public func work(
    _ index: Int, in folder: PartFolder, place: PartPlace = .file, threads: Int,
    detail: EncodingReport.Detail = .sums, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> Work {
    let part = try part(index, of: folder.plan.path)
    func done(isNew: Bool, _ place: PartPlace) -> Work {
      let outputs = part.pieces.map { folder.unfinishedPath(of: plan.files[$0.fileIndex].path) }
      return Work(isNew: isNew, place: place, paths: place == .file ? [folder.partPath(index)] : outputs)
    }
    if let found = try finished(part, in: folder).finished { return done(isNew: false, found.manifest.place) }
    _ = log.take()
    let output = try PartOutput(part, of: plan, in: folder, place)
    defer { output.discard() }
    let errors = try fill(output, with: part, Executor(threadCount: threads, detail: detail, progress: progress))
    try plan.requireUnchangedInputs()
    try plan.requireStorable(errors.outcomes(of: plan))
    let manifest = PartManifest(
      plan: folder.plan.digest, part: index, place: place, pieces: try output.flushedDigests(), errors: errors,
      reads: try log.take().filter { $0.ranges.byteCount > 0 }.map(PartRead.init))
    try output.commit()
    try AtomicFile.write(
      manifest.document.encoded(.compact), to: folder.manifestPath(index), overwrite: .replace)
    return done(isNew: true, place)
  }

  /// Does the jobs of a part.
  private func fill(_ output: PartOutput, with part: PlanPart, _ executor: Executor) throws -> PartErrors {
    let plan = plan, inputs = plan.source.checkpoint.files
    let (rest, sharedByteCount) = try output.prepare(part, inputs)
    var copies = rest.makeIterator()
    let jobs = plan.jobs(of: part) { _ in copies.next() ?? [] }
    executor.progress(sharedByteCount)
    let reports = Mutex([EncodingReport?](repeating: nil, count: jobs.count))
    try executor.run(jobs, of: plan) {
      output[$0]
    } copy: { range, output in
      try output.copy(
        inputs[range.inputIndex], from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
    } done: { index, report in
      reports.withLock { $0[index] = report }
    }
    return PartErrors(jobs, of: plan, reports: reports.withLock { $0 })
  }
}
