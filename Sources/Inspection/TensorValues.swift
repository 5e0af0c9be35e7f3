import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// A tensor of a checkpoint that is read decoded, as stored or in the canonical layout.
///
/// It has rows of the last dimension: of shape `[2, 3, 4]` six rows of four columns; a vector is one row.
public struct TensorValues: Sendable {
  /// The layout of the values.
  public enum Layout: String, Sendable {
    /// As the file has it.
    case stored
    /// Hugging Face's, rows moved back where the naming scheme moved them.
    case canonical
  }

  public let path: String
  public let name: TensorName
  public let layout: Layout
  public let shape: Shape
  /// The storage format, or the encoding of a composition.
  public let format: String
  /// Whether values need more than float32.
  public let isWide: Bool
  /// I64 or U64, whose values are integers that float64 may not have; nil for other formats.
  public let integers: StorageFormat?

  private let reader: RowReader

  /// The values read and decoded at a time.
  private static let slabElementCount = 1 << 20

  /// The number of rows: all dimensions but the last, multiplied.
  public var rowCount: Int { shape.rank > 1 ? shape.rowCount : 1 }
  /// The number of columns: the last dimension.
  public var columnCount: Int { shape.rowElementCount }

  /// Finds the tensor called `name`: a name in the file, a canonical (Hugging Face) name, or a slot in words such as
  /// `layer 0 attention query`.
  ///
  /// - Throws: if there is none, or its storage format is unknown.
  public init(_ report: CheckpointReport, named name: String) throws {
    path = report.checkpoint.path
    do throws(TensorProblem) {
      guard let found = try Self.find(report, TensorName(name)) else {
        throw TensorProblem(TensorName(name), .unmapped(scheme: ""))
      }
      self.name = found.name
      layout = found.layout
      shape = found.shape
      reader = found.reader
    } catch {
      guard case .unmapped = error.reason else { throw LocatedError(path: path, reason: error) }
      throw AbsentTensorName(path: path, name: name, known: Self.names(report))
    }
    let source = reader.sources[0].descriptor
    format = reader.sources.count == 1 ? source.encoding : reader.format.name
    integers = source.format == .i64 || source.format == .u64 ? source.format : nil
    isWide = reader.sources.contains { $0.descriptor.format?.isWiderThanFloat32 == true }
  }

  private typealias Found = (name: TensorName, layout: Layout, shape: Shape, reader: RowReader)

  private static func find(_ report: CheckpointReport, _ name: TensorName) throws(TensorProblem) -> Found? {
    var model: Model?
    if case .model(let known) = report.recognition { model = known }
    let checkpoint = model?.checkpoint ?? report.checkpoint
    if let tensor = checkpoint.tensor(name) ?? checkpoint.stored.first(where: { $0.name == name }) {
      let slot = TensorSlot(named: tensor.name)
      return (tensor.name, .stored, tensor.shape, try RowReader(checkpoint, asStored: tensor, slot))
    }
    guard let model else { return nil }
    for slot in model.slots {
      let canonical = model.definition.canonicalName(of: slot)
      guard canonical == name || slot.description == name.text, let layout = model.canonicalLayout(slot) else {
        continue
      }
      let reader = try RowReader(model, layout, layer: slot.layer, instance: slot.instance)
      return (canonical, .canonical, layout.shape, reader)
    }
    return nil
  }

  private static func names(_ report: CheckpointReport) -> [String] {
    guard case .model(let model) = report.recognition else { return report.checkpoint.stored.map(\.name.text) }
    return model.checkpoint.stored.map(\.name.text) + model.slots.map { model.definition.canonicalName(of: $0).text }
  }

  /// Reads some columns of some rows, a part at a time, in order.
  ///
  /// - Parameter body: receives the values of whole rows, one row after the other.
  public func read(rows: Range<Int>, columns: Range<Int>, _ body: ([ExactValue]) throws -> Void) throws {
    let width = columnCount
    guard width > 0, !columns.isEmpty else { return }
    var buffers = RowBuffers()
    let step = max(1, Self.slabElementCount / width)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
      let slab = first..<min(rows.upperBound, first + step)
      // The reader's rows may be shorter: a vector whose elements move has a row for each.
      let readerWidth = max(1, reader.geometry.rowElementCount)
      let start = slab.lowerBound * width, end = slab.upperBound * width
      let read = start / readerWidth..<(end + readerWidth - 1) / readerWidth
      try reader.rows.readValues(read, into: &buffers)
      let offset = start - read.lowerBound * readerWidth
      var values: [ExactValue] = []
      values.reserveCapacity(slab.count * columns.count)
      for row in slab.indices {
        let rowStart = offset + (row - slab.lowerBound) * width
        for column in columns { values.append(buffers.values.exact(rowStart + column)) }
      }
      try body(values)
    }
    for file in reader.sources.map({ reader.file(of: $0.descriptor) }) { try file.requireUnchanged() }
  }
}

/// A tensor that was asked for and is not there.
public struct AbsentTensorName: IngotError {
  public let path: String
  public let name: String
  /// The names that are there.
  let known: [String]

  private static let shownCount = 3

  public var category: ErrorCategory { .input }
  public var description: String { "\(path.escapedForDisplay): has no tensor \(name.quoted)\(hint)" }

  private var hint: String {
    if let nearest = name.nearest(among: known) { return " (did you mean \(nearest.quoted)?)" }
    let containing = name.isEmpty ? [] : known.filter { $0.contains(name) }
    guard !containing.isEmpty else { return " (ingot inspect lists them)" }
    let rest = containing.count - Self.shownCount
    return " (\(containing.prefix(Self.shownCount).map(\.quoted).joined(separator: ", "))"
      + (rest > 0 ? " and \(rest.grouped) more contain it)" : ")")
  }
}

extension TensorValues {
  /// The values as documented in `docs/json.md`.
  public func json(rows: Range<Int>, columns: Range<Int>) throws -> JSON {
    var matrix: [JSON] = []
    try read(rows: rows, columns: columns) { values in
      for start in stride(from: 0, to: values.count, by: columns.count) {
        matrix.append(.array(values[start..<start + columns.count].map { json($0) }))
      }
    }
    return .members([
      "schema": .string("ingot.tensor/1"), "path": .string(path), "name": .string(name.text),
      "layout": .string(layout.rawValue), "format": .string(format),
      "shape": .array(shape.dimensions.map { .integer($0) }),
      "rows": .array([.integer(rows.lowerBound), .integer(rows.upperBound)]),
      "columns": .array([.integer(columns.lowerBound), .integer(columns.upperBound)]),
      "values": .array(matrix),
    ])
  }

  private func json(_ value: ExactValue) -> JSON {
    guard isWide else { return Float(value.value).json }
    return value.integer.map { .integer($0) } ?? (value.value.isFinite ? .real(value.value) : .null)
  }
}
