import Tensors

/// A matrix, or a stack of them, of codes that are floats, with scales: `value = code · scale`, one float32 product.
protocol FloatCodeComposition: TensorComposition {
  var code: FloatCode { get }
  var scales: MatrixScales { get }
}

extension FloatCodeComposition {
  var candidateFormats: [StorageFormat] { FloatCode.scalarFormats }

  func isExact(in format: StorageFormat, from reader: any StoredTensorReader) throws -> Bool {
    if let blocks = blocks(in: format) { return try blocks.isExact(from: reader) }
    return try scales.allSatisfy(from: reader) { code.isExact(times: $0, in: format) }
  }
}
