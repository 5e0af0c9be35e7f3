import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// A reference's weights after an honest encoding in the storage formats of a candidate: what these formats cost.
struct EncodedWeights: WeightSource {
  let reference: ModelWeights
  let hyperparameters: Hyperparameters
  /// Format and row length of every tensor that the candidate stores with loss.
  private let encodings: [TensorPlace: (format: StorageFormat, width: Int)]

  /// Nil if a format of the candidate has no encoder.
  init?(_ reference: ModelWeights, like candidate: Model) {
    self.reference = reference
    hyperparameters = reference.hyperparameters
    var encodings: [TensorPlace: (format: StorageFormat, width: Int)] = [:]
    for place in candidate.places {
      guard let format = candidate.tensor(place)?.descriptor.format,
        let original = reference.model.valueFormat(place),
        !format.holdsEveryValue(of: original), let width = reference.shape(of: place)?.last,
        width % format.elementsPerBlock == 0
      else { continue }
      guard Codec.canEncode(format) else { return nil }
      encodings[place] = (format, width)
    }
    self.encodings = encodings
  }

  func contains(_ role: TensorRole, layer: Int?, part: Int?) -> Bool {
    reference.contains(role, layer: layer, part: part)
  }

  func readRows(_ role: TensorRole, layer: Int?, part: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    try reference.readRows(role, layer: layer, part: part, rows: rows, into: &values)
    guard let (format, width) = encodings[TensorPlace(role, layer: layer, part: part)],
      let byteCount = format.byteCount(elementCount: rows.count * width), values.count >= rows.count * width
    else { return }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    try encode(values.span.extracting(0..<rows.count * width), format, width, into: &bytes)
    var destination = values.mutableSpan
    try Codec.decode(format, bytes.span.bytes, into: &destination)
  }

  /// Encodes with all columns of equal importance where a format asks for importance.
  private func encode(_ values: Span<Float>, _ format: StorageFormat, _ width: Int, into bytes: inout [UInt8]) throws {
    var destination = bytes.mutableSpan
    if Codec.requiresImportance(format) {
      let importance = [Float](repeating: 1, count: width)
      try Codec.encode(format, values, importance: importance.span, into: &destination)
    } else {
      try Codec.encode(format, values, into: &destination)
    }
  }
}
