import Bytes

/// Problems of several tensors that have one cause, said once.
public struct ProblemGroup: IngotError {
  /// The single problems, in the order of the tensors.
  public let members: [TensorProblem]
  public let description: String

  public var category: ErrorCategory { .input }
  public var constituents: [any IngotError] { members }
}
