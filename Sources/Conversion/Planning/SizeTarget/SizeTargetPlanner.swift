import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// Plans a quantization whose result keeps to a size: measures every matrix in every format, then chooses.
public struct SizeTargetPlanner {
  private let model: Model
  private let request: ConversionRequest
  private let target: SizeTarget

  /// The plan of quantizing `model` to `target`, as `request` asks otherwise; its options and overrides come first.
  ///
  /// - Parameter progress: is told of each tensor that was measured, from any thread.
  /// - Throws: as `Planner.plan`; if rows cannot be read or hold numbers that are not finite; if the target is too small.
  public static func plan(
    _ model: Model, _ request: ConversionRequest, target: SizeTarget, threads: Int = Parallel.coreCount,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> ConversionPlan {
    let planner = SizeTargetPlanner(model: model, request: request, target: target)
    return try planner.plan(threads: threads, progress: progress)
  }

  private func plan(threads: Int, progress: @escaping @Sendable (Int) -> Void) throws -> ConversionPlan {
    let open = try plan(.undecided)
    let free = open.tensors.filter { $0.rule == FormatAllocation.undecidedRule }
    let measurement = try FormatErrors(free, of: model, threads: threads, progress: progress)
    let size = SizeAccounting(open, target: target)
    let items = measurement.matrices.map { matrix in
      matrix.candidates.map {
        FormatKnapsack.Choice(
          byteCount: size.padded($0.byteCount), cost: Sensitivity.cost($0.error, factor: matrix.factor))
      }
    }
    let smallest = FormatKnapsack.minimumByteCount(items)
    guard smallest <= size.room else { throw tooSmall(size, smallest) }
    let allocator = FormatKnapsack(items, limit: size.room)
    let matrices = zip(measurement.matrices, allocator.picks).map { SizeTargetReport.Matrix($0, pick: $1) }

    var plan = try plan(FormatAllocation(matrices, fileType: fileType(open, matrices)))
    plan.sizeTarget = SizeTargetReport(
      target: target, limit: size.limit, byteCount: SizeAccounting.byteCount(plan, target), matrices: matrices,
      weightedError: allocator.cost, lowerBound: allocator.lowerBound,
      usesImportance: free.contains { $0.importance != nil })
    return plan
  }

  private func plan(_ allocation: FormatAllocation) throws -> ConversionPlan {
    var request = request
    request.type = .recipe(allocation.recipe)
    request.recipeOptions.allocation = allocation
    return try Planner.plan(model, request)
  }

  private func tooSmall(_ size: SizeAccounting, _ smallest: Int) -> any IngotError {
    LocatedError(
      path: model.checkpoint.path,
      fact: TargetTooSmall(target: target, smallest: size.target(withRoom: smallest)))
  }

  /// The number of the format that most parameters have.
  private func fileType(_ open: ConversionPlan, _ matrices: [SizeTargetReport.Matrix]) -> UInt32 {
    let chosen = Dictionary(uniqueKeysWithValues: matrices.map { ($0.name, $0.choice.format) })
    var counts: [StorageFormat: Int] = [:]
    for tensor in open.tensors { counts[chosen[tensor.name] ?? tensor.format, default: 0] += tensor.shape.elementCount }
    let most = counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }
    return GGUFFileType.number(of: most?.key ?? .f32)
  }
}

/// How bytes count towards a target: with padding and headers in a file, without in bits per weight.
struct SizeAccounting {
  /// What the target allows.
  let limit: Int
  /// What it leaves for the matrices that are free.
  let room: Int
  private let target: SizeTarget
  private let fixedByteCount: Int
  private let alignment: Int
  private let parameterCount: Int

  /// The account of a plan in which the free matrices have any format.
  init(_ plan: ConversionPlan, target: SizeTarget) {
    self.target = target
    let stated = plan.source.checkpoint.metadata["general.alignment"]?.integer ?? 32
    parameterCount = plan.tensors.reduce(0) { $0 + $1.shape.elementCount }
    switch target {
    case .fileBytes(let count):
      alignment = max(1, stated)
      limit = count
    case .bitsPerWeight(let bits):
      alignment = 1
      limit = Int(exactly: (bits * Double(parameterCount) / 8).rounded(.down)) ?? .max
    }
    let alignment = alignment
    let free = plan.tensors.filter { $0.rule == FormatAllocation.undecidedRule }
    fixedByteCount = Self.byteCount(plan, target) - free.reduce(0) { $0 + Self.padded($1.byteCount, alignment) }
    room = limit - fixedByteCount
  }

  /// The bytes of a plan that count.
  static func byteCount(_ plan: ConversionPlan, _ target: SizeTarget) -> Int {
    switch target {
    case .fileBytes: plan.byteCount
    case .bitsPerWeight: plan.tensors.reduce(0) { $0 + $1.byteCount }
    }
  }

  /// The bytes that count for a matrix of `byteCount`.
  func padded(_ byteCount: Int) -> Int { Self.padded(byteCount, alignment) }

  private static func padded(_ byteCount: Int, _ alignment: Int) -> Int {
    (byteCount + alignment - 1) / alignment * alignment
  }

  /// The target that leaves `room` for the free matrices.
  func target(withRoom room: Int) -> SizeTarget {
    let byteCount = fixedByteCount + room
    return switch target {
    case .fileBytes: .fileBytes(byteCount)
    case .bitsPerWeight:
      .bitsPerWeight((Double(byteCount * 8) / Double(max(1, parameterCount)) * 1000).rounded(.up) / 1000)
    }
  }
}

/// A size that no choice of formats reaches.
struct TargetTooSmall: IngotError {
  let target: SizeTarget
  let smallest: SizeTarget
  var category: ErrorCategory { .usage }
  var description: String { "cannot have \(target): the smallest possible is \(smallest)" }
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

extension FormatAllocation {
  fileprivate init(_ matrices: [SizeTargetReport.Matrix], fileType: UInt32) {
    choices = Dictionary(
      uniqueKeysWithValues: matrices.map { ($0.name, Recipe.Choice(format: $0.choice.format, rule: $0.rule)) })
    self.fileType = fileType
  }
}
