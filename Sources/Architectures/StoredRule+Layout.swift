import Tensors

extension ArchitectureDefinition {
  /// The layout of `rule` in a model with these hyperparameters.
  ///
  /// - Parameters:
  ///   - layer: its layer, for shapes that differ by layer.
  ///   - found: the shape in the file, which is used if hyperparameters are unknown and the tensor is stored separately.
  public func layout(
    of rule: StoredRule, _ hyperparameters: HyperparameterSet, layer: Int?, found: Shape? = nil
  ) throws(LayoutError) -> StoredLayout {
    var components: [StoredLayout.Component] = []
    var columnCount: Int?
    var alone: Shape?
    for (tensor, transform) in zip(rule.tensors, rule.transforms) {
      let canStandIn = rule.isAlone && rule.transposedBlocks == nil && rule.shape == nil
      guard let shape = try canonicalShape(of: tensor, hyperparameters, layer: layer) ?? (canStandIn ? found : nil)
      else {
        throw .needsNumbers
      }
      if canStandIn { alone = shape }
      let hasMovingElements = shape.rank == 1 && movesElements(of: tensor)
      let columns = hasMovingElements ? 1 : shape.rowElementCount
      guard columnCount == nil || columnCount == columns else { throw .invalidShape }
      columnCount = columns
      components.append(
        StoredLayout.Component(
          role: tensor.role, rowCount: hasMovingElements ? shape.elementCount : shape.rowCount,
          order: try order(transform, hyperparameters, layer), addend: transform == .plusOne ? 1 : 0))
    }
    var (groupCount, instanceCount): (Int, Int?) = (1, nil)
    switch rule.fusionOrder {
    case .concatenated: break
    case .grouped(let count): groupCount = try number(count, hyperparameters, layer)
    case .stacked:
      guard let instances = rule.tensors[0].instances else { throw .needsNumbers }
      instanceCount = try number(instances, hyperparameters, layer)
    }
    return try StoredLayout(
      components: components, columnCount: columnCount ?? 1, groupCount: groupCount, instanceCount: instanceCount,
      transposedBlockCount: try rule.transposedBlocks.map { count throws(LayoutError) in
        try number(count, hyperparameters, layer)
      },
      shape: try rule.shape.map { dimensions throws(LayoutError) in try shape(dimensions, hyperparameters, layer) }
        ?? alone,
      isVector: rule.tensors[0].shape.count == 1)
  }

  /// The shape of a canonical tensor; nil if a hyperparameter is unknown.
  public func canonicalShape(
    of rule: TensorRule, _ hyperparameters: HyperparameterSet, layer: Int?
  ) throws(LayoutError) -> Shape? {
    let dimensions = rule.shape.compactMap { $0.integer(hyperparameters, layer: layer) }
    guard dimensions.count == rule.shape.count, !dimensions.isEmpty else { return nil }
    guard let shape = Shape(dimensions) else { throw .invalidShape }
    return shape
  }

  /// The canonical layout of `rule`: alone, in its own order.
  public func canonicalLayout(of rule: TensorRule, shape: Shape) throws(LayoutError) -> StoredLayout {
    let hasMovingElements = shape.rank == 1 && movesElements(of: rule)
    return try StoredLayout(
      components: [
        StoredLayout.Component(
          role: rule.role, rowCount: hasMovingElements ? shape.elementCount : shape.rowCount, order: .canonical,
          addend: 0
        )
      ], columnCount: hasMovingElements ? 1 : shape.rowElementCount, shape: shape)
  }

  /// The expected shape as a definition spells it, for messages.
  public func shapeWording(_ rule: StoredRule) -> String {
    let own = rule.shape ?? (rule.isAlone ? rule.tensors[0].shape : nil)
    guard let own else { return "the \(rule.roles.map(\.rawValue).joined(separator: ", "))" }
    let dimensions = rule.shape == nil && rule.transposedBlocks != nil ? own.reversed() : own
    return dimensions.map(\.description).joined(separator: " × ")
  }

  private func shape(
    _ dimensions: [Expression], _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> Shape {
    var values: [Int] = []
    for extent in dimensions { values.append(try number(extent, hyperparameters, layer)) }
    guard let shape = Shape(values) else { throw .invalidShape }
    return shape
  }

  private func order(
    _ transform: TransformRule?, _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> RowOrder {
    guard case .rotary(let heads) = transform else { return .canonical }
    return .interleaved(headCount: try number(heads, hyperparameters, layer))
  }

  private func number(
    _ expression: Expression, _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> Int {
    guard let number = expression.integer(hyperparameters, layer: layer) else { throw .needsNumbers }
    return number
  }
}
