import Architectures
import Bytes
import Quantization
import Tensors

/// Reads the rows of a stored tensor as another file would have it, from wherever a model holds the same numbers.
///
/// The rows are gathered by their canonical place: each row asked for is a row of a canonical tensor, which stands in
/// some row (or column) of a tensor of the model. Memory holds what is asked for and nothing else.
public struct RowReader: Sendable {
  /// How rows fall into the tensor that is asked for.
  public struct Geometry: Hashable, Sendable {
    /// The number of rows.
    public let rowCount: Int
    /// Elements of one row.
    public let rowElementCount: Int
  }

  /// The layout that is asked for.
  public let layout: StoredLayout
  /// The storage format of what is read: that of the sources, or F32 where numbers are decoded on the way.
  public let format: StorageFormat
  /// The tensors that hold the numbers.
  public let sources: [MappedTensor]
  /// The rows that are asked for. A vector whose elements move has a row for each of them.
  public let geometry: Geometry
  /// `format`, or where adapters change the numbers the storage format that the model has them in without.
  public let storedFormat: StorageFormat
  /// Bytes of one row in `format`; 0 where rows do not fill whole blocks, which only `isCopy` allows.
  public let rowByteCount: Int
  /// Whether the tensor is stored just so, and its bytes can be taken as they are.
  public let isCopy: Bool

  /// Whether rows are read as columns or columns as rows, their bytes as they are; that is cheapest for many at once.
  public var isTransposed: Bool {
    !isDecoding && (layout.transposedBlockCount != nil || sources.contains { $0.layout.transposedBlockCount != nil })
  }

  /// Where the rows of each component and part stand, part by part.
  let routes: [RowOrigin]
  let checkpoint: Checkpoint
  /// Whether numbers are decoded: where formats differ, values change, or blocks would be cut.
  let isDecoding: Bool
  /// What adapters add to the rows of each route; empty lists for nothing.
  let updates: [[LoRAUpdate]]

  /// Rows of one canonical tensor in one of the sources.
  struct RowOrigin: Hashable, Sendable {
    let source: Int, component: Int, instance: Int
  }

  /// A reader of a tensor with this layout.
  ///
  /// - Throws: if the model lacks one of the canonical tensors, their storage format is not known, or rows do not fill
  ///   whole blocks.
  public init(_ model: Model, _ layout: StoredLayout, layer: Int?, instance: Int?) throws(TensorProblem) {
    var sources: [MappedTensor] = []
    var indices: [Int: Int] = [:]
    var routes: [RowOrigin] = []
    var updates: [[LoRAUpdate]] = []
    for stacked in 0..<(layout.instanceCount ?? 1) {
      for component in layout.components {
        let slot = TensorSlot(component.role, layer: layer, instance: layout.instanceCount == nil ? instance : stacked)
        guard let found = model.location(slot) else {
          throw TensorProblem(TensorName("\(slot)"), .missing(role: component.role))
        }
        let source = indices[found.tensorIndex] ?? sources.count
        if source == sources.count {
          sources.append(model.tensors[found.tensorIndex])
          indices[found.tensorIndex] = source
        }
        let stored = sources[source].layout.components[found.component]
        guard stored.rowCount == component.rowCount, sources[source].layout.columnCount == layout.columnCount else {
          throw TensorProblem(
            sources[source].descriptor,
            .wrongElementCount(
              found: stored.rowCount * sources[source].layout.columnCount,
              expected: component.rowCount * layout.columnCount))
        }
        routes.append(RowOrigin(source: source, component: found.component, instance: found.instance))
        updates.append(model.updates[slot] ?? [])
      }
    }
    let changed =
      sources.contains { model.replacedFormats[$0.descriptor.name] != nil } || updates.contains { !$0.isEmpty }
    let before = Set(sources.map { model.replacedFormats[$0.descriptor.name] ?? $0.descriptor.format })
    try self.init(
      model.checkpoint, layout, sources, routes, updates,
      storedFormat: changed && before.count == 1 ? before.first ?? nil : nil)
  }

  /// A reader of a stored tensor as it is, whatever it is for.
  ///
  /// - Throws: if its storage format is not known.
  public init(_ checkpoint: Checkpoint, asStored tensor: TensorDescriptor, _ slot: TensorSlot) throws(TensorProblem) {
    let component = StoredLayout.Component(role: slot.role, rowCount: tensor.shape.rowCount)
    let layout: StoredLayout
    do throws(LayoutError) {
      layout = try StoredLayout(
        components: [component], columnCount: tensor.shape.rowElementCount, shape: tensor.shape)
    } catch {
      throw TensorProblem(tensor, TensorProblem.Reason(error))
    }
    let source = MappedTensor(
      descriptor: tensor, ruleIndex: 0, layout: layout, layer: slot.layer, instance: slot.instance)
    try self.init(checkpoint, layout, [source], [RowOrigin(source: 0, component: 0, instance: 0)])
  }

  private init(
    _ checkpoint: Checkpoint, _ layout: StoredLayout, _ sources: [MappedTensor], _ routes: [RowOrigin],
    _ updates: [[LoRAUpdate]] = [[]], storedFormat: StorageFormat? = nil
  ) throws(TensorProblem) {
    var formats: Set<StorageFormat> = []
    for source in sources {
      guard let format = source.descriptor.format else {
        throw TensorProblem(source.descriptor, .unknownFormat(source.descriptor.declaredFormat.description))
      }
      formats.insert(format)
    }
    let hasUpdates = updates.contains { !$0.isEmpty }
    let isCopy = sources.count == 1 && sources[0].layout.hasSameRows(as: layout) && !hasUpdates
    var isDecoding = formats.count > 1 || hasUpdates
    for (index, route) in routes.enumerated() where !isCopy {
      let source = sources[route.source].layout
      let target = layout.components[index % layout.components.count]
      let isTransposed = source.transposedBlockCount != nil || layout.transposedBlockCount != nil
      if source.components[route.component].addend != target.addend { isDecoding = true }
      if isTransposed, formats.contains(where: { $0.elementsPerBlock > 1 }) { isDecoding = true }
    }
    let format = isDecoding ? .f32 : formats.first ?? .f32
    geometry = Geometry(rowCount: layout.storedRowCount, rowElementCount: layout.storedRowElementCount)
    let rowByteCount = format.byteCount(elementCount: geometry.rowElementCount)
    guard rowByteCount != nil || isCopy else {
      throw TensorProblem(
        sources[0].descriptor, .rowsAreNotWholeBlocks(format: format, rowElementCount: geometry.rowElementCount))
    }
    self.checkpoint = checkpoint
    self.layout = layout
    self.sources = sources
    self.routes = routes
    self.updates = updates
    self.format = format
    self.storedFormat = storedFormat ?? format
    self.rowByteCount = rowByteCount ?? 0
    self.isCopy = isCopy
    self.isDecoding = isDecoding
  }

  /// Whether adapters change any of the numbers.
  public var hasUpdates: Bool { updates.contains { !$0.isEmpty } }

  /// The file that holds a tensor.
  public func file(of tensor: TensorDescriptor) -> any ByteSource { checkpoint.files[tensor.fileIndex] }
}

extension StoredLayout {
  /// Whether the same numbers stand at the same places, whatever the extents are called.
  func hasSameRows(as other: StoredLayout) -> Bool {
    components == other.components && columnCount == other.columnCount && groupCount == other.groupCount
      && (instanceCount ?? 1) == (other.instanceCount ?? 1) && transposedBlockCount == other.transposedBlockCount
  }
}
