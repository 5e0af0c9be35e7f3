import Architectures
import Bytes

/// An error of two models whose runs cannot be compared.
public enum LogitComparisonError: IngotError, Equatable {
  /// A hyperparameter that determines the size of activations differs.
  case unlike(name: String, reference: Int, candidate: Int)
  /// One that determines the size of predictions differs.
  case unlikePredictions(name: String, reference: Int, candidate: Int)
  /// One model predicts tokens, the other gives vectors of texts.
  case otherOutput(reference: String, candidate: String)

  public var category: ErrorCategory { .check }

  public var description: String {
    switch self {
    case .unlike(let name, let reference, let candidate):
      "\(name): is \(reference.grouped) in the reference, \(candidate.grouped) in the candidate, so their hidden states"
        + " cannot be compared"
    case .unlikePredictions(let name, let reference, let candidate):
      "\(name): is \(candidate.grouped), \(reference.grouped) in the reference, so predictions cannot be compared"
    case .otherOutput(let reference, let candidate):
      "output: is \(candidate), \(reference) in the reference, so predictions cannot be compared"
    }
  }
}

extension LogitComparisonError {
  /// Throws unless two models predict the same tokens, or give vectors of one length.
  static func requireSamePredictions(_ one: Hyperparameters, _ other: Hyperparameters) throws(LogitComparisonError) {
    guard one.features.output == other.features.output else {
      throw .otherOutput(reference: one.features.output.words, candidate: other.features.output.words)
    }
    var sizes = [("vocabulary size", one.vocabularySize, other.vocabularySize)]
    switch one.features.output {
    case .logits: break
    case .embedding: sizes.append(("embedding length", one.embeddingLength, other.embeddingLength))
    case .scores: sizes.append(("label count", one.labelCount, other.labelCount))
    }
    for (name, one, other) in sizes where one != other {
      throw .unlikePredictions(name: name, reference: one, candidate: other)
    }
  }
}

/// A candidate whose tensors contradict its own hyperparameters, so that it fails without a run.
public struct UnfitCandidate: IngotError {
  public let problems: any IngotError
  public var category: ErrorCategory { .check }
  public var description: String { "\(problems)" }
}
