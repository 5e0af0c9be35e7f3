import Bytes
import Models
import Quantization
import Tensors

/// The formats that a size target chooses: every undecided matrix is measured in every format, then the combination with
/// the least total error at that size is chosen.
struct SizeAllocation {
  /// The formats by the names in the output.
  let choices: [TensorName: Recipe.Choice]

  private let size: SizeAccounting
  private let matrices: [SizeTargetReport.Matrix]
  private let knapsack: FormatKnapsack
  private let usesImportance: Bool

  /// Measures the undecided matrices of `draft` and chooses their formats.
  ///
  /// - Throws: if rows cannot be read or contain values that are not finite; if the target is too small.
  init(
    _ draft: PlanDraft, within size: SizeAccounting, threads: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    let free = draft.tensors.filter(\.isUndecided)
    let errors = try FormatErrors(
      free, of: draft.model, measured: draft.request.measuredErrors, threads: threads, progress: progress)
    let items = errors.matrices.map { matrix in
      matrix.candidates.map {
        FormatKnapsack.Choice(
          byteCount: size.padded($0.byteCount), cost: Sensitivity.cost($0.error, factor: matrix.factor))
      }
    }
    let smallest = FormatKnapsack.minimumByteCount(items)
    guard smallest <= size.room else {
      throw LocatedError(
        path: draft.model.checkpoint.path,
        reason: TargetTooSmall(target: size.target, smallest: size.target(withRoom: smallest)))
    }
    let knapsack = FormatKnapsack(items, limit: size.room)
    let matrices = zip(errors.matrices, knapsack.picks).map { SizeTargetReport.Matrix($0, pick: $1) }
    self.size = size
    self.knapsack = knapsack
    self.matrices = matrices
    usesImportance = free.contains { $0.importance != nil }
    choices = Dictionary(
      uniqueKeysWithValues: matrices.map { ($0.name, Recipe.Choice(format: $0.choice.format, rule: $0.rule)) })
  }

  /// Returns the choice of formats of `plan`.
  func report(of plan: ConversionPlan) -> SizeTargetReport {
    SizeTargetReport(
      target: size.target, limit: size.limit, byteCount: SizeAccounting.byteCount(plan, size.target),
      matrices: matrices, weightedError: knapsack.cost, lowerBound: knapsack.lowerBound, usesImportance: usesImportance)
  }
}

/// A size that no choice of formats reaches.
struct TargetTooSmall: IngotError {
  let target: SizeTarget
  let smallest: SizeTarget
  var category: ErrorCategory { .usage }
  var description: String { "target \(target) is too small: the smallest possible is \(smallest)" }
}

extension SizeTargetReport.Matrix {
  fileprivate init(_ matrix: FormatErrors.Matrix, pick: Int) {
    name = matrix.tensor.name
    factor = matrix.factor
    measuredRowCount = matrix.rowCount
    rowCount = matrix.tensor.shape.rowCount
    candidates = matrix.candidates
    choice = matrix.candidates[pick]
  }
}
