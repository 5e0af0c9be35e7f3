import Bytes
import Quantization

/// Conversions of one opened model into several outputs: its rows are read and decoded once, and encoded for each.
///
/// Each output is the one that its job gives alone, and appears complete or not at all.
public struct ConversionBatch: Sendable {
  /// The jobs; all have plans of one model.
  public let jobs: [ConversionJob]

  public init(_ jobs: [ConversionJob]) { self.jobs = jobs }

  /// Does all jobs, with the threads and the detail of the first.
  ///
  /// - Parameters:
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  ///   - written: is called when all outputs that could be written have their final names.
  ///   - check: compares the output of a job at this path with the source; it is called after `written`.
  /// - Returns: for each job its outcome, or why it has none: as `ConversionJob.run` throws it.
  /// - Throws: before the work, if two outputs have one name or one cannot be created.
  public func run<Check>(
    progress: @escaping @Sendable (Int) -> Void = { _ in }, written: () -> Void = {},
    check: ((_ job: ConversionJob, _ output: String) throws -> Check)?
  ) throws -> [Result<ConversionJob.Outcome<Check>, any Error>] {
    if jobs.count > 1 { try requireSeparateOutputs() }
    let receipts = try jobs.map { job in try job.receiptPath.map { try SideOutput($0, of: job.plan) } }
    let results = execute(progress)
    if results.contains(where: { (try? $0.get()) != nil }) { written() }
    var inputs: Receipt.InputDigests?
    return jobs.indices.map { index in
      Result {
        let job = jobs[index], errors = ErrorSummary(try results[index].get(), budget: jobs[index].budget)
        if let receipt = receipts[index] {
          let digests = try inputs ?? Receipt.InputDigests(job.plan, threads: job.threads)
          inputs = digests
          try job.write(receipt, errors, digests)
        }
        return ConversionJob.Outcome(errors: errors, check: try check?(job, job.plan.openablePath))
      }
    }
  }

  /// Makes all outputs; of each its errors, or why it was not written.
  private func execute(_ progress: @escaping @Sendable (Int) -> Void) -> [Result<[TensorOutcome], any Error>] {
    if jobs.count == 1 { return [Result { try jobs[0].execute(progress: progress) }] }
    return Executor.run(
      jobs.map(\.plan), threads: jobs.first?.threads ?? 1, detail: jobs.first?.detail ?? .sums,
      acceptance: { try jobs[$0].accept($1) }, progress: progress)
  }

  /// Throws unless all outputs have names of their own, and those that are files can be created.
  private func requireSeparateOutputs() throws {
    let folders = jobs.filter { $0.plan.target == .folder }.map(\.plan.destination)
    for (index, folder) in folders.enumerated()
    where folders[..<index].contains(where: { OutputFolder.isSameEntry($0, folder) }) {
      throw FileError.isOtherOutput(path: folder)
    }
    let files = jobs.filter { $0.plan.target != .folder }
    let paths = files.flatMap { $0.plan.files.map(\.path) } + jobs.compactMap(\.receiptPath)
    guard let plan = files.first?.plan else { return }
    try AtomicFile.requireWritable(
      paths, overwrite: plan.overwrite, apartFrom: plan.source.checkpoint.storedFiles)
  }
}
