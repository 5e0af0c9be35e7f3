import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// The files of one plan while they are written: temporaries, the jobs that fill them in, and what encoding cost.
final class OutputSet: Sendable {
  let plan: ConversionPlan
  /// The files with tensors, in the order of the plan.
  let files: [AtomicFile]
  /// In the order of files and offsets.
  let jobs: [Job]
  /// The errors of encoding, a report for each job that makes values.
  private let reports: Mutex<[EncodingReport?]>
  /// Folders that were made for the output.
  private let folders: CreatedFolders
  private let lock: FolderLock?

  /// Creates the temporaries, shares blocks with the input where possible, reserves space and writes the headers.
  ///
  /// - Throws: if that fails; nothing is left then.
  init(_ plan: ConversionPlan, progress: (Int) -> Void) throws {
    let folders = CreatedFolders()
    let opened: (lock: FolderLock?, files: [AtomicFile], jobs: [Job])
    do {
      opened = try Self.open(plan, folders, progress)
    } catch {
      folders.release()
      throw error
    }
    self.plan = plan
    self.folders = folders
    (lock, files, jobs) = opened
    reports = Mutex([EncodingReport?](repeating: nil, count: opened.jobs.count))
  }

  private static func open(
    _ plan: ConversionPlan, _ folders: CreatedFolders, _ progress: (Int) -> Void
  ) throws -> (FolderLock?, [AtomicFile], [Job]) {
    for folder in plan.folders { try folders.create(folder) }
    let lock = plan.target == .folder ? try FolderLock(plan.destination, whenTaken: .refuse) : nil
    var files: [AtomicFile] = [], copies: [[FileCopyRange]] = []
    for file in plan.files {
      files.append(try AtomicFile(file.path, overwrite: plan.overwrite))
      copies.append(try plan.prepare(file, files[files.count - 1], progress: progress))
    }
    return (lock, files, plan.jobs(copies))
  }

  /// Whether every file is written at its offsets in any order: none is compressed, none is an archive.
  var isPlain: Bool { plan.files.allSatisfy { $0.compressionLevel == nil && $0.archive == nil } }

  /// The slab of a job, and `output` for its file.
  func target(_ slab: Slab, of job: Job, to output: any PositionalOutput) -> SlabTarget {
    SlabTarget(slab: slab, tensor: plan.files[job.fileIndex].tensors[slab.tensorIndex], output: output)
  }

  /// Copies bytes of an input.
  func copy(_ range: FileCopyRange, to output: some PositionalOutput) throws(FileError) {
    let input = plan.source.checkpoint.files[range.inputIndex]
    try output.copy(input, from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
  }

  /// Keeps the errors of the job of this index.
  func note(_ report: EncodingReport?, of job: Int) { reports.withLock { $0[job] = report } }

  /// Judges the errors and gives all files their names; called after all jobs are done.
  ///
  /// - Parameter acceptance: judges the errors before any file gets its name; its errors are rethrown.
  /// - Returns: the errors of every tensor.
  /// - Throws: if a value cannot be stored, an input changed meanwhile, or the files cannot be finished.
  func finish(_ acceptance: ([TensorOutcome]) throws -> Void) throws -> [TensorOutcome] {
    let outcomes = outcomes
    try requireStorable(outcomes)
    try acceptance(outcomes)
    for file in plan.source.checkpoint.files { try file.requireUnchanged() }
    try plan.tensors.lazy.compactMap(\.importance).first?.matrix.requireUnchanged()

    var outputs = files
    defer { for output in outputs { output.discard() } }
    for file in plan.sideFiles { outputs.append(try prepare(file)) }
    try commit(outputs)
    return outcomes
  }

  /// Removes all files that do not have their names, and folders that stayed empty.
  func close() {
    for file in files { file.discard() }
    folders.release()
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
  private var outcomes: [TensorOutcome] {
    var merged = plan.files.map { [EncodingReport?](repeating: nil, count: $0.tensors.count) }
    for (job, report) in zip(jobs, reports.withLock { $0 }) {
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

/// Folders that a conversion made; those that stay empty are removed.
private final class CreatedFolders: Sendable {
  private let paths = Mutex<[String]>([])

  func create(_ path: String) throws(FileError) {
    if try Interrupts.createFolder(path) { paths.withLock { $0.append(path) } }
  }

  func release() {
    for path in paths.withLock({ $0 }).reversed() { Interrupts.releaseFolder(path) }
  }
}
