import Architectures
import Tensors

/// Rows that no file has and nothing reads, as zeros: those of a position table before the first position.
struct ZeroRows: TensorComposition {
  let shape: Shape
  var sources: [TensorDescriptor] { [] }
  var description: String { "zeros" }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    for index in 0..<min(values.count, rows.count * shape.rowElementCount) { values[index] = 0 }
  }
}

extension MappedTensor {
  /// The rows of `component` as zeros; nil if its shape overflows.
  init?(zeros component: StoredLayout.Component, columnCount: Int, _ name: TensorName, _ slot: TensorSlot) {
    guard let shape = Shape([component.rowCount, columnCount]),
      let layout = try? StoredLayout(
        components: [StoredLayout.Component(role: component.role, rowCount: component.rowCount)],
        columnCount: columnCount)
    else { return nil }
    self.init(
      descriptor: TensorDescriptor(name: name, shape: shape, contents: .composed(ZeroRows(shape: shape))),
      ruleIndex: 0, layout: layout, layer: slot.layer, instance: slot.instance)
  }
}
