import Tensors

/// The tensor that contains the scales of blocks.
struct ScaleTensor: Hashable, Sendable {
  /// The meaning of its elements.
  enum Coding: Sendable {
    /// Floats, as the storage format says.
    case floats
    /// Bytes b that mean 2^(b − 127), as E8M0 does.
    case exponents
    /// Bytes of E4M3.
    case e4m3
  }

  let tensor: TensorDescriptor
  let coding: Coding

  /// - Parameter bytes: the meaning of integers of a byte.
  /// - Throws: if the storage format is none of scales.
  init(
    _ tensor: TensorDescriptor, of weight: TensorDescriptor, bytes: Coding = .exponents
  ) throws(EncodingError) {
    self.tensor = tensor
    switch tensor.format {
    case .u8, .i8: coding = bytes
    case .f8_e8m0: coding = .exponents
    case .f8_e4m3: coding = .e4m3
    case .f32, .bf16, .f16, .f64: coding = .floats
    default: throw .scaleFormat(tensor, of: weight)
    }
  }

  func read(_ range: Range<Int>, from reader: any StoredTensorReader) throws -> [Float] {
    switch coding {
    case .floats:
      var values = [Float](repeating: 0, count: range.count)
      var destination = values.mutableSpan
      try reader.decode(range, of: tensor, into: &destination)
      return values
    case .exponents: return try bytes(range, from: reader).map(Minifloat.e8m0)
    case .e4m3:
      let table = FloatCode.e4m3.values
      return try bytes(range, from: reader).map { table[Int($0)] }
    }
  }

  /// The bytes of scales that have one each.
  func bytes(_ range: Range<Int>, from reader: any StoredTensorReader) throws -> [UInt8] {
    try reader.bytes(of: tensor, from: range.lowerBound, count: range.count)
  }
}

/// A scale of the scales: for the whole tensor, or one for each matrix of a stack.
enum GlobalScale: Hashable, Sendable {
  /// Scales are multiplied by it, as ModelOpt's `weight_scale_2`.
  case factor(TensorDescriptor)
  /// Scales are divided by it, as compressed-tensors' `weight_global_scale`.
  case divisor(TensorDescriptor)

  var tensor: TensorDescriptor {
    switch self {
    case .factor(let tensor), .divisor(let tensor): tensor
    }
  }

  /// Throws unless it is one float, or one for each matrix of a stack of this shape.
  func requireFit(of weight: TensorDescriptor, shape: Shape) throws(EncodingError) {
    guard let format = tensor.format, [.f32, .bf16, .f16, .f64].contains(format) else {
      throw .partFormat(tensor, of: weight, expected: "F32")
    }
    let count = tensor.shape.elementCount
    guard count == 1 || shape.rank > 2 && count == shape.dimensions.dropLast(2).reduce(1, *) else {
      throw .partShape(tensor, of: weight, expected: "one number")
    }
  }

  func read(from reader: any StoredTensorReader) throws -> [Float] {
    let count = tensor.shape.elementCount
    var values = [Float](repeating: 0, count: count)
    var destination = values.mutableSpan
    try reader.decode(0..<count, of: tensor, into: &destination)
    return values
  }

  func apply(_ value: Float, to scales: inout [Float], _ range: Range<Int>) {
    switch self {
    case .factor: for index in range { scales[index] *= value }
    case .divisor: for index in range { scales[index] /= value }
    }
  }
}
