import Tensors

/// The order of canonical rows in one stored tensor.
///
/// Canonical tensors are matrices `[out, in]`, one for each role, layer and instance. A stored tensor has their rows in this
/// order, which `logical row` counts:
///
///     for each instance (experts; only when stacked)
///       for each of `groupCount` groups
///         for each component: its share of rows, in its own row order
///
/// With one group the components follow each other. A transposed tensor has the logical rows as columns.
public struct StoredLayout: Hashable, Sendable {
  /// The rows of one canonical tensor.
  public struct Component: Hashable, Sendable {
    /// The role of the canonical tensor.
    public let role: TensorRole
    /// Its rows, of each instance.
    public let rowCount: Int
    /// In which order they are stored.
    public let order: RowOrder
    /// What is stored instead of canonical values.
    public let form: ValueForm

    /// Creates a component.
    public init(role: TensorRole, rowCount: Int, order: RowOrder = .canonical, form: ValueForm = .canonical) {
      self.role = role
      self.rowCount = rowCount
      self.order = order
      self.form = form
    }
  }

  /// The canonical tensors, in order.
  public private(set) var components: [Component]
  /// Elements of a canonical row.
  public let columnCount: Int
  /// The order of the elements of a canonical row.
  public private(set) var columnOrder: RowOrder
  /// Groups that each have an equal share of every component.
  public let groupCount: Int
  /// The instances that are stacked; nil if the tensor has one.
  public let instanceCount: Int?
  /// The number of blocks of logical rows that are each stored as columns: 1 for a transposed matrix; nil for none.
  public let transposedBlockCount: Int?
  /// The dimensions in the file.
  public let shape: Shape

  /// The logical rows of one instance.
  public let partRowCount: Int
  /// The first row of each component within a group.
  private let starts: [Int]

  /// No model has so many experts; a number beyond is a mistake that must not become a list.
  static let maximumPartCount = 1 << 16

  /// Creates a layout and checks that its rows, groups and shape agree.
  ///
  /// - Parameter shape: the dimensions in the file; nil for those that follow from the rest.
  public init(
    components: [Component], columnCount: Int, groupCount: Int = 1, instanceCount: Int? = nil,
    transposedBlockCount: Int? = nil, shape: Shape? = nil, isVector: Bool = false,
    columnOrder: RowOrder = .canonical
  ) throws(LayoutError) {
    var starts: [Int] = []
    var (partRowCount, groupRowCount) = (0, 0)
    guard groupCount > 0, columnCount >= 0, (0...Self.maximumPartCount).contains(instanceCount ?? 0) else {
      throw .invalidShape
    }
    for component in components {
      guard component.rowCount >= 0 else { throw .invalidShape }
      try component.order.requireFit(rowCount: component.rowCount)
      guard component.rowCount % groupCount == 0 else {
        throw .rowsDoNotSplitIntoGroups(rowCount: component.rowCount, groupCount: groupCount)
      }
      starts.append(groupRowCount)
      let (sum, overflow) = partRowCount.addingReportingOverflow(component.rowCount)
      guard !overflow else { throw .invalidShape }
      partRowCount = sum
      groupRowCount += component.rowCount / groupCount
    }
    if let blocks = transposedBlockCount {
      guard blocks > 0, partRowCount % blocks == 0 else {
        throw .rowsDoNotSplitIntoGroups(rowCount: partRowCount, groupCount: blocks)
      }
    }
    try columnOrder.requireFit(rowCount: columnCount)
    // No scheme stores a transposed matrix with columns in another order.
    guard columnOrder == .canonical || transposedBlockCount == nil else { throw .invalidShape }
    let canonical = Self.naturalDimensions(
      rows: partRowCount, columns: columnCount, instances: instanceCount, blocks: transposedBlockCount,
      isVector: isVector)
    guard let canonical = Shape(canonical), shape == nil || shape?.elementCount == canonical.elementCount else {
      throw .invalidShape
    }
    self.components = components
    self.columnCount = columnCount
    self.columnOrder = columnOrder
    self.groupCount = groupCount
    self.instanceCount = instanceCount
    self.transposedBlockCount = transposedBlockCount
    self.shape = shape ?? canonical
    self.partRowCount = partRowCount
    self.starts = starts
  }

  private static func naturalDimensions(
    rows: Int, columns: Int, instances: Int?, blocks: Int?, isVector: Bool
  ) -> [Int] {
    let stack = instances.map { [$0] } ?? []
    if isVector { return stack + [columns == 1 ? rows : columns] }
    guard let blocks else { return stack + [rows, columns] }
    return stack + (blocks > 1 ? [blocks] : []) + [columns, rows / blocks]
  }

  /// The same layout with its columns in another order, which fits them.
  public func orderingColumns(_ order: RowOrder) -> StoredLayout {
    var layout = self
    layout.columnOrder = order
    return layout
  }

  /// The same layout with values in another form.
  public func storing(_ form: ValueForm) -> StoredLayout {
    var layout = self
    layout.components = components.map {
      Component(role: $0.role, rowCount: $0.rowCount, order: $0.order, form: form)
    }
    return layout
  }

  /// All logical rows.
  public var logicalRowCount: Int { partRowCount * (instanceCount ?? 1) }
  /// The elements of one instance.
  public var partElementCount: Int { partRowCount * columnCount }

  /// Rows of the stored tensor, and the elements of one: the logical rows, or for transposed blocks their columns.
  public var storedRowCount: Int {
    guard let transposedBlockCount else { return logicalRowCount }
    return transposedBlockCount * (instanceCount ?? 1) * columnCount
  }
  public var storedRowElementCount: Int { transposedBlockCount.map { partRowCount / $0 } ?? columnCount }

  /// A row of a canonical tensor.
  public struct CanonicalRow: Hashable, Sendable {
    /// The index of the component.
    public let component: Int
    /// The instance; 0 if the tensor has one.
    public let instance: Int
    /// The row of the component.
    public let row: Int

    /// Row `row` of instance `instance` of a component.
    public init(component: Int, instance: Int, row: Int) {
      self.component = component
      self.instance = instance
      self.row = row
    }
  }

  /// The canonical row in logical row `row`.
  public func canonicalRow(ofLogical row: Int) -> CanonicalRow {
    let (instance, inPart) = row.quotientAndRemainder(dividingBy: partRowCount)
    let (group, inGroup) = inPart.quotientAndRemainder(dividingBy: partRowCount / groupCount)
    var index = components.count - 1
    while index > 0, starts[index] > inGroup || components[index].rowCount == 0 { index -= 1 }
    let component = components[index]
    let ordered = group * (component.rowCount / groupCount) + inGroup - starts[index]
    return CanonicalRow(
      component: index, instance: instance,
      row: component.order.canonicalRow(ofStored: ordered, rowCount: component.rowCount))
  }

  /// The logical row of a canonical row: the inverse of `canonicalRow(ofLogical:)`.
  public func logicalRow(of row: CanonicalRow) -> Int {
    let component = components[row.component]
    let ordered = component.order.storedRow(ofCanonical: row.row, rowCount: component.rowCount)
    let share = component.rowCount / groupCount
    let (group, inside) = ordered.quotientAndRemainder(dividingBy: share)
    return row.instance * partRowCount + group * (partRowCount / groupCount) + starts[row.component] + inside
  }

  /// The first logical row of a component of one instance, if its rows are contiguous.
  public func firstLogicalRow(ofComponent component: Int, instance: Int) -> Int {
    instance * partRowCount + starts[component]
  }
}
