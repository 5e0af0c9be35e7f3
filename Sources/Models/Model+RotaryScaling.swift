import Architectures
import Bytes
import Quantization
import Tensors

/// Finds a rotary scaling again from the tensors that GGUF keeps in its place.
struct RotaryScalingTensors {
  let checkpoint: Checkpoint
  let definition: Definition
  let scheme: NamingScheme
  private(set) var problems: [any IngotError] = []
  private(set) var remarks: [String] = []

  init(_ checkpoint: Checkpoint, _ definition: Definition, _ scheme: NamingScheme) {
    self.checkpoint = checkpoint
    self.definition = definition
    self.scheme = scheme
  }

  /// Sets the scaling that the tensors show, if there are any.
  mutating func restore(_ parameters: inout ParameterSet) throws {
    guard let dimension = parameters.rotaryDimensionCount, let base = parameters.real("rotary_base") else { return }
    if let (tensor, factors) = try factors(.rotaryFrequencyFactors, count: dimension / 2),
      factors.contains(where: { $0 != 1 })
    {
      guard let scaling = Llama3Frequencies.scaling(from: factors, base: base, dimensionCount: dimension) else {
        problems.append(
          UnexplainedFactors(
            name: tensor.name, base: base,
            fittingBase: Llama3Frequencies.base(of: factors, dimensionCount: dimension)))
        return
      }
      parameters.rotaryScaling = scaling
      remarks.append("rotary scaling \"llama3\" was found again from \(tensor.name.text.quoted)")
    }
    if let (long, longFactors) = try factors(.rotaryLongFactors, count: dimension / 2),
      let (_, shortFactors) = try factors(.rotaryShortFactors, count: dimension / 2),
      let original = parameters.integer("original_context_length"), original > 0,
      let context = parameters.integer("context_length")
    {
      parameters.rotaryScaling = .longrope(
        RotaryScaling.LongRoPE(
          shortFactors: shortFactors.map(Self.shortest), longFactors: longFactors.map(Self.shortest),
          originalContextLength: original, factor: Double(context) / Double(original)))
      remarks.append("rotary scaling \"longrope\" was found again from \(long.name.text.quoted)")
    }
  }

  /// The values of a derived tensor, if it is there and of the right size.
  private mutating func factors(_ role: TensorRole, count: Int) throws -> (TensorDescriptor, [Float])? {
    guard let rule = definition.derived.first(where: { $0.role == role }),
      let name = definition.pattern(of: rule, in: scheme)?.name(layer: nil), let tensor = checkpoint.tensor(name)
    else { return nil }
    guard tensor.shape.elementCount == count else {
      problems.append(TensorProblem(tensor, .wrongElementCount(found: tensor.shape.elementCount, expected: count)))
      return nil
    }
    guard let format = tensor.format, Codec.canDecode(format) else {
      problems.append(TensorProblem(tensor, .unknownFormat(tensor.statedFormat.description)))
      return nil
    }
    var bytes: [UInt8] = []
    try checkpoint.read(tensor, from: 0, count: tensor.byteCount, into: &bytes)
    return (tensor, try Codec.decode(format, bytes, elementCount: count))
  }

  /// The shortest decimal that gives the float, as config.json had it.
  private static func shortest(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}

/// Frequency factors that no llama3 scaling with the usual numbers gives.
struct UnexplainedFactors: IngotError {
  let name: TensorName
  /// The model's rotary base, and one from which the factors do follow.
  let base: Double, fittingBase: Double?
  var category: ErrorCategory { .input }
  var description: String {
    let hint = fittingBase.map { ": with \(Int($0).grouped) they would, so the base is probably wrong" } ?? ""
    return "tensor \(name.text.quoted): its rotary frequency factors follow from no known llama3 scaling with the"
      + " rotary base \(Float(base))\(hint)"
  }
}
