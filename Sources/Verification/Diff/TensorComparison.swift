import Bytes
import Tensors

/// What two checkpoints hold in one place.
public struct TensorComparison: Sendable {
  /// How the two relate.
  public enum Outcome: Sendable {
    /// The same bytes in the same storage format.
    case equalBytes
    /// The same numbers in different bytes.
    case equalValues
    /// Other numbers.
    case different(ErrorMetrics)
    /// Only the reference has it.
    case onlyInReference
    /// Only the candidate has it.
    case onlyInCandidate
    /// The shapes are not the same, so nothing was compared.
    case otherShape
    /// The bytes differ (or formats do) and the numbers cannot be had, for this reason.
    case unreadable(String)
  }

  /// The role and layer, or the name where names were compared.
  public let place: String
  /// The tensor of the reference.
  public let reference: TensorDescriptor?
  /// The tensor of the candidate.
  public let candidate: TensorDescriptor?
  /// Whether one of them is the token embedding in place of a tied output matrix.
  public let isTied: Bool
  /// How they relate.
  public let outcome: Outcome
  /// What an honest encoding of the reference's tensor costs, as a normalized mean square error; measured where the
  /// candidate's exceeds what its format leads one to expect.
  public let baselineError: Double?
  /// Rows that no encoding explains, in order; the worst of them if they are many.
  public let wrongRows: [WrongRow]

  /// A row whose error is far beyond that of an honest encoding.
  public struct WrongRow: Sendable, Hashable {
    /// The row, counted from 0.
    public let row: Int
    /// Its normalized mean square error, and that of the reference's row encoded in the candidate's format; nil for
    /// formats that are not encoded.
    public let error: Double, baselineError: Double?
  }

  /// Whether its numbers were compared.
  public var isCompared: Bool {
    switch outcome {
    case .equalBytes, .equalValues, .different: true
    default: false
    }
  }

  /// The error metrics: zeros for equal tensors, nil for those not compared.
  public var metrics: ErrorMetrics? {
    switch outcome {
    case .equalBytes, .equalValues: ErrorMetrics()
    case .different(let metrics): metrics
    default: nil
    }
  }

  /// The elements of the tensor, of the larger one if they differ.
  public var elementCount: Int {
    max(reference?.shape.elementCount ?? 0, candidate?.shape.elementCount ?? 0)
  }

  /// The outcome in a word or two.
  public var verdict: String {
    switch outcome {
    case .equalBytes: "equal bytes"
    case .equalValues: "equal values"
    case .different: "different"
    case .onlyInReference: "only in reference"
    case .onlyInCandidate: "only in candidate"
    case .otherShape: "other shape"
    case .unreadable: "not compared"
    }
  }
}

/// How much of two checkpoints was compared.
public struct Coverage: Sendable, Hashable, CustomStringConvertible {
  /// Tensors whose numbers were compared, of how many.
  public let comparedTensorCount: Int, tensorCount: Int
  /// Elements that were compared, of how many.
  public let comparedElementCount: Int, elementCount: Int

  /// Counts what was compared.
  public init(_ tensors: [TensorComparison]) {
    let compared = tensors.filter(\.isCompared)
    comparedTensorCount = compared.count
    tensorCount = tensors.count
    comparedElementCount = compared.reduce(0) { $0 &+ $1.elementCount }
    elementCount = tensors.reduce(0) { $0 &+ $1.elementCount }
  }

  /// Whether everything was.
  public var isComplete: Bool { comparedTensorCount == tensorCount }

  /// `compared 30 of 30 tensors, 190,144 of 190,144 elements`
  public var description: String {
    "compared \(comparedTensorCount.grouped) of \(counted(tensorCount, "tensor")), "
      + "\(comparedElementCount.grouped) of \(counted(elementCount, "element"))"
  }
}
