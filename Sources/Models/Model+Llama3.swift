import Architectures
import Bytes
import Quantization
import Tensors

extension Model {
  /// Finds llama3's rotary scaling again from the tensor that GGUF keeps in its place.
  static func restoreLlama3(
    _ checkpoint: Checkpoint, _ definition: Definition, _ scheme: NamingScheme, _ parameters: inout ParameterSet,
    _ problems: inout [any IngotError], _ remarks: inout [String]
  ) throws {
    guard let rule = definition.derived.first(where: { $0.role == .rotaryFrequencyFactors }),
      let name = definition.pattern(of: rule, in: scheme)?.name(layer: nil), let tensor = checkpoint.tensor(name),
      let dimension = parameters.integer("head_dimension"), let base = parameters.real("rotary_base")
    else { return }
    let elementCount = tensor.shape.elementCount
    guard elementCount == dimension / 2 else {
      problems.append(TensorProblem(tensor, .wrongElementCount(found: elementCount, expected: dimension / 2)))
      return
    }
    guard let format = tensor.format, Codec.canDecode(format) else {
      problems.append(TensorProblem(tensor, .unknownFormat(tensor.statedFormat.description)))
      return
    }
    var bytes: [UInt8] = []
    try checkpoint.read(tensor, from: 0, count: tensor.byteCount, into: &bytes)
    var factors = [Float](repeating: 0, count: elementCount)
    var destination = factors.mutableSpan
    try Codec.decode(format, bytes.span.bytes.extracting(first: tensor.byteCount), into: &destination)
    if factors.allSatisfy({ $0 == 1 }) { return }
    guard let scaling = Llama3Frequencies.scaling(from: factors, base: base, dimensionCount: dimension) else {
      problems.append(UnexplainedFactors(name: tensor.name))
      return
    }
    parameters.rotaryScaling = scaling
    remarks.append("rotary scaling \"llama3\" was found again from \(name.text.quoted)")
  }
}

/// Frequency factors that no llama3 scaling with the usual numbers gives.
struct UnexplainedFactors: IngotError {
  let name: TensorName
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): its rotary frequency factors follow from no known llama3 scaling"
  }
}
