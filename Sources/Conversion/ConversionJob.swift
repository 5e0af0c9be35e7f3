import Bytes
import Quantization

/// A conversion from its plan to its receipt: executes the plan, compares the errors with a budget, writes the receipt and
/// has the output checked.
public struct ConversionJob: Sendable {
  /// The plan.
  public let plan: ConversionPlan
  /// The error limits of every tensor, beyond which nothing is written; nil for none.
  public var budget: EncodingBudget?
  /// The detail of the errors that are recorded.
  public var detail = EncodingReport.Detail.sums
  /// The path of the receipt; nil for none.
  public var receiptPath: String?
  /// The command's arguments, as the receipt records them.
  public var arguments: [String] = []
  /// Threads that convert and digest.
  public var threads = Parallel.coreCount

  /// How the output is made.
  public enum Execution: Sendable {
    /// In one run.
    case whole
    /// In one run that another can continue; the plan is that of the parts.
    case resumed(ConversionParts)
    /// From parts that others have made.
    case assembled(ConversionParts, PartFolder)
  }

  /// How the output of a single job is made.
  public var execution = Execution.whole

  public init(_ plan: ConversionPlan) { self.plan = plan }

  /// The outcome of a job.
  public struct Outcome<Check> {
    /// The errors of encoding, by format and tensor.
    public let errors: ErrorSummary
    /// The result of the check of the output; nil without one.
    public let check: Check?
  }

  /// Does the whole job.
  ///
  /// - Parameters:
  ///   - progress: receives the bytes of output done since the last call, on any thread.
  ///   - written: is called when all outputs have their final names, before they are digested and checked.
  ///   - check: compares the output at this path with the source; it is called last.
  /// - Throws: `BudgetExceeded` with all errors if they exceed the budget; as `Executor.run`; if the receipt cannot be
  ///   written, which is tried before the conversion.
  public func run<Check>(
    progress: @escaping @Sendable (Int) -> Void = { _ in }, written: () -> Void = {},
    check: ((_ output: String) throws -> Check)?
  ) throws -> Outcome<Check> {
    try ConversionBatch([self]).run(
      progress: progress, written: written, check: check.map { check in { try check($1) } })[0]
      .get()
  }

  /// Makes the output; returns the errors of every tensor.
  func execute(progress: @escaping @Sendable (Int) -> Void) throws -> [TensorOutcome] {
    switch execution {
    case .whole: try Executor.run(plan, threads: threads, detail: detail, acceptance: accept, progress: progress)
    case .resumed(let parts):
      try parts.resume(
        threads: threads, detail: detail, acceptance: accept, progress: progress)
    case .assembled(let parts, let folder):
      try parts.assemble(
        from: folder, threads: threads, detail: detail, acceptance: accept, progress: progress)
    }
  }

  /// Throws the errors that exceed the budget.
  func accept(_ outcomes: [TensorOutcome]) throws(BudgetExceeded) {
    try ErrorSummary(outcomes, budget: budget).requireAcceptable(for: plan.destination)
  }

  /// Writes the receipt of a finished conversion.
  func write(_ receipt: SideOutput, _ errors: ErrorSummary, _ inputs: Receipt.InputDigests) throws {
    let record = Receipt(plan: plan, errors: errors, options: arguments, version: ToolInfo.version)
    try receipt.write(try record.json(inputs, threads: threads).encoded(.indented))
  }
}

/// A file that is written after a conversion, whose path is tried before.
struct SideOutput {
  private let path: String
  private let overwrite: OverwritePolicy
  /// The open file; nil if its folder is made by the conversion.
  private let file: AtomicFile?

  /// - Throws: if `path` is an input or an output of the conversion, exists, or cannot be created.
  init(_ path: String, of plan: ConversionPlan) throws {
    self.path = path
    overwrite = plan.overwrite
    try plan.requireSeparate(path)
    try AtomicFile.requireFree(path, overwrite: overwrite)
    let folder = Path.folder(of: path)
    guard !OutputFolder(folder).exists else {
      file = try AtomicFile(path, overwrite: overwrite)
      return
    }
    guard folder == Path.folder(of: Path.join(plan.destination, "receipt")) else {
      throw FileError.cannotCreate(path: path, errno: .noSuchFileOrDirectory)
    }
    file = nil
  }

  func write(_ bytes: [UInt8]) throws {
    guard let file else { return try AtomicFile.write(bytes, to: path, overwrite: overwrite) }
    try file.write(bytes, at: 0)
    try AtomicFile.commit([file])
  }
}
