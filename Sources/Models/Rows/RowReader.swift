import Architectures
import Bytes
import Quantization
import Tensors

/// Reads the rows of a tensor as another file would store it, from whichever tensors of a model contain its values.
///
/// Each row is a row of a canonical tensor, which some row (or column) of a stored tensor contains.
public struct RowReader: Sendable {
  /// The rows of the tensor that is asked for. A vector whose elements move has a row for each of them.
  public struct Geometry: Hashable, Sendable {
    public let rowCount: Int
    public let rowElementCount: Int
  }

  /// The layout that is asked for.
  public let layout: StoredLayout
  /// The stored tensors that contain the values.
  public let sources: [MappedTensor]
  public let geometry: Geometry
  /// Reads the rows.
  public let rows: any RowSource
  /// The storage format that an output keeps: that of the sources, also where adapters change their values; F32 where
  /// they have several.
  public let keptFormat: StorageFormat

  let map: RowMap
  let checkpoint: Checkpoint

  /// The storage format of the rows that are read: that of the bytes, or F32 for decoded values.
  public var format: StorageFormat { rows.format ?? .f32 }

  /// Whether the tensor is stored in this layout, so that its bytes can be copied.
  public var isStoredAsIs: Bool { rows is StoredRows }

  /// Whether rows are those of one stored tensor or composition, in order.
  public var hasStoredRows: Bool { isStoredAsIs || rows is ComposedRows }

  /// Whether some of the values are encoded by several stored tensors together.
  public var isComposed: Bool { sources.contains { $0.descriptor.composition != nil } }

  /// Whether adapters change the values, and how in words.
  public let isAdapted: Bool
  let updateWords: [String]

  /// A reader of a tensor with this layout.
  ///
  /// - Throws: if the model lacks one of the canonical tensors, a storage format is unknown, or rows are not whole
  ///   blocks.
  public init(_ model: Model, _ layout: StoredLayout, layer: Int?, instance: Int?) throws(TensorProblem) {
    var sources: [MappedTensor] = []
    var indices: [Int: Int] = [:]
    var origins: [RowOrigin] = []
    var adaptations: [Adaptation] = []
    for stacked in 0..<(layout.instanceCount ?? 1) {
      for component in layout.components {
        let slot = TensorSlot(
          component.role, layer: layer, instance: layout.instanceCount == nil ? instance : stacked)
        guard let found = model.location(slot) else {
          let name = TensorName("\(slot)")
          guard model.definition.rule(component.role)?.unusedReason != nil,
            let zeros = MappedTensor(zeros: component, columnCount: layout.columnCount, name, slot)
          else { throw TensorProblem(name, .missing(role: component.role)) }
          origins.append(RowOrigin(source: sources.count, component: 0, instance: 0))
          adaptations.append(Adaptation())
          sources.append(zeros)
          continue
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
        origins.append(RowOrigin(source: source, component: found.component, instance: found.instance))
        adaptations.append(found.adaptation)
      }
    }
    try self.init(model.checkpoint, RowMap(layout: layout, sources: sources, origins: origins), adaptations)
  }

  /// A reader of a stored tensor as it is.
  ///
  /// - Throws: if its storage format is unknown.
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
    let map = RowMap(
      layout: layout, sources: [source], origins: [RowOrigin(source: 0, component: 0, instance: 0)])
    try self.init(checkpoint, map, [Adaptation()])
  }

  /// - Parameter adaptations: what adapters change in the rows of each origin.
  private init(_ checkpoint: Checkpoint, _ map: RowMap, _ adaptations: [Adaptation]) throws(TensorProblem) {
    geometry = Geometry(rowCount: map.layout.storedRowCount, rowElementCount: map.layout.storedRowElementCount)
    let stored = map.sources[0].layout.columnOrder
    guard map.sources.allSatisfy({ $0.layout.columnOrder == stored }) else {
      throw TensorProblem(map.sources[0].descriptor, TensorProblem.Reason(.invalidShape))
    }
    let base = try map.orderingColumns(stored).rowSource(checkpoint, geometry)
    func reordered(_ rows: any RowSource, from order: RowOrder, to wanted: RowOrder) -> any RowSource {
      ColumnMoves(count: map.layout.columnCount, from: order, to: wanted)
        .map { ReorderedColumns(base: rows, columns: $0) } ?? rows
    }
    let updates = adaptations.map(\.updates)
    isAdapted = !updates.allSatisfy { $0.isEmpty }
    if isAdapted {
      // Updates are of canonical columns.
      let adapted = AdaptedRows(
        base: reordered(base, from: stored, to: .canonical), map: map, updates: updates, checkpoint: checkpoint)
      updateWords = adapted.words
      rows = reordered(adapted, from: .canonical, to: map.layout.columnOrder)
    } else {
      updateWords = []
      rows = reordered(base, from: stored, to: map.layout.columnOrder)
    }
    layout = map.layout
    sources = map.sources
    self.map = map
    self.checkpoint = checkpoint
    // What adapters change keeps the format that the model has it in.
    let formats = zip(map.origins, adaptations).map { origin, adaptation in
      adaptation.formatBefore ?? map.sources[origin.source].descriptor.format
    }
    let kept = adaptations.contains { !$0.isEmpty } && Set(formats).count == 1 ? formats[0] : nil
    keptFormat = kept ?? rows.format ?? .f32
  }

  /// A reader of a part of the tensor that `whole` reads.
  ///
  /// - Throws: if it has not so many rows.
  public init(_ part: TensorPart, of whole: RowReader) throws(TensorProblem) {
    let rows = try PartRows(whole.rows, part, whole.geometry, whole.sources)
    layout = whole.layout
    sources = whole.sources
    geometry = Geometry(rowCount: part.rowCount, rowElementCount: rows.columns.count)
    self.rows = rows
    keptFormat = whole.keptFormat
    map = whole.map
    isAdapted = whole.isAdapted
    updateWords = whole.updateWords
    checkpoint = whole.checkpoint
  }

  /// The bytes of files that contain `rows`, or more: whole stored tensors where rows are gathered or decoded.
  ///
  /// Nil if adapters change the rows, with tensors that are not among the sources.
  public func byteRanges(of rows: Range<Int>) -> [ByteRange]? {
    guard !isAdapted else { return nil }
    if let stored = self.rows as? StoredRows { return [stored.byteRange(of: rows)] }
    return map.sourceIndices(of: rows).flatMap { sources[$0].descriptor.storedRanges }
  }

  /// The file that contains a tensor.
  public func file(of tensor: TensorDescriptor) -> any ByteSource { checkpoint.files[tensor.fileIndex] }
}

extension TensorDescriptor {
  /// The bytes of all stored tensors that it is made of.
  fileprivate var storedRanges: [ByteRange] {
    byteRange.map { [$0] } ?? composition?.sources.flatMap(\.storedRanges) ?? []
  }
}

extension RowMap {
  /// The sources that contain rows of the wanted tensor, or of the same instances.
  fileprivate func sourceIndices(of rows: Range<Int>) -> [Int] {
    let instanceCount = layout.instanceCount ?? 1
    let rowsPerInstance = layout.storedRowCount / max(1, instanceCount)
    guard instanceCount > 1, rowsPerInstance > 0, !rows.isEmpty else { return Array(sources.indices) }
    let first = rows.lowerBound / rowsPerInstance, last = (rows.upperBound - 1) / rowsPerInstance
    let count = layout.components.count
    let indices = origins[min(first * count, origins.count)..<min((last + 1) * count, origins.count)].map(\.source)
    return Set(indices).sorted()
  }

  /// The cheapest way to read the rows.
  fileprivate func rowSource(
    _ checkpoint: Checkpoint, _ geometry: RowReader.Geometry
  ) throws(TensorProblem) -> any RowSource {
    var formats: Set<StorageFormat> = []
    for source in sources {
      guard let format = source.descriptor.format else {
        throw TensorProblem(source.descriptor, .unknownFormat(source.descriptor.declaredFormat.description))
      }
      formats.insert(format)
    }
    if sources.count == 1, sources[0].layout.hasSameRows(as: layout) {
      return asStored(sources[0].descriptor, checkpoint, geometry)
    }
    let isDecoded =
      formats.count > 1 || changesValues || cutsBlocks(of: formats)
      || sources.contains { $0.descriptor.composition != nil }
    let format = isDecoded ? nil : formats.first
    if let format, format.byteCount(elementCount: geometry.rowElementCount) == nil {
      throw TensorProblem(
        sources[0].descriptor, .rowsAreNotWholeBlocks(format: format, rowElementCount: geometry.rowElementCount))
    }
    let gatherer = RowGatherer(checkpoint: checkpoint, map: self, format: format)
    return transposedBlockCount == nil
      ? GatheredRows(gatherer: gatherer)
      : TransposedRows(gatherer: gatherer, rowElementCount: geometry.rowElementCount)
  }

  private func asStored(
    _ tensor: TensorDescriptor, _ checkpoint: Checkpoint, _ geometry: RowReader.Geometry
  ) -> any RowSource {
    let width = geometry.rowElementCount
    switch tensor.contents {
    case .composed(let composition):
      return ComposedRows(checkpoint: checkpoint, composition: composition, rowElementCount: width)
    case .bytes(let declared, let range):
      let format = declared.format ?? .f32
      return StoredRows(
        checkpoint: checkpoint, tensor: tensor, range: range, storageFormat: format, rowElementCount: width,
        rowByteCount: format.byteCount(elementCount: width) ?? 0)
    }
  }

  private var changesValues: Bool { origins.indices.contains { !change($0).isNothing } }

  /// Whether a transpose would cut blocks.
  private func cutsBlocks(of formats: Set<StorageFormat>) -> Bool {
    let transposes = layout.transposedBlockCount != nil || sources.contains { $0.layout.transposedBlockCount != nil }
    return transposes && formats.contains { $0.elementsPerBlock > 1 }
  }
}

extension StoredLayout {
  /// Whether both have the same values at the same offsets; dimensions may differ.
  func hasSameRows(as other: StoredLayout) -> Bool {
    components == other.components && columnCount == other.columnCount && groupCount == other.groupCount
      && (instanceCount ?? 1) == (other.instanceCount ?? 1) && transposedBlockCount == other.transposedBlockCount
      && columnOrder == other.columnOrder
  }
}
