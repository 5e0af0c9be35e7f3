import Bytes

/// Why two models cannot be run side by side.
public enum LogitComparisonError: IngotError, Equatable {
  /// A number that decides about the size of activations differs.
  case unlike(name: String, reference: Int, candidate: Int)

  public var category: ErrorCategory { .check }

  public var description: String {
    switch self {
    case .unlike(let name, let reference, let candidate):
      "\(name): is \(reference.grouped) in the reference, \(candidate.grouped) in the candidate, so their activations"
        + " cannot be compared"
    }
  }
}

/// A candidate whose tensors do not fit its own numbers, so that it fails without a run.
public struct UnfitCandidate: IngotError {
  /// What does not fit.
  public let problems: any IngotError
  public var category: ErrorCategory { .check }
  public var description: String { "\(problems)" }
}
