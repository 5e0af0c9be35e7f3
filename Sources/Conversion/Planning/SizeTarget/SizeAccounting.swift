/// The bytes that count towards a target: with padding and headers in a file, without in bits per weight.
struct SizeAccounting {
  let target: SizeTarget
  /// The bytes that the target allows.
  let limit: Int
  /// The bytes that remain for the undecided matrices.
  let room: Int
  private let fixedByteCount: Int
  private let alignment: Int
  private let parameterCount: Int

  /// Counts the bytes of `plan`, in which the undecided matrices of `draft` have their present formats.
  init(_ plan: ConversionPlan, _ draft: PlanDraft, target: SizeTarget) {
    self.target = target
    let alignmentInFile = plan.source.checkpoint.metadata["general.alignment"]?.integer ?? 32
    parameterCount = plan.tensors.reduce(0) { $0 + $1.shape.elementCount }
    switch target {
    case .fileBytes(let count):
      alignment = max(1, alignmentInFile)
      limit = count
    case .bitsPerWeight(let bits):
      alignment = 1
      limit = Int(exactly: (bits * Double(parameterCount) / 8).rounded(.down)) ?? .max
    }
    let alignment = alignment
    let free = draft.tensors.filter(\.isUndecided)
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

  /// The target that leaves `room` bytes for the undecided matrices.
  func target(withRoom room: Int) -> SizeTarget {
    let byteCount = fixedByteCount + room
    return switch target {
    case .fileBytes: .fileBytes(byteCount)
    case .bitsPerWeight:
      .bitsPerWeight((Double(byteCount * 8) / Double(max(1, parameterCount)) * 1000).rounded(.up) / 1000)
    }
  }
}
