import Architectures
import Bytes
import Formats
import Inference
import Quantization
import Tensors
import TestSupport

/// A case of `fixtures/forward-pass`: the canonical weights of a tiny model, and what transformers computes from them.
struct CanonicalModel: WeightSource {
  let hyperparameters: Hyperparameters
  let tokens: [Int]
  private var tensors: [String: Matrix] = [:]
  private var expected: [String: Matrix] = [:]

  struct Unreadable: Error { let fact: String }

  init(_ name: String) throws {
    let file = try Checkpoint.open(Fixtures.path("forward-pass", "\(name).safetensors"))
    for tensor in file.tensors {
      guard let range = tensor.byteRange else { throw Unreadable(fact: name) }
      var bytes: [UInt8] = []
      try file.read(range, from: 0, count: tensor.byteCount, into: &bytes)
      expected[tensor.name.text] = Self.matrix(
        tensor.shape.dimensions, try Codec.decode(.f32, bytes, elementCount: tensor.shape.elementCount))
    }
    let facts = try Fixtures.json("forward-pass", "\(name).json")
    for line in facts["weights"]?.array ?? [] {
      let tensor = try SeededTensor(line)
      tensors[tensor.name] = Self.matrix(tensor.dimensions, tensor.values)
    }
    tokens = facts["tokens"]?.array?.compactMap(\.integer) ?? []
    let configuration = Configuration(.members(["rope_scaling": facts["rotary_scaling"] ?? .null]))
    var set = HyperparameterSet()
    for (name, value) in facts["numbers"]?.object ?? [:] { set.values[name.text] = Self.parameter(value) }
    set.rotaryScaling = try RotaryScaling(
      configuration: configuration, contextLength: set.integer("context_length") ?? 0)
    hyperparameters = try Hyperparameters(set, features: ForwardPassFeatures(json: facts["features"] ?? .null))
  }

  private static func matrix(_ dimensions: [Int], _ values: [Float]) -> Matrix? {
    let columnCount = dimensions.last ?? 1
    return Matrix(rowCount: values.count / columnCount, columnCount: columnCount, values: values)
  }

  /// What transformers computed: `hidden` (all states, one after the other), `logits` or `embedding`.
  func expected(_ name: String) -> Matrix? { expected[name] }

  func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    tensors[Self.key(role, layer, instance)] != nil
  }

  func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws {
    guard let tensor = tensors[Self.key(role, layer, instance)], rows.upperBound <= tensor.rowCount else {
      throw Unreadable(fact: "\(role) \(rows)")
    }
    values = rows.flatMap { tensor[row: $0] }
  }

  private static func key(_ role: TensorRole, _ layer: Int?, _ instance: Int?) -> String {
    ([role.rawValue] + [layer, instance].compactMap(\.self).map(String.init)).joined(separator: ".")
  }

  private static func parameter(_ json: JSON) -> HyperparameterValue? {
    if let value = json.bool { return .bool(value) }
    if let value = json.integer { return .integer(value) }
    if let value = json.real { return .real(value) }
    if let value = json.string { return .text(value) }
    return json.array.map { .list($0.compactMap(parameter)) }
  }
}
