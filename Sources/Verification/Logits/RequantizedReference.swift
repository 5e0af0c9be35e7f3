import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// A reference's weights quantized to the storage formats of a candidate: the baseline error of these formats.
struct RequantizedReference: WeightSource {
  let reference: ModelWeights
  let hyperparameters: Hyperparameters
  /// The format and the row length of every tensor that the candidate stores with loss.
  private let encodings: [TensorSlot: (format: StorageFormat, width: Int)]

  /// Returns nil if a format of the candidate has no encoder.
  init?(_ reference: ModelWeights, like candidate: Model) {
    self.reference = reference
    hyperparameters = reference.hyperparameters
    var encodings: [TensorSlot: (format: StorageFormat, width: Int)] = [:]
    for slot in candidate.slots {
      guard let format = candidate.tensor(slot)?.descriptor.format,
        let original = reference.model.valueFormat(slot),
        !format.holdsEveryValue(of: original), let width = reference.shape(of: slot)?.last,
        width % format.elementsPerBlock == 0
      else { continue }
      guard Codec.canEncode(format) else { return nil }
      encodings[slot] = (format, width)
    }
    self.encodings = encodings
  }

  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    reference.contains(role, layer: layer, instance: instance)
  }

  func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    try reference.readRows(role, layer: layer, instance: instance, rows: rows, into: &values)
    guard let (format, width) = encodings[TensorSlot(role, layer: layer, instance: instance)],
      values.count >= rows.count * width
    else { return }
    var encoded: [Float] = []
    try Self.encode(values.span.extracting(0..<rows.count * width), format, width: width, decodingInto: &encoded)
    values.replaceSubrange(0..<rows.count * width, with: encoded)
  }

  /// Encodes whole rows of `width` values and decodes them into the start of `decoded`; columns are weighted equally.
  static func encode(
    _ values: Span<Float>, _ format: StorageFormat, width: Int, decodingInto decoded: inout [Float]
  ) throws(CodecError) {
    var bytes = [UInt8](repeating: 0, count: format.byteCount(elementCount: values.count) ?? 0)
    var stored = bytes.mutableSpan
    if Codec.requiresImportance(format) {
      let importance = [Float](repeating: 1, count: width)
      try Codec.encode(format, values, importance: importance.span, into: &stored)
    } else {
      try Codec.encode(format, values, into: &stored)
    }
    if decoded.count < values.count { decoded = [Float](repeating: 0, count: values.count) }
    var destination = decoded.mutableSpan
    try Codec.decode(format, bytes.span.bytes, into: &destination)
  }
}
