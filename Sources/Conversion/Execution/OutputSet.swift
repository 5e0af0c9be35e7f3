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
  /// The parts that bytes are copied from; nil if they are copied from the input.
  private let partFiles: [any ByteSource]?
  /// The errors of encoding, a report for each job that makes values.
  private let reports: Mutex<[EncodingReport?]>
  /// Folders that were made for the output.
  private let folders: CreatedFolders
  private let lock: FolderLock?

  /// What fills the files.
  enum Content {
    /// The input, by new temporaries.
    case input
    /// The input, by temporaries that an interrupted run leaves; jobs are within these parts.
    case kept([PlanPart])
    /// The parts that were made of it, each in a file; those that were written in place are in temporaries of a kind.
    case parts([PlanPart], [any ByteSource], unfinished: String?)
  }

  /// Creates the temporaries, shares blocks with the input where possible, reserves space and writes the headers.
  ///
  /// - Throws: if that fails; nothing is left then.
  init(_ plan: ConversionPlan, of content: Content = .input, progress: (Int) -> Void) throws {
    let folders = CreatedFolders()
    let opened: (lock: FolderLock?, files: [AtomicFile], jobs: [Job])
    do {
      opened = try Self.open(plan, content, folders, progress)
    } catch {
      folders.release()
      throw error
    }
    self.plan = plan
    self.folders = folders
    partFiles = content.partFiles
    (lock, files, jobs) = opened
    reports = Mutex([EncodingReport?](repeating: nil, count: opened.jobs.count))
  }

  private static func open(
    _ plan: ConversionPlan, _ content: Content, _ folders: CreatedFolders, _ progress: (Int) -> Void
  ) throws -> (FolderLock?, [AtomicFile], [Job]) {
    for folder in plan.folders { try folders.create(folder) }
    let lock = plan.target == .folder ? try FolderLock(plan.destination, whenTaken: .refuse) : nil
    let inputs = content.partFiles ?? plan.source.checkpoint.files
    var files: [AtomicFile] = [], copies: [[FileCopyRange]] = []
    for (index, file) in plan.files.enumerated() {
      let output =
        try content.unfinished.map { try AtomicFile(continuing: file.path, as: $0, overwrite: plan.overwrite) }
        ?? AtomicFile(file.path, overwrite: plan.overwrite)
      files.append(output)
      copies.append(
        try plan.prepare(file, output, content.copies(in: file, at: index), of: inputs, progress: progress))
    }
    if case .parts = content { return (lock, files, plan.copyJobs(copies)) }
    return (lock, files, plan.jobs(copies))
  }

  /// Whether every file is written at its offsets in any order: none is compressed, none is an archive.
  var isPlain: Bool { plan.files.allSatisfy { $0.compressionLevel == nil && $0.archive == nil } }

  /// Copies bytes of an input.
  func copy(_ range: FileCopyRange, to output: some PositionalOutput) throws(FileError) {
    let input = (partFiles ?? plan.source.checkpoint.files)[range.inputIndex]
    try output.copy(input, from: range.sourceOffset, count: range.byteCount, to: range.targetOffset)
  }

  /// Keeps the errors of the job of this index.
  func note(_ report: EncodingReport?, of job: Int) { reports.withLock { $0[job] = report } }

  /// Judges the errors and gives all files their names; called after all jobs are done.
  ///
  /// - Parameters:
  ///   - outcomes: the errors of every tensor; nil for those that were noted.
  ///   - acceptance: judges the errors before any file gets its name; its errors are rethrown.
  /// - Returns: the errors of every tensor.
  /// - Throws: if a value cannot be stored, an input changed meanwhile, or the files cannot be finished.
  func finish(
    _ outcomes: [TensorOutcome]? = nil, _ acceptance: ([TensorOutcome]) throws -> Void
  ) throws -> [TensorOutcome] {
    let outcomes = outcomes ?? self.outcomes
    try plan.requireStorable(outcomes)
    try acceptance(outcomes)
    for file in partFiles ?? [] { try file.requireUnchanged() }
    try plan.requireUnchangedInputs()

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
    var sums = TensorReports(plan)
    for (job, report) in zip(jobs, reports.withLock { $0 }) {
      if case .slab(let slab) = job.work { sums.add(report, to: slab.tensorIndex, in: job.fileIndex) }
    }
    return sums.outcomes(of: plan)
  }
}

extension OutputSet.Content {
  /// The kind of the temporaries that an earlier run left; nil for new ones.
  fileprivate var unfinished: String? {
    switch self {
    case .input: nil
    case .kept: AtomicFile.resumedKind
    case .parts(_, _, let unfinished): unfinished
    }
  }

  fileprivate var partFiles: [any ByteSource]? { if case .parts(_, let files, _) = self { files } else { nil } }

  /// The ranges of the inputs that a file has unchanged.
  fileprivate func copies(in file: PlannedFile, at index: Int) -> [FileCopyRange] {
    switch self {
    case .input: file.copyRanges
    case .kept(let parts): parts.flatMap { $0.copies(of: file, at: index) }
    case .parts(let parts, _, _):
      parts.enumerated().flatMap { number, part in
        part.pieces.filter { $0.fileIndex == index }.map { piece in
          FileCopyRange(
            inputIndex: number, sourceOffset: piece.partOffset, targetOffset: piece.range.lowerBound,
            byteCount: piece.range.count)
        }
      }
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
