import Tensors

extension ArchitectureDefinition {
  /// The layout of `rule` in a model with these hyperparameters.
  ///
  /// - Parameter found: the shape in the file, which is used if hyperparameters are unknown and the tensor is stored separately.
  public func layout(
    of rule: StoredRule, _ hyperparameters: HyperparameterSet, found: Shape? = nil
  ) throws(LayoutError) -> StoredLayout {
    if rule.mayBeTurned, let found, let turned = try? layout(of: rule.turned, hyperparameters), turned.shape == found {
      let usual = try layout(of: rule, hyperparameters)
      return usual.shape == found ? usual : turned
    }
    var components: [StoredLayout.Component] = []
    var columnCount: Int?
    var alone: Shape?
    var columnOrder = RowOrder.canonical
    for (tensor, transforms) in zip(rule.tensors, rule.transforms) {
      let canStandIn = rule.isAlone && rule.transposedBlocks == nil && rule.shape == nil
      guard let shape = try canonicalShape(of: tensor, hyperparameters) ?? (canStandIn ? found : nil) else {
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
          order: try order(transforms, hyperparameters), form: form(transforms)))
      let columnOrderOfTensor = try self.columnOrder(transforms, hyperparameters)
      guard components.count == 1 || columnOrder == columnOrderOfTensor else { throw .invalidShape }
      columnOrder = columnOrderOfTensor
    }
    let groupCount = try rule.fusionOrder.groups.map { groups throws(LayoutError) in
      try number(groups, hyperparameters)
    }
    var instanceCount: Int?
    if rule.fusionOrder.isStacked {
      guard let instances = rule.tensors[0].instances else { throw .needsNumbers }
      instanceCount = try number(instances, hyperparameters)
    }
    return try StoredLayout(
      components: components, columnCount: columnCount ?? 1, groupCount: groupCount ?? 1, instanceCount: instanceCount,
      transposedBlockCount: try rule.transposedBlocks.map { count throws(LayoutError) in
        try number(count, hyperparameters)
      },
      shape: try rule.shape.map { dimensions throws(LayoutError) in try shape(dimensions, hyperparameters) } ?? alone,
      isVector: rule.tensors[0].shape.count == 1, columnOrder: columnOrder)
  }

  /// The shape of a canonical tensor; nil if a hyperparameter is unknown.
  public func canonicalShape(
    of rule: TensorRule, _ hyperparameters: HyperparameterSet
  ) throws(LayoutError) -> Shape? {
    let dimensions = rule.shape.compactMap { $0.integer(hyperparameters) }
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

  private func shape(_ dimensions: [Expression], _ hyperparameters: HyperparameterSet) throws(LayoutError) -> Shape {
    var values: [Int] = []
    for extent in dimensions { values.append(try number(extent, hyperparameters)) }
    guard let shape = Shape(values) else { throw .invalidShape }
    return shape
  }

  private func order(
    _ transforms: [TransformRule], _ hyperparameters: HyperparameterSet
  ) throws(LayoutError) -> RowOrder {
    for transform in transforms {
      switch transform {
      case .rotary(let heads): return .interleaved(headCount: try number(heads, hyperparameters))
      case .separatePairs(let heads, let rotated):
        return .separated(
          headCount: try number(heads, hyperparameters), rotatedCount: try number(rotated, hyperparameters))
      case .tiled(let groups, let heads): return try tiled(groups, heads, hyperparameters)
      case .plusOne, .negativeExponential, .tiledColumns, .transpose: continue
      }
    }
    return .canonical
  }

  private func columnOrder(
    _ transforms: [TransformRule], _ hyperparameters: HyperparameterSet
  ) throws(LayoutError) -> RowOrder {
    for case .tiledColumns(let groups, let heads) in transforms { return try tiled(groups, heads, hyperparameters) }
    return .canonical
  }

  private func tiled(
    _ groups: Expression, _ heads: Expression, _ hyperparameters: HyperparameterSet
  ) throws(LayoutError) -> RowOrder {
    try .tiled(groupCount: number(groups, hyperparameters), headCount: number(heads, hyperparameters))
  }

  private func form(_ transforms: [TransformRule]) -> ValueForm {
    if transforms.contains(.plusOne) { return .plus(1) }
    return transforms.contains(.negativeExponential) ? .negativeExponential : .canonical
  }

  private func number(_ expression: Expression, _ hyperparameters: HyperparameterSet) throws(LayoutError) -> Int {
    guard let number = expression.integer(hyperparameters) else { throw .needsNumbers }
    return number
  }
}
