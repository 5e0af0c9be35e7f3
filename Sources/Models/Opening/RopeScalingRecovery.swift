import Architectures
import Bytes
import Quantization
import Tensors

/// Recovers a RoPE scaling from the tensors of factors that a GGUF stores in its place.
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

  /// Sets the scaling of the tensors of factors, if there are any.
  ///
  /// - Parameter read: returns the values of a tensor, or nil if they are not to be read.
  mutating func restore(
    _ hyperparameters: inout HyperparameterSet, _ read: (TensorDescriptor, StorageFormat) throws -> [Float]?
  ) throws {
    guard let dimension = hyperparameters.rotaryDimensionCount, let base = hyperparameters.real("rotary_base") else {
      return
    }
    if let (tensor, factors) = try factors(.rotaryFrequencyFactors, count: dimension / 2, read),
      factors.contains(where: { $0 != 1 })
    {
      if let factor = factors.first(where: { !($0.isFinite && $0 > 0) }) {
        problems.append(UnusableRopeFactor(name: tensor.name, factor: factor))
        return
      }
      if let scaling = ProportionalRopeFactors.scaling(from: factors) {
        hyperparameters.rotaryScaling = scaling
        remarks.append("RoPE scaling \"proportional\" was recovered from \(tensor.name.text.quoted)")
      } else if let scaling = Llama3RopeFactors.scaling(from: factors, base: base, dimensionCount: dimension) {
        hyperparameters.rotaryScaling = scaling
        remarks.append("RoPE scaling \"llama3\" was recovered from \(tensor.name.text.quoted)")
      } else {
        hyperparameters.rotaryScaling = .longrope(
          RotaryScaling.LongRoPE(
            fixedFactors: factors.map(RotaryScaling.shortest),
            contextLength: hyperparameters.integer("context_length") ?? 1)
        )
        if let fittingBase = Llama3RopeFactors.base(of: factors, dimensionCount: dimension) {
          problems.append(UnexplainedFactors(name: tensor.name, base: base, fittingBase: fittingBase))
          return
        }
        remarks.append(
          "the RoPE factors in \(tensor.name.text.quoted) match no known llama3 scaling and are used unchanged")
      }
    }
    if let (long, longFactors) = try factors(.rotaryLongFactors, count: dimension / 2, read),
      let (_, shortFactors) = try factors(.rotaryShortFactors, count: dimension / 2, read),
      let original = hyperparameters.integer("original_context_length"), original > 0,
      let context = hyperparameters.integer("context_length")
    {
      hyperparameters.rotaryScaling = .longrope(
        RotaryScaling.LongRoPE(
          shortFactors: shortFactors.map(RotaryScaling.shortest),
          longFactors: longFactors.map(RotaryScaling.shortest),
          originalContextLength: original, contextLength: context, metadata: checkpoint.metadata,
          architecture: definition.ggufArchitecture ?? ""))
      remarks.append("RoPE scaling \"longrope\" was recovered from \(long.name.text.quoted)")
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

/// A RoPE factor by which no frequency can be divided.
struct UnusableRopeFactor: IngotError {
  let name: TensorName
  let factor: Float
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): has the RoPE factor \(factor), expected finite numbers above 0"
  }
}

extension Model {
  /// Those of the `problems` with which it can still be run, as llama.cpp does: hyperparameters that contradict each
  /// other.
  public var contradictions: [any IngotError] { problems.filter { $0 is UnexplainedFactors } }
}

/// RoPE factors that match a llama3 scaling, but not with the model's RoPE base.
struct UnexplainedFactors: IngotError {
  let name: TensorName
  /// The model's RoPE base, and one with which the factors match.
  let base: Double, fittingBase: Double
  var category: ErrorCategory { .input }
  var description: String {
    "tensor \(name.text.quoted): its RoPE factors match no known llama3 scaling with the"
      + " RoPE base \(Float(base)): with \(Int(fittingBase).grouped) they would, so the base is probably wrong"
  }
}
