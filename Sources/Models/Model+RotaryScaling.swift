import Architectures
import Bytes
import Quantization
import Tensors

/// Finds a rotary scaling again from the tensors that GGUF keeps in its place.
struct RopeScalingRecovery {
  let checkpoint: Checkpoint
  let definition: ArchitectureDefinition
  let scheme: NamingScheme
  private(set) var problems: [any IngotError] = []
  private(set) var remarks: [String] = []

  init(_ checkpoint: Checkpoint, _ definition: ArchitectureDefinition, _ scheme: NamingScheme) {
    self.checkpoint = checkpoint
    self.definition = definition
    self.scheme = scheme
  }

  /// Sets the scaling that the tensors show, if there are any.
  ///
  /// - Parameter read: returns the values of a tensor, or nil if they are not to be read.
  mutating func restore(
    _ parameters: inout HyperparameterSet, _ read: (TensorDescriptor, StorageFormat) throws -> [Float]?
  ) throws {
    guard let dimension = parameters.rotaryDimensionCount, let base = parameters.real("rotary_base") else { return }
    if let (tensor, factors) = try factors(.rotaryFrequencyFactors, count: dimension / 2, read),
      factors.contains(where: { $0 != 1 })
    {
      if let factor = factors.first(where: { !($0.isFinite && $0 > 0) }) {
        problems.append(UnusableDivisor(name: tensor.name, divisor: factor))
        return
      }
      if let scaling = Llama3RopeFactors.scaling(from: factors, base: base, dimensionCount: dimension) {
        parameters.rotaryScaling = scaling
        remarks.append("rotary scaling \"llama3\" was found again from \(tensor.name.text.quoted)")
      } else {
        parameters.rotaryScaling = .longrope(
          RotaryScaling.LongRoPE(
            fixedFactors: factors.map(RotaryScaling.shortest), contextLength: parameters.integer("context_length") ?? 1)
        )
        if let fittingBase = Llama3RopeFactors.base(of: factors, dimensionCount: dimension) {
          problems.append(UnexplainedFactors(name: tensor.name, base: base, fittingBase: fittingBase))
          return
        }
        remarks.append(
          "the divisors in \(tensor.name.text.quoted) follow from no usual llama3 scaling and are taken as they are")
      }
    }
    if let (long, longFactors) = try factors(.rotaryLongFactors, count: dimension / 2, read),
      let (_, shortFactors) = try factors(.rotaryShortFactors, count: dimension / 2, read),
      let original = parameters.integer("original_context_length"), original > 0,
      let context = parameters.integer("context_length")
    {
      parameters.rotaryScaling = .longrope(
        RotaryScaling.LongRoPE(
          shortFactors: shortFactors.map(RotaryScaling.shortest),
          longFactors: longFactors.map(RotaryScaling.shortest),
          originalContextLength: original, contextLength: context, metadata: checkpoint.metadata,
          architecture: definition.ggufArchitecture ?? ""))
      remarks.append("rotary scaling \"longrope\" was found again from \(long.name.text.quoted)")
    }
  }

  /// The values of a derived tensor, if it is there, of the right size and read.
  private mutating func factors(
    _ role: TensorRole, count: Int, _ read: (TensorDescriptor, StorageFormat) throws -> [Float]?
  ) throws -> (TensorDescriptor, [Float])? {
    guard let rule = definition.derived.first(where: { $0.role == role }),
      let name = definition.pattern(of: rule, in: scheme)?.name(layer: nil), let tensor = checkpoint.tensor(name)
    else { return nil }
    guard tensor.shape.elementCount == count else {
      problems.append(TensorProblem(tensor, .wrongElementCount(found: tensor.shape.elementCount, expected: count)))
      return nil
    }
    guard let format = tensor.format, Codec.canDecode(format) else {
      problems.append(TensorProblem(tensor, .unknownFormat(tensor.declaredFormat.description)))
      return nil
    }
    guard let factors = try read(tensor, format) else {
      remarks.append("the RoPE factors in \(tensor.name.text.quoted) were not read, so the RoPE scaling is unknown")
      return nil
    }
    return (tensor, factors)
  }
}

/// A divisor of a rotary frequency that leaves no frequency.
struct UnusableDivisor: IngotError {
  let name: TensorName
  let divisor: Float
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): divides a rotary frequency by \(divisor), expected numbers above 0"
  }
}

extension Model {
  /// Those of the `problems` with which it can be run all the same, as llama.cpp does: numbers that contradict each other.
  public var contradictions: [any IngotError] { problems.filter { $0 is UnexplainedFactors } }
}

/// Frequency factors that follow from a llama3 scaling, but not with the model's rotary base.
struct UnexplainedFactors: IngotError {
  let name: TensorName
  /// The model's rotary base, and one from which the factors do follow.
  let base: Double, fittingBase: Double
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): its rotary frequency factors follow from no known llama3 scaling with the"
      + " rotary base \(Float(base)): with \(Int(fittingBase).grouped) they would, so the base is probably wrong"
  }
}
