import Architectures
import Tensors

/// The tensor of a GGUF to which the columns of each canonical matrix belong, for measured activations.
public struct ImatrixColumns: Sendable {
  /// The columns of one matrix.
  public struct Columns: Sendable {
    /// The tensor's name in a GGUF.
    public let name: TensorName
    /// The columns of the matrix.
    public let count: Int
    /// The index of the expert in its stack and the count of the stack; 0 of 1 for a matrix on its own.
    public let expert: Int, expertCount: Int
    /// How often a GGUF lists the same columns: once, or once a head if each head has a matrix.
    public let repetitionCount: Int
    /// Their order in a GGUF.
    public let order: RowOrder

    /// Values of columns in the canonical order, in that of a GGUF.
    public func ordered<Value>(_ values: [Value]) -> [Value] {
      ColumnMoves(count: values.count, from: .canonical, to: order)?.moved(values) ?? values
    }
  }

  private var columns: [TensorSlot: Columns] = [:]

  /// Finds the tensors of `model`, in any container.
  ///
  /// Where a tensor has several matrices, such as queries, keys and values, they have the same input, and only the first
  /// has columns here. A tensor that a GGUF stores transposed has none: its columns are another matrix's rows.
  public init(_ model: Model) {
    for stored in model.storedInGGUF where stored.layout.transposedBlockCount == nil {
      let layout = stored.layout
      let expertCount = layout.instanceCount ?? 1
      let (repetitionCount, remainder) = layout.shape.columnCountOfAllExperts.quotientAndRemainder(
        dividingBy: max(1, layout.columnCount * expertCount))
      guard layout.columnCount > 0, remainder == 0, repetitionCount > 0 else { continue }
      for expert in 0..<expertCount {
        let instance = layout.instanceCount == nil ? stored.instance : expert
        columns[TensorSlot(layout.components[0].role, layer: stored.layer, instance: instance)] = Columns(
          name: stored.name, count: layout.columnCount, expert: expert, expertCount: expertCount,
          repetitionCount: repetitionCount, order: layout.columnOrder)
      }
    }
  }

  /// The columns of the matrix at `slot`.
  public subscript(slot: TensorSlot) -> Columns? { columns[slot] }

  /// The columns of each tensor of a GGUF, those of its first matrix.
  public var byName: [TensorName: Columns] {
    Dictionary(columns.values.map { ($0.name, $0) }, uniquingKeysWith: { $0.expert <= $1.expert ? $0 : $1 })
  }
}

extension Model {
  /// A stored tensor as a GGUF has it.
  public struct GGUFTensorMapping: Sendable {
    /// Its name.
    public let name: TensorName
    /// The canonical rows that it contains, in order.
    public let layout: StoredLayout
    /// The layer, and the instance in its name.
    public let layer: Int?, instance: Int?
  }

  /// The mapped tensors, with the names and layouts of a GGUF.
  public var storedInGGUF: [GGUFTensorMapping] {
    if facts.usesGGUFNames {
      return tensors.map {
        GGUFTensorMapping(name: $0.descriptor.name, layout: $0.layout, layer: $0.layer, instance: $0.instance)
      }
    }
    guard let scheme = definition.scheme("gguf") else { return [] }
    let placesByRole = Dictionary(grouping: slots, by: \.role)
    return definition.storedRules(in: scheme).flatMap { rule -> [GGUFTensorMapping] in
      var seen: Set<TensorSlot> = []
      return (placesByRole[rule.roles[0]] ?? []).compactMap { slot in
        // One name is for all instances unless it states one.
        let stored = TensorSlot(slot.role, layer: slot.layer, instance: rule.isPerInstance ? slot.instance : nil)
        guard seen.insert(stored).inserted,
          let layout = try? definition.layout(
            of: rule, hyperparameters, layer: slot.layer, found: canonicalLayout(slot)?.shape)
        else { return nil }
        return GGUFTensorMapping(
          name: rule.name(layer: stored.layer, instance: stored.instance), layout: layout,
          layer: stored.layer,
          instance: stored.instance)
      }
    }
  }
}
