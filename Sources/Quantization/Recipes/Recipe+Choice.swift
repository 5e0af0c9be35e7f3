import Tensors

extension Recipe {
  /// The format of a matrix; nil if the recipe keeps each tensor's own.
  public func choice(for matrix: MatrixFacts, in model: ModelFacts) -> Choice? {
    guard let format else { return nil }
    guard format.isQuantized else { return Choice(format: format, rule: "\(name): default") }
    if matrix.kind == .output || (matrix.kind == .tokenEmbedding && model.tiesEmbeddings) {
      return outputChoice(format, matrix)
    }
    let rule = (Self.commonRules + rules).first { $0.kind == matrix.kind && $0.condition.holds(for: matrix, in: model) }
    let reason = rule.map { "\($0.kind.rawValue) \($0.condition)" } ?? "default"
    let choice = Choice(format: rule?.format ?? format, rule: "\(name): \(reason)")
    // Eight query heads share a value head there, so that better values cost little.
    if model.isSeventyBillion, matrix.kind == .attentionValue, [.q3_K, .q4_K].contains(choice.format) {
      return Choice(format: .q5_K, rule: "\(name): attention value of a 70B model")
    }
    return choice
  }

  /// Errors of the output matrix reach the logits directly, so it gets six bits or more.
  private func outputChoice(_ format: StorageFormat, _ matrix: MatrixFacts) -> Choice {
    let fits = matrix.rowElementCount % format.elementsPerBlock == 0
    let chosen: StorageFormat = format == .q8_0 || !fits ? .q8_0 : .q6_K
    let isShared = matrix.kind == .tokenEmbedding
    return Choice(format: chosen, rule: "\(name): " + (isShared ? "token embedding that is the output" : "output"))
  }
}

extension Recipe.Condition: CustomStringConvertible {
  func holds(for matrix: Recipe.MatrixFacts, in model: Recipe.ModelFacts) -> Bool {
    let position = matrix.position, eighth = matrix.count / 8
    return switch self {
    case .always: true
    case .firstLayers(let count): position < count
    case .firstPart(let partCount): position < matrix.count / partCount
    case .sensitiveLayers:
      position < eighth || position >= 7 * matrix.count / 8 || (position - eighth) % 3 == 2
    case .sharedHeads(let count): model.headsPerKeyValueHead >= count
    case .experts(let count): model.expertCount == count
    }
  }

  var description: String {
    switch self {
    case .always: "in every layer"
    case .firstLayers(let count): "in the first \(count) layers"
    case .firstPart(let partCount): "in the first 1/\(partCount) of the layers"
    case .sensitiveLayers: "in the outer eighths and every third layer"
    case .sharedHeads(let count): "shared by \(count) or more heads"
    case .experts(let count): "beside \(count) experts"
    }
  }
}
