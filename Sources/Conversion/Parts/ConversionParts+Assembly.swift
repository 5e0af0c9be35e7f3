import Bytes
import Models
import Quantization
import Synchronization

extension ConversionParts {
  /// Joins all parts to the output of a single run, by shared blocks where the file system can, otherwise by copies.
  ///
  /// Parts that are in the output stay where they are.
  ///
  /// - Parameter acceptance: judges the errors before any file gets its final name; its errors are rethrown.
  /// - Returns: the errors of every tensor, with the bits of a single run.
  /// - Throws: `UnfinishedParts` with all that are missing or not right, before anything is written.
  func assemble(
    from folder: PartFolder, threads: Int, detail: EncodingReport.Detail,
    acceptance: ([TensorOutcome]) throws -> Void, progress: @escaping @Sendable (Int) -> Void
  ) throws -> [TensorOutcome] {
    let finished = try finishedParts(in: folder, threads: threads)
    var sums = TensorReports(plan)
    for part in finished { part.manifest.errors.add(to: &sums) }
    let inFiles = zip(parts, finished).compactMap { part, finished in finished.file.map { (part, $0) } }
    let isInPlace = finished.contains { $0.manifest.place == .output }
    let set = try OutputSet(
      plan,
      of: .parts(
        inFiles.map { $0.0 }, inFiles.map { $0.1 }, unfinished: isInPlace ? folder.unfinishedKind : nil),
      progress: progress)
    defer { set.close() }
    try Executor(threadCount: threads, detail: detail, progress: progress).run(Array(set.jobs.indices), of: set) {
      set.files[$0]
    }
    return try set.finish(sums.outcomes(of: plan), acceptance)
  }

  /// Reads all parts back and returns them in order.
  private func finishedParts(in folder: PartFolder, threads: Int) throws -> [Finished] {
    let found = Mutex([(state: PartState, finished: Finished?)](repeating: (.missing, nil), count: parts.count))
    try Parallel.forEach(parts.count, threads: threads) { index in
      let part = try self.finished(parts[index], in: folder)
      found.withLock { $0[index] = part }
    }
    let all = found.withLock { $0 }
    let finished = all.compactMap(\.finished)
    guard finished.count == parts.count else {
      throw UnfinishedParts(path: folder.plan.path, states: all.map(\.state))
    }
    return finished
  }
}
