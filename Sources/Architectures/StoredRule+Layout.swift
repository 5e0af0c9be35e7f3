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
    if rule.mayBeTurned, let found, let turned = try? layout(of: rule.turned, hyperparameters, layer: layer),
      turned.shape == found
    {
      let usual = try layout(of: rule, hyperparameters, layer: layer)
      return usual.shape == found ? usual : turned
    }
    var components: [StoredLayout.Component] = []
    var columnCount: Int?
    var alone: Shape?
    var columnOrder = RowOrder.canonical
    for (tensor, transforms) in zip(rule.tensors, rule.transforms) {
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
          order: try order(transforms, hyperparameters, layer), form: form(transforms)))
      let columnOrderOfTensor = try self.columnOrder(transforms, hyperparameters, layer)
      guard components.count == 1 || columnOrder == columnOrderOfTensor else { throw .invalidShape }
      columnOrder = columnOrderOfTensor
    }
    let groupCount = try rule.fusionOrder.groups.map { groups throws(LayoutError) in
      try number(groups, hyperparameters, layer)
    }
    var instanceCount: Int?
    if rule.fusionOrder.isStacked {
      guard let instances = rule.tensors[0].instances else { throw .needsNumbers }
      instanceCount = try number(instances, hyperparameters, layer)
    }
    return try StoredLayout(
      components: components, columnCount: columnCount ?? 1, groupCount: groupCount ?? 1, instanceCount: instanceCount,
      transposedBlockCount: try rule.transposedBlocks.map { count throws(LayoutError) in
        try number(count, hyperparameters, layer)
      },
      shape: try rule.shape.map { dimensions throws(LayoutError) in try shape(dimensions, hyperparameters, layer) }
        ?? alone,
      isVector: rule.tensors[0].shape.count == 1, columnOrder: columnOrder)
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
          role: rule.role, rowCount: hasMovingElements ? shape.elementCount : shape.rowCount, order: .canonical)
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
    _ transforms: [TransformRule], _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> RowOrder {
    for transform in transforms {
      switch transform {
      case .rotary(let heads): return .interleaved(headCount: try number(heads, hyperparameters, layer))
      case .separatePairs(let heads, let rotated):
        return .separated(
          headCount: try number(heads, hyperparameters, layer),
          rotatedCount: try number(rotated, hyperparameters, layer))
      case .tiled(let groups, let heads): return try tiled(groups, heads, hyperparameters, layer)
      case .plusOne, .negativeExponential, .tiledColumns, .transpose: continue
      }
    }
    return .canonical
  }

  private func columnOrder(
    _ transforms: [TransformRule], _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> RowOrder {
    for case .tiledColumns(let groups, let heads) in transforms {
      return try tiled(groups, heads, hyperparameters, layer)
    }
    return .canonical
  }

  private func tiled(
    _ groups: Expression, _ heads: Expression, _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> RowOrder {
    try .tiled(groupCount: number(groups, hyperparameters, layer), headCount: number(heads, hyperparameters, layer))
  }

  private func form(_ transforms: [TransformRule]) -> ValueForm {
    if transforms.contains(.plusOne) { return .plus(1) }
    return transforms.contains(.negativeExponential) ? .negativeExponential : .canonical
  }

  private func number(
    _ expression: Expression, _ hyperparameters: HyperparameterSet, _ layer: Int?
  ) throws(LayoutError) -> Int {
    guard let number = expression.integer(hyperparameters, layer: layer) else { throw .needsNumbers }
    return number
  }
}
