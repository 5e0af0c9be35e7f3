import Tensors

extension Recipe {
  /// The format of a matrix; nil if the recipe keeps the formats of all tensors.
  public func choice(for matrix: MatrixContext, in model: ModelContext) -> Choice? {
    guard let format else { return nil }
    guard format.isQuantized else { return Choice(format: format, rule: "\(name): default") }
    if matrix.kind == .output || (matrix.kind == .tokenEmbedding && model.tiesEmbeddings) {
      return outputChoice(format, matrix, in: model)
    }
    let rule = rules.first { $0.applies(to: matrix, in: model) }
    let choice = Choice(format: rule?.format ?? format, rule: "\(name): \(rule?.description ?? "default")")
    // Eight query heads share one value head in these models, so that better values take little space.
    let isLow = choice.format == .q3_K || choice.format == .q4_K
    if raisesSeventyBillion, model.isLlama70B, matrix.kind == .attentionValue, isLow {
      return Choice(format: .q5_K, rule: "\(name): attention value of a 70B model")
    }
    return choice
  }

  /// Whether a matrix of this kind can only become `format` with an importance matrix.
  ///
  /// The token embedding and the output matrix do not require one: nothing is measured for them.
  public func requiresImportance(_ format: StorageFormat, for kind: Kind) -> Bool {
    kind.isMeasured && formatsNeedingImportance.contains(format)
  }

  /// Whether a matrix of this kind can only become `format` with an importance matrix in any recipe.
  public static func requiresImportanceAlways(_ format: StorageFormat, for kind: Kind) -> Bool {
    kind.isMeasured && formatsNeedingImportance.contains(format)
  }

  /// Errors of the output matrix reach the logits directly, so it gets five bits or more.
  private func outputChoice(_ format: StorageFormat, _ matrix: MatrixContext, in model: ModelContext) -> Choice {
    let fits = matrix.rowElementCount % format.elementsPerBlock == 0
    let isShared = matrix.kind == .tokenEmbedding
    return Choice(
      format: fits && !model.isFalcon ? outputFormat : .q8_0,
      rule: "\(name): " + (isShared ? "tied token embedding" : "output"))
  }
}

extension Recipe.Kind {
  /// Whether importance is measured for matrices of this kind.
  fileprivate var isMeasured: Bool { self != .tokenEmbedding && self != .output }
}

extension Recipe.Rule: CustomStringConvertible {
  func applies(to matrix: Recipe.MatrixContext, in model: Recipe.ModelContext) -> Bool {
    (kind == nil || kind == matrix.kind) && conditions.allSatisfy { $0.holds(for: matrix, in: model) }
  }

  var description: String {
    "\(kind?.rawValue ?? "matrix") \(conditions.map(\.description).joined(separator: ", "))"
  }
}

extension Recipe.Condition: CustomStringConvertible {
  func holds(for matrix: Recipe.MatrixContext, in model: Recipe.ModelContext) -> Bool {
    let position = matrix.position, eighth = matrix.count / 8
    return switch self {
    case .always: true
    case .firstLayers(let count): position < count
    case .firstPart(let instanceCount): position < matrix.count / instanceCount
    case .firstMatrices(let instanceCount): matrix.ordinal < matrix.count / instanceCount
    case .innerLayers: position >= eighth && position < 7 * matrix.count / 8
    case .sensitiveLayers:
      position < eighth || position >= 7 * matrix.count / 8 || (position - eighth) % 3 == 2
    case .sharedHeads(let count): model.headsPerKeyValueHead >= count
    case .experts(let count): model.expertCount == count
    case .expertsOrMore(let count): model.expertCount >= count
    case .single: matrix.stackedCount <= 1
    case .falcon: model.isFalcon
    case .withImportance: model.hasImportance
    case .withoutImportance: !model.hasImportance
    }
  }

  var description: String {
    switch self {
    case .always: "in every layer"
    case .firstLayers(let count): "in the first \(count) layers"
    case .firstPart(let instanceCount): "in the first 1/\(instanceCount) of the layers"
    case .firstMatrices(let instanceCount): "among as many as the first 1/\(instanceCount) of the layers"
    case .innerLayers: "between the outer eighths of the layers"
    case .sensitiveLayers: "in the outer eighths and every third layer"
    case .sharedHeads(let count): "shared by \(count) or more heads"
    case .experts(let count): "in a mixture of \(count) experts"
    case .expertsOrMore(let count): "in a mixture of \(count) or more experts"
    case .single: "not stacked by expert"
    case .falcon: "of Falcon"
    case .withImportance: "with an importance matrix"
    case .withoutImportance: "without an importance matrix"
    }
  }
}
