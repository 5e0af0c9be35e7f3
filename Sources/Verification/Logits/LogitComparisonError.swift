import Bytes

/// An error of two models whose runs cannot be compared.
public enum LogitComparisonError: IngotError, Equatable {
  /// A hyperparameter that determines the size of activations differs.
  case unlike(name: String, reference: Int, candidate: Int)

  public var category: ErrorCategory { .check }

  public var description: String {
    switch self {
    case .unlike(let name, let reference, let candidate):
      "\(name): is \(reference.grouped) in the reference, \(candidate.grouped) in the candidate, so their hidden states"
        + " cannot be compared"
    }
  }
}

/// A candidate whose tensors contradict its own hyperparameters, so that it fails without a run.
public struct UnfitCandidate: IngotError {
  public let problems: any IngotError
  public var category: ErrorCategory { .check }
  public var description: String { "\(problems)" }
}
