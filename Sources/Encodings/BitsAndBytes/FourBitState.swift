import Bytes
import Tensors

/// The facts about a matrix of 4-bit codes that bitsandbytes stores as JSON in a tensor of bytes,
/// `X.quant_state.bitsandbytes__nf4`.
///
///     {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [64, 32],
///      "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.0123}
///
/// The last three are there if the scales are quantized too.
struct FourBitState {
  static let codes = ["nf4", "fp4"]
  private static let members: Set<String> = [
    "quant_type", "blocksize", "dtype", "shape", "nested_blocksize", "nested_dtype", "nested_offset",
  ]
  /// bitsandbytes offers blocks from 32 to 4,096.
  private static let largestBlock = 1 << 16

  /// The name of the code: `nf4`.
  let code: String
  let shape: Shape
  let blockElementCount: Int
  /// The blocks of quantized scales; nil if scales are stored as floats.
  let nested: (blockElementCount: Int, offset: Float)?
  /// Members that nothing is read from.
  let unread: [String]

  /// - Throws: if the JSON in `tensor`, which is `text`, lacks a member or has another value than bitsandbytes writes.
  init(_ text: [UInt8], of tensor: TensorDescriptor) throws(EncodingError) {
    guard let json = try? JSON(parsing: text), let object = json.object else {
      throw .state(tensor, expected: "a JSON object")
    }
    guard let code = json["quant_type"]?.string, Self.codes.contains(code) else {
      throw .state(tensor, expected: "quant_type \"nf4\" or \"fp4\"")
    }
    guard
      let shape = json["shape"]?.array.flatMap({ dimensions in
        let numbers = dimensions.compactMap(\.integer)
        return numbers.count == dimensions.count ? Shape(numbers) : nil
      }), shape.rank > 0
    else { throw .state(tensor, expected: "the shape of the matrix") }
    blockElementCount = try Self.block("blocksize", json, of: tensor)
    (self.code, self.shape) = (code, shape)
    if json["nested_offset"] != nil {
      guard let offset = json["nested_offset"]?.real.map({ Float($0) }), offset.isFinite else {
        throw .state(tensor, expected: "a number as nested_offset")
      }
      guard json["nested_dtype"]?.string == "float32" else {
        throw .state(tensor, expected: "nested_dtype \"float32\"")
      }
      nested = (try Self.block("nested_blocksize", json, of: tensor), offset)
    } else {
      nested = nil
    }
    unread = object.keys.map(\.text).filter { !Self.members.contains($0) }
  }

  private static func block(
    _ name: String, _ json: JSON, of tensor: TensorDescriptor
  ) throws(EncodingError) -> Int {
    guard let count = json[name]?.integer, (1...largestBlock).contains(count) else {
      throw .state(tensor, expected: "\(name) from 1 to \(largestBlock.grouped)")
    }
    return count
  }
}
