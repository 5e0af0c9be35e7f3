import Bytes
import Models
import Quantization
import Tensors

/// Carries out a plan: reads, transforms, encodes and writes each byte once, on all cores, with bounded memory.
///
/// The plan gives the offset of every slab in the output, so threads write slabs in any order, and the
/// output does not depend on their number. A compressed output is made some megabytes at a time (`Executor+Running.swift`). A thread has one slab of the input, its values and its encoding.
public struct Executor {
  /// Bytes that are passed on unchanged in one go.
  static let copyByteCount = 64 << 20
  /// The same for an output that is compressed, which has them in memory.
  static let packedCopyByteCount = 4 << 20

  let plan: ConversionPlan
  let threadCount: Int
  let detail: EncodingReport.Detail
  private let acceptance: ([TensorOutcome]) throws -> Void
  let progress: @Sendable (Int) -> Void

  /// Carries out `plan` and returns the errors of every tensor.
  ///
  /// - Parameters:
  ///   - detail: which errors of encoding are recorded.
  ///   - acceptance: judges the errors before any file gets its final name; its errors are rethrown.
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  /// - Throws: when reading or writing fails, a value cannot be stored, or an input changed meanwhile. Nothing is left
  ///   under the final names then, and no temporary.
  @discardableResult
  public static func run(
    _ plan: ConversionPlan, threads threadCount: Int = Parallel.coreCount, detail: EncodingReport.Detail = .sums,
    acceptance: @escaping ([TensorOutcome]) throws -> Void = { _ in },
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorOutcome] {
    try Executor(
      plan: plan, threadCount: threadCount, detail: detail, acceptance: acceptance, progress: progress
    ).run()
  }

  private func run() throws -> [TensorOutcome] {
    guard plan.target == .folder else { return try writeFiles() }
    var created: [String] = []
    defer { for folder in created.reversed() { Interrupts.releaseFolder(folder) } }
    for folder in plan.folders where try Interrupts.createFolder(folder) { created.append(folder) }
    let lock = try FolderLock(plan.destination, whenTaken: .refuse)
    return try withExtendedLifetime(lock) { try writeFiles() }
  }

  private func writeFiles() throws -> [TensorOutcome] {
    var outputs: [AtomicFile] = []
    defer { for output in outputs { output.discard() } }
    var copies: [[FileCopyRange]] = []
    for file in plan.files {
      let output = try AtomicFile(file.path, overwrite: plan.overwrite)
      outputs.append(output)
      copies.append(try prepare(file, output))
    }
    let jobs = self.jobs(copies)
    let outcomes = merge(jobs, try run(jobs, to: outputs))
    try requireStorable(outcomes)
    try acceptance(outcomes)
    for file in plan.source.checkpoint.files { try file.requireUnchanged() }
    try plan.tensors.lazy.compactMap(\.importance).first?.matrix.requireUnchanged()

    for file in plan.sideFiles { outputs.append(try prepare(file)) }
    try commit(outputs)
    return outcomes
  }

  /// The index of a set, or the configuration of a folder, is last in the list and makes it complete.
  private func commit(_ outputs: [AtomicFile]) throws {
    // Of a split GGUF, whose folder is not locked all the time, two sets must not mix either.
    let isSplit = plan.target == .gguf && outputs.count > 1
    // Names of folders within the output must not be lost after the file that makes it complete has its own.
    for folder in Set(plan.folders.dropFirst().map { Path.folder(of: $0) }).sorted() {
      try OutputFolder(folder).flush()
    }
    let lock = isSplit ? try FolderLock(Path.folder(of: plan.destination), whenTaken: .wait) : nil
    try withExtendedLifetime(lock) { try AtomicFile.commit(outputs) }
  }

  private func prepare(_ file: SideFile) throws -> AtomicFile {
    let output = try AtomicFile(file.path, overwrite: plan.overwrite)
    switch file.content {
    case .bytes(let bytes): try output.write(bytes, at: 0)
    case .copy(let name, let tree):
      let input = try tree.open(name)
      try output.copy(input, from: 0, count: input.byteCount, to: 0)
      try input.requireUnchanged()
    }
    return output
  }

  /// One report a tensor, its slabs' merged in order so that sums do not depend on the threads.
  private func merge(_ jobs: [Job], _ reports: [EncodingReport?]) -> [TensorOutcome] {
    var merged = plan.files.map { [EncodingReport?](repeating: nil, count: $0.tensors.count) }
    for (job, report) in zip(jobs, reports) {
      guard let report, case .slab(let slab) = job.work else { continue }
      var sum = merged[job.fileIndex][slab.tensorIndex] ?? EncodingReport()
      sum.merge(report)
      merged[job.fileIndex][slab.tensorIndex] = sum
    }
    return zip(plan.files, merged).flatMap { file, reports in
      zip(file.tensors, reports).map { TensorOutcome(tensor: $0, report: $1) }
    }
  }

  /// Every number must be finite, and stored as a finite number.
  private func requireStorable(_ outcomes: [TensorOutcome]) throws {
    let problems = outcomes.compactMap { outcome -> TensorProblem? in
      guard let report = outcome.report, let name = outcome.tensor.sourceName else { return nil }
      func place(_ index: Int) -> (row: Int, column: Int) {
        let (row, column) = index.quotientAndRemainder(dividingBy: max(1, outcome.tensor.shape.rowElementCount))
        return (row, column)
      }
      let format = outcome.tensor.format
      if let index = report.firstNonfiniteIndex {
        return TensorProblem(name, .nonfinite(row: place(index).row, column: place(index).column, format: format))
      }
      return report.firstOverflowIndex.map { index in
        TensorProblem(
          name,
          .overflows(
            count: report.overflowCount, row: place(index).row, column: place(index).column, format: format))
      }
    }
    guard problems.isEmpty else {
      throw ProblemList(problems.map { LocatedError(path: plan.source.checkpoint.path, reason: $0) })
    }
  }
}

/// The outcome of converting one tensor.
public struct TensorOutcome: Sendable {
  /// The tensor.
  public let tensor: PlannedTensor
  /// The errors of encoding; nil where the formats keep every value.
  public let report: EncodingReport?

  /// Collects both.
  public init(tensor: PlannedTensor, report: EncodingReport?) {
    self.tensor = tensor
    self.report = report
  }
}
