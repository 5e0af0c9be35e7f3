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
  ///   - digested: receives the bytes digested for the receipt since the last call, on any thread.
  ///   - check: compares the output at this path with the source; it is called last.
  /// - Throws: `BudgetExceeded` with all errors if they exceed the budget; as `Executor.run`; if the receipt cannot be
  ///   written, which is tried before the conversion.
  public func run<Check>(
    progress: @escaping @Sendable (Int) -> Void = { _ in }, written: () -> Void = {},
    digested: @escaping @Sendable (Int) -> Void = { _ in },
    check: ((_ output: String) throws -> Check)?
  ) throws -> Outcome<Check> {
    let receipt = try receiptPath.map { try SideOutput($0, of: plan) }
    let budget = budget
    let outcomes = try Executor.run(
      plan, threads: threads, detail: detail,
      acceptance: { try ErrorSummary($0, budget: budget).requireAcceptable(for: plan.destination) }, progress: progress)
    written()
    let errors = ErrorSummary(outcomes, budget: budget)
    if let receipt {
      let record = Receipt(plan: plan, errors: errors, options: arguments, version: ToolInfo.version)
      try receipt.write(try record.json(threads: threads, progress: digested).encoded(.indented))
    }
    return Outcome(errors: errors, check: try check?(plan.openablePath))
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
